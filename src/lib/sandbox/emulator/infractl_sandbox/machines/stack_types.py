"""The types of EC2 that MiniStack's CloudFormation lacks, made by EC2's own calls."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import unescape

from ministack.services import cloudformation, ec2, ssm
from ministack.services.cloudformation import provisioners, stacks

from .fleet import Fleet

Props = dict[str, Any]
Made = tuple[str, dict[str, Any]]

# Handlers that wait for a machine, or ask the engine, must not hold the server's loop.
_BLOCKING = {"AWS::EC2::Instance", "AWS::EC2::EIP", "AWS::EC2::EIPAssociation", "AWS::EC2::KeyPair"}
_TAGGED = ("AWS::EC2::Instance", "AWS::EC2::EIP", "AWS::EC2::KeyPair", "AWS::EC2::Volume")
_UBUNTU = "/aws/service/canonical/ubuntu/server/{}/stable/current/amd64/hvm/{}/ami-id"
_PATIENCE = 1200


def install(fleet: Fleet) -> None:
    runs_beside = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind in _BLOCKING or runs_beside(kind)
    for kind in _TAGGED:
        provisioners._STACK_TAG_PROPERTY[kind] = ("Tags", "list")
    for release, disk in (("22.04", "ebs-gp2"), ("24.04", "ebs-gp3")):
        ssm._PUBLIC_AMI_PARAMETERS[_UBUNTU.format(release, disk)] = "ami-0123456789abcdef0"
    instances = _Instances(fleet)
    types: dict[str, tuple[Callable[..., Made], Callable[..., Made] | None, Callable[..., None]]] = {
        "AWS::EC2::Instance": (instances.create, instances.update, instances.delete),
        "AWS::EC2::EIP": (_address_create, _address_update, _address_delete),
        "AWS::EC2::EIPAssociation": (_association_create, None, _association_delete),
        "AWS::EC2::KeyPair": (_key_create, _key_update, _key_delete),
        "AWS::EC2::Volume": (_volume_create, _volume_update, _volume_delete),
        "AWS::EC2::VolumeAttachment": (_attachment_create, None, _attachment_delete),
    }
    for kind, (create, update, delete) in types.items():
        replaced = update or _replaced(create)
        handlers = {"create": create, "update": replaced, "update_with_logical_id": True, "delete": delete}
        provisioners._RESOURCE_HANDLERS[kind] = handlers


def _replaced(create: Callable[..., Made]) -> Callable[..., Made]:
    """Every property is one that only a new resource takes; the stack removes the old one itself."""

    def update(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str | None = None) -> Made:
        return create(logical_id or physical_id, new, stack_name)

    return update


def _call(action: str, **params: Any) -> str:
    """An EC2 call as a client would make it. Raises ValueError with EC2's words."""
    given = {name.replace("__", "."): str(value) for name, value in params.items() if value not in (None, "")}
    status, _, body = ec2._ACTION_MAP[action](given)
    text = body.decode()
    if status >= 400:
        message = re.search(r"<Message>(.*?)</Message>", text, re.S)
        raise ValueError(f"Resource handler returned message: {message.group(1) if message else text}")
    return text


def _say(stack_name: str, logical_id: str, words: str) -> None:
    """In the events of the stack: why nothing happens for a while."""
    stack = cloudformation._stacks.get(stack_name)
    if stack:
        stacks._add_event(
            stack["StackId"], stack_name, logical_id, "AWS::EC2::Instance", "CREATE_IN_PROGRESS", words
        )


def _value(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)
    return found.group(1) if found else ""


def _true(value: Any) -> str:
    return "true" if str(value).lower() == "true" else "false"


