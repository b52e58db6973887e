"""A function's log as Lambda writes it: START, what it printed, END, REPORT."""

from __future__ import annotations

import math
import uuid
from datetime import datetime, timezone
from typing import Any


def stream_name(config: dict[str, Any]) -> str:
    now = datetime.now(timezone.utc)
    return f"{now:%Y/%m/%d}/[{config.get('Version') or '$LATEST'}]{uuid.uuid4().hex}"


def log_text(
    request_id: str,
    config: dict[str, Any],
    lines: list[str],
    duration_ms: float,
    init_ms: float | None,
    peak_mb: int | None,
    failure: dict[str, Any] | None,
) -> str:
    """`init_ms` for the first invocation of a container, `peak_mb` where it could be measured."""
    billed = math.ceil(duration_ms + (init_ms or 0))
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {config.get('MemorySize') or 128} MB",
    ]
    if peak_mb is not None:
        parts.append(f"Max Memory Used: {peak_mb} MB")
    if init_ms is not None:
        parts.append(f"Init Duration: {init_ms:.2f} ms")
    said = [failure["line"]] if failure and "line" in failure else []
    return "\n".join(
        [
            f"START RequestId: {request_id} Version: {config.get('Version') or '$LATEST'}",
            *lines,
            *said,
            f"END RequestId: {request_id}",
            "\t".join(parts),
        ]
    )
