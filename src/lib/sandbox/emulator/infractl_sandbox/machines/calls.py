"""EC2's calls for instances that are machines. MiniStack keeps the records; what it leaves out is put right here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2

from ..engine import EngineError
from . import key_pairs
from .box import FirstBoot
from .fleet import Fleet, Instance, has_machine, show_public

Params = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Call = Callable[[Params], Answer]

# They ask the engine or ssh-keygen, so they run beside the server's loop.
_BESIDE = {
    "RunInstances",
    "AllocateAddress",
    "AssociateAddress",
    "DisassociateAddress",
    "ReleaseAddress",
    "CreateKeyPair",
    "ImportKeyPair",
}
_ROOT_DEVICES = ("/dev/sda1", "/dev/xvda")


def install(fleet: Fleet) -> None:
    ec2._DOCKER_ACTIONS.update(_BESIDE)
    ec2._docker_touched = lambda: True
    ec2._vm_reconcile_running = lambda instances: None
    key_pairs.install()
    _wrap("RunInstances", "_run_instances", lambda call: _run_instances(fleet, call))
    for action, name, begin in (
        ("StopInstances", "_stop_instances", fleet.stop),
        ("StartInstances", "_start_instances", fleet.start),
        ("TerminateInstances", "_terminate_instances", lambda one: fleet.terminate(one, lambda: _drop_volumes(one))),
    ):
        _wrap(action, name, lambda call, action=action, begin=begin: _changing(action, call, begin))
    _wrap("RebootInstances", "_reboot_instances", lambda call: _reboot(fleet, call))
    _install_addresses(fleet)
    _install_commands(fleet)
    inner = ec2._instance_xml
    ec2._instance_xml = lambda instance: _shown(instance, inner(instance))


def _shown(instance: Instance, text: str) -> str:
    """With what MiniStack leaves out: whose the public address is, and why the instance is in its state."""
    elastic = any(one["InstanceId"] == instance["InstanceId"] for one in ec2._addresses.values())
    owner = ec2.get_account_id() if elastic else "amazon"
    association = f"<publicIp>{instance['PublicIpAddress']}</publicIp><ipOwnerId>{owner}</ipOwnerId>"
    more = f"<networkInterfaceSet><item><association>{association}</association></item></networkInterfaceSet>"
    reason = instance.get("StateReason")
    if reason:
        code, message = escape(reason["Code"]), escape(reason["Message"])
        more += f"<stateReason><code>{code}</code><message>{message}</message></stateReason>"
    return f"{text.rstrip().removesuffix('</item>')}{more}</item>"


def _wrap(action: str, name: str, made: Callable[[Call], Call]) -> None:
    """In the table of actions, and for those who call the function by its name."""
    wrapped = made(getattr(ec2, name))
    setattr(ec2, name, wrapped)
    ec2._ACTION_MAP[action] = wrapped


def _run_instances(fleet: Fleet, call: Call) -> Call:
    def run(p: Params) -> Answer:
        key_name = ec2._p(p, "KeyName")
        if key_name and key_name not in ec2._key_pairs:
            return ec2._error("InvalidKeyPair.NotFound", f"The key pair '{key_name}' does not exist", 400)
        before = set(ec2._instances.keys())
        answer = call(p)
        if answer[0] >= 400:
            return answer
        launched = [one for key, one in ec2._instances.items() if key not in before]
        for instance in launched:
            _apply_disks(p, instance)
            instance["Placement"]["AvailabilityZone"] = _zone(instance)
        if fleet.obstacle() is None:
            first = FirstBoot(key_pairs.public_key(key_name), ec2._p(p, "UserData"))
            try:
                for instance in launched:
                    fleet.claim(instance)
            except EngineError as error:
                return ec2._error("InsufficientFreeAddressesInSubnet", str(error), 400)
            for instance in launched:
                fleet.launch(instance, first)
        items = "".join(ec2._instance_xml(one) for one in launched)
        return ec2._xml(
            200,
            "RunInstancesResponse",
            f"<reservationId>r-{launched[0]['InstanceId'][2:]}</reservationId>"
            f"<ownerId>{ec2.get_account_id()}</ownerId><groupSet/><instancesSet>{items}</instancesSet>",
        )

    return run


def _zone(instance: Instance) -> str:
    subnet = ec2._subnets.get(instance["SubnetId"]) or {}
    return subnet.get("AvailabilityZone") or instance["Placement"]["AvailabilityZone"]


def _apply_disks(p: Params, instance: Instance) -> None:
    """MiniStack gives every instance one volume of 8 GiB, whatever its mappings say."""
    root = ec2._volumes[instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]]
    root["AvailabilityZone"] = _zone(instance)
    volumes = [root]
    number = 1
    while device := ec2._p(p, f"BlockDeviceMapping.{number}.DeviceName"):
        prefix = f"BlockDeviceMapping.{number}.Ebs."
        if device in _ROOT_DEVICES:
            volume = root
            instance["RootDeviceName"] = instance["BlockDeviceMappings"][0]["DeviceName"] = device
        else:
            volume = _further_volume(instance, device)
            volumes.append(volume)
        _shape(volume, instance, device, lambda name, prefix=prefix: ec2._p(p, prefix + name))
        number += 1
    for volume in volumes:
        ec2._parse_tag_specs(p, "volume", volume["VolumeId"])


def _further_volume(instance: Instance, device: str) -> dict[str, Any]:
    before = set(ec2._volumes.keys())
    ec2._create_volume({"AvailabilityZone": _zone(instance)})
    (volume_id,) = set(ec2._volumes.keys()) - before
    ec2._attach_volume({"VolumeId": volume_id, "InstanceId": instance["InstanceId"], "Device": device})
    volume = ec2._volumes[volume_id]
    instance["BlockDeviceMappings"].append(
        {"DeviceName": device, "Ebs": {"VolumeId": volume_id, "AttachTime": volume["CreateTime"]}}
    )
    return volume


def _shape(volume: dict[str, Any], instance: Instance, device: str, asked: Callable[[str], str]) -> None:
    volume["Size"] = int(asked("VolumeSize") or volume["Size"])
    volume["VolumeType"] = asked("VolumeType") or volume["VolumeType"]
    volume["Encrypted"] = volume["Encrypted"] or asked("Encrypted").lower() == "true"
    volume["Iops"] = int(asked("Iops") or volume["Iops"])
    volume["SnapshotId"] = asked("SnapshotId") or volume["SnapshotId"]
    stays = asked("DeleteOnTermination").lower() == "false"
    for attachment in volume["Attachments"]:
        attachment |= {"Device": device, "DeleteOnTermination": not stays}
    for mapping in instance["BlockDeviceMappings"]:
        if mapping["Ebs"]["VolumeId"] == volume["VolumeId"]:
            mapping["Ebs"]["DeleteOnTermination"] = not stays


def _drop_volumes(instance: Instance) -> None:
    """MiniStack leaves the volumes of a terminated instance attached to it for ever."""
    for volume_id, volume in list(ec2._volumes.items()):
        for attachment in list(volume["Attachments"]):
            if attachment["InstanceId"] != instance["InstanceId"]:
                continue
            volume["Attachments"] = []
            volume["State"] = "available"
            if attachment.get("DeleteOnTermination"):
                ec2._volumes.pop(volume_id, None)
                ec2._tags.pop(volume_id, None)


def _changing(action: str, call: Call, begin: Callable[[Instance], None]) -> Call:
    """A call after which machines are on their way, and records are there at once."""

    def change(p: Params) -> Answer:
        found = [ec2._instances.get(one) for one in ec2._parse_member_list(p, "InstanceId")]
        changed = [one for one in found if one]
        before = {one["InstanceId"]: one["State"] for one in changed}
        gone = [one for one, state in before.items() if state["Name"] in ("shutting-down", "terminated")]
        if gone and action != "TerminateInstances":
            return ec2._error("IncorrectInstanceState", f"The instance '{gone[0]}' is not in a state for this.", 400)
        answer = call(p)
        if answer[0] >= 400:
            return answer
        for instance in changed:
            state = before[instance["InstanceId"]]
            if has_machine(instance):
                instance["State"] = state
                if not _settled(action, state["Name"]):
                    begin(instance)
            elif action == "TerminateInstances":
                _drop_volumes(instance)
        items = "".join(_state_item(one, before[one["InstanceId"]]) for one in changed)
        return ec2._xml(200, f"{action}Response", f"<instancesSet>{items}</instancesSet>")

    return change


def _settled(action: str, state: str) -> bool:
    """What is asked is so already, or on its way."""
    return state in {
        "StopInstances": ("stopping", "stopped"),
        "StartInstances": ("pending", "running"),
        "TerminateInstances": ("shutting-down", "terminated"),
    }[action]


def _state_item(instance: Instance, before: dict[str, Any]) -> str:
    now = instance["State"]
    return (
        f"<item><instanceId>{instance['InstanceId']}</instanceId>"
        f"<previousState><code>{before['Code']}</code><name>{before['Name']}</name></previousState>"
        f"<currentState><code>{now['Code']}</code><name>{now['Name']}</name></currentState></item>"
    )


def _reboot(fleet: Fleet, call: Call) -> Call:
    def reboot(p: Params) -> Answer:
        answer = call(p)
        if answer[0] < 400:
            for one in ec2._parse_member_list(p, "InstanceId"):
                instance = ec2._instances.get(one)
                if has_machine(instance) and instance["State"]["Name"] == "running":
                    fleet.reboot(instance)
        return answer

    return reboot


def _install_addresses(fleet: Fleet) -> None:
    def allocate(call: Call) -> Call:
        def allocated(p: Params) -> Answer:
            before = set(ec2._addresses.keys())
            answer = call(p)
            for key in set(ec2._addresses.keys()) - before:
                if fleet.obstacle() is None:
                    address = ec2._addresses[key]
                    shown, address["PublicIp"] = address["PublicIp"], fleet.elastic_address()
                    answer = answer[0], answer[1], answer[2].replace(shown.encode(), address["PublicIp"].encode())
            return answer

        return allocated

    def associate(call: Call) -> Call:
        def associated(p: Params) -> Answer:
            address = ec2._addresses.get(ec2._p(p, "AllocationId"))
            if address:
                leave(address)
            answer = call(p)
            instance = ec2._instances.get(ec2._p(p, "InstanceId"))
            if answer[0] < 400 and address and instance:
                fleet.lead(address["PublicIp"], instance)
                show_public(instance, address["PublicIp"])
            return answer

        return associated

    def disassociate(call: Call) -> Call:
        def disassociated(p: Params) -> Answer:
            for address in ec2._addresses.values():
                if address["AssociationId"] and address["AssociationId"] == ec2._p(p, "AssociationId"):
                    leave(address)
            return call(p)

        return disassociated

    def release(call: Call) -> Call:
        def released(p: Params) -> Answer:
            address = ec2._addresses.get(ec2._p(p, "AllocationId"))
            if address and address["AssociationId"]:
                return ec2._error("InvalidIPAddress.InUse", f"Address {address['PublicIp']} is in use.", 400)
            return call(p)

        return released

    def leave(address: dict[str, Any]) -> None:
        instance = ec2._instances.get(address["InstanceId"] or "")
        if instance:
            fleet.unlead(address["PublicIp"], instance)
            show_public(instance, None)

    _wrap("AllocateAddress", "_allocate_address", allocate)
    _wrap("AssociateAddress", "_associate_address", associate)
    _wrap("DisassociateAddress", "_disassociate_address", disassociate)
    _wrap("ReleaseAddress", "_release_address", release)


def _install_commands(fleet: Fleet) -> None:
    """Systems Manager's Run Command asks these two; its agent would run as root, too."""

    def is_managed(instance_id: str) -> bool:
        instance = ec2._instances.get(instance_id)
        return has_machine(instance) and instance["State"]["Name"] == "running"

    def execute(instance_id: str, argv: list[str]) -> tuple[int, str, str]:
        instance = ec2._instances.get(instance_id)
        return fleet.execute(instance, argv) if instance else (255, "", "the instance is gone")

    ec2.instance_is_managed = is_managed
    ec2.exec_in_instance_blocking = execute
