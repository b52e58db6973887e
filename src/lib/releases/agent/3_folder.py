import hashlib, zlib


def bring(place, order, folder):
    """
    The files of a folder, from whoever ordered, into a new release. Where rsync is on both ends they come into a
    cache, which has what the last ones brought, so that only differences travel; elsewhere as one archive. Either
    way they are those whose content was announced, or they are refused.
    """
    TALK.say(t="wants", upload=place.upload if shutil.which("rsync") else None)
    answer = reply()
    brought = []
    try:
        if answer["way"] == "rsync":
            files = json.loads(zlib.decompress(sys.stdin.buffer.read(answer["bytes"])))
            make_room(place.upload, [name for name, _ in files])
            TALK.say(t="ready", upload=place.upload)
            answer = reply()
            if answer["way"] == "there":
                for name, executable in files:
                    with open(os.open(os.path.join(place.upload, name), os.O_RDONLY | os.O_NOFOLLOW), "rb") as source:
                        brought.append(put(source, folder, name, executable))
        if answer["way"] == "archive":
            brought = unzip(sys.stdin.buffer.read(answer["bytes"]), folder)
    except Stopped:
        end_writers(place.upload)
        raise
    except FileNotFoundError:
        pass  # It went away on the other side while it was sent.
    except OSError as error:
        if error.errno == 28:
            shutil.rmtree(place.upload, ignore_errors=True)
        raise
    if answer["way"] == "refused":
        if answer["error"]["code"] == "DiskFull":
            shutil.rmtree(place.upload, ignore_errors=True)
        raise Refused(**answer["error"])
    if hashlib.sha256(b"".join(sorted(brought))).hexdigest()[:40] != order["source"]["commit"]:
        raise Refused("FolderChanged", "The files of the folder changed while they were brought.", "Nothing of them was kept.", ["Run the same command again."])


def reply():
    """The next line of whoever ordered; without one they have gone."""
    line = sys.stdin.buffer.readline()
    if not line:
        raise Stopped()
    return json.loads(line)


def end_writers(upload):
    """Ends each rsync that writes to the cache: it outlives a local process that was killed."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().decode("utf-8", "replace").rstrip("\0").split("\0")
            if os.path.basename(words[0]) == "rsync" and words[-1] == upload + os.sep:
                os.kill(int(pid), signal.SIGTERM)
        except OSError:
            pass  # It has ended.


def make_room(upload, names):
    """The cache with nothing in it but files of that name, for whoever logs in to write to, and for nobody else."""
    end_writers(upload)
    owner, group = int(os.environ.get("SUDO_UID", 0)), int(os.environ.get("SUDO_GID", 0))
    os.makedirs(upload, 0o700, exist_ok=True)
    if os.stat(upload).st_uid != owner:
        must(["chown", "-R", "%d:%d" % (owner, group), upload], "HostFailed", "The folder %s could not be given to who logs in." % upload)
    wanted, folders = set(names), set()
    for name in names:
        above = os.path.dirname(name)
        while above and above not in folders:
            folders.add(above)
            above = os.path.dirname(above)
    for at, inside, files in os.walk(upload):
        for name in list(inside):
            path = os.path.join(at, name)
            if os.path.islink(path):
                os.unlink(path)
                inside.remove(name)
            elif os.path.relpath(path, upload) not in folders:
                shutil.rmtree(path)
                inside.remove(name)
        for name in files:
            path = os.path.join(at, name)
            if os.path.islink(path) or os.path.relpath(path, upload) not in wanted:
                os.unlink(path)


def put(source, folder, name, executable):
    """One file of a release; what it adds to the content of the whole."""
    target = os.path.normpath(os.path.join(folder, name))
    if not target.startswith(folder + os.sep):
        raise Refused("BadArchive", "A file is named that lies outside of the release: %s" % name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    digest = hashlib.sha256()
    with open(target, "wb") as out:
        for piece in iter(lambda: source.read(1 << 20), b""):
            digest.update(piece)
            out.write(piece)
    os.chmod(target, 0o755 if executable else 0o644)
    return ("%s %s %s\n" % (digest.hexdigest(), "x" if executable else "-", name)).encode()


def unzip(data, folder):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        brought = []
        for item in archive.infolist():
            with archive.open(item) as source:
                brought.append(put(source, folder, item.filename, bool((item.external_attr >> 16) & 0o111)))
        return brought
