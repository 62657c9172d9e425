"""Runs side by side: are they different, on the same clips?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone import evaluation, runs
from intone.errors import DataError
from intone.evaluation import FEWEST_UNITS, METRICS, Interval, Report, Scores

DRAWS = 2000


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far a run is from the one that it is compared with, in one metric."""

    value: float
    low: float | None
    high: float | None
    """95 % interval, by a bootstrap that draws the same speakers for both"""
    p: float | None
    """two-sided, of the same bootstrap"""


@dataclass(frozen=True, kw_only=True)
class McNemar:
    """Clips that one run gets right and the other wrong, and the exact test of whether they differ.

    The test takes clips for independent, which those of one speaker are not: it finds more
    differences than there are.
    """

    only_reference: int
    only_this: int
    p: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run of a comparison."""

    name: str
    report: Report
    parameters: int
    seconds: float
    """of training"""
    seconds_per_clip: float | None
    """of answering; None in early records"""
    differences: Mapping[str, Difference]
    """metric -> the difference from the first run; none in the first, and where clips differ"""
    mcnemar: McNemar | None


def compare(
    names: Sequence[str], records: Sequence[tuple[Mapping[str, Any], Sequence[Scores]]]
) -> list[Row]:
    """Compare runs, as `runs.load_record` reads them, with the first of them.

    Raises:
        DataError: fewer than two.
    """
    if len(records) < 2:
        raise DataError("a comparison needs two runs or more")
    _, reference = records[0]
    rows = []
    for place, (name, (record, scores)) in enumerate(zip(names, records, strict=True)):
        paired = place > 0 and _same_clips(reference[0], scores[0])
        rows.append(
            Row(
                name=name,
                report=runs.report(record, scores),
                parameters=record["parameters"],
                seconds=record["seconds"],
                seconds_per_clip=record.get("seconds_per_clip"),
                differences=differences(runs.pooled(reference), runs.pooled(scores))
                if paired
                else {},
                mcnemar=mcnemar(_mean(reference), _mean(scores)) if paired else None,
            )
        )
    return rows


def differences(reference: Scores, other: Scores) -> dict[str, Difference]:
    """Measure how far one is from the other in every metric."""
    one, two = (evaluation.evaluate(s, protocol="", stamp="", draws=0) for s in (reference, other))
    values = {metric: _value(two, metric) - _value(one, metric) for metric in METRICS}
    if len(set(reference.units)) < FEWEST_UNITS:
        return {
            metric: Difference(value=value, low=None, high=None, p=None)
            for metric, value in values.items()
        }
    drawn = [evaluation.resampled(scores, draws=DRAWS) for scores in (reference, other)]
    return {
        metric: _difference(value, drawn[1][metric] - drawn[0][metric])
        for metric, value in values.items()
    }


def mcnemar(reference: Scores, other: Scores) -> McNemar:
    """Compare answers clip by clip; both answer the same clips, once each."""
    from scipy.stats import binomtest

    place = {id: number for number, id in enumerate(other.ids)}
    rows = [place[id] for id in reference.ids]
    first = reference.probabilities.argmax(axis=1) == reference.truth
    second = (other.probabilities.argmax(axis=1) == other.truth)[rows]
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    apart = only_first + only_second
    p = float(binomtest(only_second, apart).pvalue) if apart else 1.0
    return McNemar(only_reference=only_first, only_this=only_second, p=p)


def _same_clips(one: Scores, two: Scores) -> bool:
    """Whether both answer the same clips by the same labels, which are the same in both."""
    if one.labels != two.labels or len(one.ids) != len(two.ids):
        return False
    truth = dict(zip(one.ids, one.truth.tolist(), strict=True))
    return truth == dict(zip(two.ids, two.truth.tolist(), strict=True))


def _mean(scores: Sequence[Scores]) -> Scores:
    """One answer to each clip: the mean of the seeds' probabilities."""
    first = scores[0]
    mean: NDArray[np.float32] = np.mean([one.probabilities for one in scores], axis=0)
    return Scores(first.ids, first.labels, first.truth, mean, first.speakers)


def _difference(value: float, drawn: NDArray[np.float64]) -> Difference:
    low, high = np.percentile(drawn, [2.5, 97.5])
    beyond = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (beyond + 1) / (len(drawn) + 1))
    return Difference(value=value, low=float(low), high=float(high), p=float(p))


def _value(report: Report, metric: str) -> float:
    interval: Interval = getattr(report, metric)
    return interval.value
