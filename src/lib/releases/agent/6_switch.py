class Unhealthy(Exception):
    def __init__(self, why, lines, watch=None):
        super().__init__(why)
        self.why = why
        self.lines = lines + (["Its answer: %s" % watch.body] if watch and watch.body else [])


def masked(place, name, lines):
    """An application may print its environment; what is said of it holds none of that."""
    try:
        with open(os.path.join(place.env, name + ".env")) as file:
            text = file.read()
    except OSError:
        return lines
    values = [re.sub(r'\\(["\\$`])', r"\1", value) for value in re.findall(r'(?ms)^\w+="((?:[^"\\]|\\.)*)"$', text)]
    for value in sorted((value for value in values if len(value) >= 6), key=len, reverse=True):
        lines = [line.replace(value, "[secret]") for line in lines]
    return lines


class Strategy:
    """How one release takes the place of another; and the place of one that another strategy started."""

    def __init__(self, place, order):
        self.place, self.order, self.nginx, self.before = place, order, Nginx(order), Before(place, order)

    def slot(self, port):
        return os.path.join(self.place.slots, str(port))

    def unit_of(self, port):
        return "%s@%d" % (self.order["unit"], port)

    def tidy(self):
        """What served before is not needed once a release of this strategy serves."""
        if self.before.units() and self.serves():
            self.before.put_away(self.order["drain"])

    def serving(self):
        """The unit and the port to look at: of what served before, while nothing of this strategy does."""
        unit, port = self.own()
        if not is_active(unit):
            for other in self.before.serving():
                return other, self.before.port(other)
        return unit, port

    def start_instance(self, port, name):
        """Starts a release as an instance of the template unit; why it does not serve, and what it said, where it does not."""
        unit = self.unit_of(port)
        link(os.path.join("..", "releases", name), self.slot(port))
        began = time.time()
        systemctl("reset-failed", unit)
        code, said = systemctl("start", unit)
        watch = Watch(self.order, unit, port)
        why = "it did not start" if code != 0 else watch.wait()
        return why, (journal(unit, began) or said.splitlines()) if why else [], watch

    def clear(self, port):
        """Stops what is on a port, and forgets what it held."""
        unit = self.unit_of(port)
        systemctl("disable", "--now", "--quiet", unit)
        systemctl("reset-failed", unit)
        if os.path.islink(self.slot(port)):
            os.unlink(self.slot(port))

    def reached(self):
        """Waits until nginx reaches what it was sent to."""
        began = time.time()
        while not self.nginx.healthy(self.order):
            if time.time() > began + 5:
                raise Unhealthy("nginx does not reach it", journal("nginx", began))
            time.sleep(0.1)


class Restart(Strategy):
    """Stop, switch, start, verify; and back by itself."""

    def __init__(self, place, order):
        super().__init__(place, order)
        self.unit, self.port = order["unit"], (order["ports"] or [None])[0]

    def gate(self):
        check_unit(self.unit)
        instances = self.before.serving()
        if instances:
            if not self.port:
                raise Refused("PortNeeded", "%s was released blue-green, and it is not known where it is to listen now." % self.unit, "So nginx cannot be sent there: nothing was changed.", ['Give it "port:" in infractl.yaml.'])
            self.nginx.gate()
        if self.port:
            check_port(self.port, self.unit, *instances)

    def prepare(self, name):
        """An instance that serves on the port of the unit goes on at another one, so that there is no moment without it."""
        mine = self.port and self.unit_of(self.port)
        if mine not in self.before.serving():
            return
        if self.nginx.port() == self.port:
            self.step_aside()
        stop_drained(mine, self.port, self.order["drain"], STILL)

    def step_aside(self):
        aside, running = free_port(), self.place.running()
        TALK.step("%s goes on at port %d meanwhile" % (running, aside))
        try:
            why, _, _ = self.start_instance(aside, running)
            if why:
                raise Refused("NotAside", "The release %s, which serves, did not start a second time: %s." % (running, why), "It goes on as before: nothing was changed.", ["Look at its log: infractl host tail"])
            self.nginx.send_to(aside)
        except BaseException:
            TALK.critical = True
            if self.nginx.port() == aside:
                self.nginx.send_to(self.port)
            self.clear(aside)
            raise
        self.before.known = None

    def switch(self, name, settle):
        began = time.time()
        changed = bool(self.before.serving())
        fit_environment(self.place, name, "restart", self.port)
        systemctl("reset-failed", self.unit)
        link(os.path.join("releases", name), self.place.current)
        code, said = systemctl("restart", self.unit)
        if code != 0:
            raise Unhealthy("it did not start", journal(self.unit, began) or said.splitlines())
        watch = Watch(self.order, self.unit, self.port)
        why = watch.wait()
        if why is None and changed:
            systemctl("enable", "--quiet", self.unit)
            self.nginx.send_to(self.port)
            self.reached()
        TALK.say(t="switched", seconds=round(time.time() - BEGAN, 3))
        if why is None and settle:
            TALK.step("healthy; watching it for %d s" % settle)
            why = watch.settle(settle)
        if why:
            raise Unhealthy(why, journal(self.unit, began), watch)

    def back(self, name):
        """Puts the release that served before back; why it does not serve, where it does not."""
        held = [port for port in self.before.slots() if self.place.release_of(self.slot(port)) == name]
        if name is None or held:
            systemctl("stop", self.unit)
        if name is None:
            if os.path.islink(self.place.current):
                os.unlink(self.place.current)
            return None
        if held:
            return self.back_to_instance(name, held)
        systemctl("reset-failed", self.unit)
        link(os.path.join("releases", name), self.place.current)
        code, said = systemctl("restart", self.unit)
        return "it did not start again" if code != 0 else Watch(self.order, self.unit, self.port).wait()

    def back_to_instance(self, name, held):
        """Where blue-green had it; what had stepped aside goes home."""
        systemctl("disable", "--quiet", self.unit)
        link(os.path.join("releases", name), self.place.current)
        home = next((port for port in (self.port, self.nginx.port()) if port in held), held[0])
        why, _, _ = self.start_instance(home, name)
        if why is None and self.nginx.port() != home:
            self.nginx.send_to(home)
        for port in held:
            if port != home and why is None:
                self.clear(port)
        self.before.known = None
        return why

    def serves(self):
        return is_active(self.unit) and self.nginx.port() in (None, self.port)

    def protected(self):
        return [self.place.running()] + [self.place.release_of(self.slot(port)) for port in self.before.slots()]

    def own(self):
        return self.unit, self.port


