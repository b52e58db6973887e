"""What the launcher says to the emulator: read once, then taken out of the environment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "INFRACTL_SANDBOX_"


@dataclass(frozen=True)
class Settings:
    """
    `sandbox_id` labels the containers; `engine_env` is the environment of the engine's client; `machine_image`
    is what an EC2 instance is made of instead of the sandbox's own image.
    """

    sandbox_id: str
    port: int
    home: Path
    engine: str
    engine_env: dict[str, str]
    machines: bool
    machine_image: str | None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def blobs(self) -> Path:
        return self.home / "blobs"


def take_settings() -> Settings:
    """Functions that run on the host inherit our environment: they must not see these variables."""
    taken = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith(_PREFIX)}
    return Settings(
        sandbox_id=taken[_PREFIX + "ID"],
        port=int(os.environ["GATEWAY_PORT"]),
        home=Path(taken[_PREFIX + "HOME"]),
        engine=taken.get(_PREFIX + "ENGINE") or "docker",
        engine_env=json.loads(taken.get(_PREFIX + "ENGINE_ENV") or "{}"),
        machines=taken.get(_PREFIX + "MACHINES") != "off",
        machine_image=taken.get(_PREFIX + "MACHINE_IMAGE") or None,
    )
