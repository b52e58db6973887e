"""Custom resources whose function never answers: MiniStack waits for them for an hour, and a stop with it."""

from __future__ import annotations

import threading

from ministack.services.cloudformation import custom_resource

_register = custom_resource.register_token
_stopping = threading.Event()


def install() -> None:
    custom_resource.register_token = _registered


def _registered(token: str) -> threading.Event:
    event = _register(token)
    if _stopping.is_set():
        _fail(token)
    return event


def release(*, stopping: bool) -> None:
    """Ends every wait for an answer; when the sandbox stops, those that begin meanwhile too."""
    if stopping:
        _stopping.set()
    for token in list(custom_resource._pending):
        _fail(token)


def _fail(token: str) -> None:
    custom_resource.deliver_response(token, {"Status": "FAILED", "Reason": "The sandbox was stopped or reset"})