class _Instances:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def create(self, logical_id: str, props: Props, stack_name: str) -> Made:
        ec2._ensure_defaults_initialized()
        if self._fleet.must_make_image():
            _say(stack_name, logical_id, "The sandbox makes the image of its machines first, once: a minute or two")
        text = _call("RunInstances", MinCount=1, MaxCount=1, **_launch_params(props))
        instance = ec2._instances[_value(text, "instanceId")]
        self._settle(instance, props)
        provisioners._ec2_apply_tags(instance["InstanceId"], props)
        if _true(props.get("PropagateTagsToVolumeOnCreation")) == "true":
            for mapping in instance["BlockDeviceMappings"]:
                ec2._tags[mapping["Ebs"]["VolumeId"]] = list(props.get("Tags") or [])
        return instance["InstanceId"], _attributes(instance)

    def _settle(self, instance: dict[str, Any], props: Props) -> None:
        self._fleet.wait(instance)
        if instance["State"]["Name"] == "terminated":
            reason = (instance.get("StateReason") or {}).get("Message", "the instance was terminated")
            raise ValueError(f"Resource handler returned message: {reason}")
        profile = props.get("IamInstanceProfile")
        if profile:
            instance["IamInstanceProfile"], _ = ec2._resolve_iam_instance_profile(iam_name=profile, allow_missing=True)

    def update(self, physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str | None = None) -> Made:
        instance = ec2._instances.get(physical_id)
        only_new = (
            "ImageId", "KeyName", "SubnetId", "PrivateIpAddress", "AvailabilityZone", "BlockDeviceMappings",
            "NetworkInterfaces", "CpuOptions", "LaunchTemplate", "SecurityGroups",
        )  # fmt: skip
        if instance is None or any(old.get(name) != new.get(name) for name in only_new):
            return self.create(logical_id or physical_id, new, stack_name)
        if old.get("InstanceType") != new.get("InstanceType"):
            was_running = instance["State"]["Name"] == "running"
            self._ask("StopInstances", instance)
            instance["InstanceType"] = new.get("InstanceType") or instance["InstanceType"]
            if was_running:
                self._ask("StartInstances", instance)
        instance["UserData"] = new.get("UserData") or ""
        groups = new.get("SecurityGroupIds") or []
        if groups:
            names = {one: (ec2._security_groups.get(one) or {}).get("GroupName", one) for one in groups}
            instance["SecurityGroups"] = [{"GroupId": one, "GroupName": name} for one, name in names.items()]
        self._settle(instance, new)
        provisioners._ec2_apply_tags(physical_id, new, old)
        return physical_id, _attributes(instance)

    def _ask(self, action: str, instance: dict[str, Any]) -> None:
        _call(action, InstanceId__1=instance["InstanceId"])
        self._fleet.wait(instance)

    def delete(self, physical_id: str, props: Props) -> None:
        instance = ec2._instances.get(physical_id)
        if instance is None:
            return
        self._ask("TerminateInstances", instance)
        until = time.monotonic() + _PATIENCE
        while instance["State"]["Name"] != "terminated":
            reason = instance.get("StateReason")
            if reason or time.monotonic() > until:
                raise ValueError(f"Resource handler returned message: {(reason or {}).get('Message', 'it stays')}")
            time.sleep(0.05)


def _launch_params(props: Props) -> Props:
    interface = (props.get("NetworkInterfaces") or [{}])[0]
    params: Props = {
        "ImageId": props.get("ImageId"),
        "InstanceType": props.get("InstanceType") or "m1.small",
        "KeyName": props.get("KeyName"),
        "SubnetId": props.get("SubnetId") or interface.get("SubnetId"),
        "UserData": props.get("UserData"),
        "IamInstanceProfile__Name": props.get("IamInstanceProfile"),
    }
    groups = props.get("SecurityGroupIds") or interface.get("GroupSet") or props.get("SecurityGroups") or []
    for number, group in enumerate(groups, 1):
        params[f"SecurityGroupId__{number}"] = group
    for number, mapping in enumerate(props.get("BlockDeviceMappings") or [], 1):
        params[f"BlockDeviceMapping__{number}__DeviceName"] = mapping.get("DeviceName")
        for name, value in (mapping.get("Ebs") or {}).items():
            written = _true(value) if name in ("Encrypted", "DeleteOnTermination") else value
            params[f"BlockDeviceMapping__{number}__Ebs__{name}"] = written
    return params


def _attributes(instance: dict[str, Any]) -> dict[str, Any]:
    return {
        "InstanceId": instance["InstanceId"],
        "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
        "PrivateIp": instance["PrivateIpAddress"],
        "PublicIp": instance["PublicIpAddress"],
        "PrivateDnsName": instance["PrivateDnsName"],
        "PublicDnsName": instance["PublicDnsName"],
        "VpcId": instance["VpcId"],
        "State.Code": str(instance["State"]["Code"]),
        "State.Name": instance["State"]["Name"],
    }


# What Ref gives of an elastic address is the address itself; its allocation is an attribute.


def _address_create(logical_id: str, props: Props, stack_name: str) -> Made:
    text = _call("AllocateAddress", Domain="vpc")
    allocation, address = _value(text, "allocationId"), _value(text, "publicIp")
    provisioners._ec2_apply_tags(allocation, props)
    if props.get("InstanceId"):
        _call("AssociateAddress", AllocationId=allocation, InstanceId=props["InstanceId"])
    return address, {"AllocationId": allocation, "PublicIp": address}


def _address_update(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str | None = None) -> Made:
    found = _by_address(physical_id)
    if found is None or old.get("Domain") != new.get("Domain"):
        return _address_create(logical_id or physical_id, new, stack_name)
    if old.get("InstanceId") != new.get("InstanceId"):
        _leave(found)
        if new.get("InstanceId"):
            _call("AssociateAddress", AllocationId=found["AllocationId"], InstanceId=new["InstanceId"])
    provisioners._ec2_apply_tags(found["AllocationId"], new, old)
    return physical_id, {"AllocationId": found["AllocationId"], "PublicIp": physical_id}


