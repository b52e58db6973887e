"""Distributions below a path of this machine, in place of AWS's host names, which lead elsewhere."""

from __future__ import annotations

import re
from typing import Any

from ministack.core.iam_evaluator import pin_request_origin
from ministack.services import cloudfront

from .settings import Settings

_PATH = re.compile(r"^/_aws/cloudfront/([a-z0-9]+)(/.*)?$")
_AWS_URL = re.compile(r"https://([a-z0-9]+)\.cloudfront\.net")


def localized(settings: Settings, text: str) -> str:
    """Replaces the addresses of distributions that this sandbox has; leaves every other text alone."""

    def replace(match: re.Match[str]) -> str:
        if cloudfront.find_distribution_for_label(match.group(1)) is None:
            return match.group(0)
        return f"http://127.0.0.1:{settings.port}/_aws/cloudfront/{match.group(1)}"

    return _AWS_URL.sub(replace, text)


def lacks_slash(path: str) -> bool:
    """A page at the bare address would look for its style and scripts one folder too high."""
    match = _PATH.match(path)
    return match is not None and match.group(2) is None


def leads_nowhere(path: str) -> bool:
    """Whether the distribution of a path is not there: gone with its stack, or never was."""
    match = _PATH.match(path)
    return match is not None and cloudfront.find_distribution_for_label(match.group(1)) is None


def viewer_scope(scope: Any) -> Any:
    """A request below such a path, as a viewer of the distribution sends it: by its name, over TLS."""
    match = _PATH.match(scope["path"])
    if match is None:
        return scope
    # CloudFront fetches over TLS, and policies of buckets ask for that.
    pin_request_origin((scope.get("client") or ("127.0.0.1",))[0], True)
    label, path = match.group(1), match.group(2)
    raw = scope.get("raw_path", b"")
    prefix = f"/_aws/cloudfront/{label}".encode()
    others = [(key, value) for key, value in scope["headers"] if key.lower() not in (b"host", b"x-forwarded-proto")]
    host = (b"host", f"{label}.cloudfront.net".encode())
    return {
        **scope,
        "path": path,
        "raw_path": raw.removeprefix(prefix),
        "headers": [host, (b"x-forwarded-proto", b"https"), *others],
    }
