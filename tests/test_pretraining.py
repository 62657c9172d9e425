"""An autoencoder is trained first, on the training part and on unlabelled clips, then frozen."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from intone import corpora, experiment, runs, runtime, training
from intone.corpora import Utterance
from intone.errors import DataError, LeakError
from intone.experiment import Experiment
from intone.recipe import Recipe
from intone.training import DivergedError

SPEAKER = r"/(s\d)-"

CODED = """
title = "a tiny net beside a tiny autoencoder"
window = { length = 16_000, hop = 8_000 }
protocol = { name = "unseen-speakers", folds = 2 }
inputs.frames = { features = [{ kind = "log_mel", n_mels = 32 }], n_fft = 1024, hop_length = 480 }
net.name = "CodedCNN"
pretraining.net = { name = "DenseAutoencoder", options = { hidden = 32, code = 8, dropout = 0.2 } }
pretraining.training = { epochs = 4, learning_rate = 1e-2, batch_size = 8 }
training = { epochs = 3, learning_rate = 1e-2, batch_size = 8 }
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "coded.toml"
    path.write_text(CODED)
    return path


@pytest.fixture(scope="module")
def clips(made_corpus) -> tuple[list[Utterance], list[Utterance]]:
    """The labelled clips of six speakers, and those of two more."""
    made = corpora.read("folder", made_corpus, speaker=SPEAKER)
    unlabelled = [clip for clip in made if clip.speaker in ("folder/s6", "folder/s7")]
    return [clip for clip in made if clip not in unlabelled], unlabelled


@pytest.fixture(scope="module")
def subject(recipe, clips) -> Experiment:
    labelled, unlabelled = clips
    return experiment.prepare(Recipe.load(recipe), labelled, unlabelled=unlabelled)


def without_sound(subject: Experiment, ids: set[str]) -> Experiment:
    """The experiment with features that are not numbers in all windows of these clips."""
    frames = np.array(subject.data.fixed["frames"])
    frames[np.isin(subject.data.owner, subject.places(ids))] = np.nan
    return replace(subject, data=replace(subject.data, fixed={"frames": frames}))


def assert_equal(one: torch.nn.Module, other: torch.nn.Module) -> None:
    for name, value in one.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value, rtol=0, atol=0)


def test_the_encoder_stays_as_it_was_trained_while_the_net_learns(subject):
    def fitted(epochs: int) -> experiment.Fitted:
        """Without validation, so that the last epoch's weights are kept."""
        train = subject.splits[0].train
        return experiment.fit(subject, train, seed=0, last_epoch=epochs, last_pretraining_epoch=2)

    short, long = fitted(1), fitted(3)
    assert_equal(short.net.encoder, long.net.encoder)
    assert not torch.equal(short.net.head.weight, long.net.head.weight)
    untrained = subject.autoencoder(0).encoder.state_dict()["1.weight"]
    assert not torch.equal(long.net.encoder.net.state_dict()["1.weight"], untrained)


def test_the_autoencoder_gets_better_and_its_curve_is_kept(subject):
    split = subject.splits[0]
    fitted = experiment.fit(subject, split.train, split.validation, seed=0, last_epoch=1)
    curve = fitted.fit.pretraining
    best = curve.history[curve.best_epoch - 1]
    assert best.validation_loss == min(epoch.validation_loss for epoch in curve.history) < 0.8
    validation = experiment.part(subject, split.validation, fitted.scalers)
    originals, reconstructions = training.reconstruct(fitted.autoencoder, validation)
    np.testing.assert_array_equal(
        originals, validation.inputs(np.arange(len(validation.owner)))["frames"]
    )
    assert np.square(originals - reconstructions).mean() == pytest.approx(best.validation_loss)
    assert best.validation_uar is None


def test_neither_stage_hears_a_clip_of_another_part(subject):
    split = subject.splits[0]
    deaf = without_sound(subject, {*split.validation, *split.test})
    fitted = experiment.fit(deaf, split.train, seed=0, last_epoch=1, last_pretraining_epoch=1)
    assert np.isfinite(fitted.fit.pretraining.history[0].train_loss)
    assert all(value.isfinite().all() for value in fitted.net.state_dict().values())


def test_unlabelled_clips_are_heard_in_pretraining_alone(subject, tmp_path):
    split = subject.splits[0]
    deaf = without_sound(subject, {clip.id for clip in subject.unlabelled})
    with pytest.raises(DivergedError, match="lower pretraining.training.learning_rate"):
        experiment.fit(deaf, split.train, seed=0, last_pretraining_epoch=1)
    whole = experiment.fit(subject, split.train, seed=0, last_epoch=1, last_pretraining_epoch=1)
    runs.save_fitted(whole, tmp_path)
    weights = tmp_path / "net.pt"
    going_on = experiment.fit(deaf, split.train, seed=0, last_epoch=1, weights=weights)
    assert np.isfinite(going_on.fit.history[0].train_loss)
    np.testing.assert_array_equal(going_on.scalers["frames"].mean, whole.scalers["frames"].mean)
    parts = {id for each in subject.splits for id in (*each.train, *each.validation, *each.test)}
    assert parts == {clip.id for clip in subject.utterances}


class KilledError(Exception):
    """What stops a fit in the middle."""


def killed_in(stage: str):
    """Stop at the third epoch of the stage whose label ends so."""

    def track(items, label, total):
        for number, item in enumerate(items):
            if number == 2 and label.endswith(stage):
                raise KilledError
            yield item

    return track


