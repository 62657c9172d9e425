"""A service at a port: bound to this machine unless a token is asked for, and ended with care."""

import asyncio
import errno
import ipaddress
import signal
import socket
from math import ceil
from types import FrameType
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from intone.errors import IntoneError
from intone.server.service import Service


def bind(host: str, port: int, *, token: str | None) -> socket.socket:
    """Take a port.

    Raises:
        IntoneError: it cannot be had; or others could reach it, and no token is asked for.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except OSError:
        raise IntoneError(f"host {host}: no such address; take 127.0.0.1 or 0.0.0.0") from None
    family, kind, protocol, _, address = found[0]
    taken = socket.socket(family, kind, protocol)  # named, so that asyncio sends without delay
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(address)
    except OSError as error:
        taken.close()
        raise IntoneError(f"{host}, port {port}: {_reason(error)}") from None
    if token is None and not is_local(taken):
        taken.close()
        raise IntoneError(f"host {host}: others can reach it; add --token, or take 127.0.0.1")
    return taken


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "is taken; choose another with --port, or --port 0 for any that is free"
    if error.errno == errno.EACCES:
        return "may not be opened; choose one from 1024 on"
    return f"cannot be opened ({error.strerror}); choose another"


def is_local(taken: socket.socket) -> bool:
    """Whether only this machine can reach a port."""
    return ipaddress.ip_address(taken.getsockname()[0]).is_loopback


def address(taken: socket.socket) -> str:
    """Write a port as a URL."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """A server of a service; asked to stop, it first answers what it has."""

    def __init__(self, app: FastAPI) -> None:
        self._service: Service = app.state.service
        limits = self._service.limits
        config = uvicorn.Config(
            app,
            http=_protocol(limits.patience, limits.connections),
            ws="websockets-sansio",
            ws_max_size=limits.message_bytes,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=ceil(limits.answer_seconds),
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        config.load()  # so that what is missing is missed now
        super().__init__(config)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at once, when Ctrl-C is pressed again."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so to those who ask, give streams their last answers, and requests theirs."""
        self._service.stopping.set()
        await asyncio.sleep(self._service.limits.settling_seconds)
        while self._service.held["streams"] and not self.force_exit:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def _protocol(patience: float, connections: int) -> type[H11Protocol]:
    """HTTP that waits `patience` seconds for the head of a request, on so many connections."""

    class Patient(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._head = self.loop.call_later(patience, transport.close)
            if len(self.connections) > connections:
                transport.close()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            waiting = self.conn.their_state is h11.IDLE
            if not waiting:
                self._head.cancel()
            elif self._head.cancelled():
                self._head = self.loop.call_later(patience, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._head.cancel()

    return Patient
