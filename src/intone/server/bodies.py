"""Request bodies: read no further than is taken and no slower than is bearable; kept nowhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from fastapi import Request, UploadFile
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from intone.server.limits import Limits
from intone.server.sounds import Sound

_IN_MEMORY = 2**20  # bytes; what is longer lies in a file that has no name
_RAW = ("audio/", "video/", "application/octet-stream", "application/ogg")


class Body:
    """The body of one request; its `receive` stands before ASGI's own."""

    def __init__(self, receive: Receive, headers: Headers, limits: Limits) -> None:
        self._receive, self._limits = receive, limits
        self._declared = int(headers.get("content-length", 0))
        self._asks_first = headers.get("expect", "").lower() == "100-continue"
        self._count = 0  # bytes
        self._began = asyncio.get_running_loop().time()
        self.ended = not self._declared and "transfer-encoding" not in headers

    async def receive(self) -> Message:
        """Give the next message.

        Raises:
            HTTPException: it is too large (413), or its sender too slow (408).
        """
        if self.ended:
            return await self._receive()
        if self._declared > self._limits.body_bytes:
            raise self._too_large()
        message = await self._next()
        if self._count > self._limits.body_bytes:
            raise self._too_large()
        return message

    async def drain(self) -> None:
        """Take what is left, within bounds: who is still sending reads no answer."""
        with suppress(HTTPException):
            while not (self.ended or self._asks_first or self._count > 2 * self._limits.body_bytes):
                await self._next()

    async def _next(self) -> Message:
        due = self._began + self._limits.patience + self._count / self._limits.pace
        try:
            async with asyncio.timeout_at(due):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "the body came too slowly; send it again") from None
        self._count += len(message.get("body", b""))
        self.ended = not message.get("more_body", False)
        return message

    def _too_large(self) -> HTTPException:
        most = self._limits.body_bytes
        return HTTPException(413, f"a body has at most {most} bytes; send less, or a FLAC")


@asynccontextmanager
async def sounds(request: Request, name: str, limits: Limits) -> AsyncIterator[list[Sound]]:
    """Give the sounds of a request while they are needed: its body, or its parts named `file`.

    Raises:
        HTTPException: they are not sent as sounds are (400, 415).
    """
    kind = request.headers.get("content-type", _RAW[2]).lower()
    if is_form(request):
        async with request.form(max_files=limits.files, max_fields=0) as form:
            parts = form.multi_items()
            if not parts or any(field != "file" for field, _ in parts):
                raise HTTPException(400, "a form holds sounds: parts named file, with a filename")
            uploads = [part for _, part in parts if not isinstance(part, str)]
            yield [Sound(part.file, part.filename or "file") for part in uploads]
    elif kind.startswith(_RAW):
        with SpooledTemporaryFile(_IN_MEMORY) as spool:
            body = UploadFile(cast(BinaryIO, spool))
            async for piece in request.stream():
                await body.write(piece)
            yield [Sound(body.file, name)]
    else:
        raise HTTPException(415, "the content type is no sound's; send audio/*, or a form")


def is_form(request: Request) -> bool:
    """Whether the sounds of a request are parts of a form."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")
