"""A run on disk: claimed, resumed, recorded, and read when it is not what it was."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from intone import corpora, experiment, files, runs, training
from intone.errors import DataError
from intone.experiment import Experiment
from intone.runs import Run
from intone.training import DivergedError
from made_runs import MLP, SPEAKER, made_recipe

SOURCES: dict[str, Any] = {"data": [], "unlabelled": [], "speaker": SPEAKER}
FIT = "fold-0-seed-0"


@pytest.fixture(scope="module")
def subject(made_corpus: Path) -> Experiment:
    return experiment.prepare(
        made_recipe(**MLP), corpora.read("folder", made_corpus, speaker=SPEAKER)
    )


@pytest.fixture(scope="module")
def finished(subject: Experiment, tmp_path_factory) -> Run:
    run = Run(tmp_path_factory.mktemp("runs") / "mlp")
    runs.train(subject, run, sources=SOURCES)
    return run


@pytest.fixture
def copied(finished: Run, tmp_path: Path) -> Run:
    return Run(Path(shutil.copytree(finished.folder, tmp_path / "run")))


def with_settings(subject: Experiment, **settings: Any) -> Experiment:
    """The same clips and splits under other settings of training."""
    data = subject.recipe.model_dump(mode="json")
    data["training"] |= settings
    return replace(subject, recipe=type(subject.recipe).parse(data, "made"))


def resumed(subject: Experiment, run: Run, **options: Any) -> dict[str, Any]:
    return runs.train(subject, run, sources=SOURCES, resume=True, **options)


def reported(run: Run) -> dict[str, Any]:
    record, _ = runs.load_record(run.folder)
    return record["report"]


# Claimed and resumed.


@pytest.mark.parametrize("resume", [False, True])
def test_fits_of_nobody_knows_what_are_not_taken_over(subject, copied, resume):
    (copied.folder / "run.json").unlink()
    with pytest.raises(DataError, match="holds fits, and no run.json .* choose another --output"):
        runs.train(subject, copied, sources=SOURCES, resume=resume)
    assert not (copied.folder / "run.json").exists()


def test_a_fit_of_another_split_is_made_again(subject, finished, copied):
    shutil.rmtree(copied.folder / FIT)
    shutil.copytree(copied.folder / "fold-1-seed-0", copied.folder / FIT)
    resumed(subject, copied)
    assert reported(copied) == reported(finished)
    assert files.read_json(copied.folder / FIT / "split.json")["fold"] == 0


def test_scores_of_another_split_are_named(subject, copied):
    shutil.copy(copied.folder / "fold-1-seed-0" / "scores.npz", copied.folder / FIT)
    with pytest.raises(DataError, match=f"{FIT}/scores.npz: is damaged; delete it"):
        resumed(subject, copied)


def test_answers_are_recorded_under_their_clips_in_whatever_order_they_lie(
    subject, finished, copied
):
    split = copied.folder / FIT / "split.json"
    files.write_json(split, files.read_json(split) | {"test": subject.splits[0].test[::-1]})
    backwards = {f"test_{name}": lambda a: a[::-1] for name in ("ids", "truth", "probabilities")}
    of_arrays(**backwards)(copied.folder / FIT / "scores.npz")
    resumed(subject, copied)
    assert reported(copied) == reported(finished)


def test_a_fold_fitted_anew_does_not_take_the_others_out_of_the_record(subject, finished, tmp_path):
    run = Run(tmp_path / "run")
    first = runs.train(subject, run, sources=SOURCES, folds=[0])
    assert first["folds"] == [0]
    second = resumed(subject, run, folds=[1])
    assert second["folds"] == [0, 1]
    assert reported(run) == reported(finished)
    assert resumed(subject, run, folds=[0])["folds"] == [0, 1]


def test_a_run_knows_the_weights_that_it_started_from(subject, finished, copied, tmp_path):
    again = with_settings(subject, epochs=1)
    run = Run(tmp_path / "on")
    record = runs.train(again, run, sources=SOURCES, start_from=finished, folds=[0])
    assert record["start_from"].keys() == {FIT, "fold-1-seed-0"}
    assert str(tmp_path) not in json.dumps(record)
    with pytest.raises(DataError, match="started from other weights; give the --start-from"):
        resumed(again, run)
    other = files.read_json(finished.folder / "run.json")
    assert other["start_from"] == {}
    with pytest.raises(DataError, match="started from other weights"):
        resumed(subject, finished, start_from=run, folds=[0])
    assert resumed(again, run, start_from=copied)["folds"] == [0, 1]  # the same, at another place
    weights = training.load(copied.folder / FIT / "net.pt")
    training.save(
        {name: 2 * value for name, value in weights.items()}, copied.folder / FIT / "net.pt"
    )
    with pytest.raises(DataError, match="started from other weights"):
        resumed(again, run, start_from=copied)


def test_what_cannot_be_started_from_claims_no_folder(subject, finished, tmp_path):
    with pytest.raises(DataError, match="holds no fit of fold 0, seed 0, to start from"):
        runs.train(subject, Run(tmp_path / "x"), sources=SOURCES, start_from=Run(tmp_path / "none"))
    assert not (tmp_path / "x").exists()


# Diverged.


@pytest.mark.parametrize(
    "settings", [{}, {"monitor": "accuracy"}, {"retrain": True}, {"epochs": 1}], ids=str
)
def test_nothing_is_kept_of_a_fit_that_diverged(subject, tmp_path, settings):
    wild = with_settings(subject, learning_rate=1e30, **settings)
    run = Run(tmp_path / "run")
    for resume in (False, True):
        with pytest.raises(DivergedError, match="training diverged in epoch .*learning_rate"):
            runs.train(wild, run, sources=SOURCES, resume=resume)
        assert not list((run.folder / FIT).glob("[!c]*"))
        assert not (run.folder / "record.json").exists()


def test_a_net_whose_last_step_was_too_far_is_not_kept(subject, tmp_path, monkeypatch):
    """Without a validation part, its answers to the test part are the first to tell."""
    train = training._train_epoch

    def too_far(net, *given):
        loss = train(net, *given)
        with torch.no_grad():
            net.head.weight.fill_(float("nan"))
        return loss

    monkeypatch.setattr(training, "_train_epoch", too_far)
    once = with_settings(subject, epochs=1)
    unwatched = replace(
        once, splits=tuple(replace(split, validation=()) for split in subject.splits)
    )
    with pytest.raises(DivergedError, match="in its last epoch: the net's answers are not finite"):
        runs.train(unwatched, Run(tmp_path / "run"), sources=SOURCES)
    assert {path.name for path in (tmp_path / "run" / FIT).iterdir()} == {"checkpoint.pt"}


# Read when it is not what it was.


def of_json(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def changed(path: Path) -> None:
        data = files.read_json(path)
        made = change(data)
        files.write_json(path, data if made is None else made)

    return changed


def without(key: str) -> Callable[[Path], None]:
    return of_json(lambda data: {name: value for name, value in data.items() if name != key})


def of_arrays(**changes: Callable[[np.ndarray], Any]) -> Callable[[Path], None]:
    """Change these arrays; None takes one away."""

    def changed(path: Path) -> None:
        arrays = files.read_arrays(path)
        made = {name: change(arrays[name]) for name, change in changes.items()}
        kept = {k: v for k, v in (arrays | made).items() if v is not None}
        files.write_arrays(path, kept)

    return changed


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("json", of_json(lambda r: [1]), "is damaged; make it anew"),
        ("json", of_json(lambda r: r.update(labels=5)), "is damaged .labels: .*; make it anew"),
        ("json", of_json(lambda r: r.update(seconds="x")), "is damaged .seconds: .*; make it anew"),
        ("json", of_json(lambda r: r.update(fits=3)), "is damaged .fits: .*; make it anew"),
        ("json", of_json(lambda r: r.update(seeds=[])), "is damaged .seeds: .*; make it anew"),
        ("json", without("parameters"), "parameters: is missing"),
        ("json", without("report"), "report: is missing"),
        ("json", of_json(lambda r: r["report"].update(uar="x")), "is damaged .report.uar"),
        ("json", of_json(lambda r: r.update(format_version=99)), "newer Intone .format_version 99"),
        ("npz", lambda path: path.write_bytes(b"PK"), "is damaged; make it anew"),
        ("npz", of_arrays(speakers=lambda a: None), "or of another record.json"),
        ("npz", of_arrays(speakers=lambda a: a[:3]), "or of another record.json"),
        ("npz", of_arrays(truth=lambda a: a.astype(float)), "or of another record.json"),
        ("npz", of_arrays(truth=lambda a: a + 100), "or of another record.json"),
        ("npz", of_arrays(ids=lambda a: np.array("x")), "or of another record.json"),
        ("npz", of_arrays(probabilities=lambda a: a[:0]), "or of another record.json"),
        ("npz", of_arrays(probabilities=lambda a: a[0]), "or of another record.json"),
        ("npz", of_arrays(probabilities=lambda a: a[:, :5]), "or of another record.json"),
        ("npz", of_arrays(probabilities=lambda a: a * np.nan), "or of another record.json"),
        ("npz", of_arrays(probabilities=lambda a: a * 0), "or of another record.json"),
        ("npz", of_arrays(probabilities=lambda a: np.array("x")), "or of another record.json"),
    ],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_record_with_another_content_is_named(copied, name, change, message):
    path = copied.folder / f"record.{name}"
    change(path)
    with pytest.raises(DataError, match=rf"{path}: .*{message}"):
        runs.load_record(copied.folder)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("run.json", lambda path: path.write_text('{"a":'), "is damaged; choose another --output"),
        ("run.json", of_json(lambda m: [1]), "is damaged; choose another --output"),
        ("run.json", without("splits"), "splits: is missing.; choose"),
        ("run.json", without("data"), "data: is missing.; choose"),
        ("run.json", of_json(lambda m: m.update(format_version=99)), "made by a newer Intone"),
        (f"{FIT}/fit.json", of_json(lambda f: []), "is damaged; delete it"),
        (f"{FIT}/fit.json", of_json(lambda f: {}), "is damaged; delete it"),
        (f"{FIT}/fit.json", of_json(lambda f: f.update(history=3)), "is damaged; delete it"),
        (f"{FIT}/fit.json", of_json(lambda f: f["history"].append({"epoch": 4})),
         "is damaged; delete it"),
        (f"{FIT}/split.json", of_json(lambda s: {}), "is damaged; delete it"),
        (f"{FIT}/split.json", of_json(lambda s: [3]), "is damaged; delete it"),
        (f"{FIT}/net.pt", lambda path: path.write_bytes(b"xx"), "is damaged; delete it"),
        (f"{FIT}/scores.npz", of_arrays(test_probabilities=lambda a: None), "is damaged; delete"),
        (f"{FIT}/scores.npz", of_arrays(test_probabilities=lambda a: a[:3]), "is damaged; delete"),
        (f"{FIT}/scores.npz", of_arrays(test_probabilities=lambda a: a[:, :2]), "is damaged; del"),
        (f"{FIT}/scores.npz", of_arrays(test_probabilities=lambda a: a * np.nan), "is damaged"),
        (f"{FIT}/scores.npz", of_arrays(validation_ids=lambda a: a[:2]), "is damaged; delete it"),
        (f"{FIT}/scores.npz", of_arrays(validation_truth=lambda a: a[:2]), "is damaged; delete"),
    ],
)  # fmt: skip
def test_a_run_with_another_content_is_named_and_what_it_says_helps(
    subject, finished, copied, name, change, message
):
    path = copied.folder / name
    change(path)
    with pytest.raises(DataError, match=rf"{path}: .*{message}"):
        resumed(subject, copied)
    if "delete it" in message:
        path.unlink()
        resumed(subject, copied)
        assert reported(copied) == reported(finished)


def test_weights_of_another_net_are_named(subject, copied):
    path = copied.folder / FIT / "net.pt"
    training.save({"other.weight": torch.zeros(3)}, path)
    with pytest.raises(DataError, match=rf"{path}: the weights of another net .*"):
        runs.load_fitted(path.parent, subject, 0)


def test_a_record_that_cannot_be_judged_is_not_written(finished, tmp_path):
    record, [scores] = runs.load_record(finished.folder)
    arrays = {
        "ids": np.array(scores.ids),
        "truth": scores.truth,
        "speakers": np.array(scores.speakers),
        "probabilities": scores.probabilities[None] * np.nan,
    }
    with pytest.raises(DataError, match="the probabilities must be finite"):
        runs.write_record(tmp_path, record, arrays)
    assert not list(tmp_path.iterdir())
