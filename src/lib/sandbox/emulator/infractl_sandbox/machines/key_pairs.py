"""Key pairs that open something: MiniStack forgets public keys, and makes up private ones."""

from __future__ import annotations

import base64
import binascii
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import new_uuid
from ministack.services import ec2

Params = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


class KeyRefused(Exception):
    """No key, or none that can be made; the message is for the caller."""


def install() -> None:
    ec2._ACTION_MAP["CreateKeyPair"] = ec2._create_key_pair = _create_key_pair
    ec2._ACTION_MAP["ImportKeyPair"] = ec2._import_key_pair = _import_key_pair


def public_key(name: str) -> str:
    """As a line of authorized_keys; empty for no name, and for a pair that was made before there were machines."""
    return (ec2._key_pairs.get(name) or {}).get("PublicKey", "") if name else ""


def keep(name: str, line: str) -> dict[str, Any]:
    """Raises KeyRefused for what is no public key, and for a name that is there already."""
    if name in ec2._key_pairs:
        raise KeyRefused(f"The key pair '{name}' already exists")
    pair = {
        "KeyName": name,
        "KeyFingerprint": _fingerprint(line),
        "KeyPairId": f"key-{new_uuid().replace('-', '')[:17]}",
        "PublicKey": line.strip(),
    }
    ec2._key_pairs[name] = pair
    return pair


def make(kind: str) -> tuple[str, str]:
    """A new private key in the format of OpenSSH or PEM, and its public key. ssh-keygen makes it."""
    with tempfile.TemporaryDirectory(prefix="infractl-key-") as folder:
        file = Path(folder) / "key"
        form = ["-t", "ed25519"] if kind == "ed25519" else ["-t", "rsa", "-b", "2048", "-m", "PEM"]
        _ssh_keygen(["-q", "-N", "", "-C", "", *form, "-f", str(file)])
        return file.read_text(), file.with_suffix(".pub").read_text().strip()


def _fingerprint(line: str) -> str:
    with tempfile.NamedTemporaryFile("w", prefix="infractl-key-") as file:
        file.write(f"{line.strip()}\n")
        file.flush()
        said = _ssh_keygen(["-l", "-E", "md5", "-f", file.name]).split()
    return said[1].removeprefix("MD5:")


def _ssh_keygen(arguments: list[str]) -> str:
    try:
        done = subprocess.run(["ssh-keygen", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise KeyRefused("ssh-keygen is not installed on this machine") from error
    if done.returncode != 0:
        raise KeyRefused("Key is not in valid OpenSSH public key format")
    return done.stdout


def _create_key_pair(p: Params) -> Answer:
    name = ec2._p(p, "KeyName")
    if not name:
        return ec2._error("MissingParameter", "KeyName is required", 400)
    try:
        private, line = make(ec2._p(p, "KeyType") or "rsa")
        pair = keep(name, f"{line} {name}")
    except KeyRefused as error:
        return _refused(error)
    ec2._parse_tag_specs(p, "key-pair", pair["KeyPairId"])
    return ec2._xml(200, "CreateKeyPairResponse", f"{_inner(pair)}<keyMaterial>{escape(private)}</keyMaterial>")


def _import_key_pair(p: Params) -> Answer:
    name = ec2._p(p, "KeyName")
    if not name:
        return ec2._error("MissingParameter", "KeyName is required", 400)
    try:
        line = base64.b64decode(ec2._p(p, "PublicKeyMaterial")).decode()
        pair = keep(name, line)
    except (binascii.Error, UnicodeDecodeError):
        return _refused(KeyRefused("Key is not in valid OpenSSH public key format"))
    except KeyRefused as error:
        return _refused(error)
    ec2._parse_tag_specs(p, "key-pair", pair["KeyPairId"])
    return ec2._xml(200, "ImportKeyPairResponse", _inner(pair))


def _inner(pair: dict[str, Any]) -> str:
    return (
        f"<keyName>{escape(pair['KeyName'])}</keyName><keyFingerprint>{pair['KeyFingerprint']}</keyFingerprint>"
        f"<keyPairId>{pair['KeyPairId']}</keyPairId>"
    )


def _refused(error: KeyRefused) -> Answer:
    code = "InvalidKeyPair.Duplicate" if "already exists" in str(error) else "InvalidKey.Format"
    return ec2._error(code, escape(str(error)), 400)
