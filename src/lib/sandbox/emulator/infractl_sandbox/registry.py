"""ECR whose addresses lead to the sandbox's own registry, with layers on disk instead of in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

from ministack.services import ecr

from .settings import Settings

_AWS_REGISTRY = re.compile(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/")
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_ATTESTATION = "attestation-manifest"
Answer = tuple[int, dict[str, str], bytes]


def local_image(settings: Settings, uri: str) -> str:
    """AWS's address of a repository of this sandbox, as the engine can reach it."""
    return _AWS_REGISTRY.sub(f"127.0.0.1:{settings.port}/", uri)


def find_image(settings: Settings, uri: str) -> dict[str, Any] | None:
    """The registry's record of an image by tag or digest; None where it is not in this sandbox."""
    prefix = f"127.0.0.1:{settings.port}/"
    local = local_image(settings, uri)
    if not local.startswith(prefix):
        return None
    rest = local[len(prefix) :]
    if "@" in rest:
        name, _, digest = rest.partition("@")
        return ecr._find_image(name.split(":")[0], {"imageDigest": digest})
    name, _, tag = rest.partition(":")
    return ecr._find_image(name, {"imageTag": tag or "latest"})


def is_local(settings: Settings, uri: str) -> bool:
    return local_image(settings, uri).startswith(f"127.0.0.1:{settings.port}/")


def refused_by_lambda(image: dict[str, Any]) -> bool:
    """Lambda takes one image, not an index of several (what BuildKit's attestations make)."""
    return image.get("imageManifestMediaType") in _INDEXES


