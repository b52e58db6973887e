def certificate(order):
    """Until when the certificate of the site is good; None where there is none."""
    if not has_certificate(order):
        return None
    said = quiet(["openssl", "x509", "-noout", "-enddate", "-in", os.path.join(live_folder(order), "fullchain.pem")])[1]
    found = re.search(r"notAfter=(.*)", said)
    if not found:
        return None
    until = datetime.datetime.strptime(found.group(1).strip(), "%b %d %H:%M:%S %Y %Z").replace(tzinfo=datetime.timezone.utc)
    now = datetime.datetime.now(datetime.timezone.utc)
    return dict(domain=order["nginx"]["host"], until=until.strftime("%Y-%m-%dT%H:%M:%SZ"), days=(until - now).days)


def is_trial(order):
    """Whether the certificate is one of Let's Encrypt's staging, which no browser trusts."""
    return has_certificate(order) and "STAGING" in quiet(["openssl", "x509", "-noout", "-issuer", "-in", os.path.join(live_folder(order), "fullchain.pem")])[1]


def renewal():
    """What renews certificates by itself, if anything does."""
    for unit in ("certbot.timer", "snap.certbot.renew.timer"):
        if is_active(unit):
            return unit
    return "/etc/cron.d/certbot" if os.path.exists("/etc/cron.d/certbot") else None


def https_status(place, order, secrets):
    return dict(certificate=certificate(order), renewal=renewal())


def certbot(words, message):
    must(["certbot"] + words, "CertbotFailed", message + " certbot says why.")


def https_enable(place, order, secrets):
    changes = Changes(not order["dryRun"])
    host = order["nginx"]["host"]
    if not installed("certbot"):
        changes.need("install certbot", lambda: install(["certbot"]))
    put_site(order, changes)
    trial = is_trial(order) and not order.get("staging")
    if trial or not has_certificate(order):
        words = ["certonly", "--webroot", "--webroot-path", WEBROOT, "--domain", host, "--non-interactive", "--agree-tos", "--deploy-hook", "systemctl reload nginx"]
        words += ["--email", order["email"]] if order.get("email") else ["--register-unsafely-without-email"]
        words += ["--staging"] if order.get("staging") else []
        words += ["--force-renewal"] if trial else []
        changes.need("fetch a certificate for %s from Let's Encrypt" % host, lambda: certbot(words, "The certificate for %s could not be fetched." % host))
        if not changes.do and not trial:
            changes.need("serve %s by HTTPS, and send HTTP there" % host, lambda: None)
    if changes.do:
        put_site(order, changes)
        if trial:
            systemctl("reload", "nginx")  # Its files are the same.
        if changes.told:
            place.note("https enable", changed=changes.told)
    return dict(changes=changes.told, certificate=certificate(order), renewal=renewal())


def https_renew(place, order, secrets):
    if not installed("certbot"):
        raise Refused("NoCertbot", "The host has no certbot: nothing was renewed.", "", ["Begin with: infractl https enable"])
    before = certificate(order)
    certbot(["renew", "--non-interactive", "--cert-name", order["nginx"]["host"]] + (["--dry-run"] if order["dryRun"] else []) + (["--force-renewal"] if order.get("force") else []), "The certificate could not be renewed.")
    after = certificate(order)
    if before != after and not order["dryRun"]:
        systemctl("reload", "nginx")
        place.note("https renew", until=after and after["until"])
    return dict(renewed=bool(before and after and before["until"] != after["until"]), certificate=after)
