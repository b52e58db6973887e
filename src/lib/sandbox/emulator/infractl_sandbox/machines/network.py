"""The network of the machines: a bridge of the engine with addresses of our own choice, so that they can stay."""

from __future__ import annotations

import ipaddress
import re
import threading

from ..engine import Engine, EngineError
from ..settings import Settings

_CANDIDATES = 16
# Docker says that pools overlap, podman that a subnet is already used.
_TAKEN = re.compile(r"overlap|in use|already used", re.IGNORECASE)


class Network:
    """One /24: .1 is the engine's gateway, .10 to .127 are machines, .130 to .250 elastic addresses."""

    def __init__(self, settings: Settings, engine: Engine, label: str) -> None:
        self.name = f"infractl-{settings.sandbox_id[:8]}"
        self._first = int(settings.sandbox_id[:4], 16) % 200
        self._engine = engine
        self._label = label
        self._lock = threading.Lock()
        self._subnet: ipaddress.IPv4Network | None = None

    def ensure(self) -> ipaddress.IPv4Network:
        """Raises EngineError where the engine makes no such network."""
        with self._lock:
            if self._subnet is None:
                self._subnet = self._existing() or self._create()
            return self._subnet

    def machine_address(self, used: set[str]) -> str:
        return self._free(range(10, 128), used)

    def elastic_address(self, used: set[str]) -> str:
        return self._free(range(130, 251), used)

    def _free(self, numbers: range, used: set[str]) -> str:
        subnet = self.ensure()
        for number in numbers:
            address = str(subnet.network_address + number)
            if address not in used:
                return address
        raise EngineError("the network of the sandbox's machines has no address left")

    def _existing(self) -> ipaddress.IPv4Network | None:
        try:
            said = self._engine.run(["network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", self.name], 15)
            return ipaddress.IPv4Network(said)
        except (EngineError, ValueError):
            return None

    def _create(self) -> ipaddress.IPv4Network:
        """Another network, a VPN for one, may have a subnet already: then the next one is tried."""
        refused = EngineError("no network could be made")
        for step in range(_CANDIDATES):
            subnet = ipaddress.IPv4Network(f"10.231.{(self._first + step) % 200}.0/24")
            arguments = ["network", "create", "--driver", "bridge", "--subnet", str(subnet), "--label", self._label]
            try:
                self._engine.run([*arguments, self.name], 30)
                return subnet
            except EngineError as error:
                refused = error
                if not _TAKEN.search(str(error)):
                    break
        raise refused

    def remove(self) -> None:
        with self._lock:
            self._subnet = None
            try:
                self._engine.run(["network", "rm", self.name], 30)
            except EngineError:
                pass
