"""Probabilities and truth -> a `Report`: every metric with its interval, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from intone.errors import DataError
from intone.specs import build

# The metrics that carry an interval, in the order and by the names that readers see.
METRICS = {
    "uar": "UAR",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "cross_entropy": "cross-entropy",
}

FEWEST_UNITS = 8  # a bootstrap over fewer speakers promises more than it knows
PROBABILITY_FLOOR = 1e-7  # float32 has no more to say; one certain mistake costs 16 nats, not all


@dataclass(frozen=True, eq=False)
class Scores:
    """What a run leaves behind: one row of probabilities per answer, with the truth.

    `ids` [N] name the clips, `labels` [C], `truth` [N] (indices into `labels`), `probabilities`
    [N, C], `speakers` [N] (None where unknown). A clip that several seeds answer has several rows.

    Raises:
        DataError: the shapes do not fit, there are no rows, a truth is no label, or a row of
            probabilities is not finite, is negative or does not sum to 1 within 0.001.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    truth: NDArray[np.integer[Any]]
    probabilities: NDArray[np.float32]
    speakers: tuple[str | None, ...]

    def __post_init__(self) -> None:
        rows, classes = len(self.ids), len(self.labels)
        shapes = (self.truth.shape, self.probabilities.shape, len(self.speakers))
        if shapes != ((rows,), (rows, classes), rows):
            raise DataError(
                f"scores of {rows} ids and {classes} labels do not fit: truth "
                f"{list(self.truth.shape)}, probabilities {list(self.probabilities.shape)}, "
                f"{len(self.speakers)} speakers; give one row per id and one column per label"
            )
        if not rows:
            raise DataError("no clips to evaluate: the scores are empty")
        self._refuse(
            (self.truth >= 0) & (self.truth < classes),
            f"the truth is not an index into the {classes} labels",
        )
        self._refuse(
            (self.probabilities >= 0).all(1) & (abs(self.probabilities.sum(1) - 1) <= 1e-3),
            "the probabilities must be finite, not negative and sum to 1; give softmax outputs",
        )

    @property
    def units(self) -> tuple[str, ...]:
        """What each row stands or falls with: its speaker, or its clip where any is unknown."""
        speakers = tuple(speaker for speaker in self.speakers if speaker is not None)
        return speakers if len(speakers) == len(self.ids) else self.ids

    def where(self, keep: Sequence[bool] | NDArray[np.bool_]) -> "Scores":
        """Take the answers out for which `keep` [N] is true."""
        places = np.flatnonzero(keep)
        return Scores(
            ids=tuple(self.ids[place] for place in places),
            labels=self.labels,
            truth=self.truth[places],
            probabilities=self.probabilities[places],
            speakers=tuple(self.speakers[place] for place in places),
        )

    def _refuse(self, valid: NDArray[np.bool_], why: str) -> None:
        if not valid.all():
            raise DataError(f"{self.ids[int(valid.argmin())]}: {why}")


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval; no bounds where fewer than eight speakers were heard."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ClassScore:
    """How one class fared; a ratio without a denominator is 0. `support` counts its answers."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a run is worth, as data; all rates are fractions, cross-entropy is in nats.

    UAR is the mean recall over the classes that have clips: a class without clips has no recall.
    F1 is averaged over all labels, as in scikit-learn's `f1_score(labels=range(C),
    zero_division=0)`: a label without clips counts 0, for the model could have answered it.
    """

    clips: int
    answers: int  # as many as clips, times the seeds where several answered
    speakers: int | None  # None where a clip's speaker is unknown
    labels: tuple[str, ...]
    uar: Interval
    accuracy: Interval
    macro_f1: Interval
    weighted_f1: Interval
    cross_entropy: Interval
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]  # answers: rows truth, columns prediction
    by_speaker: Mapping[str, float]  # UAR of each speaker where they are too few for an interval
    resampled: Literal["speakers", "clips"]  # what the intervals' bootstrap draws
    chance: float  # UAR of a guess: 1 over the number of classes that have clips
    protocol: str
    stamp: str

    def to_dict(self) -> dict[str, Any]:
        """Turn the report into plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Report":
        """Read what `to_dict` gave, also after a way through JSON.

        Raises:
            IntoneError: a key is unknown or missing.
        """
        report = build(cls, data, "report")
        nested: dict[str, Any] = {
            metric: build(Interval, data[metric], f"{metric} of the report") for metric in METRICS
        }
        nested["per_class"] = tuple(
            build(ClassScore, row, "per_class of the report") for row in data["per_class"]
        )
        nested["confusion"] = tuple(tuple(row) for row in data["confusion"])
        return replace(report, **nested)


def evaluate(
    scores: Scores, *, protocol: str, stamp: str, draws: int = 2000, seed: int = 0
) -> Report:
    """Measure `scores`, with 95 % percentile-bootstrap intervals over speakers.

    Clips of one speaker resemble each other, so whole speakers are drawn; where a speaker is
    unknown, clips are, and the intervals are narrower than they should be. All answers to a clip
    are drawn together. Fewer than eight speakers get no interval but their own UARs; `draws=0`
    gives values alone. The first of equal probabilities is the answer.
    """
    known = None not in scores.speakers
    units, unit = np.unique(scores.units, return_inverse=True)
    enough = len(units) >= FEWEST_UNITS

    tallies = _tally(scores, unit, len(units))
    total = tallies.sum(0)
    drawn = resampled(scores, draws=draws, seed=seed) if enough and draws else {}
    intervals: dict[str, Any] = {
        metric: Interval(float(value), *_bounds(drawn.get(metric)))
        for metric, value in _metrics(total).items()
    }
    own = dict(zip(units.tolist(), _metrics(tallies)["uar"].tolist(), strict=True))
    confusion = _confusion(total)
    return Report(
        clips=len(set(scores.ids)),
        answers=len(scores.ids),
        speakers=len(units) if known else None,
        labels=scores.labels,
        **intervals,
        per_class=_per_class(scores.labels, confusion),
        confusion=tuple(map(tuple, confusion.astype(int).tolist())),
        by_speaker=own if known and not enough else {},
        resampled="speakers" if known else "clips",
        chance=1 / len(np.unique(scores.truth)),
        protocol=protocol,
        stamp=stamp,
    )


def resampled(
    scores: Scores, *, draws: int = 2000, seed: int = 0
) -> dict[str, NDArray[np.float64]]:
    """Every metric of resamples of the speakers, `[draws]` each.

    Scores of the same speakers get the same resamples, so that the differences of two are paired.
    """
    units, unit = np.unique(scores.units, return_inverse=True)
    tallies = _tally(scores, unit, len(units))
    return _metrics(_resample(tallies, draws, np.random.default_rng(seed)))


def _tally(scores: Scores, unit: NDArray[np.intp], units: int) -> NDArray[np.float64]:
    """Sum up each unit: its confusion matrix, row by row, then its log-loss, [U, C * C + 1].

    Tallies add, so that of any set of units, with repetition, is a weighted sum of rows.
    """
    answers, classes = scores.probabilities.shape
    predicted = scores.probabilities.argmax(1)
    cell = np.ravel_multi_index((scores.truth, predicted), (classes, classes))
    right = scores.probabilities[np.arange(answers), scores.truth].astype(np.float64)
    loss = -np.log(np.maximum(right, PROBABILITY_FLOOR))

    tallies = np.zeros((units, classes * classes + 1))
    np.add.at(tallies, (unit, cell), 1)
    tallies[:, -1] = np.bincount(unit, weights=loss, minlength=units)
    return tallies


def _resample(
    tallies: NDArray[np.float64], draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw as many units as there are, with replacement: [U, K] -> [draws, K].

    One draw at a time, for all weights at once would be draws * clips numbers.
    """
    units = len(tallies)
    even = np.full(units, 1 / units)
    return np.stack([rng.multinomial(units, even) @ tallies for _ in range(draws)])


