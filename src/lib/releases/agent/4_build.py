def become(user):
    """Gives a build step the rights of the user of the application, and no more."""
    if not user:
        return None
    facts = pwd.getpwnam(user)

    def change():
        os.initgroups(facts.pw_name, facts.pw_gid)
        os.setgid(facts.pw_gid)
        os.setuid(facts.pw_uid)

    return change


def build(place, order, folder):
    """Runs the build steps in the new release, before anything of the old one is touched."""
    user = order.get("user")
    env = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "LANG": "C.UTF-8", "HOME": place.cache, "CI": "1",
           "PIP_CACHE_DIR": os.path.join(place.cache, "pip"), "npm_config_cache": os.path.join(place.cache, "npm")}
    for name in ("pip", "npm"):
        os.makedirs(os.path.join(place.cache, name), exist_ok=True)
    if user:
        for path in (place.cache, os.path.join(place.cache, "pip"), os.path.join(place.cache, "npm")):
            shutil.chown(path, user)
    for step in order["build"]:
        if step == "python":
            cached(place, folder, user, env, ".venv", ["requirements.txt"], "python3 -m venv %(to)s && %(to)s/bin/pip install --quiet --disable-pip-version-check -r requirements.txt", order)
        elif step == "npm":
            cached(place, folder, user, env, "node_modules", ["package.json", "package-lock.json"], "npm ci --omit=dev --no-audit --no-fund && mv node_modules %(to)s", order)
        else:
            run_step(step, step, folder, user, env, order)


def run_step(shown, line, folder, user, env, order):
    TALK.step("building: %s" % shown)
    code, lines = long_run(["sh", "-c", line], env, folder, become(user), lambda text: TALK.say(t="line", text=text), order["buildTimeout"])
    if code != 0:
        text = "\n".join(lines)
        full = "No space left on device" in text
        raise Refused("DiskFull" if full else "BuildFailed", "The build failed: %s" % shown, "\n".join(tail(text, 12)) or "It ended with %d." % code,
                      ["The old release still serves: nothing of it was touched."])


def cached(place, folder, user, env, name, inputs, line, order):
    """Dependencies by the content of the files that name them: made once, shared by all releases that want the same."""
    there = [file for file in inputs if os.path.isfile(os.path.join(folder, file))]
    if not there:
        raise Refused("BuildFailed", "The release has no %s." % " and no ".join(inputs), "", ["Name the build steps yourself: build: [ … ]"])
    digest = hashlib.sha256((name + sys.version).encode())
    for file in there:
        with open(os.path.join(folder, file), "rb") as source:
            digest.update(source.read())
    made = os.path.join(place.cache, "%s-%s" % (name.lstrip("."), digest.hexdigest()[:16]))
    mark = os.path.join(made, ".infractl-complete")
    if not os.path.exists(mark):
        shutil.rmtree(made, ignore_errors=True)
        run_step(inputs[0], line % {"to": made}, folder, user, env, order)
        # What was built is the user's: a link in the place of the mark would lead root to any file.
        os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644))
    os.utime(mark, follow_symlinks=False)
    os.symlink(made, os.path.join(folder, name))


def check_inside(folder, name):
    """Root moves and links what the build of a user has made: no link of that may lead it out of the release."""
    real, above = os.path.realpath(folder), os.path.realpath(os.path.dirname(os.path.join(folder, name)))
    if os.path.commonpath([real, above]) != real:
        raise Refused("BuildFailed", "%s leads out of the release: a link on its way was made by the build, or is in the source." % name, "",
                      ["Make it a folder, or take it out of `shared`."])


def link_shared(place, order, folder):
    """What outlives releases: folders and files of `shared`."""
    for name in order["shared"]:
        check_inside(folder, name)
        kept = os.path.join(place.shared, name)
        if not os.path.lexists(kept):
            inside = os.path.join(folder, name)
            os.makedirs(os.path.dirname(kept), exist_ok=True)
            # The first release brings what is there at first.
            if os.path.exists(inside):
                shutil.move(inside, kept)
            else:
                os.makedirs(kept)
            if order.get("user"):
                must(["chown", "-R", "%s:" % order["user"], kept], "NoSuchUser", "The shared files could not be given to %s." % order["user"])
        target = os.path.join(folder, name)
        if os.path.isdir(target) and not os.path.islink(target):
            shutil.rmtree(target)
        elif os.path.lexists(target):
            os.unlink(target)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(kept, target)


def write_env(place, order, folder, name):
    """The environment in a file that only root reads: systemd reads it before it becomes the user."""
    file = os.path.join(place.env, name + ".env")
    write_file(file, order["envText"], 0o600)
    link(file, os.path.join(folder, ".infractl.env"))


def unused_caches(place):
    """Dependencies that no release links to any more."""
    used = set()
    for name in os.listdir(place.releases):
        for kind in (".venv", "node_modules"):
            path = os.path.join(place.releases, name, kind)
            if os.path.islink(path):
                used.add(os.path.basename(os.readlink(path)))
    return [name for name in os.listdir(place.cache) if re.match("^(venv|node_modules)-[0-9a-f]{16}$", name) and name not in used]
