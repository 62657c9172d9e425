"""Probabilities are made as sure as they are right, and candidates hold the truth as promised."""

import numpy as np
import pytest

from intone import calibration


def drawn(sharpness: float, clips: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and truths drawn from them; the probabilities then made too sharp."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(clips, 4))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (honest.cumsum(axis=1) < rng.uniform(size=(clips, 1))).sum(axis=1)
    sharp = np.exp(sharpness * logits)
    return (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32), truth


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_temperature_undoes_overconfidence(sharpness):
    probabilities, truth = drawn(sharpness)
    found = calibration.temperature(probabilities, truth)
    assert found == pytest.approx(sharpness, rel=0.05)
    honest, _ = drawn(1.0)
    np.testing.assert_allclose(calibration.tempered(probabilities, found), honest, atol=0.02)


def test_certain_mistakes_do_not_break_it():
    probabilities = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
    assert 1 < calibration.temperature(probabilities, np.array([0, 1, 1])) <= 10


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_candidates_hold_the_truth(coverage):
    probabilities, truth = drawn(2.0)
    half = len(truth) // 2
    least = calibration.threshold(probabilities[:half], truth[:half], coverage=coverage)
    held = probabilities[np.arange(half, 2 * half), truth[half:]] >= least
    assert held.mean() == pytest.approx(coverage, abs=0.015)


def test_few_clips_make_every_label_a_candidate():
    probabilities, truth = drawn(1.0, clips=5)
    assert calibration.threshold(probabilities, truth, coverage=0.95) == 0


def test_candidates_are_those_of_calibrated_answers():
    probabilities, truth = drawn(3.0)
    fitted = calibration.candidates(probabilities, truth, divisor=3.0, coverage=0.9)
    honest, _ = drawn(1.0)
    expected = calibration.threshold(honest, truth, coverage=0.9)
    assert fitted.coverage == 0.9
    assert fitted.threshold == pytest.approx(expected, abs=1e-4)
