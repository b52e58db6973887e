"""The container engine's command line: docker, podman or nerdctl, whichever the user chose."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property

from .settings import Settings

_LABEL = "infractl.sandbox"
_QUICK = 10
_PULL = 900


@dataclass(frozen=True)
class Container:
    """What one container is started with. `runtime_api` is the host name that only it knows."""

    name: str
    image: str
    runtime_api: str
    environment: dict[str, str]
    memory_mb: int
    scratch_mb: int
    architecture: str
    entrypoint: list[str]
    command: list[str]
    folder: str | None


class EngineError(Exception):
    """The engine refused; the message is what it said."""


class Engine:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._env = {"PATH": os.environ.get("PATH", ""), **settings.engine_env}
        self._label = f"{_LABEL}={settings.sandbox_id}"
        self._labels = ["--label", self._label]

    @property
    def command(self) -> str:
        return self._settings.engine

    @cached_property
    def shares_network(self) -> bool:
        """Is the engine's host network ours? Not where it runs in a virtual machine."""
        if sys.platform != "linux":
            return False
        try:
            return self.run(["info", "--format", "{{.OperatingSystem}}"], _QUICK) != "Docker Desktop"
        except EngineError:
            # podman has no such field, and no such machine on Linux.
            return True

    @property
    def own_endpoint(self) -> str:
        """The sandbox as a container reaches it."""
        host = "127.0.0.1" if self.shares_network else "host.docker.internal"
        return f"http://{host}:{self._settings.port}"

    def answer(self) -> dict[str, str]:
        """`{"version": …}` where the engine answers, else `{"reason": …}` in one line."""
        try:
            version = self.run(["version", "--format", "{{json .Server.Version}}"], _QUICK)
        except EngineError as error:
            return {"reason": str(error).strip().splitlines()[-1][:300] if str(error).strip() else "no answer"}
        try:
            return {"version": str(json.loads(version))}
        except ValueError:
            return {"version": version.strip()}

    def ensure_image(self, image: str) -> None:
        """Pulls an image that the engine does not have. Raises EngineError with the engine's words."""
        try:
            self.run(["image", "inspect", "--format", "{{.Id}}", image], _QUICK)
        except EngineError:
            self.run(["pull", "--quiet", *self._plain_http(image), image], _PULL)

    def _plain_http(self, image: str) -> list[str]:
        """Docker takes a registry on this machine without TLS by itself; podman has to be told."""
        ours = image.startswith(f"127.0.0.1:{self._settings.port}/")
        return ["--tls-verify=false"] if ours and os.path.basename(self._settings.engine) == "podman" else []

    def start(self, container: Container) -> subprocess.Popen[bytes]:
        """Runs it attached: our child ends when the container does, and its output is the function's log."""
        multiline = {key: value for key, value in container.environment.items() if "\n" in value}
        single = {key: value for key, value in container.environment.items() if key not in multiline}
        process = subprocess.Popen(
            [self._settings.engine, *self._arguments(container, list(multiline))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**multiline, **self._env},
            start_new_session=True,
        )
        if process.stdin is not None:
            # Values go through a pipe: neither arguments nor files may show a secret.
            try:
                process.stdin.write("".join(f"{key}={value}\n" for key, value in single.items()).encode())
                process.stdin.close()
            except BrokenPipeError:
                pass
        return process

    def _arguments(self, container: Container, multiline: list[str]) -> list[str]:
        port = self._settings.port
        arguments = ["run", "--rm", "--name", container.name, *self._labels]
        if self.shares_network:
            arguments += ["--network", "host", "--add-host", f"{container.runtime_api}:127.0.0.1"]
        else:
            arguments += ["--add-host", f"{container.runtime_api}:host-gateway"]
        arguments += ["--memory", f"{container.memory_mb}m", "--cap-drop", "ALL"]
        arguments += ["--security-opt", "no-new-privileges", "--read-only"]
        arguments += ["--tmpfs", f"/tmp:rw,exec,mode=1777,size={container.scratch_mb}m"]
        if container.architecture != _architecture():
            arguments += ["--platform", f"linux/{container.architecture}"]
        arguments += ["--env-file", "/dev/stdin", "--env", f"AWS_LAMBDA_RUNTIME_API={container.runtime_api}:{port}"]
        for key in multiline:
            arguments += ["--env", key]
        if container.folder:
            arguments += ["--workdir", container.folder]
        if container.entrypoint:
            arguments += ["--entrypoint", container.entrypoint[0]]
        return [*arguments, container.image, *container.entrypoint[1:], *container.command]

    def remove(self, name: str) -> None:
        try:
            self.run(["rm", "--force", name], 30)
        except EngineError:
            pass

    def remove_all(self) -> None:
        """Removes every container of this sandbox, also those of an emulator that was killed, and waits for it."""
        until = time.monotonic() + 30
        try:
            while names := self.run(["ps", "--all", "--quiet", "--filter", f"label={self._label}"], _QUICK).split():
                for name in names:
                    # Refused where the engine is removing it already: then the list tells when it is gone.
                    self.remove(name)
                if time.monotonic() > until:
                    return
                time.sleep(0.05)
        except EngineError:
            pass

    def peak_memory_mb(self, name: str) -> int | None:
        """The most memory that the container's first process has had; None where this machine cannot see it."""
        try:
            pid = int(self.run(["inspect", "--format", "{{.State.Pid}}", name], _QUICK))
            with open(f"/proc/{pid}/status", encoding="ascii") as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        return int(line.split()[1]) // 1024
        except (EngineError, OSError, ValueError):
            pass
        return None

    def run(self, arguments: list[str], seconds: float, given: bytes | None = None) -> str:
        """What it printed. Raises EngineError where it failed; `given` is its standard input."""
        code, out, err = self._call(arguments, seconds, given)
        if code != 0:
            raise EngineError(err.strip() or out.strip() or "it failed without a word")
        return out.strip()

    def outcome(self, arguments: list[str], seconds: float) -> tuple[int, str, str]:
        """Exit code, output and errors: for commands of the user's, whose failure is theirs."""
        return self._call(arguments, seconds, None)

    def _call(self, arguments: list[str], seconds: float, given: bytes | None) -> tuple[int, str, str]:
        try:
            done = subprocess.run(
                [self._settings.engine, *arguments],
                input=given or b"",
                capture_output=True,
                timeout=seconds,
                env=self._env,
                check=False,
            )
        except FileNotFoundError as error:
            raise EngineError(f"{self._settings.engine} is not installed") from error
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"{self._settings.engine} gave no answer in {seconds:.0f} s") from error
        except OSError as error:
            raise EngineError(f"{self._settings.engine} cannot be run: {error.strerror}") from error
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def _architecture() -> str:
    return {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
