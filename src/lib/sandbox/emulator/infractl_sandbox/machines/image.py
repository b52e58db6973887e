"""The image of a machine: Debian with what an EC2 instance of a small team has. Made once, then the engine keeps it.

`python3 -m infractl_sandbox.machines.image FILE` writes its files as an archive, by debootstrap.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from ..engine import Engine, EngineError

_BUILD = 900
_BASE = "public.ecr.aws/docker/library/debian"
_RECIPE: dict[str, Any] = json.loads((Path(__file__).parent / "recipe.json").read_text())


class NoMachines(Exception):
    """There can be no machine here; the message says why, in one line."""


class MachineImage:
    """`given` is an image of the user's own; without it one is built, by the engine or by debootstrap."""

    def __init__(self, engine: Engine, given: str | None) -> None:
        self._engine = engine
        self._given = given
        self._lock = threading.Lock()

    @property
    def tag(self) -> str:
        return self._given or f"infractl-machine:{_digest()}"

    def missing(self) -> bool:
        """Whether `ensure` has work to do."""
        return not self._given and not self._present()

    def ensure(self) -> str:
        """The image's name, built where it is not there yet: that takes a minute or two."""
        with self._lock:
            if self._present():
                return self.tag
            if self._given:
                raise NoMachines(f"the engine has no image {self._given}")
            self._build()
            return self.tag

    def _present(self) -> bool:
        try:
            self._engine.run(["image", "inspect", "--format", "{{.Id}}", self.tag], 15)
        except EngineError:
            return False
        return True

    def _build(self) -> None:
        try:
            self._engine.run(["build", "--tag", self.tag, "-"], _BUILD, _dockerfile().encode())
            return
        except EngineError as error:
            pulled = _last_line(str(error))
        if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("debootstrap") is None:
            raise NoMachines(f"the image of a machine could not be built: {pulled}")
        try:
            with tempfile.TemporaryDirectory(prefix="infractl-machine-") as work:
                archive = Path(work) / "machine.tar"
                bootstrap(archive)
                self._engine.run(["import", str(archive), self.tag], _BUILD)
        except (EngineError, OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            raise NoMachines(f"debootstrap could not make the image of a machine: {_last_line(said)}") from error


def bootstrap(archive: Path) -> None:
    """Makes the archive of the image's files. Root alone can do it; it takes a minute or two."""
    with tempfile.TemporaryDirectory(prefix="infractl-tree-") as work:
        tree = Path(work) / "tree"
        packages = ",".join(_RECIPE["packages"])
        _call(["debootstrap", "--variant=minbase", f"--include={packages}", _RECIPE["release"], str(tree), *_mirror()])
        _call(["chroot", str(tree), "sh", "-c", _finish()])
        part = archive.with_name(f"{archive.name}.part")
        try:
            _call(["tar", "--numeric-owner", "-C", str(tree), "-cf", str(part), "."])
            part.replace(archive)
        finally:
            part.unlink(missing_ok=True)


def _call(argv: list[str]) -> None:
    env = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin", "LC_ALL": "C"}
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env)


def _mirror() -> list[str]:
    """The mirror that this machine's apt uses, where it has this Debian; else debootstrap's own choice."""
    asked = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", f"Codename: {_RECIPE['release']}"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    except OSError:
        return []
    sites = [line for line in said.splitlines() if line.startswith("http") and line.rstrip("/").endswith("/debian")]
    return sites[:1]


def _finish() -> str:
    """What a container cannot have, or what only waits for the network or a console, is off; the user is Ubuntu's."""
    masked = " ".join(_RECIPE["masked"])
    dropped = " ".join(f"{folder}/*" for folder in _RECIPE["dropped"])
    return (
        f"set -e; for unit in {masked}; do ln -sfn /dev/null /etc/systemd/system/$unit; done; "
        "useradd --create-home --shell /bin/bash ubuntu; "
        "echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/ubuntu; chmod 440 /etc/sudoers.d/ubuntu; "
        f"rm -rf {dropped}"
    )


def _dockerfile() -> str:
    packages = " ".join(_RECIPE["packages"])
    return (
        f"FROM {_BASE}:{_RECIPE['release']}-slim\n"
        "RUN export DEBIAN_FRONTEND=noninteractive && apt-get update -qq"
        f" && apt-get install -y -qq --no-install-recommends {packages} && {_finish()}\n"
    )


def _digest() -> str:
    facts = json.dumps([_RECIPE, platform.machine()], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:12]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it failed without a word"


if __name__ == "__main__":
    try:
        bootstrap(Path(sys.argv[1]))
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{failed.cmd[0]}: {_last_line(failed.stderr or failed.stdout or '')}")
