"""Whether a model is as sure as it is right, and what abstaining would win."""

from dataclasses import dataclass

import numpy as np

from intone.evaluation import Scores

BINS = 15
POINTS = 100


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Answers that are about as sure; confidence is the probability of the answer."""

    low: float
    high: float
    answers: int
    confidence: float
    """the mean"""
    accuracy: float


@dataclass(frozen=True)
class Point:
    """What is wrong of the answers, when only so large a share, the surest, is given."""

    coverage: float
    risk: float
    """the share of the given answers that is wrong"""


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """How far confidence can be trusted."""

    confidence: float
    """the mean over all answers"""
    accuracy: float
    ece: float
    """expected calibration error: the mean distance of confidence and accuracy over bins, by
    their answers (Guo et al., 2017)"""
    bins: tuple[Bin, ...]
    """of equal width; empty ones are left out"""
    aurc: float
    """area under the risk-coverage curve (Geifman & El-Yaniv, 2017)"""
    best_aurc: float
    """that of a model which is right as often, and always surer where it is"""
    risk_coverage: tuple[Point, ...]

    def risk(self, coverage: float) -> float:
        """Give the risk when this share of the answers, the surest, is given."""
        return min(self.risk_coverage, key=lambda point: abs(point.coverage - coverage)).risk


def reliability(scores: Scores) -> Reliability:
    """Measure how far the confidence of these answers can be trusted."""
    confidence = scores.probabilities.max(axis=1).astype(np.float64)
    right = scores.probabilities.argmax(axis=1) == scores.truth
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            answers=int(own.sum()),
            confidence=float(confidence[own].mean()),
            accuracy=float(right[own].mean()),
        )
        for number in range(BINS)
        if (own := place == number).any()
    )
    surest = np.argsort(-confidence, kind="stable")
    given = np.arange(1, len(right) + 1)
    risks = np.cumsum(~right[surest]) / given
    shown = np.unique(np.linspace(1, len(right), min(POINTS, len(right))).round().astype(int)) - 1
    return Reliability(
        confidence=float(confidence.mean()),
        accuracy=float(right.mean()),
        ece=sum(one.answers * abs(one.confidence - one.accuracy) for one in bins) / len(right),
        bins=bins,
        aurc=float(risks.mean()),
        best_aurc=float((np.cumsum(np.sort(~right)) / given).mean()),
        risk_coverage=tuple(
            Point(float(given[place] / len(right)), float(risks[place])) for place in shown
        ),
    )
