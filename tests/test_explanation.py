"""Occlusion finds what an answer was made of, counterfactuals where it flips."""

from itertools import pairwise

import numpy as np
import pytest

from intone.assessment import explanation
from intone.assessment.explanation import Answer, BandStopped, Silenced, choose, explain, flip
from intone.assessment.listening import Listener
from intone.evaluation import Scores

RATE = 16_000
LABELS = ("tone", "other")


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    """Two seconds: soft noise, and from 1.0 to 1.5 s a tone of 1.2 kHz."""
    time = np.arange(2 * RATE) / RATE
    noise = np.random.default_rng(0).normal(scale=1e-3, size=len(time))
    tone = np.where((time >= 1) & (time < 1.5), 0.3 * np.sin(2 * np.pi * 1200 * time), 0)
    return (noise + tone).astype(np.float32)


def power_at(hertz: float) -> Listener:
    """As sure of a tone as its band from hertz - 200 to + 200 is strong."""

    def answer(id, samples):
        spectrum = np.abs(np.fft.rfft(samples)) ** 2 / len(samples) ** 2
        band = np.abs(np.fft.rfftfreq(len(samples), 1 / RATE) - hertz) < 200
        share = min(1.0, float(spectrum[band].sum() / 6e-3))
        return np.array([share, 1 - share], np.float32)

    return Listener(f"power at {hertz}", 1, answer)


def test_the_moment_and_the_band_of_the_tone_are_found(clip):
    told = explain(power_at(1200), LABELS, "made/tone", clip, "tone")
    assert (told.label, told.truth, told.seconds) == ("tone", "tone", 2)
    assert told.probability > 0.9
    moment = max(told.time, key=lambda one: one.lost)
    assert 0.95 <= moment.low < moment.high <= 1.55
    assert all(abs(one.lost) < 0.02 for one in told.time if one.high < 1 or one.low > 1.5)
    lost = {(one.low, one.high): one.lost for one in told.frequency}
    assert lost[1000, 1500] > 0.9
    assert all(abs(value) < 0.02 for band, value in lost.items() if band != (1000, 1500))


def test_a_softer_or_a_higher_tone_flips_the_answer_and_a_slower_one_does_not(clip):
    told = explain(power_at(1200), LABELS, "made/tone", clip, "tone")
    down, up = flip(told.gain, "tone", 0)
    assert (down.value, down.label, up) == (-5, "other", None)
    lower, higher = flip(told.pitch, "tone", 0)
    assert lower.label == higher.label == "other"
    assert -6 <= lower.value < 0 < higher.value <= 6
    unchanged = [one for one in (*told.pitch, *told.gain) if one.value == 0]
    assert [one.probability for one in unchanged] == pytest.approx([told.probability] * 2, abs=0.02)


def test_the_picture_is_the_clip_s_log_mel(clip):
    told = explain(power_at(1200), LABELS, "made/tone", clip, "tone")
    values = np.array(told.log_mel)
    np.testing.assert_allclose(values, explanation.PICTURE(clip), atol=0.051)


@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.3, 2.0, 60.0])
def test_the_spans_cover_the_whole_clip_and_are_not_too_many(seconds):
    spans = explanation._spans(seconds)
    assert spans[0][0] == 0
    assert spans[-1][1] == pytest.approx(seconds)
    assert all(later[0] <= earlier[1] for earlier, later in pairwise(spans))
    assert len(spans) <= max(explanation.SPANS + 1, 17)
    assert all(high > low for low, high in spans)


def test_silence_and_missing_bands_are_exact(clip):
    silenced = Silenced(1.0, 1.5)("x", clip)
    assert not silenced[RATE : RATE + RATE // 2].any()
    np.testing.assert_array_equal(silenced[:RATE], clip[:RATE])
    stopped = np.abs(np.fft.rfft(BandStopped(1000, 1500)("x", clip)))
    hertz = np.fft.rfftfreq(len(clip), 1 / RATE)
    inside = (hertz >= 1000) & (hertz < 1500)
    np.testing.assert_allclose(stopped[inside], 0, atol=1e-3)
    np.testing.assert_allclose(
        stopped[~inside], np.abs(np.fft.rfft(clip))[~inside], rtol=1e-3, atol=1e-3
    )


def test_the_smallest_change_that_flips_is_found_on_both_sides():
    labels = ["b", "b", "a", "a", "a", "c", "b"]
    answers = [
        Answer(value=v, label=label, probability=0.5)
        for v, label in zip(range(-3, 4), labels, strict=True)
    ]
    down, up = flip(answers, "a", 0)
    assert (down.value, down.label) == (-2, "b")
    assert (up.value, up.label) == (2, "c")
    assert flip(answers[2:5], "a", 0) == (None, None)


def test_the_surest_clips_are_chosen_right_and_wrong_and_of_different_truths():
    sure = np.array([0.9, 0.8, 0.7, 0.6, 0.95, 0.85])
    truth, answers = np.array([0, 0, 1, 2, 1, 2]), np.array([0, 0, 1, 2, 0, 0])
    probabilities = np.repeat((1 - sure)[:, None] / 2, 3, axis=1)
    probabilities[np.arange(6), answers] = sure
    scores = Scores(tuple("uvwxyz"), ("a", "b", "c"), truth,
                    probabilities.astype(np.float32), (None,) * 6)  # fmt: skip
    assert choose(scores, 4) == ["u", "w", "y", "z"]
    assert choose(scores) == ["u", "w", "x", "y", "z"]
