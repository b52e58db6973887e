"""The one listener: MiniStack's, with the Runtime API and a few words about the sandbox before it."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from ministack.app import app as ministack_app
from ministack.services import lambda_svc

from . import MINISTACK_VERSION, browsers, custom_resources, runtime_api, sites, urls
from .engine import Engine
from .machines.fleet import Fleet
from .pool import Pool
from .registry import Blobs
from .settings import Settings

_OWN = "/_infractl/"


class Server:
    def __init__(self, settings: Settings, engine: Engine, pool: Pool, blobs: Blobs, fleet: Fleet) -> None:
        self._settings = settings
        self._engine = engine
        self._pool = pool
        self._blobs = blobs
        self._fleet = fleet

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            send = self._with_machines(send)
        if scope["type"] == "http":
            token = runtime_api.token_of(_host(scope))
            if token is not None:
                await runtime_api.serve(self._pool.by_token(token), scope, receive, send)
                return
            if browsers.refused(scope):
                await _answer(send, 403, {"error": browsers.WORDS})
                return
            if scope["path"].startswith(_OWN):
                await self._tell(scope["path"].removeprefix(_OWN), send)
                return
            if scope["path"] == "/_ministack/reset" and scope["method"] == "POST":
                await self._reset(scope, receive, send)
                return
        if scope["type"] == "http":
            if sites.leads_nowhere(scope["path"]):
                await _answer(send, 404, {"error": "no such distribution"})
                return
            if sites.lacks_slash(scope["path"]):
                await _lead_on(send, scope["path"] + "/")
                return
            scope = sites.viewer_scope(scope)
        if scope["type"] in ("http", "websocket"):
            path = urls.local_path(scope["path"])
            if path != scope["path"]:
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await ministack_app(scope, receive, send)

    def _with_machines(self, send: Any) -> Any:
        """Machines go on as soon as what was saved of them has been read, and before anybody asks."""

        async def sent(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                await asyncio.to_thread(self._fleet.restore)
            await send(message)

        return sent

    async def _reset(self, scope: Any, receive: Any, send: Any) -> None:
        self._pool.close_all()
        custom_resources.release(stopping=False)
        await asyncio.to_thread(self._engine.remove_all)
        await asyncio.to_thread(self._fleet.remove_all)
        await ministack_app(scope, receive, send)
        await asyncio.to_thread(self._blobs.prune)

    async def _tell(self, what: str, send: Any) -> None:
        facts: dict[str, Any] = {
            "id": self._settings.sandbox_id,
            "pid": os.getpid(),
            "version": MINISTACK_VERSION,
        }
        if what == "status":
            from ministack.services.cloudformation import _stacks

            engine = await asyncio.to_thread(self._engine.answer)
            stacks = {
                stack.get("StackId")
                for _, stack in _stacks.all_items()
                if stack.get("StackStatus") != "DELETE_COMPLETE"
            }
            facts |= {
                "stacks": len(stacks),
                "functions": sum(1 for _ in lambda_svc._functions.all_items()),
                "containers": self._pool.count(),
                "engine": {"command": self._settings.engine, **engine},
                "machines": await asyncio.to_thread(self._fleet.report),
            }
        elif what != "ready":
            await _answer(send, 404, {"error": "no such page"})
            return
        await _answer(send, 200, facts)


def _host(scope: Any) -> str:
    for key, value in scope["headers"]:
        if key.lower() == b"host":
            return value.decode("latin-1")
    return ""


async def _lead_on(send: Any, path: str) -> None:
    await send({"type": "http.response.start", "status": 301, "headers": [(b"location", path.encode())]})
    await send({"type": "http.response.body", "body": b""})


async def _answer(send: Any, status: int, value: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})
