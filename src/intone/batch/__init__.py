"""Many files, heard in processes of their own: each is answered once, and none stops the others."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from intone import runtime
from intone.audio import Source, name_of, printable
from intone.batch.processes import in_processes
from intone.errors import IntoneError
from intone.progress import Track, silent
from intone.recordings import stream
from intone.recordings.timeline import WHOLE, Smoothing
from intone.runtime import Model

MANY = 100  # files, from which on it pays to start processes


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What there is to say about a file: records, or the error that says why there are none."""

    source: str
    records: tuple[dict[str, Any], ...] = ()
    """a prediction, or a timeline for each channel that is heard apart, as plain values"""
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about every file; plain values, so that other processes can be asked."""

    model: Path | None = None
    baseline: str | None = None
    """a file, see `Model.relative_to`"""
    timeline: bool = False
    separate: bool = False
    hop: float | None = None
    smoothing: Smoothing = WHOLE
    first: float | None = None
    """these four are those of `stream.hear`"""

    def load(self) -> Model:
        """Load the model, and see that it can be asked.

        Raises:
            IntoneError: the model, the baseline or the hop cannot be used.
        """
        model = runtime.load(self.model)
        stream.window_rule(model, self.hop)
        return model if self.baseline is None else model.relative_to(self.baseline)

    def answerer(self) -> Callable[[Source], Entry]:
        """Load the model, to answer file after file."""
        return partial(self.answer, self.load())

    def answer(self, model: Model, source: Source, *, track: Track = silent) -> Entry:
        """Hear a file; one that cannot be used is answered with an error."""
        try:
            return Entry(source=name_of(source), records=self._records(model, source, track))
        except IntoneError as error:
            return Entry(source=name_of(source), error=str(error))

    def _records(self, model: Model, source: Source, track: Track) -> tuple[dict[str, Any], ...]:
        if not self.timeline:
            return (model.predict(source).to_dict(),)
        timelines = stream.hear(
            model,
            source,
            separate=self.separate,
            hop=self.hop,
            smoothing=self.smoothing,
            first=self.first,
            track=track,
        )
        return tuple(timeline.to_dict() for timeline in timelines)


def answers(
    question: Question,
    model: Model,
    sources: Sequence[Source],
    *,
    jobs: int | None = None,
    track: Track = silent,
) -> Iterator[Entry]:
    """Answer every file, in their order; `model` is what `question.load` gave.

    `jobs` is the number of processes: where there are many files as many as there are processors,
    by default, else none but this one.
    """
    if jobs is None:
        jobs = (os.cpu_count() or 1) if len(sources) >= MANY else 1
    if len(sources) == 1:  # its own progress is to be seen
        yield question.answer(model, sources[0], track=track)
        return
    if jobs == 1:
        found: Iterator[Entry] = (question.answer(model, source) for source in sources)
    else:
        found = in_processes(question.answerer, sources, jobs=jobs, lost=_lost)
    yield from track(found, "listening", len(sources))


def _lost(source: Source) -> Entry:
    name = name_of(source)
    why = "the process that heard it died; hear it alone to see why"
    return Entry(source=name, error=f"{printable(name)}: {why}")
