class Place:
    """The folders of one application on this host."""

    def __init__(self, order):
        self.order = order
        self.root = order["path"]
        self.releases = os.path.join(self.root, "releases")
        self.shared = os.path.join(self.root, "shared")
        self.cache = os.path.join(self.root, "cache")
        self.upload = os.path.join(self.root, "upload")
        self.mirror = os.path.join(self.root, "repo.git")
        self.env = os.path.join(self.root, "env")
        self.slots = os.path.join(self.root, "slots")
        self.current = os.path.join(self.root, "current")
        self.log = os.path.join(self.root, "releases.jsonl")
        self.audit = os.path.join(self.root, "audit.jsonl")
        self.lease = os.path.join(self.root, "lock")
        self.switching = os.path.join(self.root, "switching.json")

    def prepare(self):
        for folder in (self.root, self.releases, self.shared, self.cache, self.slots):
            os.makedirs(folder, 0o755, exist_ok=True)
        os.makedirs(self.env, 0o700, exist_ok=True)
        if os.path.lexists(self.current) and not os.path.islink(self.current):
            raise Refused("CurrentIsNoLink", "%s is no link to a release." % self.current,
                          "Something else made it: nothing was changed.",
                          ["Move it away (sudo mv %s %s.before), then run the same command again." % (self.current, self.current)])

    def release_of(self, path):
        """The id of the release that a link leads to."""
        try:
            return os.path.basename(os.readlink(path).rstrip("/"))
        except OSError:
            return None

    def running(self):
        found = self.release_of(self.current)
        return found if found and os.path.isdir(os.path.join(self.releases, found)) else None

    def entries(self):
        """The log, oldest first. A line that was cut by a full disk is left out."""
        found = []
        try:
            with open(self.log) as file:
                for line in file:
                    try:
                        found.append(json.loads(line))
                    except ValueError:
                        pass
        except OSError:
            pass
        return found

    def record(self, entry):
        self.append(self.log, entry)

    def note(self, action, **more):
        self.append(self.audit, dict(at=utc(), action=action, by=self.order["by"], **more))

    def append(self, file, entry):
        """One line; after a line that was cut off, on a line of its own."""
        text = json.dumps(entry) + "\n"
        # It names people and what they did: for root alone.
        with open(file, "ab+", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            if out.tell() > 0:
                out.seek(-1, os.SEEK_END)
                if out.read(1) != b"\n":
                    text = "\n" + text
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())


def remove_release(place, name):
    """
    Its files, and its environment with the secrets in it. It loses its name first: what is left of it when the
    host goes down meanwhile is no release to go back to, and the next deploy clears it away.
    """
    path = os.path.join(place.releases, name)
    if not name.endswith(".gone"):
        shutil.rmtree(path + ".gone", ignore_errors=True)
        try:
            os.rename(path, path + ".gone")
            path += ".gone"
        except OSError:
            pass
    shutil.rmtree(path, ignore_errors=True)
    try:
        os.unlink(os.path.join(place.env, name + ".env"))
    except OSError:
        pass


def to_prune(entries, here, keep, protected):
    """
    Which of the releases that are here may go: all but those protected, and the newest `keep` good ones.
    A release is good when the last word about it was; one that failed never pushes out a good one.
    """
    result, order = {}, {}
    for number, entry in enumerate(entries):
        result[entry["id"]] = entry["result"]
        order[entry["id"]] = number
    good = sorted((name for name in here if result.get(name) == "good"), key=lambda name: order[name], reverse=True)
    kept = set(protected) | set(good[:keep])
    return sorted(name for name in here if name not in kept)


class Lease:
    """
    One order at a time. The lock itself is the kernel's and dies with its process; what stands in the file
    says who holds it, and until when that may be believed.
    """

    SECONDS = 30
    # Whoever only looks whether somebody is at work holds the lock for a moment too.
    GLANCE = 0.5

    def __init__(self, place):
        self.place = place
        self.file = None  # Open while the lock is ours, and then alone may it be written.
        self.done = threading.Event()

    def take(self, wait):
        file = os.open(self.place.lease, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self.stand_in_line(file, wait)
        except BaseException:
            os.close(file)
            raise
        self.file = file
        self.since = utc()
        self.write()
        self.beating = threading.Thread(target=self.beat, daemon=True)
        self.beating.start()

    def stand_in_line(self, file, wait):
        until = time.time() + max(wait, self.GLANCE)
        told = wait == 0
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = self.holder()
            if time.time() >= until:
                raise self.busy(holder)
            if not told:
                TALK.step("waiting for %s, who is at %s" % (holder.get("by", "somebody"), holder.get("action", "work")))
            told = True
            TALK.check()
            time.sleep(0.2)

    def holder(self):
        return read_json(self.place.lease) or {}

    def busy(self, holder):
        expired = holder.get("expires", "") < utc()
        return Refused("HostBusy", "Somebody else is at work on %s." % self.place.root,
                       "%s, %s since %s (process %s%s)." % (holder.get("by", "unknown"), holder.get("action", "at work"), holder.get("since", "?"),
                                                            holder.get("pid", "?"), ", silent since %s" % holder.get("heartbeat") if expired else ""),
                       ["Wait for it: give --wait.", "If it hangs: infractl redeploy unlock"], 6)

    def write(self):
        now = time.time()
        text = json.dumps(dict(by=self.place.order["by"], action=self.place.order["action"], pid=os.getpid(),
                               since=self.since, heartbeat=utc(now), expires=utc(now + self.SECONDS))).encode()
        try:
            # Over what stood there, which is as long: nobody finds the file empty in between.
            os.pwrite(self.file, text, 0)
            os.ftruncate(self.file, len(text))
        except OSError:
            pass  # A full disk must not stop what holds the lock.

    def beat(self):
        while not self.done.wait(2):
            self.write()
            TALK.say(t="beat")
            if TALK.gone and not TALK.critical:
                os.kill(os.getpid(), signal.SIGTERM)

    def give(self):
        self.done.set()
        if self.file is None:
            return
        self.beating.join(1)
        try:
            os.ftruncate(self.file, 0)
        except OSError:
            pass
        os.close(self.file)
        self.file = None
