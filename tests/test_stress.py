"""Conditions do what they say, and what is lost in them is counted right."""

from collections import Counter

import numpy as np
import pytest

from conftest import made_voice
from intone.assessment.listening import Listener
from intone.assessment.stress import TALK, Babble, BabbleParameters, stress, talk
from intone.evaluation import Scores

LABELS = ("soft", "loud")


@pytest.fixture(scope="module")
def clips() -> dict[str, np.ndarray]:
    """Forty voices, every other one ten times as loud."""
    rng = np.random.default_rng(1)
    return {
        f"made/{n:02}": made_voice(rng.uniform(90, 300), 0.5, rng) * np.float32(0.1 if n % 2 else 1)
        for n in range(40)
    }


@pytest.fixture
def scores(clips) -> Scores:
    truth = np.array([0 if n % 2 else 1 for n in range(len(clips))])
    return Scores(
        ids=tuple(clips),
        labels=LABELS,
        truth=truth,
        probabilities=np.eye(2, dtype=np.float32)[truth],
        speakers=tuple(f"made/{n % 10}" for n in range(len(clips))),
    )


def by_level(name: str, heard: Counter) -> Listener:
    """Calls loud what is louder than a threshold between the two kinds."""

    def answer(id, samples):
        heard[id] += 1
        return np.eye(2, dtype=np.float32)[int(np.sqrt(np.mean(samples**2)) > 0.05)]

    return Listener(name, 1, answer)


def test_what_hears_level_alone_loses_all_by_gain_and_nothing_by_tempo(clips, scores):
    heard = Counter()
    told = stress(by_level("all", heard), scores, clips, most=200)
    assert (told.clips, told.of_clips) == (30, 40)
    assert told.clean.value == 1
    by_name = {one.name: one for one in told.conditions}
    softest = by_name["gain, −30 dB"]
    assert (softest.uar.value, softest.lost) == (0.5, 0.5)
    drawn = [n for n, id in enumerate(clips) if id in heard]
    assert softest.changed == pytest.approx(np.mean([n % 2 == 0 for n in drawn]))
    for name in ("telephone, 8 kHz, mu-law", "MP3, 32 kbit/s", "white noise, 20 dB",
                 "reverberation, 0.8 s", "pitch, +2 semitones", "babble, 10 dB"):  # fmt: skip
        assert (by_name[name].lost, by_name[name].changed) == (0, 0)
    assert {one.family for one in told.conditions} == {"channel", "noise", "room", "level", "voice"}
    assert len(by_name) == len(told.conditions) == 19
    assert set(heard.values()) == {20}


def test_at_most_so_many_clips_are_drawn_and_the_same_ones_again(clips, scores):
    first, second = Counter(), Counter()
    told = stress(by_level("first", first), scores, clips, most=5)
    assert told.clips == len(first) == 5
    stress(by_level("second", second), scores, clips, most=5)
    assert first == second
    other = Counter()
    stress(by_level("other", other), scores, clips, most=5, seed=1)
    assert {*other} != {*first}


def test_a_handful_of_clips_says_nothing(clips, scores):
    few = scores.where(np.arange(40) < 7)
    assert stress(by_level("few", Counter()), few, clips, most=200) is None


def test_babble_is_many_voices_at_the_ratio_that_is_asked(clips, rng):
    spoken = talk([*clips.values()], rng)
    assert spoken.shape == (TALK,)
    assert 10 * np.log10(np.mean(spoken**2)) == pytest.approx(10 * np.log10(6), abs=1)
    signal = clips["made/00"]
    babble = Babble(low=10, high=10, talk=spoken, digest="x")
    for start in (0, TALK - 100):
        added = babble.apply(signal, BabbleParameters(10, start)).astype(np.float64) - signal
        ratio = 10 * np.log10(np.mean(signal.astype(np.float64) ** 2) / np.mean(added**2))
        assert ratio == pytest.approx(10, abs=0.01)
        stretch = np.concatenate([spoken, spoken])[start : start + len(signal)]
        assert np.corrcoef(added, stretch)[0, 1] == pytest.approx(1, abs=1e-6)
    drawn = [babble.draw(rng) for _ in range(50)]
    assert {one.snr for one in drawn} == {10}
    assert len({one.start for one in drawn}) > 40
    assert repr(babble) == "Babble(kind='babble', low=10, high=10, digest='x')"
