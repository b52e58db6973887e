"""A function's log as Lambda writes it: START, what it printed, END, REPORT."""

from __future__ import annotations

import math
import time
import uuid
from datetime import datetime, timezone
from typing import Any

from ministack.services import cloudwatch_logs


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


def append_late(owner: tuple[str, str, str, str], group_name: str, lines: list[str]) -> None:
    """What a container says after its answer belongs into the log, too: into its newest stream."""
    account, region, _, _ = owner
    group = cloudwatch_logs._log_groups.get_scoped(account, region, group_name)
    if not lines or not group or not group["streams"]:
        return
    # The server's own loop may add another one meanwhile.
    stream = max(list(group["streams"].values()), key=lambda found: found.get("lastEventTimestamp") or 0)
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line, "ingestionTime": now} for line in lines]
    cloudwatch_logs._append_log_events(stream, events)
