class Secrets:
    """Secrets in files that only root reads, in memory, gone afterwards."""

    def __init__(self):
        base = "/run" if os.path.isdir("/run") else None
        self.folder = tempfile.mkdtemp(prefix="infractl-", dir=base)
        self.more = None

    def put(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        write_file(path, text, mode)
        return path

    def executable(self):
        """A folder whose files may be executed, for as long as the secrets are there."""
        self.more = tempfile.mkdtemp(prefix="infractl-", dir="/var/tmp")
        return self.more

    def remove(self):
        for folder in (self.folder, self.more):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)


ASKPASS = '#!/bin/sh\ncase $1 in Username*) echo x-access-token ;; *) cat "$INFRACTL_TOKEN_FILE" ;; esac\n'


def git_env(place, order, secrets):
    """How git logs in. Neither key nor token is in an argument or in git's configuration."""
    env = dict(os.environ, GIT_TERMINAL_PROMPT="0", LC_ALL="C")
    ssh = "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=%s/known_hosts" % place.root
    if order["source"].get("key"):
        key = order["source"]["key"]
        ssh += " -o IdentitiesOnly=yes -i %s" % secrets.put("key", key if key.endswith("\n") else key + "\n")
    env["GIT_SSH_COMMAND"] = ssh
    if order["source"].get("token"):
        env["INFRACTL_TOKEN_FILE"] = secrets.put("token", order["source"]["token"])
        # It holds no secret, and nothing may be executed in /run.
        env["GIT_ASKPASS"] = os.path.join(place.root if os.path.isdir(place.root) else secrets.executable(), "askpass")
        write_file(env["GIT_ASKPASS"], ASKPASS, 0o755)
    return env


def git(place, env, *words):
    return quiet(["git", "--git-dir", place.mirror] + list(words), env=env)


def fetch(place, order, secrets):
    """Brings the mirror up to date and gives the commit that the ref means, with its subject."""
    url, ref = order["source"]["git"], order["source"]["ref"]
    env = git_env(place, order, secrets)
    if not os.path.isfile(os.path.join(place.mirror, "HEAD")):
        shutil.rmtree(place.mirror, ignore_errors=True)
        must(["git", "init", "--quiet", "--bare", place.mirror], "GitFailed", "The mirror of the repository could not be made.", env=env)
    known = resolve(place, env, ref) if re.match("^[0-9a-f]{40}$", ref) else None
    if known is None:
        TALK.step("fetching %s" % url)
        code, said = git(place, env, "fetch", "--quiet", "--prune", "--force", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        if code != 0:
            raise Refused("DiskFull" if "No space left" in said else "GitFetchFailed", "%s could not be fetched." % url, "\n".join(tail(said, 5)),
                          ["Check the address, and `key` or `token` of the source, and the network of the host."])
        known = resolve(place, env, ref)
    if known is None:
        names = git(place, env, "for-each-ref", "--format=%(refname:short)", "--sort=-committerdate", "--count=8")[1].split()
        raise Refused("GitRefNotFound", 'There is no branch, tag or commit "%s" in %s.' % (ref, url), "", ["Its newest refs: %s" % (", ".join(names) or "none")], 2)
    subject = git(place, env, "log", "-1", "--format=%s", known)[1].strip()
    return known, subject


def resolve(place, env, ref):
    for name in ("refs/heads/%s" % ref, "refs/tags/%s" % ref, ref):
        code, said = git(place, env, "rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}")
        if code == 0:
            return said.strip()
    return None


def ahead_of(place, commit, new):
    """The commits that a release would bring, newest first, as far as the mirror knows both ends."""
    env = dict(os.environ, LC_ALL="C")
    code, said = git(place, env, "log", "--format=%h %s", "--max-count=21", "%s..%s" % (commit, new)) if os.path.isdir(place.mirror) else (1, "")
    return said.splitlines() if code == 0 else None


def remote_commit(place, order, secrets):
    """The commit that the ref means, asked of the repository alone: for a host that has no mirror yet."""
    url, ref = order["source"]["git"], order["source"]["ref"]
    if re.match("^[0-9a-f]{40}$", ref):
        return ref
    code, said = quiet(["git", "ls-remote", url, "refs/heads/%s" % ref, "refs/tags/%s" % ref, "refs/tags/%s^{}" % ref], env=git_env(place, order, secrets))
    if code != 0:
        raise Refused("GitFetchFailed", "%s could not be asked." % url, "\n".join(tail(said, 5)),
                      ["Check the address, and `key` or `token` of the source, and the network of the host."])
    found = dict(reversed(line.split("\t", 1)) for line in said.splitlines() if "\t" in line)
    known = found.get("refs/heads/%s" % ref) or found.get("refs/tags/%s^{}" % ref) or found.get("refs/tags/%s" % ref)
    if known is None:
        raise Refused("GitRefNotFound", 'There is no branch and no tag "%s" in %s.' % (ref, url), "", ["A part of a commit's name is known once the host has fetched the repository."], 2)
    return known


def behind(place, order, commit):
    """How many commits the ref has that the one that runs has not, as far as the mirror knows."""
    env = dict(os.environ, LC_ALL="C")
    head = resolve(place, env, order["source"]["ref"]) if os.path.isdir(place.mirror) else None
    if not head or not commit:
        return None
    code, said = git(place, env, "rev-list", "--count", "%s..%s" % (commit, head))
    return dict(head=head, commits=int(said)) if code == 0 else dict(head=head, commits=None)


def check_out(place, order, folder, commit):
    """The files of the source in the folder of a release."""
    os.mkdir(folder, 0o755)
    try:
        if "git" in order["source"]:
            archive = subprocess.Popen(["git", "--git-dir", place.mirror, "archive", commit], stdout=subprocess.PIPE)
            code, said = quiet_from(["tar", "-xf", "-", "-C", folder], archive.stdout)
            if archive.wait() != 0 or code != 0:
                raise Refused("DiskFull" if "No space left" in said else "CheckOutFailed", "The release could not be written.", "\n".join(tail(said, 5)))
        else:
            bring(place, order, folder)
    except OSError as error:
        raise disk_words(error)
    user = order.get("user")
    if user:
        must(["chown", "-R", "%s:" % user, folder], "NoSuchUser", "The release could not be given to the user %s." % user)


def quiet_from(argv, source):
    done = subprocess.run(argv, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def disk_words(error):
    if error.errno == 28:
        return Refused("DiskFull", "The disk of the host is full.", str(error), ["Free some space (infractl redeploy prune), then run the same command again."])
    return Refused("HostFailed", "The release could not be written.", str(error))
