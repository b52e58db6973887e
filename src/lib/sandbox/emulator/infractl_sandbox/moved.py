"""Keeps saved state right when the sandbox comes back on another port."""

from __future__ import annotations

from pathlib import Path

from .settings import Settings


def follow_port(settings: Settings) -> None:
    """Saved URLs and image addresses carry the port of the last run; MiniStack reads them after this."""
    note = settings.home / "port"
    last = note.read_text().strip() if note.exists() else ""
    if last and last != str(settings.port):
        for file in settings.state.glob("*.json"):
            _replace(file, f"127.0.0.1:{last}".encode(), f"127.0.0.1:{settings.port}".encode())
    _write(note, f"{settings.port}\n".encode())


def _replace(file: Path, old: bytes, new: bytes) -> None:
    text = file.read_bytes()
    if old in text:
        _write(file, text.replace(old, new))


def _write(file: Path, text: bytes) -> None:
    """Whole or not at all: on a full disk the port of the last run must not be forgotten."""
    part = file.with_suffix(".moved")
    try:
        part.write_bytes(text)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise
