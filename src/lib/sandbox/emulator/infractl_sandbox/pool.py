"""Warm environments of image functions: who is free, who is new, who has had its time."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable

from . import functions, report
from .engine import Container, Engine
from .environment import Environment

# A function that calls itself through its own API needs a second one; a laptop has no room for many.
_MOST_OF_ONE = 4
_IDLE_SECONDS = 10 * 60
_LOOK_EVERY = 2

_log = logging.getLogger("infractl.functions")

Owner = tuple[str, str, str, str]
"""Account, region, function, version."""


class Pool:
    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop
        self._environments: dict[str, Environment] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._look_after, daemon=True, name="image-functions").start()

    def by_token(self, token: str) -> Environment | None:
        return self._environments.get(token)

    def count(self) -> int:
        return len(self._environments)

    def acquire(
        self, key: str, owner: Owner, seconds: float, make: Callable[[Environment], Container]
    ) -> Environment | None:
        """A free environment, or a new one; waits where there are enough of them. None after `seconds`."""
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                same = [e for e in self._environments.values() if e.owner == owner]
                for old in [e for e in same if e.key != key and not e.busy]:
                    self._drop(old)
                current = [e for e in same if e.key == key]
                free = next((e for e in current if not e.busy and not e.exited.done()), None)
                if free is not None:
                    free.busy = True
                    return free
                if len(current) < _MOST_OF_ONE:
                    break
                left = until - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return None
            environment = Environment(key, owner, self._loop)
            self._environments[environment.token] = environment
        try:
            container = make(environment)
            environment.start(self._engine, container)
        except BaseException:
            self.discard(environment)
            raise
        return environment

    def release(self, environment: Environment) -> None:
        with self._changed:
            environment.current = None
            environment.busy = False
            environment.last_used = time.monotonic()
            self._changed.notify_all()

    def discard(self, environment: Environment) -> None:
        with self._changed:
            self._drop(environment)
            self._changed.notify_all()

    def close_all(self) -> None:
        """Ends every environment; the engine's own sweep removes the containers."""
        with self._changed:
            for environment in list(self._environments.values()):
                self._drop(environment)

    def _drop(self, environment: Environment) -> None:
        self._environments.pop(environment.token, None)
        environment.close()

    def _look_after(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY)
            with self._changed:
                for environment in [e for e in self._environments.values() if not e.busy]:
                    try:
                        report.append_late(environment.owner, environment.log_group, environment.late_lines())
                        if self._has_ended(environment):
                            self._drop(environment)
                    except Exception:
                        # Without this thread no container would ever be taken away again.
                        _log.exception("%s could not be looked after", environment.name)

    @staticmethod
    def _has_ended(environment: Environment) -> bool:
        idle = time.monotonic() - environment.last_used
        return environment.exited.done() or idle > _IDLE_SECONDS or not functions.exists(*environment.owner)


def container_name(sandbox_id: str, function: str, token: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_.-]", "-", function)[:64]
    return f"infractl-{sandbox_id[:8]}-{plain}-{token[:6]}"
