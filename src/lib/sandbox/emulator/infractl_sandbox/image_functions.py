"""Runs functions of package type Image as what they are: the container that goes to AWS, unchanged."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from signal import strsignal
from typing import Any

from ministack.core.responses import get_region
from ministack.services import lambda_svc

from . import functions, report
from .engine import Container, Engine, EngineError
from .environment import Environment, Invocation
from .pool import Pool, container_name
from .settings import Settings

# Lambda gives the start of an environment ten seconds of its own.
_INIT_SECONDS = 10
_NO_ENTRYPOINT = (
    "no command specified",
    "executable file not found",
    "exec format error",
    "no such file or directory: unknown",
    "permission denied: unknown",
    "cannot find `",
)
Result = dict[str, Any]


class ImageFunctions:
    def __init__(self, settings: Settings, engine: Engine, pool: Pool) -> None:
        self._settings = settings
        self._engine = engine
        self._pool = pool

    def install(self) -> None:
        execute_other = lambda_svc._execute_function_docker

        def execute(func: dict[str, Any], event: Any, request_id: str) -> Result:
            config = func.get("config") or func
            if config.get("PackageType") != "Image":
                return execute_other(func, event, request_id)
            return self.invoke(config, event, request_id)

        lambda_svc._execute_function_docker = execute

    def invoke(self, config: dict[str, Any], event: Any, request_id: str) -> Result:
        """What MiniStack's own executors return: body, log, and error where it failed."""
        timeout = float(config.get("Timeout") or 3)
        owner = (*functions.scope(), config["FunctionName"], config.get("Version") or "$LATEST")
        invocation = Invocation(
            request_id=request_id,
            event=event,
            timeout=timeout,
            function_arn=config.get("FunctionArn", ""),
            trace_id=lambda_svc._xray_trace_id_for_invocation(config),
        )
        try:
            environment = self._pool.acquire(
                _key(self._settings, config), owner, timeout + _INIT_SECONDS, lambda e: self._container(e, config)
            )
        except EngineError as error:
            return _engine_failure(config, str(error))
        if environment is None:
            return lambda_svc._throttle_response(
                reason_code="ConcurrentInvocationLimitExceeded",
                msg=f"Rate Exceeded: every container of {config['FunctionName']} is busy",
            )
        return self._ask(environment, invocation, config)

    def _ask(self, environment: Environment, invocation: Invocation, config: dict[str, Any]) -> Result:
        environment.offer(invocation)
        cold = environment.served == 0
        failure = self._wait(environment, invocation)
        duration = (time.monotonic() - (invocation.started or environment.began)) * 1000
        environment.settle_output(0.012 if failure is None else 0.05)
        lines = environment.take_lines()
        peak = self._engine.peak_memory_mb(environment.name) if cold and failure is None else None
        init = environment.init_ms if cold and environment.ready.done() else None
        text = report.log_text(invocation.request_id, config, lines, duration, init, peak, failure)
        environment.served += 1
        if failure is None:
            self._pool.release(environment)
            return _success(invocation, text)
        if failure.get("keep"):
            self._pool.release(environment)
        else:
            self._pool.discard(environment)
        body = failure["body"] if not callable(failure["body"]) else failure["body"](lines)
        return {"body": body, "error": True, "function_error": "Unhandled", "log": text, "log_source": "rie"}

    def _wait(self, environment: Environment, invocation: Invocation) -> dict[str, Any] | None:
        """None when the function answered; else what went wrong and whether the container is still good."""
        request = invocation.request_id
        limit = f"{invocation.timeout:.2f}"
        timed_out = {
            "body": {
                "errorMessage": f"RequestId: {request} Error: Task timed out after {limit} seconds",
                "errorType": "Sandbox.Timedout",
            },
            "line": f"{request} Task timed out after {limit} seconds",
        }
        ended: list[Future[Any]] = [invocation.answer, environment.exited, environment.init_error]
        if not environment.ready.done():
            wait([environment.ready, *ended], _INIT_SECONDS + invocation.timeout, FIRST_COMPLETED)
        if environment.ready.done():
            wait(ended, invocation.timeout, FIRST_COMPLETED)
        if invocation.answer.done():
            kind, value = invocation.answer.result()
            return None if kind == "response" else {"body": value, "keep": True}
        if environment.init_error.done():
            return {"body": environment.init_error.result()}
        if environment.exited.done():
            code = environment.exited.result()
            return {"body": lambda lines: _exit_body(request, code, lines)}
        return timed_out

    def _container(self, environment: Environment, config: dict[str, Any]) -> Container:
        image = functions.pinned_image(self._settings, config)
        self._engine.ensure_image(image)
        # A pull is not part of the function's start.
        environment.began = time.monotonic()
        environment.log_group = _log_group(config)
        overrides = (config.get("ImageConfigResponse") or {}).get("ImageConfig") or config.get("ImageConfig") or {}
        machine = (config.get("Architectures") or ["x86_64"])[0]
        return Container(
            name=container_name(self._settings.sandbox_id, config["FunctionName"], environment.token),
            image=image,
            runtime_api=environment.runtime_api,
            environment=self._variables(config),
            memory_mb=int(config.get("MemorySize") or 128),
            scratch_mb=int((config.get("EphemeralStorage") or {}).get("Size") or 512),
            architecture="arm64" if machine == "arm64" else "amd64",
            entrypoint=list(overrides.get("EntryPoint") or []),
            command=list(overrides.get("Command") or []),
            folder=overrides.get("WorkingDirectory") or None,
        )

    def _variables(self, config: dict[str, Any]) -> dict[str, str]:
        own = (config.get("Environment") or {}).get("Variables") or {}
        return {
            "AWS_ENDPOINT_URL": self._engine.own_endpoint,
            **{str(key): str(value) for key, value in own.items()},
            "AWS_REGION": get_region(),
            "AWS_DEFAULT_REGION": get_region(),
            "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
            "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version") or "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize") or 128),
            "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(config),
            "AWS_LAMBDA_LOG_STREAM_NAME": report.stream_name(config),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "TZ": own.get("TZ", ":UTC"),
            **lambda_svc.execution_credentials(config),
        }


