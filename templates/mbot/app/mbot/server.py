"""MBot over HTTP. The paths under /_stcore/ are Streamlit's, so that it can take MBot's place."""

from __future__ import annotations

import json
import os
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from .bot import Bot
from .page import page
from .websocket import WebSocket, accept_key


def release_name() -> str:
    """The folder of the release that runs: `current` and the slots are links to it."""
    return os.path.basename(os.path.realpath(os.getcwd()))


def serve(bot: Bot, port: int) -> None:
    release = release_name()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "MBot"

        def do_GET(self) -> None:
            began = time.monotonic()
            url = urlsplit(self.path)
            try:
                status = self._answer(url.path, parse_qs(url.query))
            except (BrokenPipeError, ConnectionResetError):
                return
            except Exception:
                print(f"ERROR {url.path}\n{traceback.format_exc()}", flush=True)
                status = self._send(500, "text/plain", "MBot failed: its log says why.\n")
            # Health checks come every few seconds, and would be most of the log.
            if not (url.path.startswith("/_stcore/") and status == 200):
                took = (time.monotonic() - began) * 1000
                print(f"INFO {url.path} status={status} ms={took:.0f}", flush=True)

        def _answer(self, path: str, query: dict[str, list[str]]) -> int:
            if path == "/":
                return self._send(200, "text/html", page(release))
            if path == "/ask":
                question = query.get("question", [""])[0]
                return self._send(200, "application/json", self._spoken(question))
            if path == "/_stcore/health":
                return self._send(200, "text/plain", "ok")
            if path == "/_stcore/script-health-check":
                # As the first visitor would: a process that listens may still be a script that is broken.
                page(release)
                bot.answer("a film about a city")
                return self._send(200, "text/plain", "ok")
            if path == "/_stcore/stream":
                return self._stream()
            return self._send(404, "text/plain", "There is no such page.\n")

        def _spoken(self, question: str) -> str:
            return json.dumps({"answer": bot.answer(question[:1000]), "release": release})

        def _stream(self) -> int:
            key = self.headers.get("Sec-WebSocket-Key")
            if key is None or "websocket" not in (self.headers.get("Upgrade") or "").lower():
                return self._send(400, "text/plain", "This is a WebSocket.\n")
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", accept_key(key))
            self.end_headers()
            self.close_connection = True
            socket = WebSocket(self.rfile, self.wfile)
            for question in socket.messages():
                socket.send(self._spoken(question))
            return 101

        def _send(self, status: int, kind: str, text: str) -> int:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return status

        def log_message(self, format: str, *args: object) -> None:
            """One line a request is written above."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    print(f"INFO release {release} listens on 127.0.0.1:{port}", flush=True)
    server.serve_forever()
