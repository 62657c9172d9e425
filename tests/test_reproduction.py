"""The source reports' systems again: as they split their clips, and for unseen speakers."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest

from intone import augment, corpora, experiment, reproduction, runs
from intone.errors import DataError, IntoneError, LeakError
from intone.recipe import Recipe, shipped
from intone.report.reproduction import table
from intone.reproduction import Row, Setup, SourceReport

NOISE = "augment.copies=[{kind='noise'},{kind='noise'}]"
WITH_COPIES = ("protocol.name=random-with-copies", "protocol.folds=1", "protocol.test=0.25")


@pytest.fixture(scope="module")
def clips(made_corpus):
    return corpora.read("folder", made_corpus, speaker="(s[0-7])-")


@pytest.fixture
def setup(clips, made_corpus, tmp_path) -> Setup:
    places = [f"folder={made_corpus}"]
    return Setup(
        clips=clips,
        sources={"data": places, "unlabelled": [], "speaker": "(s[0-7])-"},
        folder=tmp_path / "runs",
        changes=("training.epochs=1",),
    )


def report_of(*rows: Row, **protocol) -> SourceReport:
    return SourceReport(title="made", caution="none", protocol=protocol, rows=rows)


# What the reports say.


def test_every_row_of_the_reports_is_there():
    known = {letter: {row.id for row in own.rows} for letter, own in reproduction.reports().items()}
    last = {"A": 11, "B": 8, "C": 5, "D": 7, "E": 5}
    assert known == {
        letter: {f"{letter}{number}" for number in range(1, count + 1)}
        for letter, count in last.items()
    }


def test_a_row_has_a_recipe_or_says_why_not():
    for report in reproduction.reports().values():
        for row in report.rows:
            assert row.recipe or row.note, row.id
            assert {row.recipe, *row.also} - {""} <= set(shipped()), row.id
            assert all(value is None or 0 < value < 1 for value in (row.accuracy, row.macro_f1))


def test_every_recipe_of_a_report_is_in_its_row():
    rows = {
        name: row.id
        for report in reproduction.reports().values()
        for row in report.rows
        for name in (row.recipe, *row.also)
    }
    for name, path in shipped().items():
        if (row := Recipe.load(path).report) and name[0] == row[0].lower():
            assert rows.get(name, row) == row, name


def test_figures_are_those_of_the_reports_themselves():
    found = {row.recipe: row for own in reproduction.reports().values() for row in own.rows}
    assert (found["a/a1"].accuracy, found["a/a1"].macro_f1) == (0.7137, 0.7329)
    assert found["d/d5-fc300"].accuracy == 0.9755
    assert found["c/c3-mfcc"].accuracy == 0.5875
    assert reproduction.find("d").protocol == {
        "name": "random-with-copies",
        "folds": 1,
        "test": 0.25,
    }


@pytest.mark.parametrize("letter", ["X", "AB", ""])
def test_no_such_report(letter):
    with pytest.raises(DataError, match="no report .*; there are A, B, C, D, E"):
        reproduction.find(letter)


def test_rows_are_chosen_by_their_ids():
    report = reproduction.find("A")
    assert {row.id for row in report.chosen(["A2", "A7"])} == {"A2", "A7"}
    assert report.chosen([]) == report.rows
    with pytest.raises(DataError, match="no row A12; the report has A1, A2"):
        report.chosen(["A12"])


# Reproducing.


def test_trains_as_reported_and_for_unseen_speakers(setup, tiny_recipe):
    row = Row(id="Z1", system="tiny", recipe=str(tiny_recipe), accuracy=0.9)
    report = report_of(row, name="random", folds=1, test=0.25)
    [outcome] = reproduction.reproduce(report, report.rows, setup)
    assert outcome.state == "done"
    assert outcome.shared["stamp"] == "speaker-dependent"
    assert outcome.shared["of_folds"] == 1
    assert outcome.unseen["stamp"] == "unseen speakers"
    assert outcome.unseen["folds"] == [0, 1]
    assert 0 < outcome.unseen["seconds_per_clip"] < 1
    assert {path.name for path in setup.folder.iterdir()} == {"tiny", "tiny-as-reported"}
    words = shlex.split(outcome.shared["command"])
    assert words[:5] == ["intone", "train", str(tiny_recipe), "--data", "folder=DIR"]
    assert words[-1] == "--allow-leak"
    assert "protocol.test=0.25" in words

    text = table([outcome])
    [cells] = [line.split() for line in text.splitlines() if line.startswith("Z1")]
    uar = outcome.unseen["report"]["uar"]
    assert cells[1:3] == ["tiny", "90.0"]
    assert "speaker-dependent" in cells
    assert f"({100 * uar['low']:.1f}-{100 * uar['high']:.1f})" in cells
    assert f"{outcome.unseen['parameters']:,}" in cells


def test_goes_on_where_it_stopped(setup, tiny_recipe):
    report = report_of(Row(id="Z1", system="tiny", recipe=str(tiny_recipe)))
    first = replace(setup, folds=1)
    [outcome] = reproduction.reproduce(report, report.rows, first)
    assert outcome.shared is None
    assert outcome.unseen["folds"] == [0]
    assert shlex.split(outcome.unseen["command"])[-2:] == ["--fold", "0"]
    weights = setup.folder / "tiny" / "fold-0-seed-0" / "net.pt"
    written = weights.stat().st_mtime_ns
    [outcome] = reproduction.reproduce(report, report.rows, setup)
    assert outcome.unseen["folds"] == [0, 1]
    assert weights.stat().st_mtime_ns == written


def test_a_row_that_fails_stops_no_other(setup, tiny_recipe, tmp_path):
    sessions = tmp_path / "sessions.toml"
    sessions.write_text(tiny_recipe.read_text().replace("unseen-speakers", "leave-one-session-out"))
    report = report_of(
        Row(id="Z1", system="by session", recipe=str(sessions)),
        Row(id="Z2", system="a study", note="see elsewhere"),
        Row(id="Z3", system="tiny", recipe=str(tiny_recipe)),
    )
    outcomes = list(reproduction.reproduce(report, report.rows, setup))
    assert "the session of" in outcomes[0].failure
    assert outcomes[2].unseen is not None
    lines = table(outcomes).splitlines()
    assert lines[1].startswith("Z3")
    assert lines[-2].startswith("Z1  by session: protocol leave-one-session-out")
    assert lines[-1] == "Z2  a study: see elsewhere"


def test_unlabelled_clips_are_for_recipes_that_pretrain(setup, tiny_recipe, clips):
    report = report_of(Row(id="Z1", system="tiny", recipe=str(tiny_recipe)))
    other = replace(setup, unlabelled=clips[:2], sources={**setup.sources, "unlabelled": ["x=y"]})
    [outcome] = reproduction.reproduce(report, report.rows, other)
    assert outcome.failure == ""
    assert "--unlabelled" not in outcome.unseen["command"]


def test_the_command(run, made_corpus, tiny_recipe, tmp_path, monkeypatch):
    reports = tmp_path / "reports.toml"
    reports.write_text(
        f"""
        [Z]
        title = "made"
        caution = "Voices are shared."
        protocol = {{ name = "random", folds = 1, test = 0.25 }}
        rows = [
          {{ id = "Z1", system = "tiny", recipe = "{tiny_recipe}", accuracy = 0.5 }},
          {{ id = "Z2", system = "other", note = "another day" }},
        ]
        """
    )
    monkeypatch.setattr(reproduction, "REPORTS", reports)
    data = ["--data", f"folder={made_corpus}", "--output", tmp_path / "out", "--epochs", 1]
    code, out, err = run("reproduce", "z", *data)
    assert code == 0
    assert "Voices are shared." in err
    assert out.splitlines()[-1] == "Z2  other: another day"
    record = json.loads((tmp_path / "out" / "tiny" / "record.json").read_text())
    assert record["recipe"]["training"]["epochs"] == 1

    code, out, err = run("reproduce", "Z", *data, "--rows", "Z2, Z2,")
    assert (code, out) == (0, "Z2  other: another day\n")
    code, out, err = run("reproduce", "Z", *data, "--rows", "Z3")
    assert (code, out, err) == (2, "", "intone: no row Z3; the report has Z1, Z2\n")
    code, out, _ = run("reproduce", "Z", *data, "--set", "protocol.name=leave-one-session-out")
    assert code == 1
    assert "the session of" in out


def test_an_unknown_key_is_an_error_by_name(tmp_path, monkeypatch):
    reports = tmp_path / "reports.toml"
    reports.write_text('[Z]\ntitle="a"\ncaution="b"\nprotocol={}\nrows=[{id="Z1",sytem="x"}]')
    monkeypatch.setattr(reproduction, "REPORTS", reports)
    with pytest.raises(IntoneError, match="a row of report Z: unknown setting sytem"):
        reproduction.reports()


# Report D's leak.


@pytest.fixture
def leaky(tiny_recipe, clips):
    recipe = Recipe.load(tiny_recipe, [*WITH_COPIES, NOISE])
    return experiment.prepare(recipe, clips, allow_leak=True)


def test_copies_are_clips_of_their_own(leaky, clips):
    [split] = leaky.splits
    every = {*split.train, *split.validation, *split.test}
    assert len(every) == len(split.train) + len(split.validation) + len(split.test)
    assert every == {id for clip in clips for id in (clip.id, *augment.copy_ids(clip.id, 2))}
    assert abs(len(split.test) / len(every) - 0.25) < 0.02
    apart = {augment.original(id) for id in split.test} & {
        augment.original(id) for id in split.train
    }
    assert len(apart) > len(clips) / 3
    assert split.stamp == leaky.stamp == "leaky"


def test_a_copy_in_the_test_part_is_not_heard_in_training(leaky):
    [split] = leaky.splits
    heard = [leaky.data.ids[place] for place in leaky.heard(split.train)]
    assert sorted(heard) == sorted(split.train)


def test_otherwise_copies_follow_their_clips(tiny_recipe, clips):
    subject = experiment.prepare(Recipe.load(tiny_recipe, [NOISE]), clips)
    train = subject.splits[0].train
    heard = [subject.data.ids[place] for place in subject.heard(train)]
    assert sorted(heard) == sorted(
        id for clip in train for id in (clip, *augment.copy_ids(clip, 2))
    )
    assert subject.stamp == "unseen speakers"


def test_the_leak_must_be_allowed(tiny_recipe, clips):
    with pytest.raises(LeakError, match="copies of them in training and in test.*stamped 'leaky'"):
        experiment.prepare(Recipe.load(tiny_recipe, [*WITH_COPIES, NOISE]), clips)


def test_copies_apart_need_copies(tiny_recipe, clips):
    with pytest.raises(DataError, match="there are no copies; set augment.copies"):
        experiment.plan(Recipe.load(tiny_recipe, WITH_COPIES), clips, allow_leak=True)


def test_the_record_counts_recordings_and_answers_apart(leaky, clips, tmp_path):
    record = runs.train(leaky, runs.Run(tmp_path / "run"), sources={})
    assert record["data"]["folder"]["clips"] == len(clips)
    assert record["report"]["clips"] == len(leaky.splits[0].test)
    assert record["stamp"] == "leaky"


# Faults of labels.


def test_a_fault_relabels_one_corpus(tiny_recipe, clips):
    wrong = "labels.faults.folder={sad='angry'}"
    subject = experiment.prepare(Recipe.load(tiny_recipe, [wrong]), clips)
    assert subject.mapping.labels == ("neutral", "angry")
    sad = [place for place, clip in enumerate(clips) if clip.emotion == "sad"]
    assert np.all(subject.data.targets[sad] == 1)
    assert subject.stamp == "unseen speakers, wrong labels"
    other = experiment.plan(Recipe.load(tiny_recipe, ["labels.faults.savee={sad='angry'}"]), clips)
    assert other.mapping.labels == ("neutral", "sad", "angry")


def test_a_fault_names_emotions(tiny_recipe):
    with pytest.raises(DataError, match="labels.faults.*no emotion sade; there are neutral"):
        Recipe.load(tiny_recipe, ["labels.faults.folder={sade='angry'}"])