def _log_group(config: dict[str, Any]) -> str:
    return (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"


def _key(settings: Settings, config: dict[str, Any]) -> str:
    """Everything that a container is started with: another value means another container."""
    parts = {
        name: config.get(name)
        for name in (
            "Environment",
            "MemorySize",
            "Timeout",
            "ImageConfigResponse",
            "ImageConfig",
            "Architectures",
            "EphemeralStorage",
            "LoggingConfig",
            "Role",
        )
    }
    image = functions.pinned_image(settings, config)
    return hashlib.sha256(json.dumps([image, parts], sort_keys=True, default=str).encode()).hexdigest()


def _success(invocation: Invocation, text: str) -> Result:
    raw: bytes = invocation.answer.result()[1]
    result: Result = {"log": text, "log_source": "rie"}
    try:
        return {**result, "body": json.loads(raw)}
    except ValueError:
        return {**result, "body": raw.decode("utf-8", "replace"), "raw_payload": True}


def _exit_body(request_id: str, code: int, lines: list[str]) -> dict[str, str]:
    said = "\n".join(line for line in lines[-10:] if line.strip())
    if any(sign in said.lower() for sign in _NO_ENTRYPOINT):
        return {
            "errorMessage": f"RequestId: {request_id} Error: the image has no program that can be started here\n{said}",
            "errorType": "Runtime.InvalidEntrypoint",
        }
    how = f"exit status {code}" if 0 <= code <= 128 else f"signal: {(strsignal(code - 128) or str(code - 128)).lower()}"
    message = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
    return {"errorMessage": f"{message}\n{said}" if said else message, "errorType": "Runtime.ExitError"}


def _engine_failure(config: dict[str, Any], said: str) -> Result:
    """The container could not even be made: no engine, or an image that cannot be had."""
    last = "\n".join(said.splitlines()[-5:])
    message = f"The image {config.get('ImageUri', '')} cannot be run: {last}"
    return {
        "body": {"errorMessage": message, "errorType": "Runtime.ImageUnavailable"},
        "error": True,
        "function_error": "Unhandled",
        "log": message,
    }
