"""Recipes are strict: every shipped one parses and trains, and a typo is an error by name."""

import pytest

from intone import emotions
from intone.errors import DataError
from intone.recipe import Recipe, locate, shipped

EVERY_RECIPE = pytest.mark.parametrize("name", shipped())


@EVERY_RECIPE
def test_parses_and_survives_its_record(name):
    recipe = Recipe.load(shipped()[name])
    assert Recipe.parse(recipe.model_dump(mode="json"), "record") == recipe
    assert recipe.labels.mapping == "as-labelled" or recipe.labels.mapping in emotions.MAPPINGS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.epoch=3", "training.epoch: there is no such setting"),
        ("training.epochs=0", "training.epochs: .*greater than 0"),
        ("training.epochs=many", "training.epochs: .*integer"),
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
