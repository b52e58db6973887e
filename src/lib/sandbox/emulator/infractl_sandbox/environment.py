"""One execution environment of an image function: a container, its output, and what it is asked."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from .engine import Container, Engine

DOMAIN = "lambda.infractl.internal"
_KEPT_LINES = 20_000


@dataclass
class Invocation:
    """`answer` becomes `("response", bytes)` or `("error", dict)`."""

    request_id: str
    event: Any
    timeout: float
    function_arn: str
    trace_id: str | None
    answer: Future[tuple[str, Any]] = field(default_factory=Future)
    started: float = 0.0

    def body(self) -> bytes:
        return json.dumps(self.event, ensure_ascii=False).encode()

    def headers(self) -> list[tuple[bytes, bytes]]:
        deadline = int((time.time() + self.timeout) * 1000)
        named = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
        }
        if self.trace_id:
            named["Lambda-Runtime-Trace-Id"] = self.trace_id
        return [(key.lower().encode(), value.encode()) for key, value in named.items()]

    def finish(self, kind: str, value: Any) -> None:
        if not self.answer.done():
            self.answer.set_result((kind, value))


class Environment:
    """Made by the pool's thread; `next_invocation` and what follows it run on the server's loop."""

    def __init__(self, key: str, owner: tuple[str, str, str, str], loop: asyncio.AbstractEventLoop) -> None:
        self.key = key
        self.owner = owner
        self.token = secrets.token_hex(16)
        self.runtime_api = f"{self.token}.{DOMAIN}"
        self.name = ""
        self.log_group = ""
        self.busy = True
        self.closed = False
        self.served = 0
        self.last_used = time.monotonic()
        self.began = time.monotonic()
        self.init_ms = 0.0
        self.ready: Future[None] = Future()
        self.init_error: Future[dict[str, Any]] = Future()
        self.exited: Future[int] = Future()
        self.current: Invocation | None = None
        self._loop = loop
        self._waiting: asyncio.Queue[Invocation | None] = asyncio.Queue()
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._lines_lock = threading.Lock()
        self._last_line = 0.0
        self._engine: Engine | None = None

    def start(self, engine: Engine, container: Container) -> None:
        self._engine = engine
        self.name = container.name
        process = engine.start(container)
        threading.Thread(target=self._read, args=(process,), daemon=True, name=f"log-{self.name}").start()

    def _read(self, process: Any) -> None:
        for raw in iter(process.stdout.readline, b""):
            with self._lines_lock:
                self._lines.append(raw.decode("utf-8", "replace").rstrip("\r\n"))
                self._last_line = time.monotonic()
        self.exited.set_result(process.wait())

    def offer(self, invocation: Invocation) -> None:
        self.current = invocation
        self._loop.call_soon_threadsafe(self._waiting.put_nowait, invocation)

    async def next_invocation(self, gone: asyncio.Future[Any]) -> Invocation | None:
        """Waits for work; None when the client went away or the environment is closed."""
        if not self.ready.done():
            self.init_ms = (time.monotonic() - self.began) * 1000
            self.ready.set_result(None)
        waiting = asyncio.ensure_future(self._waiting.get())
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            return None
        invocation = waiting.result()
        if invocation is None or gone.done():
            if invocation is not None:
                self._waiting.put_nowait(invocation)
            return None
        invocation.started = time.monotonic()
        return invocation

    def take_lines(self) -> list[str]:
        with self._lines_lock:
            lines = list(self._lines)
            self._lines.clear()
        return lines

    def late_lines(self) -> list[str]:
        """What it said between two invocations, once it has been quiet for a moment."""
        quiet = time.monotonic() - self._last_line > 0.5
        return self.take_lines() if self.served and quiet else []

    def settle_output(self, seconds: float) -> None:
        """What a function prints reaches us a moment after its answer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.exited.done():
            time.sleep(0.003)

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._loop.call_soon_threadsafe(self._waiting.put_nowait, None)
        if self._engine is not None and not self.exited.done():
            threading.Thread(target=self._engine.remove, args=(self.name,), daemon=True).start()
