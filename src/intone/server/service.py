"""What a service does, whoever asks: it hears, in threads of its own.

ONNX Runtime, NumPy and the decoders let other threads run while they work, so that threads are
enough for all processors. Live speech has threads to itself, and never waits for long recordings.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from threading import Event
from typing import Any, Literal, TypeVar

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from intone.audio import SAMPLE_RATE
from intone.batch import Question
from intone.errors import AudioError
from intone.progress import Track
from intone.runtime import Model
from intone.server import sounds
from intone.server.limits import Limits
from intone.server.metrics import Metrics
from intone.server.sounds import Sound

T = TypeVar("T")
Tell = Callable[[float, float], None]
"""is told how many seconds are heard, and of how many"""


class StoppedError(Exception):
    """Nobody waits for this answer any more."""


class Service:
    """A model, threads that hear with it, and places for those who ask."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model, self.limits, self.metrics = model, limits, Metrics()
        self.stopping = asyncio.Event()
        self.held = {"requests": 0, "streams": 0}
        self.threads = ThreadPoolExecutor(limits.threads, "intone")
        self._live = ThreadPoolExecutor(limits.threads, "intone-live")
        self._later: set[asyncio.Task[None]] = set()
        self.metrics.watch(self.held)

    @contextmanager
    def place(self, kind: Literal["requests", "streams"]) -> Iterator[None]:
        """Hold one of the places that there are.

        Raises:
            HTTPException: all are held (429).
        """
        if self.held[kind] >= getattr(self.limits, kind):
            raise HTTPException(429, f"too many {kind} at once; try again", {"Retry-After": "1"})
        self.held[kind] += 1
        try:
            yield
        finally:
            self.held[kind] -= 1

    async def live(self, work: Callable[..., T], *args: Any) -> T:
        """Do a little work for a stream."""
        return await asyncio.get_running_loop().run_in_executor(self._live, work, *args)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what no answer waits for."""
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def close(self) -> None:
        """End the threads, once they have nothing left to do."""
        await asyncio.gather(*self._later)
        self.threads.shutdown()
        self._live.shutdown()


class Visit:
    """A request: the sounds that it brought, and the work on them."""

    def __init__(self, service: Service, request: Request, found: list[Sound]) -> None:
        self.service, self.sounds = service, found
        self._stopped = Event()
        self._work: list[Future[dict[str, Any]]] = []
        self._answers: list[asyncio.Future[dict[str, Any]]] = []
        self._gone = asyncio.create_task(_gone(request))

    async def answer(
        self, question: Question, sound: Sound, *, tell: Tell | None = None
    ) -> dict[str, Any]:
        """Hear a sound: the record of its prediction, or of its timeline.

        Raises:
            AudioError: it cannot be used.
            HTTPException: it took too long (504).
            ClientDisconnect: its sender has left.
        """
        work = self.service.threads.submit(self._hear, question, sound, tell)
        answer = asyncio.wrap_future(work)
        self._work.append(work)
        self._answers.append(answer)
        await asyncio.wait(
            (answer, self._gone),
            timeout=self.service.limits.answer_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if answer.done():
            return answer.result()
        if self._gone.done():
            raise ClientDisconnect
        raise HTTPException(504, "the answer took too long; send less at once")

    async def end(self, held: AsyncExitStack) -> None:
        """Give up what is not begun, and wait for what is; then close what it `held`."""
        self._stopped.set()
        self._gone.cancel()
        for work in self._work:
            work.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        await held.aclose()

    def _hear(self, question: Question, sound: Sound, tell: Tell | None) -> dict[str, Any]:
        seconds = sounds.seconds(sound, self.service.limits)
        track = _track(seconds, self._stopped, tell)
        entry = question.answer(self.service.model, sounds.opened(sound), track=track)
        if entry.error is not None:
            raise AudioError(entry.error)
        [record] = entry.records
        self.service.metrics.sound.inc(record["seconds"])
        return record


async def _gone(request: Request) -> None:
    """Wait until the sender of a request leaves; its body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _track(seconds: float, stopped: Event, tell: Tell | None) -> Track:
    """Tell how much is heard, and stop where nobody waits for it."""

    def track(blocks: Any, label: str, total: int) -> Iterator[Any]:
        heard = 0
        for block in blocks:
            if stopped.is_set():
                raise StoppedError
            yield block
            heard += len(block)
            if tell is not None:
                tell(heard / SAMPLE_RATE, seconds)

    return track
