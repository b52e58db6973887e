class Changes:
    """What is to be made so, one after the other; only told, or told and done."""

    def __init__(self, do):
        self.do, self.told = do, []

    def need(self, words, work):
        self.told.append(words)
        if self.do:
            TALK.step(words)
            work()

    def file(self, path, text, mode=0o644):
        """Whether the file was not as it should be."""
        try:
            with open(path) as file:
                before = file.read()
        except OSError:
            before = None
        if before == text:
            return False

        def work():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write_file(path, text, mode)

        self.need("%s %s" % ("write" if before is None else "change", path), work)
        return True


def unit_text(order, place):
    """A unit for one instance, or a template whose instances are named by their ports."""
    green = order["strategy"] == "blue-green"
    folder = "%s/%%i" % place.slots if green else place.current
    user = order.get("user")
    start = order["start"].replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return "\n".join(filter(None, [
        "# Written by infractl redeploy setup, which writes it again.",
        "[Unit]",
        "Description=%s%s" % (order["unit"], " on port %i" if green else ""),
        "After=network-online.target",
        "Wants=network-online.target",
        "",
        "[Service]",
        "User=%s" % user if user else None,
        "WorkingDirectory=%s" % folder,
        "EnvironmentFile=%s/.infractl.env" % folder,
        "Environment=PORT=%i" if green else None,
        '''ExecStart=/bin/sh -c "exec %s"''' % start,
        "Restart=on-failure",
        "RestartSec=2",
        "NoNewPrivileges=true",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ])).replace("\n[Service]", "\n\n[Service]").replace("\n[Install]", "\n\n[Install]")


MAP = "# Written by infractl: WebSockets keep their upgrade, other requests their connection.\nmap $http_upgrade $infractl_connection {\n    default upgrade;\n    '' '';\n}\n"

PROXY = """    location / {
        proxy_pass http://%(upstream)s;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $infractl_connection;
        proxy_read_timeout 86400;
    }
"""

# HTTP stays open for the proofs of the certificate authority; all else is sent to HTTPS.
TLS = """server {
    listen %(port)d%(default)s;
    server_name %(host)s;

    location /.well-known/acme-challenge/ {
        root %(webroot)s;
    }
    location / {
        return 301 https://$host$request_uri;
    }
}

server {
    listen 443 ssl;
    server_name %(host)s;

    ssl_certificate %(live)s/fullchain.pem;
    ssl_certificate_key %(live)s/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
    ssl_session_timeout 10m;
    ssl_session_cache shared:infractl:10m;
    ssl_session_tickets off;

    add_header Strict-Transport-Security "max-age=63072000" always;
    add_header X-Frame-Options DENY always;
    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;

%(proxy)s}
"""

PLAIN = """server {
    listen %(port)d%(default)s;
    server_name %(host)s;

    location /.well-known/acme-challenge/ {
        root %(webroot)s;
    }
%(proxy)s}
"""

WEBROOT = "/var/lib/infractl/acme"


def live_folder(order):
    return "/etc/letsencrypt/live/%s" % order["nginx"].get("host")


def has_certificate(order):
    return bool(order["nginx"].get("host")) and os.path.exists(os.path.join(live_folder(order), "fullchain.pem"))


def site_text(order):
    """The site of nginx: with the certificate where there is one."""
    host = order["nginx"].get("host")
    facts = dict(upstream=order["nginx"]["upstream"], port=order["nginx"]["port"], host=host or "_", default="" if host else " default_server", webroot=WEBROOT, live=live_folder(order))
    facts["proxy"] = PROXY % facts
    return "# Written by infractl redeploy setup, which writes it again.\n" + (TLS if has_certificate(order) else PLAIN) % facts


def packages(order):
    wanted = ["git", "iproute2"] if "git" in order["source"] else ["iproute2"]
    if "python" in order["build"]:
        wanted.append("python3-venv")
    if order["site"]:
        wanted.append("nginx")
    return [name for name in wanted if not installed(name)]


