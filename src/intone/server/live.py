"""Live speech over a WebSocket: samples in, answers out."""

import asyncio
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.types import Message

from intone.audio import RATES
from intone.errors import IntoneError
from intone.recordings.stream import Stream
from intone.recordings.timeline import Segment
from intone.server import problems
from intone.server.service import Service

router = APIRouter()

SUBPROTOCOL = "intone.v1"
_LEVEL_EVERY = 0.1  # seconds
_CODES = {400: 1007, 408: 1008, 413: 1009, 422: 1007, 503: 1012}
"""how a stream is closed after a problem"""


@router.websocket("/v1/stream")
async def live(
    socket: WebSocket,
    rate: Annotated[int, Query(ge=RATES[0], le=RATES[1])],
    format: Literal["f32le", "s16le"] = "f32le",
) -> None:
    """Hear samples until `{"type": "end"}`; after a problem too, what was heard is answered."""
    service: Service = socket.app.state.service
    with service.place("streams"):
        known = SUBPROTOCOL in socket.scope["subprotocols"]
        await socket.accept(SUBPROTOCOL if known else None)
        talk = _Talk(socket, service, rate, format)
        try:
            await talk.run()
        except WebSocketDisconnect:
            return
        finally:
            service.metrics.sound.inc(talk.seconds)


class _Talk:
    """A stream that is open."""

    def __init__(self, socket: WebSocket, service: Service, rate: int, format: str) -> None:
        self._socket, self._service, self._rate = socket, service, rate
        self._type = np.dtype("<f4" if format == "f32le" else "<i2")
        self._full_scale = 1.0 if format == "f32le" else 2.0**15
        self._stream = Stream(service.model, sample_rate=rate)
        self._count = 0  # samples
        self._peak = 0.0  # of what was heard since it was told
        self._told = 0.0  # when

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._count / self._rate

    async def run(self) -> None:
        """Answer as soon as there is something to say, and at last with the timeline."""
        model = self._service.model
        await self._say("ready", labels=[*model.labels], model=model.name)
        code = 1000
        try:
            await self._listen()
        except HTTPException as error:
            code = _CODES[error.status_code]
            await self._socket.send_json(problems.message(error))
        await self._tell(await self._service.live(self._stream.finish))
        timeline = await self._service.live(lambda: self._stream.timeline().to_dict())
        await self._say("timeline", **timeline)
        await self._socket.close(code)

    async def _listen(self) -> None:
        """Hear until the end.

        Raises:
            HTTPException: what was sent cannot be heard, or no more is to be.
        """
        longest = self._service.limits.stream_seconds
        stopping = asyncio.create_task(self._service.stopping.wait())
        try:
            while (samples := await self._next(stopping)) is not None:
                await self._hear(samples)
                if self.seconds > longest:
                    raise HTTPException(413, f"a stream has at most {longest:g} s; begin another")
        finally:
            stopping.cancel()

    async def _next(self, stopping: "asyncio.Task[Any]") -> NDArray[Any] | None:
        """The samples of the next message; None at the end."""
        message = asyncio.create_task(self._socket.receive())
        await asyncio.wait(
            {message, stopping},
            timeout=self._service.limits.idle_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not message.done() or stopping.done():
            message.cancel()
            if stopping.done():
                raise HTTPException(503, "the service stops; begin again in a while")
            raise HTTPException(408, "nothing came for too long; begin again")
        return self._samples(message.result())

    def _samples(self, message: Message) -> NDArray[Any] | None:
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text = message.get("text")
        if text is not None:
            if _is_end(text):
                return None
            raise HTTPException(400, 'a text is {"type": "end"}; send samples as binary messages')
        data = message["bytes"]
        if len(data) % self._type.itemsize:
            raise HTTPException(400, f"{len(data)} bytes are no whole number of samples")
        return np.frombuffer(data, self._type)

    async def _hear(self, samples: NDArray[Any]) -> None:
        try:
            windows = await self._service.live(self._stream.push, samples)
        except IntoneError as error:
            raise HTTPException(422, str(error)) from None
        self._count += len(samples)
        await self._tell(windows)
        await self._tell_level(samples)

    async def _tell(self, windows: Iterable[Segment]) -> None:
        for window in windows:
            await self._say("window", **window.to_dict())

    async def _tell_level(self, samples: NDArray[Any]) -> None:
        magnitudes = np.abs(samples.astype(np.float32)) / self._full_scale
        self._peak = max(self._peak, float(magnitudes.max(initial=0)))
        now = asyncio.get_running_loop().time()
        if now >= self._told + _LEVEL_EVERY:
            await self._say("level", seconds=self.seconds, peak=self._peak)
            self._peak, self._told = 0.0, now

    async def _say(self, type: str, **content: Any) -> None:
        await self._socket.send_json({"type": type, **content})


def _is_end(text: str) -> bool:
    try:
        return bool(json.loads(text) == {"type": "end"})
    except (ValueError, RecursionError):
        return False
