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


class Restart:
    """Stop, switch, start, verify; and back by itself."""

    def __init__(self, place, order):
        self.place, self.order, self.unit, self.port = place, order, order["unit"], (order["ports"] or [None])[0]

    def gate(self):
        check_unit(self.unit)
        if self.port:
            check_port(self.port, self.unit)

    def prepare(self, name):
        pass

    def switch(self, name, settle):
        began = time.time()
        systemctl("reset-failed", self.unit)
        link(os.path.join("releases", name), self.place.current)
        code, said = systemctl("restart", self.unit)
        if code != 0:
            raise Unhealthy("it did not start", journal(self.unit, began) or said.splitlines())
        watch = Watch(self.order, self.unit, self.port)
        why = watch.wait()
        TALK.say(t="switched", seconds=round(time.time() - BEGAN, 3))
        if why is None and settle:
            TALK.step("healthy; watching it for %d s" % settle)
            why = watch.settle(settle)
        if why:
            raise Unhealthy(why, journal(self.unit, began), watch)

    def back(self, name):
        """Puts the release that served before back; why it does not serve, where it does not."""
        if name is None:
            systemctl("stop", self.unit)
            if os.path.islink(self.place.current):
                os.unlink(self.place.current)
            return None
        systemctl("reset-failed", self.unit)
        link(os.path.join("releases", name), self.place.current)
        code, said = systemctl("restart", self.unit)
        return "it did not start again" if code != 0 else Watch(self.order, self.unit, self.port).wait()

    def protected(self):
        return [self.place.running()]

    def serving(self):
        return self.unit, self.port


class BlueGreen:
    """Two instances on two ports: nginx is sent to the new one when it is healthy, and the old one stays for a return."""

    def __init__(self, place, order):
        self.place, self.order, self.ports, self.nginx = place, order, order["ports"], Nginx(order)

    def unit_of(self, port):
        return "%s@%d" % (self.order["unit"], port)

    def slot(self, port):
        return os.path.join(self.place.slots, str(port))

    def live(self):
        port = self.nginx.port()
        return port if port in self.ports else None

    def idle(self):
        live = self.live()
        return next(port for port in self.ports if port != live)

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
        unit = self.unit_of(port)
        link(os.path.join("..", "releases", name), self.slot(port))
        began = time.time()
        TALK.step("starting it on port %d" % port)
        code, said = systemctl("start", unit)
        watch = Watch(self.order, unit, port)
        why = "it did not start" if code != 0 else watch.wait()
        if why:
            raise Unhealthy(why, journal(unit, began) or said.splitlines(), watch)

    def clear(self, port):
        """Stops what is on a port, and forgets what it held."""
        systemctl("stop", self.unit_of(port))
        systemctl("reset-failed", self.unit_of(port))
        if os.path.islink(self.slot(port)):
            os.unlink(self.slot(port))

    def switch(self, name, settle):
        port = self.idle()
        unit = self.unit_of(port)
        began = time.time()
        self.nginx.send_to(port)
        link(os.path.join("releases", name), self.place.current)
        TALK.say(t="switched", seconds=round(time.time() - BEGAN, 3))
        self.stay_on(port)
        until = time.time() + 5
        while not self.nginx.healthy(self.order):
            if time.time() > until:
                raise Unhealthy("nginx does not reach it", journal("nginx", began))
            time.sleep(0.1)
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
        return "no instance holds it any more"

    def protected(self):
        return [self.place.running()] + [self.place.release_of(self.slot(port)) for port in self.ports]

    def serving(self):
        port = self.live() or self.ports[0]
        return self.unit_of(port), port


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
