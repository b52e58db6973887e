"""Nested stacks, as AWS has them: told of in the events of their parent before they are done, and with that parent."""

from __future__ import annotations

from ministack.services.cloudformation import _stacks, handlers, provisioners, stacks


def install() -> None:
    _tell_of_parents()
    _keep_attributes()
    add = stacks._add_event

    def mended(stack_id, stack_name, logical_id, resource_type, status, reason="", physical_id="", detailed_status=""):
        add(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, detailed_status)
        parent = (_stacks.get(stack_name) or {}).get("ParentId")
        if not parent or physical_id != stack_id or not status.endswith("_IN_PROGRESS"):
            return
        parent_name = parent.split("/")[1]
        # MiniStack names a nested stack <parent>-<logical id>-<12 characters>.
        nested = stack_name.removeprefix(f"{parent_name}-")[:-13]
        if nested:
            add(parent, parent_name, nested, resource_type, status, "Resource creation Initiated", stack_id)

    stacks._add_event = mended


def _keep_attributes() -> None:
    """MiniStack forgets the attributes of what an update of a nested stack leaves as it is: no GetAtt finds them."""
    update = provisioners._update_resource

    def kept(resource_type, physical_id, old_props, new_props, stack_name, logical_id=None, old_attrs=None):
        if old_attrs is None:
            known = (_stacks.get(stack_name) or {}).get("_resources", {}).get(logical_id) or {}
            old_attrs = known.get("Attributes")
        return update(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)

    provisioners._update_resource = kept


def _tell_of_parents() -> None:
    """DescribeStacks: MiniStack keeps the parent of a nested stack to itself."""
    drift = handlers._stack_drift_information_xml

    def with_parent(stack):
        told = drift(stack)
        parent = stack.get("ParentId")
        return f"{told}<ParentId>{parent}</ParentId><RootId>{_root(parent)}</RootId>" if parent else told

    handlers._stack_drift_information_xml = with_parent


def _root(stack_id: str) -> str:
    above = (_stacks.get(stack_id.split("/")[1]) or {}).get("ParentId")
    return _root(above) if above else stack_id
