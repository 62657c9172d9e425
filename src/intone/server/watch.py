"""What is seen of every request: counted, logged without what it was about, and never a trace."""

import json
import logging
import traceback
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from intone.server import problems
from intone.server.service import Service

logger = logging.getLogger("intone.server")

_OPEN = 101  # a stream
_GONE = 499  # as nginx says of a client that left
_STARTS = ("http.response.start", "websocket.http.response.start")
_METHODS = ("GET", "HEAD", "POST", "WEBSOCKET")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"microphone=(self), camera=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Watch:
    """Stands before everything else."""

    def __init__(self, app: ASGIApp, *, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and see how it ends."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = 0  # not answered yet

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] in _STARTS:
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers(scope["path"])]
            elif message["type"] == "websocket.accept":
                status = _OPEN
            elif message["type"] == "websocket.close":
                status = message["code"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        except ClientDisconnect:
            status = _GONE
        except Exception as fault:
            _log(fault)
            await _apologise(scope, receive, seen, status)
        finally:
            self._note(scope, status or _GONE, perf_counter() - began)

    def _headers(self, path: str) -> list[tuple[bytes, bytes]]:
        page = path == "/" or path.startswith("/static/")
        extra = [(b"cache-control", b"no-cache" if page else b"no-store")]
        if self._service.stopping.is_set():
            extra.append((b"connection", b"close"))
        return _HEADERS + extra

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope.get("method", "WEBSOCKET")
        method = method if method in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", "other")
        metrics = self._service.metrics
        metrics.requests.labels(method, route, status).inc()
        if scope["type"] == "http":
            metrics.latency.labels(route).observe(seconds)
        logger.info("%s %s %d %.0f ms", method, route, status, 1000 * seconds)


async def _apologise(scope: Scope, receive: Receive, send: Send, status: int) -> None:
    """Answer for a fault of our own, unless an answer has begun."""
    error = HTTPException(500, "a fault of the service; its log says where")
    if not status:
        await problems.response(error)(scope, receive, send)
    elif status == _OPEN:
        await send({"type": "websocket.send", "text": json.dumps(problems.message(error))})
        await send({"type": "websocket.close", "code": 1011})


def _log(fault: Exception) -> None:
    """Say where it broke; what the fault says could hold what a user sent."""
    places = traceback.extract_tb(fault.__traceback__)
    where = ", ".join(f"{place.filename}:{place.lineno}" for place in places[-5:])
    logger.error("%s at %s", type(fault).__name__, where)
