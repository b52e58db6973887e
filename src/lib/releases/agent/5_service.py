def systemctl(*words):
    return quiet(["systemctl"] + list(words))


def is_active(unit):
    return systemctl("is-active", "--quiet", unit)[0] == 0


def unit_facts(unit):
    said = quiet(["systemctl", "show", unit, "--property=MainPID,NRestarts,ActiveState,SubState,LoadState,ActiveEnterTimestamp"])[1]
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def who_runs(order):
    """
    Who builds and runs an application of which nobody said it: who logged in; where that is root, as through
    Systems Manager, the user of its unit. A unit that `setup` has yet to write gets a user of its own: nothing
    runs as root by default. None where a unit of somebody else has no user.
    """
    login = os.environ.get("SUDO_USER", "root")
    if login != "root":
        return login
    unit = order["unit"] + ("@%d" % order["ports"][0] if order["strategy"] == "blue-green" else "")
    said = quiet(["systemctl", "show", unit, "--property=LoadState,User"])[1]
    facts = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    own = re.sub("[^a-z0-9_-]", "-", order["unit"].lower())[:32]
    if facts.get("User"):
        return facts["User"]
    return own if order["action"] == "setup" or facts.get("LoadState") != "loaded" else None


def journal(unit, since, count=20):
    """What the unit said last: what somebody at two in the morning wants to see."""
    said = quiet(["journalctl", "--no-pager", "--quiet", "--output=cat", "--lines=%d" % count, "--since=@%d" % int(since), "--unit=%s" % unit])[1]
    return [line for line in said.splitlines() if line.strip()][-count:]


def listener(port):
    """Who listens on a port, as `ss` has it: a unit where it says one, and a process; None where nobody does."""
    said = quiet(["ss", "-H", "-l", "-t", "-n", "-p", "-e", "sport = :%d" % port])[1]
    if not said.strip():
        return None
    unit = re.search(r"cgroup:\S*/([^/\s]+)\.service", said)
    process = re.search(r'\("([^"]*)",pid=(\d+)', said)
    return dict(unit=unit and unit.group(1), name=process and process.group(1), pid=process and process.group(2))


def check_port(port, unit, *others):
    """Refuses a port that somebody else listens on, who is none of the units: the service could never start there."""
    found = listener(port)
    # Where `ss` cannot say whose it is, a unit that runs is taken to be the one.
    if found is None or (is_active(unit) if found["unit"] is None else found["unit"] in (unit,) + others):
        return
    who = ", ".join(text for text in (found["unit"], found["name"], found["pid"] and "process %s" % found["pid"]) if text)
    raise Refused("PortTaken", "The port %d of the host is taken%s." % (port, " (%s)" % who if who else ""), "So %s cannot listen there: nothing was changed." % unit,
                  ["Stop it, or choose another port in infractl.yaml."])


def check_unit(unit):
    facts = unit_facts(unit)
    if facts.get("LoadState") != "loaded":
        raise Refused("UnitNotFound", "The host has no systemd unit %s." % unit, "", ["Make it: infractl redeploy setup", "Or name another one in infractl.yaml."])


def ask(port, path, host=None, timeout=5, tls=False):
    """One request; the status, or why there was none."""
    if tls:
        # It is this machine that is asked: whose name the certificate has does not matter.
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": host or "localhost", "User-Agent": "infractl"})
        answer = connection.getresponse()
        return answer.status, answer.read(300).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return None, str(error) or type(error).__name__
    finally:
        connection.close()


class Watch:
    """Whether a service is healthy: its unit, its process, and what it answers on its own port."""

    def __init__(self, order, unit, port):
        self.health, self.unit, self.port = order["health"], unit, port
        self.since = time.time()
        self.said = self.body = ""

    def once(self):
        if self.health.get("path") is None or not self.port:
            return True
        status, said = ask(self.port, self.health["path"])
        self.said = "it answered %d" % status if status else "it did not answer: %s" % said
        self.body = said.strip()[:200] if status else ""
        if status == 404 and self.health.get("streamlit"):
            self.said = "its script health check is off (404): start Streamlit with server.scriptHealthCheckEnabled=true"
        return status in self.health["expect"]

    def died(self, facts, first):
        if facts.get("ActiveState") in ("failed", "inactive", "deactivating"):
            return "its unit is %s" % facts.get("ActiveState")
        if int(facts.get("NRestarts") or 0) > int(first.get("NRestarts") or 0):
            return "it ended and systemd started it again"
        return None

    def wait(self):
        """Until it is healthy for the first time; why not, where it is not in time."""
        first = unit_facts(self.unit)
        until = time.time() + self.health["timeout"]
        pause = 0.05
        while True:
            facts = unit_facts(self.unit)
            why = self.died(facts, first)
            if why:
                return why
            if facts.get("ActiveState") == "active" and self.once():
                return None
            if time.time() >= until:
                return "it was not healthy after %d s; %s" % (self.health["timeout"], self.said or "its unit is %s" % facts.get("ActiveState"))
            time.sleep(pause)
            pause = min(0.5, pause * 1.5)

    def settle(self, seconds, more=None):
        """Whether it stays healthy; why not, where it does not. One lost answer is no illness."""
        first = unit_facts(self.unit)
        until = time.time() + seconds
        bad = 0
        while time.time() < until:
            time.sleep(min(0.5, max(0.0, until - time.time())))
            facts = unit_facts(self.unit)
            why = self.died(facts, first)
            if not why and facts.get("MainPID") != first.get("MainPID"):
                why = "its process ended and another one took its place"
            if not why and not (self.once() and (more is None or more())):
                bad += 1
                why = self.said if bad >= 3 else None
            elif not why:
                bad = 0
            if why:
                return "%s, %d s after it was healthy" % (why, round(time.time() - until + seconds))
        return None


