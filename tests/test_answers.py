"""Answers as other programs read them: exact rows, and the same in every format."""

import csv
import io
import json

import numpy as np
import pytest

from intone.report import answers, timeline_text
from intone.report.text import heard

LABELS = ["calm", "a<b"]


def said(calm: float) -> dict[str, object]:
    """What an answer says; a label is a candidate from 0.4 on."""
    shares = {"calm": calm, "a<b": 1 - calm}
    ranked = sorted(shares, key=shares.__getitem__, reverse=True)
    candidates = [label for label in ranked if shares[label] >= 0.4]
    return {
        "emotion": ranked[0],
        "candidates": candidates,
        "unsure": len(candidates) > 1,
        "probabilities": shares,
    }


def prediction(source: str, calm: float, *warnings: str) -> dict[str, object]:
    return {
        **said(calm),
        "source": source,
        "timeline": [],
        "seconds": 2.25,
        "model": "m",
        "warnings": [*warnings],
    }


def segment(start: float, end: float, calm: float) -> dict[str, object]:
    return {**said(calm), "start": float(start), "end": float(end)}


def timeline(*segments: dict[str, object], channel: int | None = None) -> dict[str, object]:
    return {
        "source": "call\n1.wav",
        "seconds": 4_000.0,
        "model": "m & co",
        "hop": 1.5,
        "smoothing": {"kind": "causal", "seconds": 2.0},
        "segments": [*segments],
        "utterances": [],
        "windows": [],
        "channel": channel,
        "warnings": ["breaks off at 66 s"],
        "peaks": [],
    }


TWO = [prediction("a, b.wav", 0.75), prediction("c.wav", 0.25, "clipping", "digital silence")]
CALL = [
    timeline(segment(0.5, 2, 0.75), segment(3_605.25, 3_606.0004, 0.4), channel=1),
    timeline(segment(1, 3, 0.1), channel=2),
]


def test_predictions_are_a_row_each():
    names = answers.names(LABELS, timeline=False)
    assert "".join(answers.csv(TWO, names)) == (
        "source,emotion,candidates,unsure,calm,a<b,seconds,warnings\n"
        '"a, b.wav",calm,calm,False,0.750000,0.250000,2.250,\n'
        "c.wav,a<b,a<b,False,0.250000,0.750000,2.250,clipping; digital silence\n"
    )


def test_timelines_are_a_row_a_segment():
    text = "".join(answers.csv(CALL, answers.names(LABELS, timeline=True)))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["channel"], row["start"], row["end"], row["emotion"]) for row in rows] == [
        ("1", "0.500", "2.000", "calm"),
        ("1", "3605.250", "3606.000", "a<b"),
        ("2", "1.000", "3.000", "a<b"),
    ]
    assert [(row["candidates"], row["unsure"]) for row in rows] == [
        ("calm", "False"),
        ("a<b; calm", "True"),
        ("a<b", "False"),
    ]
    assert rows[1]["a<b"] == "0.600000"
    assert rows[0]["source"] == "call\n1.wav"


def test_without_answers_there_are_still_columns():
    names = answers.names(LABELS, timeline=True)
    empty = [timeline()]
    assert "".join(answers.csv(empty, names)) == (
        "source,channel,start,end,emotion,candidates,unsure,calm,a<b\n"
    )


def test_json_is_one_list_and_json_lines_a_line_each():
    assert "".join(answers.json_list(TWO)) == json.dumps(TWO, indent=1) + "\n"
    lines = "".join(answers.json_lines(CALL)).splitlines()
    assert [json.loads(line) for line in lines] == CALL


def test_parquet_holds_the_same_rows(tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(answers, "_ROWS_AT_ONCE", 2)
    for records, is_timeline in ((TWO, False), (CALL, True)):
        names = answers.names(LABELS, timeline=is_timeline)
        with (tmp_path / "a.parquet").open("wb") as file:
            answers.parquet(records, names, file)
        table = parquet.read_table(tmp_path / "a.parquet")
        assert table.column_names == names
        expected = [row for record in records for row in answers.rows(record)]
        assert table.to_pylist() == [{name: row[name] for name in names} for row in expected]


def test_a_table_is_a_line_a_file_with_notes_where_there_are_any():
    lines = answers.table(TWO, LABELS).splitlines()
    assert lines == [
        "file      emotion  calm   a<b                       note",
        "a, b.wav  calm     75 %  25 %",
        "c.wav     a<b      25 %  75 %  clipping, digital silence",
    ]
    assert "note" not in answers.table(TWO[:1], LABELS)


def test_who_is_unsure_names_more_than_one():
    rest = {"angry": 0.2, "sad": 0.1}
    answer = {**said(0.5), "probabilities": {"calm": 0.4, "a<b": 0.3, **rest}}
    assert heard(answer) == "calm or a<b?"
    assert heard({**answer, "candidates": ["calm", "a<b", "angry"]}) == "calm, a<b, …?"
    silent = {**answer, "candidates": [], "unsure": None}
    assert heard(silent) == "calm"
    record = {**TWO[0], **silent}
    text = "".join(answers.csv([record], answers.names(LABELS, timeline=False)))
    assert text.splitlines()[1].startswith('"a, b.wav",calm,,,0.4')


def test_a_timeline_is_a_table_that_says_how_it_was_made():
    first, second = timeline_text.table(CALL).split("\n\n")
    assert first.splitlines() == [
        "channel 1 of call\\n1.wav: m & co, every 1.5 s, smoothed with what came before, over 2 s",
        "start      end        emotion       share",
        "0:00:00.5  0:00:02.0  calm           75 %",
        "1:00:05.2  1:00:06.0  a<b or calm?   60 %",
        "speech in 2.3 of 4000.0 s: calm 67 %, a<b 33 %",
        "note: breaks off at 66 s",
    ]
    assert second.splitlines()[2] == "0:00:01.0  0:00:03.0  a<b       90 %"


def test_a_timeline_without_speech_is_one_line_and_its_notes():
    assert timeline_text.table([timeline()]).splitlines()[1:] == ["note: breaks off at 66 s"]


def test_captions_are_webvtt_in_order_with_channels_as_voices():
    assert timeline_text.webvtt(CALL) == (
        "WEBVTT\n"
        "\n"
        "NOTE\n"
        "call\\n1.wav: m &amp; co, every 1.5 s, smoothed with what came before, over 2 s\n"
        "\n"
        "00:00:00.500 --> 00:00:02.000\n"
        "<v channel 1>calm 75 %\n"
        "\n"
        "00:00:01.000 --> 00:00:03.000\n"
        "<v channel 2>a&lt;b 90 %\n"
        "\n"
        "01:00:05.250 --> 01:00:06.000\n"
        "<v channel 1>a&lt;b or calm? 60 %\n"
    )


def test_no_arrow_can_end_a_note_of_captions():
    named = {**CALL[0], "source": "a --> b.wav"}
    note = timeline_text.webvtt([named]).split("\n\n")[1]
    assert "-->" not in note


@pytest.mark.parametrize("seconds", [0.0, 59.9996, 3_599.9999, 86_399.5, 100_000.0])
def test_clocks_never_show_sixty(seconds):
    hours, minutes, rest = timeline_text._stamp(seconds).split(":")
    assert int(minutes) < 60
    assert float(rest) < 60
    assert np.isclose(int(hours) * 3600 + int(minutes) * 60 + float(rest), seconds, atol=6e-4)
