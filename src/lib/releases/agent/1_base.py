"""infractl's part on a host: one program, run as root, that reads an order and answers in lines of JSON."""
import datetime, fcntl, http.client, io, json, os, pwd, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, threading, time, zipfile

BEGAN = time.time()


class Refused(Exception):
    """What ends an order, in words. Nothing is changed by raising it."""

    def __init__(self, code, message, why="", suggestions=(), exit=1, **more):
        super().__init__(message)
        self.facts = dict(code=code, message=message, why=why, suggestions=list(suggestions), exit=exit, **more)


class Stopped(Exception):
    """Whoever ordered has gone, or wants no more."""


class Talk:
    """Where answers go. Between `begin` and `end` of the critical part nothing may stop the program."""

    def __init__(self):
        self.lock = threading.RLock()
        self.critical = False
        self.gone = False
        self.wanted_stop = False

    def say(self, **event):
        with self.lock:
            if self.gone:
                return
            try:
                sys.stdout.write(json.dumps(event) + "\n")
                sys.stdout.flush()
            except (BrokenPipeError, OSError, ValueError):
                self.gone = True
        self.check()

    def step(self, text):
        self.say(t="step", text=text)

    def check(self):
        if (self.gone or self.wanted_stop) and not self.critical and threading.current_thread() is threading.main_thread():
            raise Stopped()

    def on_signal(self, *_):
        self.wanted_stop = True
        self.check()

    def begin(self):
        self.check()
        self.critical = True

    def end(self):
        self.critical = False


TALK = Talk()


def utc(seconds=None):
    at = datetime.datetime.fromtimestamp(time.time() if seconds is None else seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def tail(text, count=20):
    return "\n".join(line for line in text.splitlines() if line.strip())[-4000:].split("\n")[-count:]


def quiet(argv, **options):
    """Runs a short command; its exit code and what it said."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True, **options)
    except FileNotFoundError:
        raise Refused("HostCommandMissing", "The host has no command %s." % argv[0], "", ["Install what is missing: infractl redeploy setup"])
    return done.returncode, done.stdout.decode("utf-8", "replace")


def must(argv, code, message, **options):
    exit_code, said = quiet(argv, **options)
    if exit_code != 0:
        full = "No space left on device" in said
        raise Refused("DiskFull" if full else code, message, "\n".join(tail(said, 5)))
    return said


def long_run(argv, env, cwd, preexec, each, timeout):
    """Runs a build step: its lines are told as they come, and it ends with whoever wants it to end."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=env, cwd=cwd, preexec_fn=preexec, start_new_session=True)
    late = threading.Timer(timeout, lambda: os.killpg(child.pid, signal.SIGKILL))
    late.start()
    lines = []
    try:
        for raw in child.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            lines.append(line)
            del lines[:-200]
            each(line)
        return child.wait(), lines
    finally:
        late.cancel()
        if child.poll() is None:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()


def write_file(path, text, mode=0o644):
    """Under its name only when it is whole and on the disk."""
    part = "%s.%d.part" % (path, os.getpid())
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "w") as out:
            os.fchmod(out.fileno(), mode)
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.rename(part, path)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def link(target, path):
    """Points a link elsewhere by one rename: there is no moment without it."""
    part = "%s.%d.part" % (path, os.getpid())
    if os.path.lexists(part):
        os.unlink(part)
    os.symlink(target, part)
    os.rename(part, path)
