"""Addresses of deployed APIs that answer on this machine, in place of AWS's host names."""

from __future__ import annotations

import re
from typing import Any

from ministack.services import apigateway, apigateway_v1
from ministack.services.cloudformation import provisioners, stacks

from . import sites
from .settings import Settings

_PATH = "/_aws/execute-api/"
_AWS_URL = re.compile(r"(https|wss)://([A-Za-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")


def api_url(settings: Settings, api_id: str, protocol: str = "HTTP") -> str:
    """Like AWS's own, it is the root: the `$default` stage answers there, others below their name."""
    scheme = "ws" if protocol == "WEBSOCKET" else "http"
    return f"{scheme}://127.0.0.1:{settings.port}{_PATH}{api_id}"


def local_path(path: str) -> str:
    """MiniStack takes an API's bare root for a bucket's path: it wants the slash."""
    rest = path.removeprefix(_PATH)
    return path + "/" if rest != path and rest and "/" not in rest else path


def localized(settings: Settings, text: str) -> str:
    """Replaces the AWS addresses of APIs that this sandbox has; leaves every other text alone."""

    def replace(match: re.Match[str]) -> str:
        api_id = match.group(2)
        known = apigateway.find_api_scope(api_id) or apigateway_v1.find_api_scope(api_id)
        if known is None:
            return match.group(0)
        return api_url(settings, api_id, "WEBSOCKET" if match.group(1) == "wss" else "HTTP")

    return _AWS_URL.sub(replace, text)


def install(settings: Settings) -> None:
    _install_api_endpoint(settings)
    _install_outputs(settings)


def _install_api_endpoint(settings: Settings) -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create_resource = handlers["create"]
    create_call = apigateway._create_api

    def point(api: dict[str, Any]) -> str:
        api["apiEndpoint"] = api_url(settings, api["apiId"], api["protocolType"])
        return api["apiEndpoint"]

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        api_id, attributes = create_resource(logical_id, props, stack_name)
        return api_id, {**attributes, "ApiEndpoint": point(apigateway._apis[api_id])}

    def create_api(data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        before = set(apigateway._apis)
        answer = create_call(data)
        for api_id in set(apigateway._apis) - before:
            point(apigateway._apis[api_id])
            return apigateway._apigw_response(apigateway._apis[api_id], answer[0])
        return answer

    handlers["create"] = create
    # A replacement creates the new API through the module's own name, not through the table.
    provisioners._apigw_v2_api_create = create
    apigateway._create_api = create_api


def _install_outputs(settings: Settings) -> None:
    resolve = stacks._resolve_stack_outputs

    def local(text: str) -> str:
        return sites.localized(settings, localized(settings, text))

    def resolve_stack_outputs(*args: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        outputs, exports = resolve(*args)
        for output in outputs:
            output["OutputValue"] = local(output["OutputValue"])
        for export in exports.values():
            export["Value"] = local(export["Value"])
        return outputs, exports

    stacks._resolve_stack_outputs = resolve_stack_outputs
