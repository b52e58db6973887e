"""The Lambda Runtime API, served to containers on the sandbox's own port.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from .environment import DOMAIN, Environment, Invocation

_PREFIX = "/2018-06-01/runtime/"
_MOST = 6_291_556


def token_of(host: str) -> str | None:
    """Which environment a request is from: its host name is a secret that only it was given."""
    name = host.partition(":")[0].lower()
    return name.removesuffix("." + DOMAIN) if name.endswith("." + DOMAIN) else None


async def serve(environment: Environment | None, scope: Any, receive: Any, send: Callable[[Any], Any]) -> None:
    path, method = scope["path"], scope["method"]
    if environment is None or environment.closed:
        await _answer(send, 403, {"errorMessage": "This environment has ended.", "errorType": "Forbidden"})
        return
    if method == "GET" and path == _PREFIX + "invocation/next":
        await _next(environment, receive, send)
        return
    body = await _read(receive)
    if body is None:
        return
    if method == "POST" and path == _PREFIX + "init/error":
        _fail_init(environment, body)
        await _answer(send, 202, {"status": "OK"})
        return
    request_id, _, what = path.removeprefix(_PREFIX + "invocation/").partition("/")
    invocation = environment.current
    if method != "POST" or what not in ("response", "error"):
        await _answer(send, 404, {"errorMessage": f"No such path: {path}", "errorType": "NotFound"})
    elif invocation is None or invocation.request_id != request_id:
        await _answer(send, 400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"})
    else:
        await _finish(invocation, what, body, scope, send)


async def _next(environment: Environment, receive: Any, send: Any) -> None:
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        invocation = await environment.next_invocation(gone)
        if invocation is None:
            if not gone.done():
                await _answer(send, 410, {"errorMessage": "This environment has ended.", "errorType": "Gone"})
            return
        await _send(send, 200, invocation.headers(), invocation.body())
    finally:
        gone.cancel()


async def _finish(invocation: Invocation, what: str, body: bytes, scope: Any, send: Any) -> None:
    if len(body) > _MOST:
        problem = {
            "errorMessage": f"Response payload size ({len(body)} bytes) exceeded maximum allowed payload size "
            "(6291556 bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        }
        invocation.finish("error", problem)
        await _answer(send, 413, problem)
        return
    if what == "response":
        invocation.finish("response", body)
    else:
        invocation.finish("error", _error(body, _header(scope, b"lambda-runtime-function-error-type")))
    await _answer(send, 202, {"status": "OK"})


def _fail_init(environment: Environment, body: bytes) -> None:
    if not environment.init_error.done():
        environment.init_error.set_result(_error(body, None))


def _error(body: bytes, kind: str | None) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        said = {"errorMessage": body.decode("utf-8", "replace")}
    if kind:
        said.setdefault("errorType", kind)
    return said


def _header(scope: Any, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key.lower() == name:
            return value.decode("latin-1")
    return None


async def _read(receive: Any) -> bytes | None:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Any, status: int, value: Any) -> None:
    await _send(send, status, [(b"content-type", b"application/json")], json.dumps(value).encode())


async def _send(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
