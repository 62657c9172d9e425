"""What an autoencoder makes of what it hears, in the report that `intone evaluate` writes."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch

from intone import corpora, experiment, files, nets, runs
from intone.assessment.assessing import assess
from intone.assessment.content import Assessment
from intone.assessment.reconstruction import SHOWN
from intone.assessment.subjects import load
from intone.recipe import Recipe
from intone.report import record_sections, schema
from intone.runs import Run
from intone.splits import Split
from made_runs import SPEAKER, made_recipe, made_run
from test_evaluation_page import Reader
from test_pretraining import CODED


@pytest.fixture(scope="module")
def finished(made_corpus, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("coded")
    (folder / "coded.toml").write_text(CODED)
    recipe = Recipe.load(folder / "coded.toml", ["training.epochs=1"])
    return made_run(made_corpus, folder / "run", recipe)


def assessed(path: Path, corpus: Path) -> Assessment:
    """A run's assessment with its data; changed sound is of no interest here."""
    subject = load(path, [("folder", corpus)], speaker=SPEAKER)
    return assess(replace(subject, listener=None))


@pytest.fixture(scope="module")
def told(finished, made_corpus) -> Assessment:
    return assessed(finished.folder, made_corpus)


def test_windows_are_remade_by_the_first_fit_s_autoencoder(finished, told, made_corpus):
    folder = finished.folder / "fold-0-seed-0"
    split = Split.from_dict(files.read_json(folder / "split.json"))
    shown = [one.clip for one in told.reconstructions]
    assert len(shown) == SHOWN
    assert (shown[0], shown[-1]) == (split.validation[0], split.validation[-1])

    subject = experiment.prepare(
        finished.recipe, corpora.read("folder", made_corpus, speaker=SPEAKER)
    )
    heard = subject.data.fixed["frames"]
    trained = heard[np.isin(subject.data.owner, subject.places(split.train))]
    mean, deviation = trained.mean(axis=(0, 2)), trained.std(axis=(0, 2))
    net = nets.build(
        "DenseAutoencoder",
        classes=None,
        shapes={"frames": heard.shape[1:]},
        options={"hidden": 32, "code": 8},
    )
    net.load_state_dict(torch.load(folder / "autoencoder.pt", weights_only=True))
    for one in told.reconstructions:
        [place] = subject.places([one.clip])
        window = heard[np.flatnonzero(subject.data.owner == place)[0]]
        scaled = (window - mean[:, None]) / deviation[:, None]
        remade = net.eval()(torch.from_numpy(scaled[None])).detach().numpy()[0]
        np.testing.assert_allclose(one.original, scaled, atol=0.006)
        np.testing.assert_allclose(one.remade, remade, atol=0.006)


def test_the_curves_are_those_of_the_record(finished, told):
    record, _ = runs.load_record(finished.folder)
    assert [curve.name for curve in told.pretraining] == ["fold 0", "fold 1"]
    for curve, fit in zip(told.pretraining, record["fits"], strict=True):
        assert list(curve.history) == fit["pretraining"]["history"]
        assert curve.best_epoch == fit["pretraining"]["best_epoch"]
        assert curve.learning_rates == (1e-2,) * 4


def test_the_page_shows_both(told):
    section = record_sections.training(told)
    drawn = {picture.name: picture.svg for picture in section.pictures()}
    read = Reader(section.html())
    one = told.reconstructions[0]
    error = np.square(np.subtract(one.original, one.remade)).mean()
    assert f">frames; error {error:.2f}</text>" in drawn["reconstructions"]
    assert all(each.clip in read.text for each in told.reconstructions)
    assert ">loss</text>" in drawn["autoencoder-curves"]
    assert [*drawn] == ["autoencoder-curves", "reconstructions"]  # the net has one epoch, no curve
    _, *rows = read.tables["Each fit; the validation error is that of its best epoch"]
    for row, curve in zip(rows, told.pretraining, strict=True):
        best = curve.history[curve.best_epoch - 1]["validation_loss"]
        assert row[:4] == [curve.name, "4", str(curve.best_epoch), f"{best:.3f}"]
    assert "2 fits of up to 4 epochs, best at epoch" in read.text
    jsonschema.validate(json.loads(json.dumps(told.to_dict())), schema.schema())


def test_what_is_not_there_is_said(finished, made_corpus, tmp_path):
    def said(told: Assessment) -> str:
        assert told.reconstructions == ()
        assert told.lacking["reconstructions"] in record_sections.training(told).html()
        return told.lacking["reconstructions"]

    assert said(assess(load(finished.folder))) == "To play it clips, give --data NAME=DIR."
    left_out = load(finished.folder, [("folder", made_corpus)], speaker=SPEAKER, listens=False)
    assert said(assess(left_out, listen=0)) == "Left out, as --listen 0 asks."
    for name in ("record.json", "record.npz"):
        shutil.copy(finished.folder / name, tmp_path)
    record = assess(load(tmp_path / "record.json"))
    assert said(record).startswith("A record holds no nets: evaluate the folder of its run")
    shutil.copytree(finished.folder, tmp_path / "run")
    (tmp_path / "run" / "fold-0-seed-0" / "autoencoder.pt").unlink()
    pruned = assessed(tmp_path / "run", made_corpus)
    assert said(pruned) == "The first fit kept no autoencoder, or has no validation."


def test_a_run_without_an_autoencoder_says_nothing_of_one(made_corpus, tmp_path):
    told = assessed(made_run(made_corpus, tmp_path / "run", made_recipe()).folder, made_corpus)
    assert (told.pretraining, told.reconstructions) == ((), ())
    assert "reconstructions" not in told.lacking
    assert "autoencoder" not in record_sections.training(told).html()
