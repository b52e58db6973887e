"""Lambda's control plane where images and versions need more than MiniStack does."""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from . import registry
from .settings import Settings

Answer = tuple[int, dict[str, str], bytes]

# What changes without the function having changed.
_VOLATILE = {"Version", "FunctionArn", "RevisionId", "LastModified", "Description"}


def source_problem(settings: Settings, uri: str | None) -> str | None:
    """Why Lambda would refuse an image of this sandbox's registry; None where it would not."""
    if not uri or not registry.is_local(settings, uri):
        return None
    image = registry.find_image(settings, uri)
    if image is None:
        return f"Source image {uri} does not exist. Provide a valid source image."
    if registry.refused_by_lambda(image):
        return (
            "The image manifest, config or layer media type for the source image "
            f"{uri} is not supported."
        )
    return None


def pin(settings: Settings, config: dict[str, Any]) -> None:
    """Lambda resolves a tag once, when the code is set: CodeSha256 is the image's digest from then on."""
    uri = config.get("ImageUri")
    if not uri:
        return
    image = registry.find_image(settings, uri)
    digest = image["imageDigest"] if image else uri.partition("@")[2]
    if digest:
        config["CodeSha256"] = digest.removeprefix("sha256:")


def pinned_image(settings: Settings, config: dict[str, Any]) -> str:
    """The image by digest as the engine pulls it; as written where its digest is not known."""
    uri = registry.local_image(settings, config.get("ImageUri") or "")
    digest = config.get("CodeSha256") or ""
    if "@" in uri or len(digest) != 64:
        return uri
    head, _, last = uri.rpartition("/")
    return f"{head}/{last.partition(':')[0]}@sha256:{digest}"


def install(settings: Settings) -> None:
    _install_code(settings)
    _install_resource(settings)
    _install_publish()


def _refused(message: str) -> Answer:
    return lambda_svc.error_response_json("InvalidParameterValueException", message, 400)


def _install_code(settings: Settings) -> None:
    create_call, update_call, get_call = (
        lambda_svc._create_function,
        lambda_svc._update_code,
        lambda_svc._get_function,
    )

    def create_function(data: dict[str, Any]) -> Answer:
        problem = source_problem(settings, (data.get("Code") or {}).get("ImageUri"))
        if problem:
            return _refused(problem)
        publish = data.pop("Publish", False)
        answer = create_call(data)
        return _pinned_answer(data.get("FunctionName", ""), answer, publish)

    def update_code(name: str, data: dict[str, Any]) -> Answer:
        problem = source_problem(settings, data.get("ImageUri"))
        if problem:
            return _refused(problem)
        publish = data.pop("Publish", False)
        answer = update_call(name, data)
        return _pinned_answer(name, answer, publish)

    def _pinned_answer(name: str, answer: Answer, publish: bool) -> Answer:
        function = lambda_svc._functions.get(name)
        if answer[0] >= 400 or function is None:
            return answer
        pin(settings, function["config"])
        if publish:
            return answer[0], answer[1], lambda_svc._publish_version(name, {})[2]
        return lambda_svc.json_response(function["config"], answer[0])

    def get_function(name: str, qualifier: str | None = None) -> Answer:
        status, headers, body = get_call(name, qualifier)
        if status != 200:
            return status, headers, body
        shown = json.loads(body)
        if shown["Configuration"].get("PackageType") == "Image":
            shown["Code"]["ResolvedImageUri"] = pinned_image(settings, shown["Configuration"])
        return lambda_svc.json_response(shown)

    lambda_svc._create_function = create_function
    lambda_svc._update_code = update_code
    lambda_svc._get_function = get_function


def _install_resource(settings: Settings) -> None:
    """AWS::Lambda::Function does not go through CreateFunction in MiniStack."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create_resource = handlers["create"]

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        problem = source_problem(settings, (props.get("Code") or {}).get("ImageUri"))
        if problem:
            raise ValueError(f"Resource handler returned message: {problem}")
        physical_id, attributes = create_resource(logical_id, props, stack_name)
        pin(settings, lambda_svc._functions[physical_id]["config"])
        return physical_id, attributes

    handlers["create"] = create
    provisioners._lambda_create = create


def _install_publish() -> None:
    publish_call = lambda_svc._publish_version

    def publish_version(name: str, data: dict[str, Any]) -> Answer:
        """Lambda compares code and configuration, not whether an update was sent."""
        function = lambda_svc._functions.get(name)
        if function and function["versions"]:
            latest = function["versions"][max(function["versions"], key=int)]
            if _settled(latest["config"]) == _settled(function["config"]):
                latest["function_revision"] = function["config"]["RevisionId"]
        return publish_call(name, data)

    lambda_svc._publish_version = publish_version


def _settled(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without what an update changes for a while: State…, LastUpdate…"""
    return {
        key: value
        for key, value in config.items()
        if key not in _VOLATILE and not key.startswith(("State", "LastUpdate"))
    }


def exists(account: str, region: str, name: str, version: str) -> bool:
    function = lambda_svc._functions.get_scoped(account, region, name)
    return function is not None and (version == "$LATEST" or version in function["versions"])


def scope() -> tuple[str, str]:
    return get_account_id(), get_region()