def installed(name):
    tools = dict(git="git", iproute2="ss", nginx="nginx", certbot="certbot")
    if name in tools:
        return shutil.which(tools[name], path="/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin") is not None
    if shutil.which("dpkg-query") is None:
        return quiet(["python3", "-c", "import ensurepip, venv"])[0] == 0
    return quiet(["dpkg-query", "-W", "-f", "${Status}", name])[1].endswith("ok installed")


def install(names):
    if shutil.which("apt-get") is None:
        raise Refused("NotDebian", "The host is neither Debian nor Ubuntu: its packages are not known here.", "", ["Install %s on it yourself, then run the same command again." % " and ".join(names)])
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    must(["apt-get", "update", "-qq"], "InstallFailed", "The lists of packages could not be fetched.", env=env)
    must(["apt-get", "install", "-y", "-qq", "--no-install-recommends"] + names, "InstallFailed", "%s could not be installed." % " ".join(names), env=env)


def put_site(order, changes):
    """The files of nginx; what nginx does not accept is taken back, all of it."""
    nginx = Nginx(order)
    name = order["unit"]
    available, enabled = "/etc/nginx/sites-available/%s" % name, "/etc/nginx/sites-enabled/%s" % name
    default = "/etc/nginx/sites-enabled/default"
    paths = [nginx.file, "/etc/nginx/conf.d/infractl.conf", available, enabled, default]
    before = {path: (os.readlink(path) if os.path.islink(path) else None, open(path).read() if os.path.isfile(path) else None) for path in paths}
    if changes.do and os.path.isdir("/etc/nginx"):
        nginx.gate()
    changed = changes.file("/etc/nginx/conf.d/infractl.conf", MAP)
    # Which port is live is the business of releases: a file that is there stays.
    if nginx.port() is None:
        changed = changes.file(nginx.file, nginx.text(order["ports"][0])) or changed
    changed = changes.file(available, site_text(order)) or changed
    if not os.path.lexists(enabled):
        changed = True
        changes.need("switch the site %s of nginx on" % name, lambda: (os.makedirs(os.path.dirname(enabled), exist_ok=True), os.symlink(available, enabled)))
    if not order["nginx"].get("host") and os.path.lexists(default) and default != enabled:
        changed = True
        changes.need("switch nginx's own default site off (%s)" % default, lambda: os.unlink(default))
    if changed and changes.do:
        os.makedirs(WEBROOT, exist_ok=True)
        why = nginx.test()
        if why is not None:
            for path, (target, text) in before.items():
                if os.path.lexists(path):
                    os.unlink(path)
                if target is not None:
                    os.symlink(target, path)
                elif text is not None:
                    write_file(path, text)
            raise Refused("NginxBroken", "nginx did not take the new configuration: it was taken back.", why, ["Look at it on the host: sudo nginx -t"])
        systemctl("enable", "--quiet", "nginx")
        systemctl("reload-or-restart", "nginx")


def setup(place, order, secrets):
    changes = Changes(not order["dryRun"])
    missing = packages(order)
    if missing:
        changes.need("install %s" % ", ".join(missing), lambda: install(missing))
    user = order.get("user")
    if user and quiet(["id", user])[0] != 0:
        changes.need("make the user %s" % user, lambda: must(["useradd", "--system", "--shell", "/usr/sbin/nologin", "--home-dir", place.root, user], "SetupFailed", "The user %s could not be made." % user))
    if not os.path.isdir(place.env):
        changes.need("make the folder %s" % place.root, place.prepare)
    unit = order["unit"] + ("@" if order["strategy"] == "blue-green" else "")
    if changes.file("/etc/systemd/system/%s.service" % unit, unit_text(order, place)):
        if changes.do:
            systemctl("daemon-reload")
    if order["strategy"] == "restart" and systemctl("is-enabled", "--quiet", unit)[0] != 0:
        changes.need("start %s with the machine" % unit, lambda: systemctl("enable", "--quiet", unit))
    if order["site"]:
        put_site(order, changes)
    if changes.do and changes.told:
        place.prepare()
        place.note("setup", changed=changes.told)
    return dict(changes=changes.told)
