"""`python -m infractl_sandbox`: started by `infractl sandbox start`, stopped by SIGTERM."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import signal
import sys
import threading
from importlib.metadata import version

from . import MINISTACK_VERSION, moved
from .settings import Settings, take_settings


def main() -> None:
    # The shell that started us may go; the sandbox stays.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    settings = take_settings()
    if version("ministack") != MINISTACK_VERSION:
        sys.exit(f"MiniStack {MINISTACK_VERSION} is needed, {version('ministack')} is installed.")
    # Two emulators on one state would each undo what the other saved. Held until the process ends.
    claim = (settings.home / "claim").open("w")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"Another sandbox still uses {settings.home}.")
    moved.follow_port(settings)
    # Taken away when all was saved, which is possible on a full disk, too: what is left tells of a loss.
    unsaved = settings.home / "unsaved"
    unsaved.touch()
    losses = _Losses()
    logging.getLogger("persistence").addHandler(losses)
    asyncio.run(_serve(settings))
    if not losses.any:
        unsaved.unlink(missing_ok=True)


class _Losses(logging.Handler):
    """MiniStack only logs that it could not save."""

    any = False

    def emit(self, record: logging.LogRecord) -> None:
        self.any = self.any or record.levelno >= logging.ERROR


async def _serve(settings: Settings) -> None:
    from .engine import Engine

    engine = Engine(settings)
    # Containers of an emulator that was killed; meanwhile MiniStack, the slow part, is imported.
    sweep = threading.Thread(target=engine.remove_all, daemon=True)
    sweep.start()

    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from . import (
        buckets,
        custom_resources,
        database_snapshots,
        functions,
        nested,
        openapi,
        registry,
        rollbacks,
        snapshots,
        urls,
    )
    from .image_functions import ImageFunctions
    from .machines import calls, stack_types
    from .machines.fleet import Fleet
    from .pool import Pool
    from .server import Server

    pool = Pool(engine, asyncio.get_running_loop())
    urls.install(settings)
    buckets.install()
    openapi.install()
    snapshots.install()
    database_snapshots.install()
    nested.install()
    rollbacks.install()
    custom_resources.install()
    blobs = registry.install(settings)
    functions.install(settings)
    ImageFunctions(settings, engine, pool).install()
    fleet = Fleet(settings, engine)
    calls.install(fleet)
    stack_types.install(fleet)
    await asyncio.to_thread(sweep.join)

    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)

    async def stopped() -> None:
        await stop.wait()
        # Their open requests for work would hold the server back.
        pool.close_all()
        custom_resources.release(stopping=True)
        await asyncio.to_thread(engine.remove_all)
        await asyncio.to_thread(fleet.stop_all)
        await asyncio.to_thread(blobs.prune)

    config = Config()
    config.bind = [f"127.0.0.1:{settings.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    await serve(Server(settings, engine, pool, blobs, fleet), config, shutdown_trigger=stopped)


main()
