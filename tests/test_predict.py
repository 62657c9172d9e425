"""`intone predict` on long recordings and on many files, killed or not."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

import intone
from broken import encoded
from intone.cli import predict as verb
from made_model import RATE, example, quiet, talk


@pytest.fixture(scope="module")
def call(tmp_path_factory) -> Path:
    """A stereo call: the customer speaks 4 s after the agent."""
    path = tmp_path_factory.mktemp("call") / "call.wav"
    agent = np.concatenate([talk(), quiet(4)])
    customer = np.concatenate([quiet(4), talk()])
    soundfile.write(path, np.stack([agent, customer], axis=1), RATE)
    return path


def lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n") if text else []


# --- timelines ------------------------------------------------------------------------------------


def test_a_timeline_is_the_one_that_python_gives(run, call):
    code, out, _ = run("predict", call, "--timeline", "--format", "json")
    assert code == 0
    expected = intone.load().timeline(call).to_dict()
    assert json.loads(out) == [json.loads(json.dumps(expected))]
    _, table, err = run("predict", call, "--timeline")
    assert lines(table)[1].split() == ["start", "end", "emotion", "share"]
    assert len(lines(table)) == 3 + len(expected["segments"])
    assert "trained on" in err


def test_channels_are_heard_apart_and_drawn(run, call, tmp_path):
    picture = tmp_path / "call.svg"
    options = ["--timeline", "--channels", "separate", "--picture", picture]
    code, out, err = run("predict", call, *options, "--format", "csv", "-q")
    assert code == 0, err
    rows = list(csv.DictReader(io.StringIO(out)))
    starts = {c: [float(r["start"]) for r in rows if r["channel"] == c] for c in ("1", "2")}
    assert starts["2"][0] == pytest.approx(starts["1"][0] + 4, abs=0.1)
    texts = [node.text for node in ElementTree.parse(picture).iter() if node.text]
    assert {"channel 1", "channel 2", "no speech", "0:05"} <= set(texts)


def test_captions_are_written_by_the_name_of_the_output(run, call, tmp_path):
    code, out, _ = run("predict", call, "--timeline", "--output", tmp_path / "call.vtt")
    assert (code, out) == (0, "")
    head, note, *cues = (tmp_path / "call.vtt").read_text().split("\n\n")
    assert head == "WEBVTT"
    assert str(call) in note
    assert all("-->" in cue for cue in cues)
    assert [path.name for path in tmp_path.iterdir()] == ["call.vtt"]


def test_smoothing_hop_and_baseline_reach_the_timeline(run, call, tmp_path):
    soundfile.write(tmp_path / "usual.wav", example("calm"), RATE)
    options = ["--timeline", "--smoothing", "causal", "--hop", "0.5", "--format", "jsonl"]
    _, out, _ = run("predict", call, *options, "--baseline", tmp_path / "usual.wav")
    filed = json.loads(out)
    assert filed["smoothing"]["kind"] == "causal"
    assert filed["hop"] == 0.5
    assert filed["model"].endswith(f"relative to {tmp_path / 'usual.wav'}")
    _, out, _ = run("predict", call, *options, "--baseline", "first:6")
    assert json.loads(out)["model"].endswith("relative to the first 6 s")
    _, out, _ = run("predict", call, "--baseline", tmp_path / "usual.wav", "--format", "json")
    assert json.loads(out)[0]["model"] == filed["model"]


def test_a_recording_that_breaks_off_is_answered_and_said_so(run, call, tmp_path):
    (tmp_path / "cut.wav").write_bytes(call.read_bytes()[: 44 + 4 * 8 * RATE])
    code, out, _ = run("predict", tmp_path / "cut.wav", "--timeline")
    assert code == 0
    assert "note: breaks off at 8.00 s (truncated" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hop", "1"], "add --timeline"),
        (["--channels", "separate"], "add --timeline"),
        (["--picture", "a.svg"], "add --timeline"),
        (["--baseline", "first:60"], "add --timeline"),
        (["--format", "vtt"], "add --timeline"),
        (["--timeline", "--picture", "a.pdf"], "as .svg or .png"),
        (["--timeline", "--picture", "no/a.svg"], "there is no folder no"),
        (["--output", "no/a.csv"], "there is no folder no"),
        (["--output", "/"], "is a folder; name a file"),
        (["--timeline", "--hop", "100"], "a hop of 100 s: give 0.01 to"),
        (["--timeline", "--baseline", "first:"], "write first:120"),
        (["--baseline", "no.wav"], "no.wav: no such file"),
        (["--format", "parquet"], "add --output FILE"),
        (["--resume"], "--output"),
        (["--jobs", "0"], "--jobs"),
        (["--smoothing", "much"], "much"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_heard(run, call, tmp_path, arguments, message):
    code, out, err = run("predict", call, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(lines(err)) == 1


def test_a_picture_and_captions_are_of_one_recording(run, call):
    for option in (["--picture", "a.svg"], ["--format", "vtt"]):
        code, _, err = run("predict", call, call.parent / "x.wav", "--timeline", *option)
        assert code == 2
        assert "name one file" in err


# --- many files -----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path) -> Path:
    """120 clips, 6 of them broken; one is named as no table would like."""
    folder = tmp_path / "clips"
    (folder / "sub").mkdir(parents=True)
    for number in range(120):
        name = f"sub/{number}, é.wav" if number % 10 == 3 else f"{number}.wav"
        sound = encoded("WAV", seconds=0.5)
        (folder / name).write_bytes(sound[:-9] if number % 20 == 7 else sound)
    return folder


def test_many_files_are_answered_once_each_in_processes_and_failures_named(run, folder, tmp_path):
    output = tmp_path / "answers.parquet"
    code, out, err = run("predict", folder, "--jobs", 2, "--output", output, "-q")
    assert (code, out) == (2, "")
    failed = [line for line in lines(err) if line.startswith("intone: ")]
    assert len(failed) == 6
    assert all("truncated" in line for line in failed)
    from pyarrow import parquet

    table = parquet.read_table(output).to_pydict()
    assert len(set(table["source"])) == len(table["source"]) == 114
    _, alone, _ = run("predict", folder / "0.wav", "--format", "json")
    expected = json.loads(alone)[0]["probabilities"]
    for label, share in expected.items():
        assert table[label][table["source"].index(str(folder / "0.wav"))] == pytest.approx(share)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.parquet", "clips"]


def test_killed_twice_every_file_is_answered_once(run, folder, tmp_path):
    output = tmp_path / "answers.jsonl"
    output.write_text("what was there before\n")
    command = [sys.executable, "-m", "intone", "predict", folder, "--jobs", "2", "--output", output]
    journal = tmp_path / "answers.jsonl.journal"
    done = 0
    for options in ([], ["--resume"]):
        done = killed_after([*command, "-q", *options], journal, done + 15)
        assert output.read_text() == "what was there before\n"
    assert done < 100
    code, _, err = run("predict", folder, "--output", output, "-q")
    assert code == 2
    assert "go on with --resume, or delete it" in err
    code, _, err = run("predict", folder, "--output", output, "-q", "--resume", "--hop", "1")
    assert "add --timeline" in err
    code, _, err = run("predict", folder, "--output", output, "-q", "--resume", "--jobs", 2)
    assert code == 2
    assert len([line for line in lines(err) if "truncated" in line]) == 6
    sources = [json.loads(line)["source"] for line in output.read_text().splitlines()]
    assert len(set(sources)) == len(sources) == 114
    assert not journal.exists()


def killed_after(command: list[object], journal: Path, entries: int) -> int:
    """Run a command and kill it once its journal has so many entries; gives how many it has."""
    process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not journal.exists() or journal.read_bytes().count(b"\n") <= entries:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    return journal.read_bytes().count(b"\n") - 1


def test_a_file_that_is_named_twice_is_answered_once(run, call):
    code, out, _ = run("predict", call, call.parent, call, "--format", "jsonl")
    assert code == 0
    assert len(lines(out)) == 1


def test_only_failures_leave_no_output(run, tmp_path):
    code, out, err = run("predict", tmp_path / "no.wav", "--output", tmp_path / "a.csv")
    assert (code, out) == (2, "")
    assert "no such file" in err
    assert list(tmp_path.iterdir()) == []


def test_the_choices_on_the_command_line_are_those_of_the_library():
    from typing import get_args, get_type_hints

    from intone.recordings.timeline import KINDS

    hints = get_type_hints(verb.predict)
    assert get_args(hints["smoothing"]) == KINDS


def test_where_nobody_speaks_there_is_a_note_and_no_row(run, tmp_path):
    soundfile.write(tmp_path / "quiet.wav", quiet(3), RATE)
    code, out, _ = run("predict", tmp_path / "quiet.wav", "--timeline")
    assert code == 0
    assert lines(out)[1:] == ["note: no speech found"]
    code, out, _ = run("predict", tmp_path / "quiet.wav", "--timeline", "--format", "csv")
    assert len(lines(out)) == 1
    options = ["--timeline", "--picture", tmp_path / "quiet.png", "-q"]
    assert run("predict", tmp_path / "quiet.wav", *options)[0] == 0
    assert (tmp_path / "quiet.png").read_bytes().startswith(b"\x89PNG")
