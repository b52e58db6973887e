"""Objects are on disk at once, their bucket at the next stop: so each object tells where its bucket lies."""

from __future__ import annotations

import json
import os
from typing import Any

from ministack.services import s3


def install() -> None:
    history_of = s3._key_history_meta

    def with_region(bucket_name: str, key: str) -> dict[str, Any]:
        return {**history_of(bucket_name, key), "region": s3.bucket_region(bucket_name)}

    s3._key_history_meta = with_region
    _restore_regions()


def _restore_regions() -> None:
    """
    MiniStack has read the objects as it was imported, their buckets in no region: that would be us-east-1, and
    whoever asks elsewhere would be sent there. What the last stop saved is read later, and goes before it.
    """
    for (account, name), bucket in s3._buckets._data.items():
        if not bucket.get("region"):
            bucket["region"] = _region_of_objects(os.path.join(s3.DATA_DIR, account, name))


def _region_of_objects(folder: str) -> str | None:
    for path, _ in s3._persisted_key_files(folder, sidecars=True):
        try:
            with open(path) as file:
                region = json.load(file).get("region")
        except (OSError, ValueError):
            continue
        if region:
            return region
    return None