class BlueGreen(Strategy):
    """Two instances on two ports: nginx is sent to the new one when it is healthy, and the old one stays for a return."""

    def __init__(self, place, order):
        super().__init__(place, order)
        self.ports = order["ports"]

    def live(self):
        port = self.nginx.port()
        return port if port in self.ports else None

    def idle(self):
        live = self.live()
        free = [port for port in self.ports if port != live]
        taken = self.before.ports()
        return next((port for port in free if port not in taken), free[0])

    def gate(self):
        self.nginx.gate()
        check_unit(self.unit_of(self.idle()))
        check_port(self.idle(), self.unit_of(self.idle()))

    def holds(self, port, name):
        return self.place.release_of(self.slot(port)) == name and is_active(self.unit_of(port))

    def prepare(self, name):
        """Starts the new one beside the old one. Nothing that serves is touched, so it may still be stopped."""
        port = self.idle()
        unit = self.unit_of(port)
        if self.holds(port, name) and Watch(self.order, unit, port).once():
            return
        kept = self.place.release_of(self.slot(port)) if is_active(unit) else None
        stop_drained(unit, port, self.order["drain"])
        check_port(port, unit)
        try:
            self.start(port, name)
        except BaseException:
            # Nobody may stop this: neither who has gone, nor a second Ctrl-C.
            TALK.critical = True
            self.clear(port)
            if kept:
                # The one that was kept for an instant return is kept again.
                link(os.path.join("..", "releases", kept), self.slot(port))
                systemctl("start", unit)
            raise

    def start(self, port, name):
        TALK.step("starting it on port %d" % port)
        fit_environment(self.place, name, "blue-green", port)
        why, lines, watch = self.start_instance(port, name)
        if why:
            raise Unhealthy(why, lines, watch)

    def switch(self, name, settle):
        port = self.idle()
        unit = self.unit_of(port)
        began = time.time()
        self.nginx.send_to(port)
        link(os.path.join("releases", name), self.place.current)
        TALK.say(t="switched", seconds=round(time.time() - BEGAN, 3))
        self.stay_on(port)
        self.reached()
        if settle:
            TALK.step("healthy; watching it for %d s" % settle)
            watch = Watch(self.order, unit, port)
            why = watch.settle(settle, lambda: self.nginx.healthy(self.order))
            if why:
                raise Unhealthy(why, journal(unit, began), watch)

    def stay_on(self, port):
        """After a start of the machine the one that serves comes up, not the one that did before."""
        for each in self.ports:
            systemctl("enable" if each == port else "disable", "--quiet", self.unit_of(each))

    def back(self, name):
        live = self.live()
        if name is None:
            if live:
                systemctl("stop", self.unit_of(live))
            if os.path.islink(self.place.current):
                os.unlink(self.place.current)
            return None
        for port in self.ports:
            if self.place.release_of(self.slot(port)) != name:
                continue
            unit = self.unit_of(port)
            if not is_active(unit):
                systemctl("reset-failed", unit)
                systemctl("start", unit)
            why = Watch(self.order, unit, port).wait()
            if port != live:
                self.nginx.send_to(port)
                self.stay_on(port)
            link(os.path.join("releases", name), self.place.current)
            for other in self.ports:
                if other != port:
                    self.clear(other)
            return why
        return self.back_to_before(name)

    def back_to_before(self, name):
        """To what another strategy started, which has gone on meanwhile."""
        link(os.path.join("releases", name), self.place.current)
        for unit in self.before.units():
            held = self.place.release_of(self.slot(self.before.port(unit))) if "@" in unit else name
            if held != name:
                continue
            if not is_active(unit) or unit == self.order["unit"] and not runs_from(unit, os.path.join(self.place.releases, name)):
                systemctl("reset-failed", unit)
                systemctl("restart", unit)
            why, port = Watch(self.order, unit, None).wait(), self.before.port(unit)
            until = time.time() + self.order["health"]["timeout"]
            while why is None and port is None and time.time() < until:
                time.sleep(0.2)
                port = self.before.port(unit)
            if port and self.nginx.port() not in (None, port):
                self.nginx.send_to(port)
            for each in self.ports:
                self.clear(each)
            return why or Watch(self.order, unit, port).wait()
        return "no instance holds it any more"

    def serves(self):
        live = self.live()
        return live is not None and self.holds(live, self.place.running())

    def protected(self):
        return [self.place.running()] + [self.place.release_of(self.slot(port)) for port in self.ports + self.before.slots()]

    def own(self):
        port = self.live() or self.ports[0]
        return self.unit_of(port), port