class Blobs:
    """Layers by digest, as files; an upload under way is a file too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for leftover in folder.glob("upload-*"):
            leftover.unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        algorithm, _, hexadecimal = digest.partition(":")
        if algorithm != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", hexadecimal):
            return self.folder / "none"
        return self.folder / hexadecimal

    def upload(self, session: str) -> Path:
        return self.folder / f"upload-{re.sub(r'[^0-9a-f-]', '', session)}"

    def finish(self, session: str, digest: str) -> str | None:
        """Keeps the upload under its digest; returns the true digest where that differs."""
        upload = self.upload(session)
        actual = _digest_of(upload)
        if actual != digest:
            return actual
        upload.replace(self.path(digest))
        return None

    def prune(self) -> None:
        """Removes layers that no kept manifest names: of deleted images, or pushed before a crash."""
        kept = {
            found
            for _, manifests in ecr._manifest_blobs.all_items()
            for manifest in manifests.values()
            for found in re.findall(r"[0-9a-f]{64}", bytes(manifest).decode("utf-8", "replace"))
        }
        for file in self.folder.iterdir():
            if file.name not in kept:
                file.unlink(missing_ok=True)


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return "sha256:" + digest.hexdigest()


def install(settings: Settings) -> Blobs:
    endpoint = settings.endpoint
    ecr._repo_uri = lambda name: f"127.0.0.1:{settings.port}/{name}"

    def get_authorization_token(_data: dict[str, Any]) -> Answer:
        token = base64.b64encode(b"AWS:sandbox").decode()
        return ecr.json_response(
            {
                "authorizationData": [
                    {
                        "authorizationToken": token,
                        "expiresAt": int(time.time()) + 12 * 3600,
                        "proxyEndpoint": endpoint,
                    }
                ]
            }
        )

    describe = ecr._describe_images

    def describe_images(data: dict[str, Any]) -> Answer:
        """As ECR: an image that is asked for by name and is not there is an error, and sizes are real."""
        name = data.get("repositoryName", "")
        wanted = data.get("imageIds") or []
        for image_id in wanted:
            if name in ecr._repositories and ecr._find_image(name, image_id) is None:
                shown = ", ".join(f"{k}:'{v}'" for k, v in sorted(image_id.items()))
                return ecr.error_response_json(
                    "ImageNotFoundException",
                    f"The image with imageId {{{shown}}} does not exist within the repository "
                    f"with name '{name}' in the registry with id '{ecr._registry_id()}'",
                    400,
                )
        status, headers, body = describe(data)
        if status != 200:
            return status, headers, body
        details = json.loads(body)
        for detail in details["imageDetails"]:
            image = ecr._find_image(name, {"imageDigest": detail["imageDigest"]})
            detail["imageSizeInBytes"] = _size_of(image)
        return ecr.json_response(details)

    ecr._get_authorization_token = get_authorization_token
    ecr._describe_images = describe_images
    return _install_blobs(Blobs(settings.blobs))


def _size_of(image: dict[str, Any] | None) -> int:
    manifest = json.loads((image or {}).get("imageManifest") or "{}")
    parts = [manifest.get("config") or {}, *(manifest.get("layers") or [])]
    return sum(int(part.get("size", 0)) for part in parts)


def _install_blobs(blobs: Blobs) -> Blobs:
    def unknown(digest: str) -> Answer:
        return ecr._registry_error(404, "BLOB_UNKNOWN", "blob unknown to registry", {"digest": digest})

    def created(name: str, digest: str) -> Answer:
        headers = {
            "Location": f"/v2/{name}/blobs/{digest}",
            "Docker-Content-Digest": digest,
            "Content-Length": "0",
        }
        return ecr._registry_ok(201, headers, b"")

    def accepted(name: str, session: str) -> Answer:
        end = max(0, blobs.upload(session).stat().st_size - 1)
        headers = {
            "Location": f"/v2/{name}/blobs/uploads/{session}",
            "Range": f"0-{end}",
            "Content-Length": "0",
            "Docker-Upload-UUID": session,
        }
        return ecr._registry_ok(202, headers, b"")

    def start(name: str, query: dict[str, Any], body: bytes) -> Answer:
        if (error := ecr._ensure_repo_exists(name)) is not None:
            return error
        mount = ecr._query_first(query, "mount")
        if mount and blobs.path(mount).exists():
            return created(name, mount)
        session = ecr.new_uuid()
        blobs.upload(session).write_bytes(body or b"")
        digest = ecr._query_first(query, "digest")
        return complete(name, session, query, b"") if digest and body else accepted(name, session)

    def patch(name: str, session: str, body: bytes) -> Answer:
        if not blobs.upload(session).exists():
            return no_upload(name, session)
        with blobs.upload(session).open("ab") as file:
            file.write(body or b"")
        return accepted(name, session)

    def progress(name: str, session: str) -> Answer:
        if not blobs.upload(session).exists():
            return no_upload(name, session)
        status = accepted(name, session)
        return (204, status[1], b"")

    def no_upload(name: str, session: str) -> Answer:
        detail = {"name": name, "uuid": session}
        return ecr._registry_error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", detail)

    def complete(name: str, session: str, query: dict[str, Any], body: bytes) -> Answer:
        if not blobs.upload(session).exists():
            return no_upload(name, session)
        with blobs.upload(session).open("ab") as file:
            file.write(body or b"")
        digest = ecr._query_first(query, "digest") or ""
        actual = blobs.finish(session, digest)
        if actual is not None:
            detail = {"expected": digest, "actual": actual}
            return ecr._registry_error(400, "DIGEST_INVALID", "the digest does not match the upload", detail)
        return created(name, digest)

    def cancel(name: str, session: str) -> Answer:
        if not blobs.upload(session).exists():
            return no_upload(name, session)
        blobs.upload(session).unlink()
        return ecr._registry_ok(204, {}, b"")

    def head(name: str, digest: str) -> Answer:
        if (error := ecr._ensure_repo_exists(name)) is not None:
            return error
        file = blobs.path(digest)
        if not file.exists():
            return unknown(digest)
        headers = {
            "Content-Length": str(file.stat().st_size),
            "Docker-Content-Digest": digest,
            "Content-Type": "application/octet-stream",
        }
        return ecr._registry_ok(200, headers, b"")

    def get(name: str, digest: str) -> Answer:
        status, headers, _ = head(name, digest)
        return (status, headers, blobs.path(digest).read_bytes()) if status == 200 else unknown(digest)

    ecr._v2_start_blob_upload = start
    ecr._v2_patch_blob_upload = patch
    ecr._v2_get_blob_upload = progress
    ecr._v2_complete_blob_upload = complete
    ecr._v2_cancel_blob_upload = cancel
    ecr._v2_head_blob = head
    ecr._v2_get_blob = get
    return blobs
