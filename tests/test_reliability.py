"""Calibration against scikit-learn and against sums written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from intone.assessment.reliability import BINS, reliability
from intone.evaluation import Scores


def made(seed: int, clips: int = 200, classes: int = 4) -> Scores:
    rng = np.random.default_rng(seed)
    odds = np.exp(2 * rng.normal(size=(clips, classes)))
    return Scores(
        ids=tuple(map(str, range(clips))),
        labels=tuple("abcd"[:classes]),
        truth=rng.integers(classes, size=clips),
        probabilities=(odds / odds.sum(1, keepdims=True)).astype(np.float32),
        speakers=(None,) * clips,
    )


@given(st.integers(0, 2**32 - 1), st.integers(2, 300))
def test_bins_are_scikit_learns_and_the_error_is_their_mean_distance(seed, clips):
    scores = made(seed, clips)
    told = reliability(scores)
    confidence = scores.probabilities.max(axis=1).astype(np.float64)
    right = scores.probabilities.argmax(axis=1) == scores.truth
    accuracy, mean = calibration_curve(right, confidence, n_bins=BINS)
    assert [one.accuracy for one in told.bins] == pytest.approx(accuracy.tolist())
    assert [one.confidence for one in told.bins] == pytest.approx(mean.tolist())
    assert sum(one.answers for one in told.bins) == clips
    shares = np.array([one.answers for one in told.bins]) / clips
    assert told.ece == pytest.approx(float(shares @ np.abs(accuracy - mean)))


@given(st.integers(0, 2**32 - 1), st.integers(1, 150))
def test_the_curve_is_the_share_of_errors_among_the_surest(seed, clips):
    scores = made(seed, clips)
    told = reliability(scores)
    sure = scores.probabilities.max(axis=1)
    wrong = scores.probabilities.argmax(axis=1) != scores.truth
    order = sorted(range(clips), key=lambda place: -sure[place])
    risks = [wrong[order[:given]].mean() for given in range(1, clips + 1)]
    assert told.aurc == pytest.approx(np.mean(risks))
    assert told.best_aurc <= told.aurc + 1e-12
    for point in told.risk_coverage:
        assert point.risk == pytest.approx(risks[round(point.coverage * clips) - 1])
    assert told.risk_coverage[-1].coverage == 1
    assert told.risk(1.0) == pytest.approx(wrong.mean())


def test_who_is_always_sure_and_right_is_honest_and_who_is_wrong_is_not():
    certain = np.eye(2, dtype=np.float32)[[0, 1, 1, 0]]
    ids, speakers = tuple("wxyz"), (None,) * 4
    right = reliability(Scores(ids, ("a", "b"), np.array([0, 1, 1, 0]), certain, speakers))
    assert (right.ece, right.aurc, right.accuracy) == (0, 0, 1)
    wrong = reliability(Scores(ids, ("a", "b"), np.array([1, 0, 0, 1]), certain, speakers))
    assert (wrong.ece, wrong.aurc, wrong.confidence) == (1, 1, 1)
