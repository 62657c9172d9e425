"""What is searched: spaces are strict, and their settings are those of recipes."""

from math import prod

import pytest

from intone.errors import DataError
from intone.recipe import Recipe, shipped
from intone.search import tuning
from intone.search.space import Search, resolve
from intone.search.sweeps import cells, grid

SEARCHED = [name for name, path in shipped().items() if Recipe.load(path).search]


def tiny(tiny_recipe, *changes: str) -> Recipe:
    return Recipe.load(tiny_recipe, changes)


def test_every_shipped_space_fits_its_recipe():
    assert {"a/a1", "b/b1", "c/c3-mel"} <= set(SEARCHED)
    for name in SEARCHED:
        tuning.check(Recipe.load(shipped()[name]))


def test_the_space_of_report_a_is_the_report_s():
    sizes = Recipe.load(shipped()["a/a1"]).search.grid
    assert [len(values) for values in sizes.values()] == [2, 4, 3, 3, 9, 3, 2]
    assert sizes["net.options.units"] == (32, 36, 40, 44, 48, 52, 56, 60, 64)
    assert prod(map(len, sizes.values())) == 3888


def test_a_range_of_numbers_cannot_be_counted():
    space = {"training.learning_rate": {"low": 1e-5, "high": 1e-2, "log": True}}
    assert Search(space=space).grid is None


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"training.learning_rat": [1e-3, 1e-4]}, "training.learning_rat: there is no such"),
        ({"training.learning_rate": [1e-3, -1.0]}, "training.learning_rate: .*greater than 0"),
        ({"net.options.width": [1, 2]}, "SingleCNN has no option width"),
        ({"net.name": ["SingleCNN", "Nothing"]}, "no net named Nothing"),
        ({"training.epochs": [3, 4]}, "training.epochs is not searched"),
        ({"protocol.folds": [3, 4]}, "protocol.folds is not searched"),
        ({"training.batch_size": [8]}, "search.space"),
        ({"training.batch_size": {"low": 8, "high": 4}}, "search.space"),
        ({"training.batch_size": {"low": 8, "high": 13, "step": 4}}, "4 does not lead from 8 to 1"),
        ({"training.dropout": {"low": 0.0, "high": 1.0, "log": True}}, "more than 0 where log"),
        ({"window.frames": [1, 34]}, "window.frames is 1"),
    ],
)
def test_what_does_not_fit_is_told_by_name_before_the_search(tiny_recipe, space, message):
    data = Recipe.load(tiny_recipe).model_dump(mode="json")
    with pytest.raises(DataError, match=message) as caught:
        tuning.check(Recipe.parse(data | {"search": {"space": space}}, "x.toml"))
    assert "\n" not in str(caught.value)


def test_a_trial_is_not_compared_after_its_end(tiny_recipe):
    data = Recipe.load(tiny_recipe).model_dump(mode="json")
    search = {"space": {"training.batch_size": [8, 16]}, "min_epochs": 7}
    with pytest.raises(DataError, match="min_epochs is 7, more than training.epochs"):
        tuning.check(Recipe.parse(data | {"search": search}, "x.toml"))


def test_without_a_space_there_is_no_search(tiny_recipe):
    with pytest.raises(DataError, match=r"this recipe has no \[search\]"):
        tuning.check(tiny(tiny_recipe))


@pytest.mark.parametrize("changes", [{}, {"inputs.frames.center": False}])
def test_a_window_of_so_many_frames_has_so_many(tiny_recipe, changes):
    recipe = tiny(tiny_recipe).varied(changes)
    for frames in (10, 34, 101):
        found = recipe.varied(resolve(recipe, {"window.frames": frames}))
        length = found.window.length
        assert found.inputs["frames"].shape(length) == (32, frames)
        assert found.inputs["frames"].shape(length - 1) == (32, frames - 1)
        assert found.window.hop == length // 2


def test_vectors_have_no_frames():
    recipe = Recipe.load(shipped()["a/a2"])
    with pytest.raises(DataError, match="no input of this recipe has frames"):
        resolve(recipe, {"window.frames": 10})


# Grids of runs.


def test_values_stand_between_commas_and_brackets_hold_them_together():
    assert grid(
        ["training.learning_rate=1e-3,1e-4", "training.optimizer=adam,sgd", "training.seeds=[0,1]"]
    ) == {
        "training.learning_rate": (0.001, 0.0001),
        "training.optimizer": ("adam", "sgd"),
        "training.seeds": ([0, 1],),
    }


def test_a_grid_has_a_run_for_each_combination(tiny_recipe):
    found = cells(
        [str(tiny_recipe)],
        grid(["training.learning_rate=1e-3,1e-4", "window.frames=34,40", "training.epochs=2"]),
    )
    assert [str(cell.folder) for cell in found] == [
        "tiny/learning_rate=0.001,frames=34",
        "tiny/learning_rate=0.001,frames=40",
        "tiny/learning_rate=0.0001,frames=34",
        "tiny/learning_rate=0.0001,frames=40",
    ]
    assert [cell.recipe.training.learning_rate for cell in found] == [1e-3, 1e-3, 1e-4, 1e-4]
    assert [cell.recipe.window.length for cell in found] == [33 * 480, 39 * 480] * 2
    assert {cell.recipe.training.epochs for cell in found} == {2}


def test_recipes_of_one_name_are_not_mixed(tiny_recipe):
    with pytest.raises(DataError, match="two recipes are named tiny"):
        cells([str(tiny_recipe), str(tiny_recipe)], {})
