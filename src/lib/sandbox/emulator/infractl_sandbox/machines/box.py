"""One machine as the engine sees it: a container in which systemd is the first process."""

from __future__ import annotations

import base64
import io
import os
import socket
import tarfile
import time
from dataclasses import dataclass

from ..engine import Engine, EngineError

USER = "ubuntu"
_USER_ID = 1000
# A machine is there in a second; this is for an engine that has much else to do.
_START = 180
_STOP_SECONDS = 20
_SSH = 22

_USER_DATA = "/var/lib/cloud/instance/user-data"
_USER_DATA_UNIT = f"""[Unit]
Description=The user data of the instance
After=network-online.target ssh.service
ConditionPathExists=!{_USER_DATA}.ran

[Service]
Type=oneshot
ExecStartPre=/usr/bin/touch {_USER_DATA}.ran
ExecStart={_USER_DATA}
StandardOutput=append:/var/log/cloud-init-output.log
StandardError=append:/var/log/cloud-init-output.log
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class FirstBoot:
    """What a machine begins with. `user_data` is base64, as EC2 takes it."""

    public_key: str
    user_data: str


class Boxes:
    def __init__(self, engine: Engine, sandbox_id: str) -> None:
        self._engine = engine
        self._prefix = f"infractl-{sandbox_id[:8]}"
        self.label = f"infractl.sandbox.machines={sandbox_id}"

    def name(self, instance_id: str) -> str:
        return f"{self._prefix}-{instance_id}"

    def states(self) -> dict[str, str]:
        """Every machine of this sandbox that the engine has, by instance: `running`, `exited`, …"""
        arguments = ["ps", "--all", "--filter", f"label={self.label}", "--format", "{{.Names}}\t{{.State}}"]
        lines = self._engine.run(arguments, 30).splitlines()
        return {name.removeprefix(f"{self._prefix}-"): state for name, _, state in (line.partition("\t") for line in lines)}

    def create(self, instance_id: str, image: str, network: str, address: str, first: FirstBoot) -> None:
        """A machine that is still off. Its files are there before systemd is."""
        arguments = ["create", "--name", self.name(instance_id), "--label", self.label]
        arguments += ["--hostname", f"ip-{address.replace('.', '-')}", "--network", network, "--ip", address]
        # Of its own network alone, which elastic addresses and firewalls want.
        arguments += ["--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--stop-signal", "SIGRTMIN+3"]
        arguments += ["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"]
        arguments += ["--tmpfs", "/run", "--tmpfs", "/tmp:exec", "--env", "container=docker"]
        if os.path.basename(self._engine.command) == "podman":
            arguments += ["--systemd=always"]
        else:
            arguments += ["--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"]
        self._engine.run([*arguments, image, "/sbin/init"], _START)
        self._engine.run(["cp", "-", f"{self.name(instance_id)}:/"], _START, _files(first))

    def start(self, instance_id: str, address: str, elastic: list[str]) -> None:
        """Until sshd answers at its address. Raises EngineError with what the engine, or the machine, said."""
        self._engine.run(["start", self.name(instance_id)], _START)
        self._until_it_answers(instance_id, address)
        for one in elastic:
            self.add_address(instance_id, one)

    def _until_it_answers(self, instance_id: str, address: str) -> None:
        until = time.monotonic() + _START
        while not _ssh_answers(address):
            if self.states().get(instance_id) != "running":
                raise EngineError(f"the machine ended at its start: {self._last_words(instance_id)}")
            if time.monotonic() > until:
                raise EngineError(f"the machine does not answer at {address}: {self._last_words(instance_id)}")
            time.sleep(0.2)

    def listens(self, instance_id: str) -> bool:
        """Whether sshd is there inside, whatever this machine can reach."""
        return self.execute(instance_id, ["systemctl", "is-active", "--quiet", "ssh"])[0] == 0

    def _last_words(self, instance_id: str) -> str:
        try:
            lines = self._engine.run(["logs", "--tail", "3", self.name(instance_id)], 15).splitlines()
        except EngineError as error:
            return str(error)
        return lines[-1] if lines else "it said nothing"

    def add_address(self, instance_id: str, address: str) -> None:
        self.execute(instance_id, ["ip", "address", "replace", f"{address}/24", "dev", "eth0"])

    def drop_address(self, instance_id: str, address: str) -> None:
        self.execute(instance_id, ["ip", "address", "delete", f"{address}/24", "dev", "eth0"])

    def stop(self, instance_ids: list[str]) -> None:
        if instance_ids:
            names = [self.name(one) for one in instance_ids]
            self._engine.run(["stop", "-t", str(_STOP_SECONDS), *names], _STOP_SECONDS * len(names) + 30)

    def restart(self, instance_id: str, address: str, elastic: list[str]) -> None:
        self.stop([instance_id])
        self.start(instance_id, address, elastic)

    def remove(self, instance_id: str) -> None:
        try:
            self._engine.run(["rm", "--force", "--volumes", self.name(instance_id)], 60)
        except EngineError:
            if instance_id in self.states():
                raise

    def execute(self, instance_id: str, argv: list[str], seconds: float = 3600) -> tuple[int, str, str]:
        """Runs a command as root inside: exit code, output, errors."""
        return self._engine.outcome(["exec", self.name(instance_id), *argv], seconds)


def _ssh_answers(address: str) -> bool:
    try:
        with socket.create_connection((address, _SSH), timeout=2) as connection:
            connection.settimeout(5)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _files(first: FirstBoot) -> bytes:
    """An archive of what is particular to this machine: who may log in, and what runs at the first boot."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        if first.public_key:
            _folder(archive, f"home/{USER}/.ssh", 0o700, _USER_ID)
            _file(archive, f"home/{USER}/.ssh/authorized_keys", f"{first.public_key}\n".encode(), 0o600, _USER_ID)
        script = base64.b64decode(first.user_data or "", validate=False)
        if script.startswith(b"#!"):
            unit = "etc/systemd/system/cloud-final.service"
            _file(archive, _USER_DATA.lstrip("/"), script, 0o700)
            _file(archive, unit, _USER_DATA_UNIT.encode(), 0o644)
            link = tarfile.TarInfo("etc/systemd/system/multi-user.target.wants/cloud-final.service")
            link.type, link.linkname = tarfile.SYMTYPE, f"/{unit}"
            archive.addfile(link)
        elif script:
            said = "The sandbox runs user data that is a script (#!…); this is none, and nothing of it was done.\n"
            _file(archive, "var/log/cloud-init-output.log", said.encode(), 0o644)
    return packed.getvalue()


def _folder(archive: tarfile.TarFile, name: str, mode: int, owner: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.uid, entry.gid, entry.mtime = tarfile.DIRTYPE, mode, owner, owner, int(time.time())
    archive.addfile(entry)


def _file(archive: tarfile.TarFile, name: str, content: bytes, mode: int, owner: int = 0) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.uid, entry.gid, entry.mtime = len(content), mode, owner, owner, int(time.time())
    archive.addfile(entry, io.BytesIO(content))