def _address_delete(physical_id: str, props: Props) -> None:
    found = _by_address(physical_id)
    if found:
        _leave(found)
        _call("ReleaseAddress", AllocationId=found["AllocationId"])


def _by_address(address: str) -> dict[str, Any] | None:
    return next((one for one in ec2._addresses.values() if one["PublicIp"] == address), None)


def _leave(address: dict[str, Any]) -> None:
    if address["AssociationId"]:
        _call("DisassociateAddress", AssociationId=address["AssociationId"])


def _association_create(logical_id: str, props: Props, stack_name: str) -> Made:
    allocation = props.get("AllocationId") or (_by_address(props.get("EIP") or "") or {}).get("AllocationId")
    text = _call("AssociateAddress", AllocationId=allocation, InstanceId=props.get("InstanceId"))
    association = _value(text, "associationId")
    return association, {"Id": association}


def _association_delete(physical_id: str, props: Props) -> None:
    # A replacement has moved the address already: then there is no such association any more.
    if any(one["AssociationId"] == physical_id for one in ec2._addresses.values()):
        _call("DisassociateAddress", AssociationId=physical_id)


def _key_create(logical_id: str, props: Props, stack_name: str) -> Made:
    name = props.get("KeyName") or provisioners._physical_name(stack_name, logical_id)
    given = props.get("PublicKeyMaterial")
    if given:
        material = base64.b64encode(str(given).encode()).decode()
        text = _call("ImportKeyPair", KeyName=name, PublicKeyMaterial=material)
    else:
        text = _call("CreateKeyPair", KeyName=name, KeyType=props.get("KeyType") or "rsa")
        _keep_private(_value(text, "keyPairId"), unescape(_value(text, "keyMaterial")))
    pair_id = _value(text, "keyPairId")
    provisioners._ec2_apply_tags(pair_id, props)
    return name, {"KeyPairId": pair_id, "KeyFingerprint": _value(text, "keyFingerprint")}


def _key_update(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str | None = None) -> Made:
    pair = ec2._key_pairs.get(physical_id)
    if pair is None or any(old.get(name) != new.get(name) for name in ("KeyName", "KeyType", "PublicKeyMaterial")):
        return _key_create(logical_id or physical_id, new, stack_name)
    provisioners._ec2_apply_tags(pair["KeyPairId"], new, old)
    return physical_id, {"KeyPairId": pair["KeyPairId"], "KeyFingerprint": pair["KeyFingerprint"]}


def _key_delete(physical_id: str, props: Props) -> None:
    pair = ec2._key_pairs.get(physical_id)
    if pair:
        ssm._delete_parameter({"Name": _private_name(pair["KeyPairId"])})
        _call("DeleteKeyPair", KeyName=physical_id)


def _private_name(pair_id: str) -> str:
    return f"/ec2/keypair/{pair_id}"


def _keep_private(pair_id: str, material: str) -> None:
    """Where CloudFormation puts a private key that EC2 made for it."""
    ssm._put_parameter({"Name": _private_name(pair_id), "Type": "SecureString", "Value": material})


def _volume_create(logical_id: str, props: Props, stack_name: str) -> Made:
    names = ("AvailabilityZone", "Size", "VolumeType", "SnapshotId", "Iops")
    params = {name: props.get(name) for name in names}
    text = _call("CreateVolume", Encrypted=_true(props.get("Encrypted")), **params)
    volume_id = _value(text, "volumeId")
    provisioners._ec2_apply_tags(volume_id, props)
    return volume_id, {"VolumeId": volume_id}


def _volume_update(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str | None = None) -> Made:
    only_new = ("AvailabilityZone", "Encrypted", "KmsKeyId", "SnapshotId", "OutpostArn")
    if physical_id not in ec2._volumes or any(old.get(name) != new.get(name) for name in only_new):
        return _volume_create(logical_id or physical_id, new, stack_name)
    params = {name: new.get(name) for name in ("Size", "VolumeType", "Iops")}
    _call("ModifyVolume", VolumeId=physical_id, **params)
    provisioners._ec2_apply_tags(physical_id, new, old)
    return physical_id, {"VolumeId": physical_id}


def _volume_delete(physical_id: str, props: Props) -> None:
    if physical_id in ec2._volumes:
        _call("DeleteVolume", VolumeId=physical_id)


def _attachment_create(logical_id: str, props: Props, stack_name: str) -> Made:
    params = {name: props.get(name) for name in ("VolumeId", "InstanceId", "Device")}
    _call("AttachVolume", **params)
    return f"{props['VolumeId']}|{props['InstanceId']}", {}


def _attachment_delete(physical_id: str, props: Props) -> None:
    if props.get("VolumeId") in ec2._volumes:
        _call("DetachVolume", VolumeId=props["VolumeId"])
