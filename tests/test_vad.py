"""Speech is found as the stock Silero model finds it, and utterances are the same in any pieces."""

import hashlib
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intone.recordings.vad import FRAME, Detector, Part, SpeechRule, Utterances
from made_model import example

CALM = example("calm")

STOCK = [
    *(0.25661, 0.99788, 0.99645, 0.9998, 0.99943, 0.99998, 0.99995),
    *(0.99987, 0.9995, 0.99995, 0.99998, 0.99999, 0.9986, 0.01354),
]
"""every eighth of what silero-vad 6.2.3's own `silero_vad.onnx` gives for it, frame by frame"""

# A rule in frames: speech of 2 counts, a pause of 4 ends it, 1 is heard on either side.
RULE = SpeechRule(shortest=2 * 0.032, pause=4 * 0.032, margin=0.032)


def probabilities(text: str) -> np.ndarray:
    """One frame a letter: S speech, - none, ~ between the two thresholds."""
    return np.float32([{"S": 0.9, "~": 0.4, "-": 0.1}[letter] for letter in text])


def spans(text: str) -> list[tuple[int, int, int, int]]:
    """Utterances of a whole sound, in frames: heard from, to, spoken from, to."""
    utterances = Utterances(RULE)
    parts = utterances.push(probabilities(text)) + utterances.finish(
        np.zeros(0, np.float32), len(text) * FRAME
    )
    found, start = [], None
    for part in parts:
        start = part.start if start is None else start
        if part.speech:
            found.append(tuple(sample // FRAME for sample in (start, part.stop, *part.speech)))
            start = None
    return found


def test_the_model_is_the_one_that_its_licence_is_for():
    model = (files("intone.models") / "silero_vad.onnx").read_bytes()
    assert hashlib.sha256(model).hexdigest() == (
        "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85"
    )
    assert "Silero Team" in (files("intone.models") / "LICENSE-silero-vad.txt").read_text()


def test_frames_are_judged_as_by_the_stock_model(monkeypatch):
    monkeypatch.setattr(Detector, "_levelled", lambda self, frames: np.ascontiguousarray(frames))
    np.testing.assert_allclose(Detector().push(CALM)[::8], STOCK, atol=2e-4)


def test_noise_and_a_tone_are_no_speech(rng):
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 16_000)
    for sound in (0.05 * rng.standard_normal(48_000), tone, np.zeros(48_000)):
        assert Detector().push(sound.astype(np.float32)).max() < 0.5


@pytest.mark.parametrize("gain", [2.0**-7, 2.0**5])
def test_the_level_changes_nothing(gain):
    sound = np.concatenate([np.zeros(5_000, np.float32), CALM, 0.1 * CALM])
    np.testing.assert_allclose(
        Detector().push(np.float32(gain) * sound), Detector().push(sound), atol=1e-4
    )


def test_what_was_loud_is_forgotten_by_1_db_a_second():
    bang = np.random.default_rng(0).uniform(-1, 1, 16_000).astype(np.float32)
    soon, late = Detector(), Detector()
    soon.push(bang)
    late.push(np.concatenate([bang, np.zeros(40 * 16_000, np.float32)]))
    speech = np.float32(3e-4) * CALM / np.abs(CALM).max()
    assert late.push(speech).mean() > soon.push(speech).mean() + 0.2


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(0, 9_000), max_size=12))
def test_the_size_of_the_pieces_changes_nothing(sizes):
    whole, pieces = Detector(), Detector()
    expected = np.concatenate([whole.push(CALM), whole.finish()])
    cuts = np.cumsum([0, *sizes, len(CALM)])
    heard = [pieces.push(CALM[a:b]) for a, b in pairwise(cuts)]
    heard.append(pieces.finish())
    np.testing.assert_array_equal(np.concatenate(heard), expected)
    assert len(expected) == -(-len(CALM) // FRAME)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("--------", []),
        ("---SSS------", [(2, 7, 3, 6)]),
        ("SSS------", [(0, 4, 0, 3)]),
        ("---S------", []),  # too short
        ("---SS------", [(2, 6, 3, 5)]),
        ("--SSS---SSS-----", [(1, 12, 2, 11)]),  # the pause is too short
        ("--SSS----SSS-----", [(1, 6, 2, 5), (8, 13, 9, 12)]),
        ("--SSS~~~~~SS-----", [(1, 13, 2, 12)]),  # no pause has begun
        ("--SS-~~SS-----", [(1, 10, 2, 9)]),  # the pause ends with speech
        ("--SS-~~~S----", [(1, 5, 2, 4)]),  # and only with speech; then too short
        ("---SSSS", [(2, 7, 3, 7)]),  # the end of the sound
        ("---SSSS--", [(2, 8, 3, 7)]),
        ("---S", []),
    ],
)
def test_utterances_of_probabilities(text, expected):
    assert spans(text) == expected


def test_parts_come_as_soon_as_they_are_certain():
    utterances = Utterances(RULE)
    given_ = [utterances.push(probabilities(letter)) for letter in "-SSS--S-----"]
    frames = [[(p.start // FRAME, p.stop // FRAME, p.speech) for p in parts] for parts in given_]
    assert frames == [
        [],
        [],
        [(0, 3, None)],
        [(3, 4, None)],
        [(4, 5, None)],
        [],
        [(5, 7, None)],
        [(7, 8, None)],
        [],
        [],
        [(8, 8, (1 * FRAME, 7 * FRAME))],
        [],
    ]


@given(
    text=st.text("S-~", max_size=60),
    sizes=st.lists(st.integers(0, 20), max_size=8),
    rest=st.integers(0, FRAME - 1),
)
def test_pieces_of_probabilities_give_the_same_utterances(text, sizes, rest):
    def heard(pieces: list[np.ndarray]) -> list[tuple[int, int, tuple[int, int]]]:
        utterances, parts = Utterances(RULE), []
        for piece in pieces:
            needed = utterances.needed
            new = utterances.push(piece)
            assert all(part.start >= needed for part in new)
            parts += new
        last = probabilities("S")[: 1 if rest else 0]
        total = len(text) * FRAME + rest
        return joined(parts + utterances.finish(last, total), total)

    cuts = np.cumsum([0, *sizes, len(text)])
    whole = probabilities(text)
    pieces = [whole[a:b] for a, b in pairwise(cuts)]
    assert heard(pieces) == heard([whole])


def joined(parts: list[Part], total: int) -> list[tuple[int, int, tuple[int, int]]]:
    """Each utterance: heard from, to, and spoken; its parts must follow each other."""
    found, start, stop = [], None, 0
    for part in parts:
        if start is None:
            assert part.start >= stop
            start = part.start
        else:
            assert part.start == stop
        assert start <= part.start <= part.stop <= total
        stop = part.stop
        if part.speech:
            assert start <= part.speech[0] < part.speech[1] <= stop
            found.append((start, stop, part.speech))
            start = None
    assert start is None
    return found


def test_margins_that_would_overlap_are_refused():
    with pytest.raises(ValueError, match="margin is 0.5"):
        SpeechRule(pause=0.4, margin=0.5)
