"""`python -m mbot`: listens on $PORT of 127.0.0.1, where nginx finds it."""

import os
import signal
import sys

from .bot import Bot
from .films import open_films
from .server import serve


def main() -> None:
    # systemd ends it by SIGTERM: with 0, not as if it had failed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ.get("PORT", "8501"))
    bot = Bot(open_films(os.environ), os.environ.get("PERPLEXITY_API_KEY", ""))
    serve(bot, port)


main()
