def new_id(commit):
    return "%s-%s" % (datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ"), commit[:7])


def entry_of(place, name):
    return next((entry for entry in reversed(place.entries()) if entry["id"] == name), None)


def serves_already(place, order, strategy, commit):
    """The entry of the release that runs, where a deploy of this commit would change nothing."""
    running = place.running()
    known = entry_of(place, running) if running else None
    same = known and known.get("commit") == commit and known.get("wanted") == order["wanted"] and known.get("result") == "good"
    unit, port = strategy.serving()
    return known if same and not order.get("force") and is_active(unit) and Watch(order, unit, port).once() else None


def would_deploy(place, order, secrets):
    """What a deploy would bring. At most the mirror of the repository is brought up to date."""
    subject = order["source"].get("subject")
    if "git" not in order["source"]:
        commit = order["source"]["commit"]
    elif os.path.isdir(place.root) and not held(place):
        commit, subject = fetch(place, order, secrets)
    else:
        commit = remote_commit(place, order, secrets)
    running = place.running()
    known = entry_of(place, running) if running else None
    serves = serves_already(place, order, strategy_of(place, order), commit)
    brings = ahead_of(place, known["commit"], commit) if known and "git" in order["source"] else None
    return dict(changed=serves is None, id=running, commit=commit, subject=subject, previous=running, brings=brings)


def deploy(place, order, secrets):
    if order.get("dryRun"):
        return would_deploy(place, order, secrets)
    strategy = strategy_of(place, order)
    recover(place, strategy)
    clear_unfinished(place)
    if "git" in order["source"]:
        commit, subject = fetch(place, order, secrets)
    else:
        commit, subject = order["source"]["commit"], order["source"]["subject"]
    known = serves_already(place, order, strategy, commit)
    if known:
        return dict(changed=False, id=known["id"], commit=commit, subject=known.get("subject", subject), previous=known.get("previous"))
    strategy.tidy()
    strategy.gate()
    if not order["user"]:
        TALK.say(t="warning", text="The unit %s names no user: the application runs as root, and so do its build steps. Give it User=, or: infractl redeploy setup" % strategy.serving()[0])
    name = new_id(commit)
    while os.path.exists(os.path.join(place.releases, name)):
        time.sleep(0.2)
        name = new_id(commit)
    entry = dict(id=name, commit=commit, ref=order["source"].get("ref"), subject=subject, kind="deploy", by=order["by"], startedAt=utc(BEGAN), wanted=order["wanted"], strategy=order["strategy"])
    folder = os.path.join(place.releases, name)
    TALK.step("release %s: %s" % (name, subject))
    try:
        check_out(place, order, folder, commit)
        build(place, order, folder)
        link_shared(place, order, folder)
        write_env(place, order, folder, name)
        go(place, order, strategy, entry, order["settle"])
    except OSError as error:
        raise disk_words(error)
    finally:
        remove_bad(place, name, strategy)
    removed = prune(place, order, strategy)
    return dict(changed=True, id=name, commit=commit, subject=subject, previous=entry["previous"], removed=removed)


def remove_bad(place, name, strategy):
    """What did not become a good release leaves nothing behind, and gives a full disk its room again."""
    entry = entry_of(place, name)
    if entry and entry["result"] == "good" or name in strategy.protected():
        return
    # The order ends, in order.
    TALK.critical = True
    remove_release(place, name)


def prune(place, order, strategy):
    here = os.listdir(place.releases)
    gone = to_prune(place.entries(), here, order["keep"], [name for name in strategy.protected() if name])
    if order.get("dryRun"):
        return gone
    for name in gone:
        remove_release(place, name)
    for name in unused_caches(place):
        shutil.rmtree(os.path.join(place.cache, name), ignore_errors=True)
    if "git" in order["source"]:
        shutil.rmtree(place.upload, ignore_errors=True)
    if gone:
        place.note("prune", removed=gone)
    return gone


def good_releases(place):
    """Those that can be gone back to, newest first."""
    seen, found = set(), []
    for entry in reversed(place.entries()):
        if entry["id"] in seen:
            continue
        seen.add(entry["id"])
        if entry["result"] == "good" and os.path.isdir(os.path.join(place.releases, entry["id"])):
            found.append(entry["id"])
    return found


def rollback(place, order, secrets):
    strategy = strategy_of(place, order)
    recover(place, strategy)
    running = place.running()
    good = good_releases(place)
    wanted = order.get("release")
    if wanted is None:
        last = entry_of(place, running) if running else None
        previous = last.get("previous") if last else None
        others = [name for name in good if name != running]
        wanted = previous if previous in others else (others[0] if others else None)
        if wanted is None:
            raise Refused("NothingToGoBackTo", "There is no other good release on the host.", "", ["See what there is: infractl redeploy history"])
    else:
        found = [name for name in good if name == wanted or name.startswith(wanted) or name.split("-")[-1].startswith(wanted)]
        if len(found) != 1:
            raise Refused("NoSuchRelease", 'There is %s good release "%s" on the host.' % ("no" if not found else "more than one", wanted), "", ["There are: %s" % (", ".join(good) or "none")], 2)
        wanted = found[0]
    if wanted == running:
        return dict(changed=False, id=running, commit=entry_of(place, running).get("commit"), subject=entry_of(place, running).get("subject"), previous=None)
    strategy.tidy()
    strategy.gate()
    first = entry_of(place, wanted)
    entry = dict(first, kind="rollback", by=order["by"], startedAt=utc(BEGAN), strategy=order["strategy"])
    for name in ("result", "finishedAt", "seconds", "why"):
        entry.pop(name, None)
    go(place, order, strategy, entry, order["settle"])
    return dict(changed=True, id=wanted, commit=first.get("commit"), subject=first.get("subject"), previous=running)


def status(place, order, secrets):
    strategy = strategy_of(place, order)
    running = place.running()
    entry = entry_of(place, running) if running else None
    unit, port = strategy.serving()
    facts = unit_facts(unit)
    watch = Watch(order, unit, port)
    healthy = facts.get("ActiveState") == "active" and watch.once()
    ahead = None
    # Two who fetch at the same time would be in each other's way.
    if "git" in order["source"] and order.get("fetch") and os.path.isdir(place.root) and not held(place):
        try:
            fetch(place, order, secrets)
            ahead = behind(place, order, entry.get("commit") if entry else None)
        except Refused as error:
            # How the application is can be told all the same.
            TALK.say(t="warning", text=" ".join(filter(None, [error.facts["message"], error.facts["why"]])))
    where = place.root if os.path.isdir(place.root) else "/"
    disk = shutil.disk_usage(where)
    lease = Lease(place).holder()
    return dict(release=running, commit=entry and entry.get("commit"), subject=entry and entry.get("subject"), ref=order["source"].get("ref"),
                since=entry and entry.get("finishedAt"), by=entry and entry.get("by"), unit=unit, state=facts.get("ActiveState", "unknown"), healthy=healthy,
                why=None if healthy else (watch.said or "its unit is %s" % facts.get("ActiveState", "unknown")), head=ahead and ahead["head"], behind=ahead and ahead["commits"],
                certificate=certificate(order) if order["site"] else None, disk=dict(free=disk.free, total=disk.total), releases=len(good_releases(place)) if os.path.isdir(place.releases) else 0,
                busy=dict(by=lease.get("by"), action=lease.get("action"), since=lease.get("since")) if lease.get("pid") and held(place) else None)


def held(place):
    try:
        with open(place.lease) as file:
            # Shared, so that two who look do not take each other for one at work.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def history(place, order, secrets):
    here = set(os.listdir(place.releases)) if os.path.isdir(place.releases) else set()
    running = place.running()
    entries = place.entries()[-order["limit"]:]
    last = {entry["id"]: number for number, entry in enumerate(entries)}
    return dict(entries=[dict({key: entry.get(key) for key in ("id", "commit", "ref", "subject", "kind", "by", "startedAt", "finishedAt", "seconds", "result", "why", "previous")},
                              here=entry["id"] in here, running=entry["id"] == running and last[entry["id"]] == number) for number, entry in reversed(list(enumerate(entries)))])


def unlock(place, order, secrets):
    holder = Lease(place).holder()
    if not os.path.isdir(place.root) or not held(place):
        return dict(unlocked=False, holder=None)
    pid = holder.get("pid")
    if not pid:
        raise Refused("HostBusy", "Somebody holds the lock and has not said who.", "", ["Run the same command again."], 6)
    for sent in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            break
        until = time.time() + 10
        while held(place) and time.time() < until:
            time.sleep(0.1)
        if not held(place):
            break
    if held(place):
        raise Refused("HostBusy", "The process %d does not let the lock go." % pid, "", ["Look at it on the host."], 6)
    place.note("unlock", holder=holder)
    return dict(unlocked=True, holder=dict(by=holder.get("by"), action=holder.get("action"), since=holder.get("since"), pid=pid))


def prune_now(place, order, secrets):
    strategy = strategy_of(place, order)
    recover(place, strategy)
    return dict(removed=prune(place, order, strategy))


ACTIONS = dict(deploy=deploy, rollback=rollback, status=status, history=history, unlock=unlock, prune=prune_now, setup=setup)
ACTIONS.update({"https status": https_status, "https enable": https_enable, "https renew": https_renew})
ALONE = ("deploy", "rollback", "prune", "setup", "https enable", "https renew")


def main():
    """The exit code says how it ended, for an engine that counts failures."""
    order = json.loads(sys.stdin.buffer.readline())
    order["user"] = order.get("user") or who_runs(order)
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, TALK.on_signal)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    place, secrets = Place(order), Secrets()
    lease = Lease(place)
    try:
        if order["action"] in ALONE and not order.get("dryRun"):
            place.prepare()
            lease.take(order["wait"])
        TALK.say(t="done", result=ACTIONS[order["action"]](place, order, secrets))
        return 0
    except Refused as error:
        TALK.say(t="error", **error.facts)
        return error.facts["exit"]
    except Stopped:
        if not TALK.gone:
            TALK.critical = True
            TALK.say(t="error", code="Interrupted", message="Stopped before anything that serves was touched.", why="", suggestions=[], exit=130)
        return 130
    except OSError as error:
        TALK.say(t="error", **disk_words(error).facts)
        return 1
    finally:
        TALK.critical = True
        lease.give()
        secrets.remove()


sys.exit(main())