def runs_from(unit, folder):
    """Whether the process of a unit was started in a folder, wherever a link leads by now."""
    try:
        return os.path.realpath("/proc/%s/cwd" % unit_facts(unit).get("MainPID")) == os.path.realpath(folder)
    except OSError:
        return False


def strategy_of(place, order):
    return (BlueGreen if order["strategy"] == "blue-green" else Restart)(place, order)


def recover(place, strategy):
    """An order that died in its critical part (a machine that lost its power) is taken back first."""
    left = read_json(place.switching)
    if left is None:
        return
    ended = entry_of(place, left["to"])
    if ended and ended["result"] == "good" and ended.get("startedAt") == left["entry"].get("startedAt"):
        os.unlink(place.switching)  # It was declared good, and died before it could say so.
        return
    TALK.step("taking back what was interrupted: %s" % left["to"])
    TALK.begin()
    try:
        why = strategy.back(left["from"])
        place.record(dict(left["entry"], result="failed", finishedAt=utc(), why="interrupted while it was switched to"))
        os.unlink(place.switching)
    finally:
        TALK.end()
    if why:
        raise Refused("NotServing", "The release %s does not serve: %s." % (left["from"], why), "", ["Look at the host: infractl host tail"], 8)


def clear_unfinished(place):
    """Releases that were begun and never finished, by an order that was killed."""
    known = set(entry["id"] for entry in place.entries())
    for name in os.listdir(place.releases):
        if name not in known and name != place.running():
            remove_release(place, name)
    here = set(os.listdir(place.releases))
    for name in os.listdir(place.env):
        if name.split(".")[0] not in here:
            os.unlink(os.path.join(place.env, name))


def go(place, order, strategy, entry, settle):
    """From a release that is ready to one that serves and was declared good; or back, with exit 8."""
    name, before = entry["id"], place.running()
    entry["previous"] = before
    try:
        strategy.prepare(name)
    except Unhealthy as error:
        raise unhealthy(place, entry, error, before, None)
    # From here to the end of the order nothing stops it: what it says last must be how it ended.
    TALK.begin()
    write_file(place.switching, json.dumps(dict(to=name, entry=entry, **{"from": before})))
    try:
        TALK.step("switching to %s" % name)
        strategy.switch(name, settle)
        place.record(dict(entry, result="good", finishedAt=utc(), seconds=round(time.time() - BEGAN, 1)))
    except Exception as error:
        why = strategy.back(before)
        os.unlink(place.switching)
        if isinstance(error, Unhealthy):
            raise unhealthy(place, entry, error, before, why)
        raise
    os.unlink(place.switching)
    place.note(entry["kind"], id=name, previous=before, result="good")
    strategy.tidy()


def unhealthy(place, entry, error, before, why_back):
    error.why = masked(place, entry["id"], [error.why])[0]
    error.lines = masked(place, entry["id"], error.lines)
    place.record(dict(entry, result="failed", finishedAt=utc(), why=error.why))
    place.note(entry["kind"], id=entry["id"], result="failed", why=error.why)
    if before is None:
        after = "There is no release before it: nothing serves."
    elif why_back:
        after = "The release before it, %s, does not serve either: %s." % (before, why_back)
    else:
        after = "%s serves, as before." % before
    return Refused("ReleaseUnhealthy", "The release %s is not healthy: %s." % (entry["id"], error.why), after,
                   ["Look at its log above, mend it, and deploy again."], 8, lines=error.lines)
