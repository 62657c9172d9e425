"""Smoothing as its formula says, and segments with the edges and means that follow from it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intone.recordings.timeline import (
    KINDS,
    Segment,
    Smoothing,
    Timeline,
    Utterance,
    rows,
    segments,
)

NONE = Smoothing(kind="none")


def window(start: float, end: float, calm: float) -> Segment:
    return Segment(start=start, end=end, probabilities={"calm": calm, "angry": 1 - calm})


def utterance(start: float, end: float, *calm: float, length: float = 3, hop: float = 2):
    windows = (window(start + hop * i, start + hop * i + length, p) for i, p in enumerate(calm))
    return Utterance(start=start, end=end, windows=tuple(windows))


POINTS = st.lists(st.tuples(st.floats(0.01, 9), st.floats(0, 1)), min_size=1, max_size=20)


@given(points=POINTS, kind=st.sampled_from(KINDS), seconds=st.floats(0.2, 5))
def test_smoothing_is_the_weighted_mean_that_it_says(points, kind, seconds):
    centres = np.cumsum([gap for gap, _ in points])
    values = np.array([[share, 1 - share] for _, share in points])
    distances = np.abs(centres[:, None] - centres[None, :])
    weights = np.exp(-distances / seconds)
    if kind == "causal":
        weights = np.tril(weights)
    if kind == "none":
        weights = np.eye(len(points))
    expected = weights @ values / weights.sum(axis=1, keepdims=True)
    smoothed = Smoothing(kind=kind, seconds=seconds)(centres, values)
    np.testing.assert_allclose(smoothed, expected, atol=1e-9)


@given(points=POINTS, cut=st.integers(1, 20))
def test_causal_smoothing_knows_nothing_of_what_follows(points, cut):
    centres = np.cumsum([gap for gap, _ in points])
    values = np.array([[share, 1 - share] for _, share in points])
    causal = Smoothing(kind="causal")
    np.testing.assert_array_equal(
        causal(centres, values)[:cut], causal(centres[:cut], values[:cut])
    )


def test_an_utterance_is_answered_with_the_mean_of_its_windows():
    answer = utterance(1, 9, 0.9, 0.5, 0.1).answer()
    assert (answer.start, answer.end, answer.emotion) == (1, 9, "calm")
    assert answer.probabilities == {"calm": pytest.approx(0.5), "angry": pytest.approx(0.5)}


def test_neighbours_that_hear_the_same_are_one_segment_within_an_utterance():
    # Centres at 2.5, 4.5, 6.5, 8.5: the windows speak for 1-3.5, 3.5-5.5, 5.5-7.5 and 7.5-10.
    spoken = [utterance(1, 10, 0.9, 0.6, 0.2, 0.3), utterance(11, 13, 0.1), utterance(20, 21, 0.3)]
    found = segments(spoken, NONE)
    edges = [(s.start, s.end, s.emotion) for s in found]
    assert edges == [
        (1, 5.5, "calm"),
        (5.5, 10, "angry"),
        (11, 13, "angry"),
        (20, 21, "angry"),
    ]
    assert found[0].confidence == pytest.approx((2.5 * 0.9 + 2 * 0.6) / 4.5)
    assert found[1].confidence == pytest.approx((2 * 0.8 + 2.5 * 0.7) / 4.5)


def test_segments_are_made_of_smoothed_windows_across_utterances():
    spoken = [utterance(0, 3, 0.1), utterance(3.5, 6.5, 0.6), utterance(7, 10, 0.1)]
    assert [s.emotion for s in segments(spoken, NONE)] == ["angry", "calm", "angry"]
    smoothed = segments(spoken, Smoothing(seconds=4))
    assert [s.emotion for s in smoothed] == ["angry"] * 3
    decay = np.exp(-3.5 / 4)
    expected = (0.6 + 2 * 0.1 * decay) / (1 + 2 * decay)
    assert smoothed[1].probabilities["calm"] == pytest.approx(expected)


def test_windows_that_lie_in_the_margins_have_no_time_of_their_own():
    # Windows of 0.2 s at 0.7, 0.8, ... 1.4, of which the utterance, 1.0 to 1.3, has a few.
    spoken = utterance(1, 1.3, 0.9, 0.9, 0.4, 0.4, 0.4, 0.4, 0.9, 0.9, length=0.2, hop=0.1)
    windows = tuple(
        window(w.start - 0.3, w.end - 0.3, w.probabilities["calm"]) for w in spoken.windows
    )
    found = segments([Utterance(start=1, end=1.3, windows=windows)], NONE)
    assert [(s.start, s.end, s.emotion) for s in found] == [(1, 1.3, "angry")]


SHARES = {"calm": 0.25, "sad": 0.45, "angry": 0.3}


@pytest.mark.parametrize(
    ("threshold", "candidates"),
    [
        (0.5, ("sad",)),
        (0.45, ("sad",)),
        (0.3, ("sad", "angry")),
        (0.26, ("sad", "angry")),
        (0.0, ("sad", "angry", "calm")),
    ],
)
def test_candidates_are_the_labels_from_the_threshold_on(threshold, candidates):
    heard = Segment(start=0, end=1, probabilities=SHARES, threshold=threshold)
    assert heard.candidates == candidates
    assert heard.unsure is (len(candidates) > 1)


def test_without_a_threshold_nothing_is_claimed():
    heard = Segment(start=0, end=1, probabilities=SHARES)
    assert heard.candidates == ()
    assert heard.unsure is None


def test_utterances_and_segments_have_the_threshold_of_their_windows():
    windows = tuple(replace(window(i, i + 2, 0.6 - 0.2 * i), threshold=0.3) for i in range(2))
    spoken = Utterance(start=0, end=3, windows=windows)
    answer = spoken.answer()
    assert answer.probabilities["calm"] == pytest.approx(0.5)
    assert set(answer.candidates) == {"calm", "angry"}
    first, second = segments([spoken], NONE)
    assert first.candidates == ("calm", "angry")
    assert second.to_dict()["unsure"]


def test_without_speech_there_are_no_segments():
    assert segments([], Smoothing()) == ()
    assert rows([]).size == 0


def test_plain_values_hold_everything_and_are_json():
    timeline = Timeline(
        source="call.wav",
        seconds=12.5,
        model="m",
        hop=1.5,
        smoothing=Smoothing(),
        segments=(window(0, 4, 0.2),),
        utterances=(window(0, 4, 0.3),),
        windows=(window(0, 3, 0.4), window(1, 4, 0.1)),
        channel=2,
        warnings=("no speech found",),
        peaks=np.float32([0.12345, 0.5]),
    )
    plain = json.loads(json.dumps(timeline.to_dict()))
    assert plain == {
        "source": "call.wav",
        "seconds": 12.5,
        "model": "m",
        "hop": 1.5,
        "smoothing": {"kind": "whole", "seconds": 1.5},
        "segments": [plain_window("angry", 0, 4, 0.2)],
        "utterances": [plain_window("angry", 0, 4, 0.3)],
        "windows": [plain_window("angry", 0, 3, 0.4), plain_window("angry", 1, 4, 0.1)],
        "channel": 2,
        "warnings": ["no speech found"],
        "peaks": [0.123, 0.5],
    }


def plain_window(emotion: str, start: float, end: float, calm: float) -> dict[str, object]:
    shares = {"calm": calm, "angry": 1 - calm}
    said = {"emotion": emotion, "candidates": [], "unsure": None}
    return {**said, "start": start, "end": end, "probabilities": shares}
