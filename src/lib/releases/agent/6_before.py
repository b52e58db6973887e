STILL = 0.5


class Before:
    """
    Units of this application that another strategy, or other ports, left behind. They serve until a release of the
    strategy that is ordered does, and are put away then: stopped, and not started with the machine any more.
    """

    def __init__(self, place, order):
        self.place, self.unit, self.green = place, order["unit"], order["strategy"] == "blue-green"
        self.own_ports = order["ports"] if self.green else []
        self.known = None

    def instance(self, port):
        return "%s@%d" % (self.unit, port)

    def slots(self):
        """Ports of instances that are not the order's own."""
        try:
            names = os.listdir(self.place.slots)
        except OSError:
            return []
        return [port for port in sorted(int(name) for name in names if name.isdigit()) if port not in self.own_ports]

    def plain(self):
        """Whether the unit without a port is of this application, and there to be started or running."""
        said = quiet(["systemctl", "show", self.unit, "--property=ActiveState,UnitFileState,WorkingDirectory,EnvironmentFiles"])[1]
        facts = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        ours = any(self.place.root + "/" in facts.get(name, "") for name in ("WorkingDirectory", "EnvironmentFiles"))
        return ours and (facts.get("ActiveState") in ("active", "activating") or facts.get("UnitFileState") == "enabled")

    def units(self):
        """What is left behind, running or not."""
        if self.known is None:
            self.known = ([self.unit] if self.green and self.plain() else []) + [self.instance(port) for port in self.slots()]
        return self.known

    def serving(self):
        return [unit for unit in self.units() if is_active(unit)]

    def port(self, unit):
        """Where a unit listens; None where it does not."""
        if "@" in unit:
            return int(unit.rsplit("@", 1)[1])
        found = listens(unit)
        return found[0] if found else None

    def ports(self):
        return [self.port(unit) for unit in self.serving()]

    def put_away(self, drain):
        for unit in self.units():
            TALK.step("stopping %s, which served before" % unit)
            port = self.port(unit)
            if port:
                stop_drained(unit, port, drain, STILL)
            systemctl("disable", "--now", "--quiet", unit)
        for port in self.slots():
            os.unlink(os.path.join(self.place.slots, str(port)))
        self.known = []


def listens(unit):
    """The ports of this machine that a unit listens on."""
    said = quiet(["ss", "-H", "-l", "-t", "-n", "-p", "-e"])[1]
    pid = unit_facts(unit).get("MainPID", "0")
    found = []
    for line in said.splitlines():
        group = re.search(r"cgroup:\S*/([^/\s]+)\.service", line)
        if group.group(1) == unit if group else "pid=%s," % pid in line:
            found.append(int(line.split()[3].rsplit(":", 1)[1]))
    return found


def free_port():
    """A port of this machine that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def fit_environment(place, name, strategy, port):
    """
    The environment of a release that another strategy made, as this one needs it: with restart the port stands in
    it, with blue-green in the unit, and the environment would win.
    """
    entry = entry_of(place, name)
    file = os.path.join(place.env, name + ".env")
    if entry is None or entry.get("strategy") == strategy or not os.path.exists(file):
        return
    with open(file) as text:
        lines = dict(re.findall(r'(?ms)^(\w+)=("(?:[^"\\]|\\.)*"\n)', text.read()))
    if strategy == "blue-green":
        lines.pop("PORT", None)
    elif port:
        lines.setdefault("PORT", '"%d"\n' % port)
    write_file(file, "".join("%s=%s" % line for line in sorted(lines.items())), 0o600)