class Nginx:
    """The file that says where nginx sends requests. Whatever nginx does not accept is taken back."""

    def __init__(self, order):
        self.facts = order.get("nginx") or {}
        self.file = self.facts.get("file")
        self.name = self.facts.get("upstream")

    def text(self, port):
        return "# Written by infractl: where requests go. Changed at every release.\nupstream %s {\n    server 127.0.0.1:%d;\n}\n" % (self.name, port)

    def port(self):
        try:
            with open(self.file) as file:
                found = re.search(r"server 127\.0\.0\.1:(\d+);", file.read())
            return int(found.group(1)) if found else None
        except OSError:
            return None

    def test(self):
        code, said = quiet(["nginx", "-t", "-q"])
        return None if code == 0 else said.strip()

    def gate(self):
        why = self.test()
        if why:
            raise Refused("NginxBroken", "The configuration of nginx on the host is broken: nothing was changed.", why,
                          ["Mend it (sudo nginx -t shows it again), then run the same command again."])

    def send_to(self, port):
        """Sends requests to another port, without losing one: nginx finishes what it has begun."""
        before = None
        if os.path.exists(self.file):
            with open(self.file) as file:
                before = file.read()
        os.makedirs(os.path.dirname(self.file), exist_ok=True)
        write_file(self.file, self.text(port))
        why, workers = self.test(), self.workers()
        if why is None:
            code, said = systemctl("reload", "nginx")
            why = None if code == 0 else said.strip()
        if why is not None:
            if before is None:
                os.unlink(self.file)
            else:
                write_file(self.file, before)
            raise Refused("NginxBroken", "nginx did not take the new configuration: it was taken back.", why, ["Look at it on the host: sudo nginx -t"])
        # A reload is only begun by then: those of before may still send a request the old way.
        until = time.time() + 5
        while workers & self.workers() and time.time() < until:
            time.sleep(0.02)

    def workers(self):
        """The processes of nginx that take requests: those that are shutting down say so."""
        main = unit_facts("nginx").get("MainPID", "0")
        found = set()
        try:
            with open("/proc/%s/task/%s/children" % (main, main)) as children:
                for pid in children.read().split():
                    with open("/proc/%s/cmdline" % pid, "rb") as words:
                        if words.read().strip(b"\0 ") == b"nginx: worker process":
                            found.add(pid)
        except OSError:
            pass
        return found

    def healthy(self, order):
        path = order["health"].get("path")
        if path is None:
            return True
        status, _ = ask(self.facts.get("port", 80), path, self.facts.get("host"))
        if status in (301, 308) and has_certificate(order):
            status, _ = ask(443, path, self.facts.get("host"), tls=True)
        return status is not None and status < 500 and status != 404


def connections(port):
    said = quiet(["ss", "-H", "-t", "-n", "state", "established", "sport = :%d" % port])[1]
    return len([line for line in said.splitlines() if line.strip()])


def stop_drained(unit, port, seconds, still=0.0):
    """
    Stops an instance once nobody has talked to it for `still` seconds, or after so many seconds: a request that nginx
    has taken, and not yet passed on, has no connection to it.
    """
    if not is_active(unit):
        systemctl("reset-failed", unit)
        return
    last = time.time()
    until = last + max(seconds, still)
    open_now = connections(port)
    if open_now:
        TALK.step("%s still has %d connections: waiting up to %d s" % (unit, open_now, seconds))
    while time.time() < until:
        if connections(port):
            last = time.time()
        elif time.time() - last >= still:
            break
        TALK.check()
        time.sleep(0.2)
    systemctl("stop", unit)
    systemctl("reset-failed", unit)
