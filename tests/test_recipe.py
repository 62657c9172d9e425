"""Recipes are strict: every shipped one parses and trains, and a typo is an error by name."""

from dataclasses import replace

import numpy as np
import pytest

from intone import corpora, emotions, experiment, nets, training
from intone.corpora import Utterance
from intone.errors import DataError
from intone.recipe import Recipe, locate, shipped

EVERY_RECIPE = pytest.mark.parametrize("name", shipped())
CUT = {"b/b7": ["net.options.blocks=[1]"]}
"""Changes that spare a test eleven Transformer blocks"""


@pytest.fixture(scope="module")
def clips(made_corpus) -> list[Utterance]:
    """Ten clips: an angry and a sad one of each of five speakers."""
    made = corpora.read("folder", made_corpus, speaker="(s[0-7])-")
    return [
        replace(clip, sex="female")
        for clip in made
        if clip.path.stem in {"s0-0", "s1-0", "s2-0", "s3-0", "s4-0"} and clip.emotion != "neutral"
    ]


@EVERY_RECIPE
def test_parses_and_survives_its_record(name):
    recipe = Recipe.load(shipped()[name])
    assert Recipe.parse(recipe.model_dump(mode="json"), "record") == recipe
    assert recipe.labels.mapping == "as-labelled" or recipe.labels.mapping in emotions.MAPPINGS


@EVERY_RECIPE
def test_takes_a_step_at_full_size(name, clips, random_encoders):
    """On one clip of each of two emotions; classic estimators need two for their folds."""
    changes = ["protocol={name='unseen-speakers', folds=2, validation=0}", *CUT.get(name, [])]
    recipe = Recipe.load(shipped()[name], changes)
    subject = experiment.prepare(recipe, clips)
    solves = hasattr(nets.find(recipe.net.name), "solve")
    chosen = clips if solves else [clips[0], clips[-1]]
    ids = [clip.id for clip in chosen]
    fitted = experiment.fit(subject, ids, seed=0, last_epoch=1, last_pretraining_epoch=1)
    assert 0 <= fitted.fit.history[0].train_loss < 50
    heard = training.predict(fitted.net, experiment.part(subject, ids[:1], fitted.scalers))
    assert heard.shape == (1, len(subject.mapping.labels))
    np.testing.assert_allclose(heard.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("a/a1", {"frames": (128, 251)}),
        ("a/a2", {"vector": (40,)}),
        ("a/a2-chroma", {"vector": (52,)}),
        ("a/a2-chroma-mel", {"vector": (180,)}),
        ("a/a3", {"frames": (128, 251), "vector": (40,)}),
        ("c/c3-spectrogram", {"frames": (513, 100)}),
        ("c/c3-mel", {"frames": (80, 100)}),
        ("c/c3-mfcc", {"frames": (15, 150)}),
        ("c/c4-mel", {"frames": (80, 100)}),
    ],
)
def test_hears_what_the_report_heard(name, shapes):
    recipe = Recipe.load(shipped()[name])
    assert {k: v.shape(recipe.window.length) for k, v in recipe.inputs.items()} == shapes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.epoch=3", "training.epoch: there is no such setting"),
        ("training.epochs=0", "training.epochs: .*greater than 0"),
        ("training.epochs=many", "training.epochs: .*integer"),
        (f"training.epochs={'9' * 5000}", "training.epochs: .*integer"),
        ("training.epochs=" + "[" * 5000, "training.epochs: .*integer"),
        ("training.seeds=[99999999999999999999999]", "training.seeds.0: .*less than 4294967296"),
        ("net.nmae='x'", "net.nmae: there is no such setting"),
        ("window.hop=0", "window: .*hop"),
        ("window.lenght=3", "window.lenght: there is no such setting"),
        ("inputs.frames.n_ftt=512", "inputs.frames.n_ftt: there is no such setting"),
        ("inputs.frames.features=[{kind='mfccs'}]", "inputs.frames.features.0"),
        ("protocol.name='trust-me'", "trust-me"),
        ("surprise=1", "surprise: there is no such setting"),
    ],
)
def test_what_does_not_fit_is_an_error_by_name(tiny_recipe, change, message):
    with pytest.raises(DataError, match=message) as caught:
        Recipe.load(tiny_recipe, [change])
    assert "\n" not in str(caught.value)


def test_changes_are_written_as_toml_writes_them(tiny_recipe):
    recipe = Recipe.load(
        tiny_recipe, ["training.epochs=2", "net.name=CNN2D", "labels.changes.sad=false"]
    )
    assert recipe.training.epochs == 2
    assert recipe.net.name == "CNN2D"
    assert recipe.mapping(["happy", "sad", "angry"]).labels == ("happy", "angry")


def test_a_recipe_is_found_by_name_or_path(tiny_recipe):
    assert locate("b/b1-ravdess") == shipped()["b/b1-ravdess"]
    assert locate(str(tiny_recipe)) == tiny_recipe
    with pytest.raises(DataError, match="b/b99: no such recipe file"):
        locate("b/b99")


def test_a_file_that_is_no_toml_is_said_so(tmp_path):
    (tmp_path / "x.toml").write_text("title = ")
    with pytest.raises(DataError, match="not a TOML file"):
        Recipe.load(tmp_path / "x.toml")


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000 + "]" * 5000], ids=["digits", "brackets"])
def test_what_nobody_can_read_is_said_so(value, tmp_path):
    (tmp_path / "x.toml").write_text(f"title = {value}")
    with pytest.raises(DataError, match=r"x.toml: holds a number too long or brackets too deep"):
        Recipe.load(tmp_path / "x.toml")


def test_a_byte_order_mark_is_no_part_of_a_recipe(tiny_recipe, tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbf" + tiny_recipe.read_bytes())
    assert Recipe.load(tmp_path / "x.toml") == Recipe.load(tiny_recipe)
