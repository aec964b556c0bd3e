"""Every request has an id, is counted and logged; an error that nobody foresaw is logged and told without its traceback."""

import re
import secrets
import time
import traceback
from pathlib import Path
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from konomi.serve.log import Log
from konomi.serve.metrics import Metrics
from konomi.serve.problems import problem

REQUEST_ID = "X-Request-Id"
GONE = 499  # the status in the log where the client did not wait
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})  # others are counted together

_plain = re.compile(rb"[\w.-]{1,64}")  # an id of the client's that may stand in a log and in a header


class Observed:
    """The outermost guard but for the headers. A request is logged by its route, not by its path: that may name a person."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: Log) -> None:
        self.app, self.metrics, self.log = app, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, status = time.perf_counter(), 0
        request = _given(scope) or secrets.token_hex(8)
        scope.setdefault("state", {})["request"] = request

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request
            await send(message)

        failed: dict[str, Any] = {}
        try:
            await self.app(scope, receive, seen)
        except Exception as error:
            failed = {"error": type(error).__name__, "at": _where(error)}
            if not status:
                await unforeseen(scope)(scope, receive, seen)
        finally:
            seconds = time.perf_counter() - start
            route, method = getattr(scope.get("route"), "path", ""), scope["method"]
            method = method if method in METHODS else "other"
            self.metrics.count(method, route, status or GONE, seconds)
            self.log(request=request, method=method, route=route, status=status or GONE, ms=round(seconds * 1e3, 2), **failed)


def unforeseen(scope: Scope) -> Any:
    """The answer where the service itself has failed."""
    return problem(scope, 500, "internal", "The service has failed.", "Tell whoever runs it the id of the request.")


def _given(scope: Scope) -> str | None:
    """The id that the client has given a request, where it is a plain one."""
    found = next((value for name, value in scope["headers"] if name == REQUEST_ID.lower().encode()), b"")
    return found.decode() if _plain.fullmatch(found) and found.isascii() else None


def _where(error: BaseException) -> list[str]:
    """Where an error was raised, the innermost call first; without its text, which may repeat what was sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)][:10]