@pytest.mark.parametrize("stage", ["autoencoder", "training"])
def test_a_fit_killed_in_either_stage_goes_on_as_if_it_had_never_stopped(subject, tmp_path, stage):
    split = subject.splits[0]

    def fit(**options):
        return experiment.fit(subject, split.train, split.validation, seed=3, **options)

    whole = fit()
    with pytest.raises(KilledError):
        fit(checkpoint=tmp_path / "c.pt", track=killed_in(stage))
    assert (tmp_path / "c.pt").exists() == (stage == "training")
    heard_before = torch.load(tmp_path / "pretraining-c.pt")["history"]
    resumed = fit(checkpoint=tmp_path / "c.pt")
    again = [asdict(epoch) for epoch in resumed.fit.pretraining.history]
    assert again[: len(heard_before)] == heard_before  # with the seconds that they took then
    assert_equal(whole.autoencoder, resumed.autoencoder)
    assert_equal(whole.net, resumed.net)


def test_saved_weights_bring_their_encoder(subject, tmp_path):
    split = subject.splits[0]
    fitted = experiment.fit(subject, split.train, seed=0, last_epoch=1, last_pretraining_epoch=2)
    runs.save_fitted(fitted, tmp_path)
    weights = tmp_path / "net.pt"
    going_on = experiment.fit(subject, split.train, seed=5, weights=weights, last_epoch=1)
    assert going_on.fit.pretraining is None
    assert_equal(fitted.net.encoder, going_on.net.encoder)


def test_unlabelled_clips_of_tested_speakers_are_refused(recipe, clips):
    labelled, unlabelled = clips
    tested = [clip for clip in labelled if clip.speaker == "folder/s0"][:2]
    rest = [clip for clip in labelled if clip not in tested]
    with pytest.raises(LeakError, match=r"speakers in training and in test: 1 .folder/s0.; choose "
                       "unseen-speakers and other unlabelled clips"):  # fmt: skip
        experiment.prepare(Recipe.load(recipe), rest, unlabelled=tested)
    allowed = experiment.prepare(
        Recipe.load(recipe), rest, unlabelled=[*tested, *unlabelled], allow_leak=True
    )
    assert sorted(split.stamp for split in allowed.splits) == [
        "speaker-dependent",
        "unseen speakers",
    ]


def test_unlabelled_audio_that_is_tested_is_refused(recipe, clips):
    labelled, _ = clips
    [first, *_] = labelled
    copy = replace(first, id="other/copy", corpus="other", speaker="other/x")
    with pytest.raises(LeakError, match="identical audio in training and in test: 1 .other/copy"):
        experiment.prepare(Recipe.load(recipe), labelled, unlabelled=[copy])


def test_what_does_not_fit_is_said(recipe, clips, made_corpus, tiny_recipe):
    labelled, unlabelled = clips
    with pytest.raises(DataError, match=r"recipe with \[pretraining\]; this one has none"):
        experiment.prepare(Recipe.load(tiny_recipe), labelled, unlabelled=unlabelled)
    with pytest.raises(DataError, match=r"training.monitor has no meaning for an autoencoder"):
        Recipe.load(recipe, ["pretraining.training.monitor='uar'"])
    with pytest.raises(DataError, match=r"pretraining.encoder: there is no such setting"):
        Recipe.load(recipe, ["pretraining.encoder='x'"])
    places = [("folder", made_corpus)]
    with pytest.raises(DataError, match="is in .* already"):
        corpora.read_apart(places, places)


def test_from_the_command_to_a_model_file(run, recipe, clips, made_corpus, tmp_path):
    labelled, unlabelled = (
        linked(tmp_path / name, made_corpus, part)
        for name, part in zip(("labelled", "unlabelled"), clips, strict=True)
    )
    folder = tmp_path / "run"
    code, _, error = run(
        *("train", recipe, "--data", f"folder={labelled}", "--speaker", SPEAKER, "--quiet"),
        *("--unlabelled", f"folder={unlabelled}", "--output", folder),
    )
    assert (code, error) == (0, "")
    record, _ = runs.load_record(folder)
    assert record["data"]["folder"]["clips"] == 72
    assert record["unlabelled"]["folder"]["clips"] == 24
    assert "--unlabelled folder=DIR" in record["command"]
    for fit in record["fits"]:
        assert len(fit["pretraining"]["history"]) == 4
        assert runs.load_fit(folder / f"fold-{fit['fold']}-seed-0").pretraining.best_epoch >= 1
    kept = {path.name for path in (folder / "fold-0-seed-0").iterdir()}
    assert kept == {"net.pt", "autoencoder.pt", "fit.json", "split.json", "scores.npz"}
    code, _, error = run("export", folder, "--quiet")
    assert (code, error) == (0, "")
    model = runtime.load(folder / "model.onnx")
    assert model.self_test() <= model.description.tolerance
    assert len(model.description.training["clips"]) == 96
    code, _, error = run(
        *("train", recipe, "--data", f"folder={labelled}", "--speaker", SPEAKER, "--quiet"),
        *("--output", folder, "--resume"),
    )
    assert (code, error.count("holds a run with another unlabelled")) == (2, 1)


def linked(root: Path, made_corpus: Path, clips: list[Utterance]) -> Path:
    """A folder that holds these clips alone."""
    for clip in clips:
        place = root / clip.path.relative_to(made_corpus)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(clip.path)
    return root
