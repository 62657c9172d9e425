"""What is heard in a long recording: its windows and utterances, and the segments they make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby, pairwise
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["whole", "causal", "none"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What probabilities say."""

    probabilities: Mapping[str, float]
    """label -> probability; they sum to 1"""
    threshold: float | None = field(default=None, repr=False)
    """the least probability of a candidate; None where the model claims nothing of them"""

    @property
    def emotion(self) -> str:
        """The most probable label."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """The probability of the most probable label."""
        return self.probabilities[self.emotion]

    @property
    def candidates(self) -> tuple[str, ...]:
        """The labels that are probable enough to be the truth, the most probable first.

        Together they hold it for that share of clips which the model file states as its coverage,
        90 % by default. That is measured on speakers like those of its corpora: no promise for each
        speaker, nor for another recording setting, and of a stretch that is no whole clip a guess.
        Empty where the model claims nothing: older files, and answers relative to a baseline.
        """
        if self.threshold is None:
            return ()
        ranked = sorted(self.probabilities.items(), key=lambda one: -one[1])
        first, *others = ranked
        return (first[0], *(label for label, share in others if share >= self.threshold))

    @property
    def unsure(self) -> bool | None:
        """Whether there is more than one candidate; None where the model does not say."""
        return None if self.threshold is None else len(self.candidates) > 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with what they say."""
        plain = asdict(self)
        del plain["threshold"]
        said = {"candidates": [*self.candidates], "unsure": self.unsure}
        return {"emotion": self.emotion, **said, **plain}


@dataclass(frozen=True, kw_only=True)
class Segment(Answer):
    """The answer for a stretch of sound, such as one window."""

    start: float
    """seconds"""
    end: float
    """seconds; not beyond the end of the sound"""


@dataclass(frozen=True, kw_only=True)
class Smoothing:
    """How windows are averaged with their neighbours, which weigh exp(-distance / `seconds`).

    `kind` says which neighbours: of the whole recording, those before it only (so that a live
    stream gives the same), or none.
    """

    kind: Kind = "whole"
    seconds: float = 1.5
    """between the centres of two windows that weigh 1 and 1/e"""

    def __call__(self, centres: Floats, rows: Floats) -> Floats:
        """Centres `[W]` in seconds, ascending, and probabilities `[W, C]` -> smoothed `[W, C]`."""
        if self.kind == "none" or not len(rows):
            return rows
        decays = np.exp(-np.diff(centres) / self.seconds)
        weighted = np.column_stack([rows, np.ones(len(rows))])  # the last column sums the weights
        sums = _decaying(weighted, decays)
        if self.kind == "whole":
            sums += _decaying(weighted[::-1], decays[::-1])[::-1] - weighted
        return np.asarray(sums[:, :-1] / sums[:, -1:])


WHOLE = Smoothing()


def _decaying(rows: Floats, decays: Floats) -> Floats:
    """Add to each row what is left of the sum before it: `[W, D]`, `[W - 1]` -> `[W, D]`."""
    sums = rows.copy()
    for place, decay in enumerate(decays, start=1):
        sums[place] += decay * sums[place - 1]
    return sums


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """Speech between two pauses, with the windows that it was heard in."""

    start: float
    """seconds"""
    end: float
    """seconds"""
    windows: tuple[Segment, ...]

    def answer(self) -> Segment:
        """Answer as for a clip: the mean of the windows."""
        return _mean(self.start, self.end, self.windows, np.ones(len(self.windows)))


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What a model hears in a recording, and when. Where nobody speaks, nothing is heard."""

    source: str
    seconds: float
    """duration of the recording, or of what could be read of it"""
    model: str
    hop: float
    """seconds from one window of an utterance to the next"""
    smoothing: Smoothing
    segments: tuple[Segment, ...]
    """stretches of an utterance in which one emotion, smoothed, is the most probable"""
    utterances: tuple[Segment, ...]
    """speech between two pauses, answered as a clip: the mean of its windows, not smoothed"""
    windows: tuple[Segment, ...]
    """the model's own answers, as `Stream` gives them"""
    channel: int | None = None
    """from 1, where channels were heard apart"""
    warnings: tuple[str, ...] = ()
    peaks: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(0, np.float32), repr=False, compare=False
    )
    """the largest magnitude in each tenth of a second"""

    def to_dict(self) -> dict[str, Any]:
        """Plain values; every stretch with what it says."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in ("segments", "utterances", "windows"):
            plain[name] = [part.to_dict() for part in plain[name]]
        plain["smoothing"] = asdict(self.smoothing)
        plain["warnings"] = [*self.warnings]
        plain["peaks"] = [round(peak, 3) for peak in self.peaks.tolist()]
        return plain


def rows(parts: Sequence[Segment]) -> Floats:
    """Give the probabilities of each part, in the order of the labels: `[W, C]`."""
    return np.array([[*part.probabilities.values()] for part in parts])


def segments(utterances: Sequence[Utterance], smoothing: Smoothing) -> tuple[Segment, ...]:
    """Smooth the windows, and merge neighbours within an utterance that hear the same emotion.

    Each window speaks for the time that is nearer to its centre than to its neighbours'.
    """
    windows = [window for utterance in utterances for window in utterance.windows]
    if not windows:
        return ()
    centres = np.array([(window.start + window.end) / 2 for window in windows])
    labels = [*windows[0].probabilities]
    smoothed = [
        dict(zip(labels, row, strict=True)) for row in smoothing(centres, rows(windows)).tolist()
    ]
    found: list[Segment] = []
    for utterance in utterances:
        count = len(utterance.windows)
        own = _cells(utterance, centres[:count], smoothed[:count])
        for _, run in groupby(own, key=lambda cell: cell.emotion):
            cells = [*run]
            weights = np.array([cell.end - cell.start for cell in cells])
            found.append(_mean(cells[0].start, cells[-1].end, cells, weights))
        centres, smoothed = centres[count:], smoothed[count:]
    return tuple(found)


def _cells(
    utterance: Utterance, centres: Floats, smoothed: Sequence[dict[str, float]]
) -> Iterator[Segment]:
    """Share an utterance's time among its windows; those in its margins have none."""
    middles = np.clip((centres[1:] + centres[:-1]) / 2, utterance.start, utterance.end).tolist()
    edges = [utterance.start, *middles, utterance.end]
    for window, (start, end), probabilities in zip(
        utterance.windows, pairwise(edges), smoothed, strict=True
    ):
        if start < end:
            yield replace(window, start=start, end=end, probabilities=probabilities)


def _mean(start: float, end: float, parts: Sequence[Segment], weights: Floats) -> Segment:
    mean = np.average(rows(parts), axis=0, weights=weights).tolist()
    labels = parts[0].probabilities
    return replace(
        parts[0], start=start, end=end, probabilities=dict(zip(labels, mean, strict=True))
    )
