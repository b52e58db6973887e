"""A stack whose rollback failed says at which of its resources, as AWS does: MiniStack leaves their states as they were."""

from __future__ import annotations

from ministack.services.cloudformation import _stacks, stacks

_FAILED = "UPDATE_FAILED"


def install() -> None:
    add = stacks._add_event
    reasons: dict[tuple[str, str], str] = {}

    def mended(stack_id, stack_name, logical_id, resource_type, status, reason="", physical_id="", detailed_status=""):
        add(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, detailed_status)
        if status == _FAILED:
            reasons[stack_id, logical_id] = reason
        elif physical_id == stack_id and status.startswith("UPDATE_ROLLBACK_") and not status.endswith("_PROGRESS"):
            _mark(stack_name, lambda one: reasons.pop((stack_id, one), ""))

    stacks._add_event = mended


def _mark(stack_name: str, reason_of) -> None:
    stack = _stacks.get(stack_name) or {}
    stuck = stack.get("_rollback_failed", {})
    for logical_id, resource in stack.get("_resources", {}).items():
        if logical_id in stuck:
            resource["ResourceStatus"] = _FAILED
            resource["ResourceStatusReason"] = reason_of(logical_id)
        elif resource.get("ResourceStatus") == _FAILED:
            resource["ResourceStatus"] = "UPDATE_COMPLETE"
            resource.pop("ResourceStatusReason", None)
