"""What a run or a model answers to changed sound, and that it is asked once."""

from dataclasses import dataclass

import numpy as np
import pytest

from conftest import made_voice
from intone import runtime
from intone.assessment import listening
from intone.assessment.listening import Listener, Unchanged


@dataclass(frozen=True)
class Louder:
    times: float

    def __call__(self, id, samples):
        return samples * np.float32(self.times)


@pytest.fixture
def asked() -> list:
    return []


@pytest.fixture
def listener(asked, request) -> Listener:
    """Says how loud a clip is."""

    def answer(id, samples):
        asked.append((id, len(samples)))
        peak = float(np.abs(samples).max())
        return np.array([peak, 1 - peak], np.float32)

    return Listener(request.node.name, 1, answer)


CLIPS = {"a": np.full(2000, 0.25, np.float32), "b": np.full(3000, 0.5, np.float32)}


def test_every_clip_is_heard_in_every_change_once(listener, asked):
    changes = {"as it is": Unchanged(), "louder": Louder(2)}
    heard = listener.hear(CLIPS, changes)
    np.testing.assert_array_equal(heard["as it is"], [[0.25, 0.75], [0.5, 0.5]])
    np.testing.assert_array_equal(heard["louder"], [[0.5, 0.5], [1, 0]])
    assert len(asked) == 4
    again = listener.hear(CLIPS, changes)
    assert len(asked) == 4
    np.testing.assert_array_equal(again["louder"], heard["louder"])


def test_other_sound_other_changes_and_other_weights_are_heard_anew(listener, asked):
    listener.hear(CLIPS, {"": Louder(2)})
    listener.hear(CLIPS, {"": Louder(1.5)})
    assert len(asked) == 4
    listener.hear({"a": CLIPS["b"]}, {"": Louder(2)})
    assert len(asked) == 5
    Listener("others", 1, listener.answer).hear(CLIPS, {"": Louder(2)})
    assert len(asked) == 7


def test_what_became_too_short_is_padded(listener, asked):
    listener.hear({"a": np.ones(100, np.float32)}, {"": Unchanged()})
    assert asked == [("a", 1600)]


def test_a_model_file_answers_as_it_predicts(rng):
    model = runtime.load()
    voice = made_voice(200, 1.0, rng)
    expected = model.predict(voice, sample_rate=16_000).probabilities
    given = listening.of_model(model).answer("any", voice)
    assert given.tolist() == pytest.approx([*expected.values()])


def test_speed_is_the_median_of_answers_after_one(asked, monkeypatch):
    clock = iter([0, 0.010, 1, 1.030, 2, 2.020])
    monkeypatch.setattr(listening.time, "perf_counter", lambda: next(clock))
    counted = Listener("x", 2, lambda id, samples: asked.append(id))
    speed = counted.speed({name: np.ones(10, np.float32) for name in "abcd"})
    assert asked == [*"abcd"]
    assert speed.milliseconds == pytest.approx(20)
    assert speed.threads == 2
