"""HTTP APIs defined by an OpenAPI `Body`, as SAM writes them: routes, integrations, authorizers, CORS."""

from __future__ import annotations

import json
from typing import Any

from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_CORS = "x-amazon-apigateway-cors"
_AUTHORIZER = "x-amazon-apigateway-authorizer"


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create_resource, update_resource = handlers["create"], handlers["update"]

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        body = _body_of(props)
        api_id, attributes = create_resource(logical_id, _with_body(props, body), stack_name)
        _import(api_id, body)
        return api_id, attributes

    def update(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str, logical_id: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        old_body, body = _body_of(old), _body_of(new)
        answer = update_resource(
            physical_id, _with_body(old, old_body), _with_body(new, body), stack_name, logical_id
        )
        if answer[0] == physical_id and old_body != body:
            _forget(physical_id, old_body)
            _import(physical_id, body)
        return answer

    handlers["create"], handlers["update"] = create, update
    provisioners._apigw_v2_api_create = create


def _body_of(props: dict[str, Any]) -> dict[str, Any]:
    body = props.get("Body") or {}
    return json.loads(body) if isinstance(body, str) else body


def _with_body(props: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """What the definition says of the API itself; the resource's own properties win."""
    if not body:
        return props
    info = body.get("info") or {}
    found: dict[str, Any] = {"Name": info.get("title"), "Version": info.get("version")}
    if cors := body.get(_CORS):
        found["CorsConfiguration"] = cors
    return {**{key: value for key, value in found.items() if value}, **props}


def route_keys(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Route key → operation: `GET /items/{id}`, `ANY /x`, `$default`."""
    routes: dict[str, dict[str, Any]] = {}
    for path, item in (body.get("paths") or {}).items():
        for method, operation in (item or {}).items():
            if method != _ANY and method.lower() not in _METHODS:
                continue
            verb = "ANY" if method == _ANY else method.upper()
            key = "$default" if path in ("/$default", "$default") else f"{verb} {path}"
            routes[key] = operation or {}
    return routes


def _import(api_id: str, body: dict[str, Any]) -> None:
    authorizers = _import_authorizers(api_id, body)
    for key, operation in route_keys(body).items():
        definition = operation.get(_INTEGRATION)
        if not definition:
            continue
        integration_id = _made(apigateway._create_integration(api_id, _integration(definition)))["integrationId"]
        route = {"routeKey": key, "target": f"integrations/{integration_id}"}
        security = operation.get("security", body.get("security")) or []
        _made(apigateway._create_route(api_id, {**route, **_authorization(security, authorizers)}))


def _forget(api_id: str, body: dict[str, Any]) -> None:
    keys = set(route_keys(body))
    for route_id, route in list(apigateway._routes.get(api_id, {}).items()):
        if route["routeKey"] in keys:
            integration_id = route.get("target", "").rpartition("/")[2]
            apigateway._integrations.get(api_id, {}).pop(integration_id, None)
            apigateway._routes[api_id].pop(route_id)
    names = set((body.get("components") or {}).get("securitySchemes") or {})
    for authorizer_id, authorizer in list(apigateway._authorizers.get(api_id, {}).items()):
        if authorizer.get("name") in names:
            apigateway._authorizers[api_id].pop(authorizer_id)


def _integration(definition: dict[str, Any]) -> dict[str, Any]:
    kind = str(definition.get("type", "aws_proxy")).upper()
    return {
        "integrationType": kind,
        "integrationUri": definition.get("uri", ""),
        "integrationMethod": definition.get("httpMethod", "POST"),
        "payloadFormatVersion": str(definition.get("payloadFormatVersion", "1.0")),
        "timeoutInMillis": definition.get("timeoutInMillis", 30000),
        "requestParameters": definition.get("requestParameters"),
    }


def _import_authorizers(api_id: str, body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Scheme name → authorizer id and the type that a route has with it."""
    made: dict[str, tuple[str, str]] = {}
    for name, scheme in ((body.get("components") or {}).get("securitySchemes") or {}).items():
        definition = scheme.get(_AUTHORIZER)
        if not definition:
            continue
        jwt = definition.get("type") == "jwt"
        source = definition.get("identitySource", "$request.header.Authorization")
        data = {
            "name": name,
            "authorizerType": "JWT" if jwt else "REQUEST",
            "identitySource": source if isinstance(source, list) else [source],
            "jwtConfiguration": definition.get("jwtConfiguration") or {},
            "authorizerUri": definition.get("authorizerUri", ""),
            "authorizerPayloadFormatVersion": definition.get("authorizerPayloadFormatVersion", "2.0"),
            "authorizerResultTtlInSeconds": definition.get("authorizerResultTtlInSeconds", 300),
            "enableSimpleResponses": definition.get("enableSimpleResponses", False),
        }
        authorizer = _made(apigateway._create_authorizer(api_id, data))
        made[name] = (authorizer["authorizerId"], "JWT" if jwt else "CUSTOM")
    return made


def _authorization(security: list[dict[str, Any]], authorizers: dict[str, tuple[str, str]]) -> dict[str, Any]:
    for requirement in security:
        for name, scopes in requirement.items():
            if name in authorizers:
                authorizer_id, kind = authorizers[name]
                return {"authorizerId": authorizer_id, "authorizationType": kind, "authorizationScopes": scopes}
            if name.upper() == "AWS_IAM":
                return {"authorizationType": "AWS_IAM"}
    return {}


def _made(answer: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    if answer[0] >= 400:
        raise ValueError(f"The API's Body is refused: {answer[2].decode('utf-8', 'replace')}")
    return json.loads(answer[2])
