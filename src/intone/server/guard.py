"""Who may ask: this machine by its own name, pages of our own, and those who know the token."""

import asyncio
from ipaddress import ip_address
from secrets import compare_digest
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from intone.server import problems
from intone.server.bodies import Body
from intone.server.limits import Limits

SUBPROTOCOL = "bearer."  # before the token, where a browser's WebSocket gives it


class Guard:
    """Stands before an application, and lets bodies through as `Body` does.

    Where `local` is set, the Host must be this machine: a name that an attacker's page has had
    resolved to it is not. An Origin, which browsers send with what other pages ask for, must be the
    Host. `token` is asked for where sound is heard or counted.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits, local: bool, token: str | None) -> None:
        self._app, self._limits = app, limits
        self._local, self._token = local, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refusal(scope, headers)
        app = self._app if refused is None else problems.response(refused)

        async def tell(message: Message) -> None:
            async with asyncio.timeout(self._limits.idle_seconds):  # who does not read, has left
                await send(message)

        if scope["type"] == "websocket":
            await app(scope, receive, tell)
            return
        body = Body(receive, headers, self._limits)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                await body.drain()
                if not body.ended:
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            try:
                await tell(message)
            except TimeoutError:
                raise ClientDisconnect from None

        await app(scope, body.receive, answer)

    def _refusal(self, scope: Scope, headers: Headers) -> HTTPException | None:
        host = headers.get("host", "")
        if self._local and not _is_here(_split(host)[1]):
            return HTTPException(421, "this service is for this machine only; ask for localhost")
        origin = headers.get("origin")
        if origin is not None and _split(origin)[0] != host.lower():
            return HTTPException(403, "a page from elsewhere may not ask; open this service's own")
        if _asks(scope["path"]) and not self._is_known(scope, headers):
            return HTTPException(
                401, "give the token: Authorization: Bearer ...", {"WWW-Authenticate": "Bearer"}
            )
        return None

    def _is_known(self, scope: Scope, headers: Headers) -> bool:
        if self._token is None:
            return True
        token = self._token.encode()
        scheme, _, given = headers.get("authorization", "").partition(" ")
        offered = [given] if scheme.lower() == "bearer" else []
        offered += [
            protocol.removeprefix(SUBPROTOCOL)
            for protocol in scope.get("subprotocols", ())
            if protocol.startswith(SUBPROTOCOL)
        ]
        return any(compare_digest(one.encode(), token) for one in offered)


def _asks(path: str) -> bool:
    return path.startswith("/v1/") or path == "/metrics"


def _split(address: str) -> tuple[str | None, str | None]:
    """Host and port of a Host or Origin header, and the host alone; None where it is malformed."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        return parts.netloc.lower(), parts.hostname
    except ValueError:
        return None, None


def _is_here(name: str | None) -> bool:
    """Whether a name can only ever be this machine's."""
    try:
        return name == "localhost" or ip_address(name or "").is_loopback
    except ValueError:
        return False
