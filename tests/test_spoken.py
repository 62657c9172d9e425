"""What is spoken in a sound is what a model hears of it, however the sound arrives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import intone
from intone import audio, runtime, windows
from intone.recordings import spoken
from intone.recordings.spoken import Windows
from intone.recordings.vad import FRAME, Detector, SpeechRule
from intone.runtime import self_test_signal
from intone.windows import WindowRule
from made_model import example

RATE = audio.SAMPLE_RATE
MARGIN = round(SpeechRule().margin * RATE)
CALM = example("calm")
SILENCE = np.zeros(2 * RATE, np.float32)
RULE = WindowRule(length=RATE, hop=RATE // 2, spoken=True)


def passed(sound: np.ndarray, rule: WindowRule, sizes: list[int]) -> tuple[Windows, list]:
    """The windows of a sound that arrives in pieces, and what cut them."""
    passing, found, at = Windows(rule), [], 0
    for size in [*sizes, len(sound)]:
        found += passing.push(sound[at : at + size])
        at = min(at + size, len(sound))
    found += passing.finish()
    return passing, found[passing.silent :]


def test_silence_at_the_ends_is_left_out_but_for_a_margin():
    heard = spoken.only(np.concatenate([SILENCE, CALM, SILENCE]))
    assert len(CALM) / 2 < len(heard) < len(CALM) + 2 * MARGIN + FRAME


def test_a_long_pause_is_cut_to_two_margins():
    once = spoken.only(np.concatenate([SILENCE, CALM, SILENCE]))
    twice = spoken.only(np.concatenate([SILENCE, CALM, SILENCE, SILENCE, CALM, SILENCE]))
    assert len(twice) == pytest.approx(2 * len(once), abs=10 * FRAME)


@pytest.mark.parametrize("seconds", [0.1, 3])
def test_where_nobody_speaks_all_is_heard(seconds, rng):
    noise = (0.05 * rng.standard_normal(round(seconds * RATE))).astype(np.float32)
    assert spoken.only(noise) is noise
    passing, found = passed(noise, RULE, [])
    assert not passing.found
    np.testing.assert_array_equal([window.samples for window in found], spoken.cut(noise, RULE))


@settings(deadline=None, max_examples=20)
@given(
    before=st.integers(0, 40_000),
    pause=st.integers(0, 40_000),
    sizes=st.lists(st.integers(1, 60_000), max_size=8),
)
def test_pieces_of_any_size_give_the_windows_of_the_whole_clip(before, pause, sizes):
    quiet = np.zeros(max(before, pause), np.float32)
    sound = np.concatenate([quiet[:before], CALM, quiet[:pause], CALM[: RATE // 2], quiet[:before]])
    passing, found = passed(sound, RULE, sizes)
    assert passing.found
    np.testing.assert_array_equal([window.samples for window in found], spoken.cut(sound, RULE))
    for window in found:
        assert 0 <= window.start < window.stop <= len(sound)
        np.testing.assert_array_equal(window.samples[0], sound[window.start])


def test_a_rule_that_hears_all_leaves_nothing_out():
    sound = np.concatenate([SILENCE, CALM])
    rule = WindowRule(length=RATE, hop=RATE // 2)
    passing, found = passed(sound, rule, [5_000] * 4)
    assert passing.found
    assert not passing.silent
    assert [window.start for window in found] == windows.starts(len(sound), rule)
    np.testing.assert_array_equal([window.samples for window in found], windows.cut(sound, rule))


def test_once_speech_is_found_a_rule_that_hears_all_does_not_look_for_more(monkeypatch):
    heard: list[int] = []

    def push(self: Detector, samples: np.ndarray) -> np.ndarray:
        heard.append(len(samples))
        return np.full(len(samples) // FRAME, 0.9, np.float32)

    monkeypatch.setattr(Detector, "push", push)
    passed(SILENCE, WindowRule(length=RATE, hop=RATE), [RATE // 2] * 3)
    assert heard[:1] == [RATE // 2]
    assert sum(heard) < RATE


def test_nobody_speaks_in_the_signal_of_the_self_test():
    assert spoken.only(self_test_signal()) is not None
    assert not passed(self_test_signal(), RULE, [])[0].found


def test_the_bundled_model_answers_alike_with_silence_around():
    alone = intone.predict(CALM, sample_rate=RATE)
    among = intone.predict(np.concatenate([SILENCE, CALM, SILENCE]), sample_rate=RATE)
    assert runtime.load().description.window.spoken
    assert list(among.probabilities.values()) == pytest.approx(
        list(alone.probabilities.values()), abs=0.1
    )
    assert among.timeline[0].start >= 1.5
    assert among.timeline[-1].end <= 2.5 + len(CALM) / RATE