def _metrics(tallies: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Compute every metric of every tally at once: [*, C * C + 1] -> [*] each."""
    confusion, loss = _confusion(tallies), tallies[..., -1]
    _, recall, f1, support = _rates(confusion)
    answers = support.sum(-1)
    return {
        "uar": recall.sum(-1) / np.count_nonzero(support, axis=-1),
        "accuracy": np.trace(confusion, axis1=-2, axis2=-1) / answers,
        "macro_f1": f1.mean(-1),
        "weighted_f1": (f1 * support).sum(-1) / answers,
        "cross_entropy": loss / answers,
    }


def _confusion(tallies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the confusion matrices of tallies: [*, C * C + 1] -> [*, C, C]."""
    cells = tallies[..., :-1]
    classes = isqrt(cells.shape[-1])
    return cells.reshape(*cells.shape[:-1], classes, classes)


def _rates(confusion: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Give precision, recall, F1 and support of each class: [*, C, C] -> four of [*, C]."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, answered = confusion.sum(-1), confusion.sum(-2)
    return (
        _ratio(hits, answered),
        _ratio(hits, support),
        _ratio(2 * hits, support + answered),
        support,
    )


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide counts; 0 of 0 is 0."""
    return part / np.maximum(whole, 1)


def _bounds(drawn: NDArray[np.float64] | None) -> tuple[float | None, float | None]:
    if drawn is None:
        return None, None
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _per_class(labels: tuple[str, ...], confusion: NDArray[np.float64]) -> tuple[ClassScore, ...]:
    columns = (column.tolist() for column in _rates(confusion))
    return tuple(
        ClassScore(label, precision, recall, f1, int(support))
        for label, precision, recall, f1, support in zip(labels, *columns, strict=True)
    )
