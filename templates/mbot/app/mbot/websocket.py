"""The server's end of a WebSocket (RFC 6455): text messages of up to 64 KiB, pings, and a clean close."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator
from typing import BinaryIO

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LARGEST = 64 * 1024
_CONTINUATION, _TEXT, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x8, 0x9, 0xA


def accept_key(key: str) -> str:
    """What the server answers to `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()


class WebSocket:
    def __init__(self, reads: BinaryIO, writes: BinaryIO) -> None:
        self._reads = reads
        self._writes = writes

    def send(self, text: str) -> None:
        self._frame(_TEXT, text.encode())

    def messages(self) -> Iterator[str]:
        """Ends when the other side closes, vanishes, or breaks the protocol."""
        whole = b""
        while True:
            frame = self._next()
            if frame is None:
                return
            final, kind, payload = frame
            if kind == _CLOSE:
                self._frame(_CLOSE, payload[:2])
                return
            if kind == _PING:
                self._frame(_PONG, payload)
            elif kind in (_TEXT, _CONTINUATION):
                whole += payload
                if len(whole) > _LARGEST:
                    self._frame(_CLOSE, struct.pack("!H", 1009))
                    return
                if final:
                    yield whole.decode("utf-8", "replace")
                    whole = b""

    def _next(self) -> tuple[bool, int, bytes] | None:
        head = self._reads.read(2)
        if len(head) < 2:
            return None
        length = head[1] & 0x7F
        if length == 126:
            length = struct.unpack("!H", self._reads.read(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self._reads.read(8))[0]
        # A client masks what it sends, always.
        if not head[1] & 0x80 or length > _LARGEST:
            self._frame(_CLOSE, struct.pack("!H", 1009 if length > _LARGEST else 1002))
            return None
        mask = self._reads.read(4)
        payload = self._reads.read(length)
        if len(mask) < 4 or len(payload) < length:
            return None
        return bool(head[0] & 0x80), head[0] & 0x0F, bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))

    def _frame(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        head = bytes([0x80 | kind, length]) if length < 126 else bytes([0x80 | kind, 126]) + struct.pack("!H", length)
        if length > 0xFFFF:
            head = bytes([0x80 | kind, 127]) + struct.pack("!Q", length)
        self._writes.write(head + payload)
        self._writes.flush()
