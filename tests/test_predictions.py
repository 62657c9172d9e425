"""Prediction files: what others write is scored, whole or not at all."""

import numpy as np
import pytest

from intone import predictions
from intone.errors import DataError
from intone.evaluation import Scores, evaluate

TRUTH = {"a/1": "sad", "a/2": "happy", "a/3": "sad"}
SPEAKERS = {"a/1": "a/x", "a/2": "a/y", "a/3": None}


def written(path, text):
    file = path / "predictions.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_becomes_scores(tmp_path):
    file = written(
        tmp_path, "\ufeffid,happy,sad\r\na/3,0.25,0.75\r\na/1,0.5,0.5\r\na/2,0.9,0.1\r\n"
    )
    scores = predictions.read(file, TRUTH, SPEAKERS)
    assert scores.ids == ("a/3", "a/1", "a/2")
    assert scores.labels == ("happy", "sad")
    assert scores.truth.tolist() == [1, 1, 0]
    assert scores.speakers == (None, "a/x", "a/y")
    expected = np.array([[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]], np.float32)
    np.testing.assert_array_equal(scores.probabilities, expected)
    assert evaluate(scores, protocol="made", stamp="made").uar.value == pytest.approx(0.75)


def test_our_own_file_is_read_bit_by_bit(tmp_path, rng):
    odds = rng.exponential(size=(3, 2)).astype(np.float32)
    scores = Scores(
        ids=tuple(TRUTH),
        labels=("happy", "sad"),
        truth=np.array([1, 0, 1]),
        probabilities=odds / odds.sum(1, keepdims=True),
        speakers=tuple(SPEAKERS.values()),
    )
    again = predictions.read(written(tmp_path, predictions.to_csv(scores)), TRUTH, SPEAKERS)
    assert again.ids == scores.ids
    np.testing.assert_array_equal(again.probabilities, scores.probabilities)


LINES = "a/1,0.5,0.5\na/2,0.9,0.1\na/3,0.2,0.8\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: write id and then the labels"),
        (f"clip,happy,sad\n{LINES}", "line 1: write id and then the labels"),
        (f"id,sad,sad\n{LINES}", "line 1: write id and then the labels"),
        ("id,sad\na/1,1\n", "line 1: write id and then the labels"),
        (f"id,happy,angry\n{LINES}", "line 1: no column for the label sad"),
        ("id,happy,sad\na/1,0.5,0.5\n", "2 of 3 clips have no line, first a/2"),
        (f"id,happy,sad\n{LINES}a/4,0.5,0.5\n", "1 clips are not to be scored, first a/4"),
        (f"id,happy,sad\n{LINES}a/1,0.5,0.5\n", "line 5: a/1 stands there twice"),
        ("id,happy,sad\na/1,0.5,half\n", "line 2: could not convert .* 'half'"),
        ("id,happy,sad\na/1,0.5\n", "line 2: 1 probabilities for 2 labels"),
        (f"id,happy,sad\n{LINES.replace('0.9', '0.8')}", "a/2: the probabilities must"),
        (f"id,happy,sad\n{LINES.replace('0.9', 'nan')}", "a/2: the probabilities must"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(text, words, tmp_path):
    with pytest.raises(DataError, match=words) as error:
        predictions.read(written(tmp_path, text), TRUTH, SPEAKERS)
    assert "\n" not in str(error.value)


def test_what_is_no_text_is_refused(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        predictions.read(tmp_path / "absent.csv", TRUTH, SPEAKERS)
    (tmp_path / "binary.csv").write_bytes(b"id,happy\xff\xfe")
    with pytest.raises(DataError, match="UTF-8"):
        predictions.read(tmp_path / "binary.csv", TRUTH, SPEAKERS)
