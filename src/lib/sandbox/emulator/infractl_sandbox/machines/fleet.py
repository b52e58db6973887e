"""The machines behind EC2 instances, and the states that the instances pass through meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import ec2

from ..engine import Engine, EngineError
from ..settings import Settings
from .box import Boxes, FirstBoot
from .image import MachineImage, NoMachines
from .network import Network

Instance = dict[str, Any]

# What DescribeInstances calls them.
_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
# Marks a record that has a machine; it is saved with the record.
MACHINE = "InfractlMachine"
_OWN_ADDRESS = "InfractlAddress"
_log = logging.getLogger("infractl.machines")


class Fleet:
    """Work on a machine is done beside the server's loop, one after the other for each of them."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._boxes = Boxes(engine, settings.sandbox_id)
        self._network = Network(settings, engine, self._boxes.label)
        self._image = MachineImage(engine, settings.machine_image)
        self._claiming = threading.Lock()
        self._ordering = threading.Lock()
        self._last: dict[str, threading.Event] = {}
        # Another one after each reset: work that was begun before it leaves nothing behind.
        self._era = 0
        # Why the last one could not be made, and why no other one can.
        self._failure: str | None = None
        self._hopeless: str | None = None

    # What there can be.

    def obstacle(self) -> str | None:
        """Why instances are records without a machine; None where they are machines."""
        if not self._settings.machines:
            return "switched off at the start of the sandbox"
        reason = self._engine.answer().get("reason")
        if reason:
            return f"no engine: {reason}"
        if not self._engine.shares_network:
            return "the engine runs in a virtual machine, whose addresses this machine cannot reach"
        return self._hopeless

    def must_make_image(self) -> bool:
        return self.obstacle() is None and self._image.missing()

    def report(self) -> dict[str, Any]:
        """For `sandbox status`: every instance that has a machine, and why the others have none."""
        obstacle = self.obstacle() or self._failure
        machines = [
            {"instance": one["InstanceId"], "state": one["State"]["Name"], "address": one["PublicIpAddress"]}
            for one in ec2._instances.all_values()
            if has_machine(one) and one["State"]["Name"] != "terminated"
        ]
        return {"all": machines} if obstacle is None else {"all": machines, "reason": obstacle}

    # Instances.

    def claim(self, instance: Instance) -> None:
        """Gives an instance that is being launched its address, and makes it wait for its machine."""
        with self._claiming:
            address = self._network.machine_address(_addresses())
            instance[MACHINE] = True
            instance[_OWN_ADDRESS] = instance["PrivateIpAddress"] = address
            instance["PrivateDnsName"] = f"ip-{address.replace('.', '-')}.ec2.internal"
            show_public(instance, address)
        _set(instance, "pending")

    def launch(self, instance: Instance, first: FirstBoot) -> None:
        """Makes its machine. Where that cannot be, the instance stays as a record and `sandbox status` says why."""

        def work() -> None:
            try:
                self._make(instance, first)
                self._failure = None
            except (EngineError, NoMachines) as error:
                self._failure = str(error)
                if isinstance(error, NoMachines):
                    self._hopeless = self._failure
                _log.warning("EC2 instances have no machine: %s", error)
                instance.pop(MACHINE, None)
                _move(instance, "pending", "running")

        self._do(instance, work, failed="terminated")

    def _make(self, instance: Instance, first: FirstBoot) -> None:
        instance_id = instance["InstanceId"]
        image = self._image.ensure()
        try:
            self._boxes.create(instance_id, image, self._network.name, instance[_OWN_ADDRESS], first)
            self._start(instance)
        except EngineError as error:
            listens = self._boxes.listens(instance_id)
            self._boxes.remove(instance_id)
            if listens:
                raise NoMachines("the addresses of the engine's containers cannot be reached from here") from error
            raise

    def start(self, instance: Instance) -> None:
        _set(instance, "pending")
        self._do(instance, lambda: self._start(instance), failed="stopped")

    def stop(self, instance: Instance) -> None:
        _set(instance, "stopping")

        def work() -> None:
            self._boxes.stop([instance["InstanceId"]])
            _move(instance, "stopping", "stopped")

        self._do(instance, work, failed="running")

    def reboot(self, instance: Instance) -> None:
        def work() -> None:
            self._boxes.restart(instance["InstanceId"], instance[_OWN_ADDRESS], _elastic(instance))

        self._do(instance, work, failed="stopped")

    def terminate(self, instance: Instance, then: Callable[[], None]) -> None:
        _set(instance, "shutting-down")

        def work() -> None:
            self._boxes.remove(instance["InstanceId"])
            then()
            _move(instance, "shutting-down", "terminated")

        self._do(instance, work, failed="running")

    def wait(self, instance: Instance) -> None:
        """Until nothing is being done with its machine any more."""
        last = self._last.get(instance["InstanceId"])
        if last is not None:
            last.wait()

    def execute(self, instance: Instance, argv: list[str]) -> tuple[int, str, str]:
        try:
            return self._boxes.execute(instance["InstanceId"], argv)
        except EngineError as error:
            return 255, "", str(error)

    def _start(self, instance: Instance) -> None:
        self._boxes.start(instance["InstanceId"], instance[_OWN_ADDRESS], _elastic(instance))
        _move(instance, "pending", "running")

    def _do(self, instance: Instance, work: Callable[[], None], failed: str) -> None:
        instance_id = instance["InstanceId"]
        done = threading.Event()
        with self._ordering:
            before = self._last.get(instance_id)
            self._last[instance_id] = done
        era = self._era

        def in_turn() -> None:
            if before is not None:
                before.wait()
            try:
                if era == self._era:
                    instance.pop("StateReason", None)
                    work()
            except Exception as error:
                # Whatever it was, nobody may wait for this machine for ever.
                _log.exception("%s: %s", instance_id, error)
                instance["StateReason"] = {"Code": "Server.InternalError", "Message": str(error)}
                _set(instance, failed)
            finally:
                if era != self._era:
                    self._boxes.remove(instance_id)
                done.set()

        spawn_background(in_turn, thread_name=f"machine-{instance_id}")

    # Elastic addresses.

    def elastic_address(self) -> str:
        with self._claiming:
            return self._network.elastic_address(_addresses())

    def lead(self, address: str, instance: Instance) -> None:
        if has_machine(instance) and instance["State"]["Name"] == "running":
            self._boxes.add_address(instance["InstanceId"], address)

    def unlead(self, address: str, instance: Instance) -> None:
        if has_machine(instance) and instance["State"]["Name"] == "running":
            self._boxes.drop_address(instance["InstanceId"], address)

    # The sandbox itself.

    def restore(self) -> None:
        """At the start of the sandbox: machines go on as they were, and those that nobody knows any more go away."""
        known = {one["InstanceId"]: one for one in ec2._instances.all_values() if has_machine(one)}
        try:
            states = self._boxes.states()
        except EngineError as error:
            states = {}
            _log.warning("The machines of the last run cannot be seen: %s", error)
        for instance_id in states.keys() - known.keys():
            try:
                self._boxes.remove(instance_id)
            except EngineError as error:
                _log.warning("%s could not be removed: %s", instance_id, error)
        obstacle = self.obstacle() if known else None
        for instance_id, instance in known.items():
            state = instance["State"]["Name"]
            reason = obstacle or (None if instance_id in states else "its machine is gone")
            if state in ("shutting-down", "terminated"):
                _set(instance, "terminated")
            elif state in ("running", "pending") and reason is None:
                self.start(instance)
            else:
                _set(instance, "stopped")
                if reason:
                    instance["StateReason"] = {"Code": "Server.InternalError", "Message": reason}

    def stop_all(self) -> None:
        """At the stop of the sandbox: the machines keep their disks."""
        try:
            self._boxes.stop([one for one, state in self._boxes.states().items() if state == "running"])
        except EngineError as error:
            _log.error("The machines could not be stopped: %s", error)

    def remove_all(self) -> None:
        self._era += 1
        try:
            names = list(self._boxes.states())
            for instance_id in names:
                self._boxes.remove(instance_id)
            if names:
                self._network.remove()
        except EngineError as error:
            _log.error("The machines could not be removed: %s", error)


def has_machine(instance: Instance | None) -> bool:
    return bool(instance and instance.get(MACHINE))


def show_public(instance: Instance, address: str | None) -> None:
    """The address, and a name that leads to it from here, which EC2's own would not. None: its own one."""
    shown = address or instance.get(_OWN_ADDRESS)
    if shown:
        instance["PublicIpAddress"] = instance["PublicDnsName"] = shown


def _set(instance: Instance, state: str) -> None:
    instance["State"] = {"Code": _CODES[state], "Name": state}


def _move(instance: Instance, before: str, after: str) -> None:
    """Unless something else was asked of it meanwhile, which then waits for its turn."""
    if instance["State"]["Name"] == before:
        _set(instance, after)


def _addresses() -> set[str]:
    machines = {one.get(_OWN_ADDRESS) for one in ec2._instances.all_values() if one["State"]["Name"] != "terminated"}
    return {*(address for address in machines if address), *(one["PublicIp"] for one in ec2._addresses.all_values())}


def _elastic(instance: Instance) -> list[str]:
    return [one["PublicIp"] for one in ec2._addresses.all_values() if one["InstanceId"] == instance["InstanceId"]]
