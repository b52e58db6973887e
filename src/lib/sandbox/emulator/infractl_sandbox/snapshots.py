"""What MiniStack's EC2 lacks of snapshots: sets of an instance's volumes, encrypted copies, the question for locks."""

from __future__ import annotations

from typing import Any

from ministack.services import ec2


def install() -> None:
    ec2._ACTION_MAP["CreateSnapshots"] = _create_snapshots
    ec2._ACTION_MAP["CopySnapshot"] = _copy_snapshot
    ec2._ACTION_MAP["DescribeLockedSnapshots"] = _describe_locked_snapshots


def _create_snapshots(p: dict[str, Any]) -> Any:
    instance_id = ec2._p(p, "InstanceSpecification.InstanceId")
    instance = ec2._instances.get(instance_id)
    if not instance:
        return ec2._error("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist", 400)
    without_boot = ec2._p(p, "InstanceSpecification.ExcludeBootVolume") == "true"
    attached = [
        volume["VolumeId"]
        for volume in ec2._volumes.values()
        for one in volume.get("Attachments", [])
        if one.get("InstanceId") == instance_id
        and not (without_boot and one.get("Device") == instance.get("RootDeviceName"))
    ]
    before = set(ec2._snapshots.keys())
    for volume_id in attached:
        ec2._create_snapshot({**p, "VolumeId": [volume_id]})
    made = [snapshot for key, snapshot in ec2._snapshots.items() if key not in before]
    items = "".join(f"<item>{_item(snapshot)}</item>" for snapshot in made)
    return ec2._xml(200, "CreateSnapshotsResponse", f"<snapshotSet>{items}</snapshotSet>")


def _copy_snapshot(p: dict[str, Any]) -> Any:
    """MiniStack leaves a copy as its source is, and without tags."""
    before = set(ec2._snapshots.keys())
    answer = ec2._copy_snapshot(p)
    for snapshot_id in [key for key in ec2._snapshots.keys() if key not in before]:
        snapshot = ec2._snapshots[snapshot_id]
        snapshot["Encrypted"] = snapshot["Encrypted"] or ec2._p(p, "Encrypted") == "true"
        ec2._parse_tag_specs(p, "snapshot", snapshot_id)
    return answer


def _item(snapshot: dict[str, Any]) -> str:
    # A set names the state where a single snapshot has a status.
    return ec2._snapshot_inner_xml(snapshot).replace("status>", "state>")


def _describe_locked_snapshots(p: dict[str, Any]) -> Any:
    return ec2._xml(200, "DescribeLockedSnapshotsResponse", "<snapshotSet/>")
