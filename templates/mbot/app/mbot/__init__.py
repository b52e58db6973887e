"""MBot: a small chat about films. HTTP pages and a WebSocket, on Python's standard library alone."""
