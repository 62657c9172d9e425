"""Live speech and long recordings, heard on one path: a recording is a stream fed with its blocks.

Speech is found first. Each utterance is then heard as a clip is: its windows stand at multiples of
the hop from where it begins, and the last one ends where it ends. So silence is never judged, and
an utterance has the answer that it would have if it were cut out by hand.
"""

from array import array
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from intone import audio
from intone.audio import SAMPLE_RATE, Source
from intone.errors import IntoneError
from intone.progress import Track, silent
from intone.recordings import baseline
from intone.recordings.spoken import Spoken
from intone.recordings.timeline import (
    WHOLE,
    Segment,
    Smoothing,
    Timeline,
    Utterance,
    rows,
    segments,
)
from intone.recordings.vad import NO_SPEECH, Part
from intone.windows import Cutter, WindowRule

if TYPE_CHECKING:
    from intone.runtime import Model

LEAST_HOP = 0.01  # seconds
_PEAK_EVERY = SAMPLE_RATE // 10  # samples

Floats = NDArray[np.float32]


class Listener:
    """Hears one sound, mono at 16 kHz, that arrives in pieces of any size."""

    def __init__(self, model: "Model", *, hop: float | None) -> None:
        self._model = model
        self._rule = window_rule(model, hop)
        self._spoken = Spoken()
        self._cutter: Cutter | None = None  # of the utterance that is being heard
        self._origin = 0  # its first sample
        self._windows: list[Segment] = []  # its windows
        self._ended: list[Utterance] = []
        self._peaks = _Peaks()

    def push(self, samples: Floats) -> list[Segment]:
        """[n] -> the answers of the windows that these samples complete."""
        self._peaks.push(samples)
        return self._hear(self._spoken.push(samples))

    def finish(self) -> list[Segment]:
        """The answers of the utterance that the end of the sound cuts off."""
        return self._hear(self._spoken.finish())

    def timeline(
        self,
        source: str,
        *,
        smoothing: Smoothing,
        channel: int | None = None,
        first: float | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Timeline:
        """Put together what was heard so far, in the utterances that have ended."""
        ended, name = self._ended, self._model.name
        if first is not None:
            ended, name = (
                self._relative(first, source),
                f"{name}, relative to the first {first:g} s",
            )
        if not ended:
            warnings = (*warnings, NO_SPEECH)
        return Timeline(
            source=source,
            seconds=self._peaks.count / SAMPLE_RATE,
            model=name,
            hop=self._rule.hop / SAMPLE_RATE,
            smoothing=smoothing,
            segments=segments(ended, smoothing),
            utterances=tuple(utterance.answer() for utterance in ended),
            windows=tuple(chain.from_iterable(one.windows for one in ended)),
            channel=channel,
            warnings=warnings,
            peaks=self._peaks.found(),
        )

    def _relative(self, first: float, source: str) -> list[Utterance]:
        """The utterances, heard relative to those that begin within the `first` seconds."""
        usual = [w for one in self._ended if one.start < first for w in one.windows]
        where = f"{audio.printable(source)}, first {first:g} s"
        factors = baseline.factors(baseline.usual(self._model.description), rows(usual), where)

        def relative(window: Segment) -> Segment:
            [row] = baseline.applied(rows([window]), factors).tolist()
            probabilities = dict(zip(self._model.labels, row, strict=True))
            return replace(window, probabilities=probabilities, threshold=None)

        return [replace(one, windows=tuple(map(relative, one.windows))) for one in self._ended]

    def _hear(self, parts: Iterable[tuple[Part, Floats]]) -> list[Segment]:
        return [segment for part, samples in parts for segment in self._hear_part(part, samples)]

    def _hear_part(self, part: Part, samples: Floats) -> list[Segment]:
        if self._cutter is None:
            self._cutter, self._origin, self._windows = Cutter(self._rule), part.start, []
        windows = self._cutter.push(samples)
        if part.speech:
            windows += self._cutter.finish()
        heard = [
            Segment(
                start=(self._origin + start) / SAMPLE_RATE,
                end=min(self._origin + start + self._rule.length, part.stop) / SAMPLE_RATE,
                probabilities=self._model.hear(window),
                threshold=self._model.threshold,
            )
            for start, window in windows
        ]
        self._windows += heard
        if part.speech:
            start, end = (sample / SAMPLE_RATE for sample in part.speech)
            self._ended.append(Utterance(start=start, end=end, windows=tuple(self._windows)))
            self._cutter = None
        return heard


class Stream:
    """Hears live speech: samples in, answers out, as soon as a window of speech is complete.

    >>> import intone
    >>> stream = intone.Stream(intone.load(), sample_rate=48_000)
    >>> for samples in microphone:  # doctest: +SKIP
    ...     for window in stream.push(samples):
    ...         print(window.start, window.end, window.emotion)

    `sample_rate` is in Hz, `hop` in seconds (the model's own by default). An answer comes at most
    300 ms after the last sample of its window: 132 ms are the pause that ends an utterance, less
    its margin, and a frame; the rest is for the model. The answers are those of `Model.timeline`.

    Raises:
        AudioError: no such sample rate; by `push`, samples that no sound has.
        IntoneError: the hop is not 0.01 s to the model's window; by `push`, the stream has ended.
    """

    def __init__(
        self,
        model: "Model",
        *,
        sample_rate: int = SAMPLE_RATE,
        hop: float | None = None,
    ) -> None:
        self._inlet = audio.Inlet(sample_rate)
        self._listener = Listener(model, hop=hop)
        self._ended = False

    def push(self, samples: NDArray[Any]) -> list[Segment]:
        """Take `[n]` or `[n, channels]`, floats within +-1 or integers, and give what is new."""
        self._check_going_on()
        return self._listener.push(self._inlet.push(samples))

    def finish(self) -> list[Segment]:
        """End the sound, and give the answers of what was being said."""
        self._check_going_on()
        self._ended = True
        return self._listener.push(self._inlet.finish()) + self._listener.finish()

    def timeline(self, *, smoothing: Smoothing = WHOLE, first: float | None = None) -> Timeline:
        """Put together what was heard so far, in the utterances that have ended."""
        return self._listener.timeline("stream", smoothing=smoothing, first=first)

    def _check_going_on(self) -> None:
        if self._ended:
            raise IntoneError("the stream has ended; other sound needs a stream of its own")


def hear(
    model: "Model",
    source: Source,
    *,
    sample_rate: int | None = None,
    separate: bool = False,
    hop: float | None = None,
    smoothing: Smoothing = WHOLE,
    first: float | None = None,
    track: Track = silent,
) -> tuple[Timeline, ...]:
    """Hear a recording of any length: one timeline, or, `separate`, one for each channel.

    Raises:
        AudioError: the recording cannot be used; one that breaks off is only warned of.
        IntoneError: the hop is not 0.01 s to the model's window.
    """
    sound = audio.blocks(source, sample_rate=sample_rate, separate=separate, partial=True)
    beginning = next(sound)
    listeners = [Listener(model, hop=hop) for _ in range(beginning.shape[1] if separate else 1)]
    for block in track(chain([beginning], sound), "listening", sound.expected):
        for listener, channel in zip(listeners, np.atleast_2d(block.T), strict=True):
            listener.push(channel)
    for listener in listeners:
        listener.finish()
    return tuple(
        listener.timeline(
            sound.name,
            smoothing=smoothing,
            first=first,
            channel=number if separate else None,
            warnings=sound.warnings,
        )
        for number, listener in enumerate(listeners, start=1)
    )


def window_rule(model: "Model", hop: float | None) -> WindowRule:
    """Give the model's own window, at another hop in seconds where one is given.

    Raises:
        IntoneError: the hop is not 0.01 s to the window.
    """
    rule = model.description.window
    if hop is None:
        return rule
    longest = rule.length / SAMPLE_RATE
    if not LEAST_HOP <= hop <= longest:
        raise IntoneError(f"a hop of {hop:g} s: give {LEAST_HOP:g} to {longest:g} s")
    return replace(rule, hop=round(hop * SAMPLE_RATE))


class _Peaks:
    """The largest magnitude in each tenth of a second of a sound that arrives in pieces."""

    def __init__(self) -> None:
        self.count = 0  # samples
        self._found = array("f")
        self._rest = np.zeros(0, np.float32)

    def push(self, samples: Floats) -> None:
        self.count += len(samples)
        magnitudes = np.concatenate([self._rest, np.abs(samples)])
        full = len(magnitudes) - len(magnitudes) % _PEAK_EVERY
        self._found.extend(magnitudes[:full].reshape(-1, _PEAK_EVERY).max(axis=1))
        self._rest = magnitudes[full:]

    def found(self) -> Floats:
        rest = self._rest.max(keepdims=True) if len(self._rest) else self._rest
        return np.concatenate([np.array(self._found), rest])
