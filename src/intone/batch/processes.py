"""Work on many items in processes of their own; one that dies takes no other item with it."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeAlias, TypeVar, cast

AHEAD = 64  # items that are worked on before the result of the first is asked for

T = TypeVar("T")
R = TypeVar("R")
Pipe: TypeAlias = "Connection[Any, Any]"


def in_processes(
    prepare: Callable[[], Callable[[T], R]],
    items: Sequence[T],
    *,
    jobs: int,
    lost: Callable[[T], R],
) -> Iterator[R]:
    """Give the result of each item, in their order, from `jobs` processes.

    Each process calls `prepare` once, and what that gives on item after item; both are pickled. An
    item over which a process dies has the result that `lost` makes, and a new process goes on. When
    this process is killed, the others end by themselves.
    """
    waiting = deque(range(len(items)))
    results: dict[int, R] = {}
    busy: dict[Pipe, int] = {}
    idle = [_start(prepare) for _ in range(jobs)]
    try:
        for place in range(len(items)):
            while place not in results:
                while idle and waiting and waiting[0] < place + AHEAD:
                    item, pipe = waiting.popleft(), idle.pop()
                    busy[pipe] = item
                    _give(pipe, items[item])
                for ready in wait([*busy]):
                    pipe = cast(Pipe, ready)
                    item = busy.pop(pipe)
                    try:
                        results[item] = pipe.recv()
                        idle.append(pipe)
                    except (EOFError, ConnectionError):
                        results[item] = lost(items[item])
                        idle.append(_start(prepare))
            yield results.pop(place)
    finally:
        for pipe in (*idle, *busy):
            pipe.close()


def _start(prepare: Callable[[], Callable[[T], R]]) -> Pipe:
    """Start a process; it ends when this end of its pipe is closed."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for the processes: one core is theirs
    context = multiprocessing.get_context("spawn")  # a fork would share what threads have locked
    own, other = context.Pipe()
    context.Process(target=_serve, args=(prepare, other), daemon=True).start()
    other.close()
    return own


def _give(pipe: Pipe, item: Any) -> None:
    with suppress(ConnectionError):  # it has died; that is seen when it is asked for the result
        pipe.send(item)


def _serve(prepare: Callable[[], Callable[[T], R]], pipe: Pipe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears it, and closes the pipe
    work = prepare()
    with suppress(EOFError, ConnectionError):  # the first process has ended
        while True:
            pipe.send(work(pipe.recv()))
