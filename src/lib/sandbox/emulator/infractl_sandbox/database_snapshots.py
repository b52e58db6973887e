"""What MiniStack's RDS lacks of snapshots: copies, also into other regions, and who may restore them."""

from __future__ import annotations

import time
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import rds

# Inside a snapshot of MiniStack's: the accounts that it is shared with.
_SHARED = "_restore"


def install() -> None:
    rds._ACTION_MAP["CopyDBSnapshot"] = _copy
    rds._ACTION_MAP["DescribeDBSnapshotAttributes"] = _describe_attributes
    rds._ACTION_MAP["ModifyDBSnapshotAttribute"] = _modify_attribute


def _copy(p: dict[str, Any]) -> Any:
    source_id = rds._p(p, "SourceDBSnapshotIdentifier")
    target_id = rds._p(p, "TargetDBSnapshotIdentifier")
    if target_id in rds._snapshots:
        message = f"Cannot create the snapshot because a snapshot with the identifier {target_id} already exists."
        return rds._error("DBSnapshotAlreadyExists", message, 400)
    source = _named(source_id)
    if not source:
        return rds._error("DBSnapshotNotFound", f"DBSnapshot {source_id} not found.", 404)
    arn = f"arn:aws:rds:{get_region()}:{get_account_id()}:snapshot:{target_id}"
    key = rds._p(p, "KmsKeyId")
    encrypted = bool(key) or source["Encrypted"]
    copy = {
        **source,
        "DBSnapshotIdentifier": target_id,
        "DBSnapshotArn": arn,
        "SnapshotCreateTime": rds._format_time(time.time()),
        "Encrypted": encrypted,
        "StorageEncrypted": encrypted,
        "KmsKeyId": key or source["KmsKeyId"],
        "TagList": rds._parse_tags(p) or (source["TagList"] if rds._p(p, "CopyTags") == "true" else []),
        _SHARED: [],
    }
    rds._tags[arn] = copy["TagList"]
    rds._snapshots[target_id] = copy
    return rds._xml(
        200,
        "CopyDBSnapshotResponse",
        f"<CopyDBSnapshotResult><DBSnapshot>{rds._snapshot_xml(copy)}</DBSnapshot></CopyDBSnapshotResult>",
    )


def _named(name: str) -> dict[str, Any] | None:
    """A snapshot by its name, or, wherever it is, by its ARN."""
    if not name.startswith("arn:"):
        return rds._snapshots.get(name)
    region, account, _, own = name.split(":", 6)[3:]
    return rds._snapshots.get_scoped(account, region, own)


def _describe_attributes(p: dict[str, Any]) -> Any:
    return _attributes(p, "DescribeDBSnapshotAttributes", lambda shared: shared)


def _modify_attribute(p: dict[str, Any]) -> Any:
    added, removed = _values(p, "ValuesToAdd"), _values(p, "ValuesToRemove")
    return _attributes(
        p,
        "ModifyDBSnapshotAttribute",
        lambda shared: [one for one in dict.fromkeys([*shared, *added]) if one not in removed],
    )


def _attributes(p: dict[str, Any], action: str, change) -> Any:
    name = rds._p(p, "DBSnapshotIdentifier")
    snapshot = rds._snapshots.get(name)
    if not snapshot:
        return rds._error("DBSnapshotNotFound", f"DBSnapshot {name} not found.", 404)
    snapshot[_SHARED] = change(snapshot.get(_SHARED, []))
    values = "".join(f"<AttributeValue>{one}</AttributeValue>" for one in snapshot[_SHARED])
    return rds._xml(
        200,
        f"{action}Response",
        f"<{action}Result><DBSnapshotAttributesResult><DBSnapshotIdentifier>{name}</DBSnapshotIdentifier>"
        "<DBSnapshotAttributes><DBSnapshotAttribute><AttributeName>restore</AttributeName>"
        f"<AttributeValues>{values}</AttributeValues></DBSnapshotAttribute></DBSnapshotAttributes>"
        f"</DBSnapshotAttributesResult></{action}Result>",
    )


def _values(p: dict[str, Any], name: str) -> list[str]:
    return [values[0] for key, values in p.items() if key.startswith(f"{name}.AttributeValue.")]
