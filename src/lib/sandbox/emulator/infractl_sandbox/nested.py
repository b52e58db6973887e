"""Says in the events of a stack which nested stack is being made, as AWS does, before that is done."""

from __future__ import annotations

from ministack.services.cloudformation import _stacks, stacks


def install() -> None:
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
