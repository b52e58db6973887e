"""
Pages of other places, open in a browser of this machine, do not work on the sandbox. MiniStack allows every origin, and
what is deployed runs on this machine: a page could run on it what it likes.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

WORDS = "AWS in the sandbox is not for pages of other places: only of localhost and 127.0.0.1."

# What is deployed says itself who may call it.
_DEPLOYED_PATH = re.compile(r"^/_aws/(?:execute-api|lambda-url|cloudfront)/|^/restapis/[^/]+/[^/]+/_user_request_")
_DEPLOYED_HOST = re.compile(r"\.(?:execute-api|lambda-url|cloudfront)\.(?:[a-z0-9-]+\.)*localhost(?::\d+)?$")
_HERE = re.compile(r"^(?:(?:[a-z0-9-]+\.)*localhost|127\.\d+\.\d+\.\d+|::1)$")
_QUERY_CALL = re.compile(rb"(?:^|&)Action=")


def refused(scope: Any) -> bool:
    """Whether a request comes from a page of another place."""
    headers = {key.lower(): value.decode("latin-1") for key, value in scope["headers"]}
    if _DEPLOYED_PATH.match(scope["path"]) or _DEPLOYED_HOST.search(headers.get(b"host", "").lower()):
        return False
    origin = headers.get(b"origin")
    if origin is not None:
        return not _is_here(origin)
    if not headers.get(b"user-agent", "").startswith("Mozilla/"):
        return False
    # A page whose own name was led to this machine is at home here by its origin, and by its name is not.
    if not _is_here(f"http://{headers.get(b'host', '')}"):
        return True
    # An image or a frame names no origin, and some calls can be made by an address alone; programs make them otherwise.
    return _QUERY_CALL.search(scope.get("query_string", b"")) is not None


def _is_here(origin: str) -> bool:
    try:
        return _HERE.match(urlsplit(origin).hostname or "") is not None
    except ValueError:
        return False
