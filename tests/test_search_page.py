"""The pictures and pages of searches, sweeps and ensembles show what is in their data."""

import re

import numpy as np
import pytest

from intone.ensembles.genetic import Evolution
from intone.recipe import Recipe
from intone.report import ensembles_pictures, search, search_pictures, sweep
from intone.report.style import svg
from intone.search.space import FloatRange, IntRange, Search
from intone.search.sweeps import Result
from intone.search.tuning import Outcome, Trial

SPACE = {
    "training.learning_rate": FloatRange(low=1e-4, high=1e-2, log=True),
    "training.batch_size": IntRange(low=8, high=16, step=8),
    "training.optimizer": ("adam", "sgd"),
}


def made(monitor: str) -> Outcome:
    curves = [(0.5, 0.4, 0.3), (0.9,), (0.45, 0.44, 0.2), ()]
    return Outcome(
        monitor=monitor,
        trials=tuple(
            Trial(
                number=number,
                values={
                    "training.learning_rate": 1e-3,
                    "training.batch_size": 8,
                    "training.optimizer": "sgd",
                },
                state={3: "complete", 1: "stopped", 0: "refused"}[len(curve)],
                curve=curve,
                epochs=len(curve),
                best_epoch=len(curve),
                seconds=1.0,
                bracket=number % 2,
            )
            for number, curve in enumerate(curves, 1)
        ),
        importance={"training.learning_rate": 0.9, "training.batch_size": 0.1},
    )


def texts(figure) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg(figure, "x"))


@pytest.mark.parametrize(("monitor", "best"), [("loss", 3), ("accuracy", 1)])
def test_the_best_is_the_lowest_loss_or_the_highest_rate(monitor, best):
    outcome = made(monitor)
    assert outcome.best.number == best
    assert outcome.epochs == 7
    [head, first, second, third] = search.rows(outcome)
    assert head[1] == monitor
    assert first[0] == str(best)
    assert {second[0], third[0]} == {"2", str(4 - best)}
    assert third[3] == "stopped"


def test_pictures_of_a_search_name_what_they_show():
    outcome = made("loss")
    assert {"complete", "stopped", "best so far", "trial"} <= set(
        texts(search_pictures.history(outcome))
    )
    assert {"90", "10", "training.batch_size"} <= set(
        texts(search_pictures.importance(outcome.importance))
    )
    assert {"0.0001", "0.01", "8", "16", "adam", "sgd"} <= set(
        texts(search_pictures.parallel_coordinates(outcome, SPACE))
    )
    drawn = texts(search_pictures.brackets(outcome, min_epochs=1, eta=3))
    assert "first compared at epoch 1: 2 trials" in drawn
    assert "trained to the end: 2 trials" in drawn


def test_a_log_scale_has_its_middle_at_the_geometric_mean():
    assert search_pictures._height(1e-3, SPACE["training.learning_rate"]) == pytest.approx(0.5)
    assert search_pictures._height(16, SPACE["training.batch_size"]) == 1
    assert search_pictures._height("sgd", SPACE["training.optimizer"]) == 1


def test_convergence_draws_a_panel_a_fit():
    lines = np.array([[0.5, 0.6, 0.6], [0.4, 0.5, 0.7]])
    evolution = Evolution(np.array([0.3, 0.7]), lines, lines - 0.1)
    figure = ensembles_pictures.convergence({f"fold {n}, seed 0": evolution for n in range(4)})
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == [
        f"fold {n}, seed 0" for n in range(4)
    ]
    best = [line.get_ydata() for line in panels[0].lines if line.get_linestyle() == "-"]
    np.testing.assert_allclose(best, 100 * lines)


def result(name: str, rate: float, layers: int, accuracy: float, loss: float) -> Result:
    def curve(value):
        return {"epoch": 1, "train_loss": 1.0, "validation_loss": value, "validation_uar": 0.5}

    return Result(
        name=name,
        values={"training.learning_rate": rate, "net.options.dense_layers": layers},
        record={
            "recipe": {"training": {"monitor": "loss"}},
            "fits": [
                {"best_epoch": 1, "history": [curve(loss)]},
                {"best_epoch": 1, "history": [curve(loss + 0.2)]},
            ],
            "report": {
                "accuracy": {"value": accuracy},
                "macro_f1": {"value": accuracy - 0.1},
                "protocol": "leave-one-session-out",
                "stamp": "unseen speakers",
            },
        },
    )


def test_a_sweep_s_table_has_the_report_s_shape_and_validation_chooses_the_star(tmp_path):
    results = [
        result("mel", 1e-3, 2, 0.50, loss=1.0),
        result("mel", 1e-4, 2, 0.60, loss=1.5),
        result("mfcc", 1e-3, 2, 0.55, loss=1.2),
        result("mfcc", 1e-4, 2, 0.45, loss=1.1),
    ]
    assert results[0].validation == pytest.approx(1.1)
    assert sweep.rows(results) == [
        ["recipe", "dense_layers", "learning_rate 0.001", "learning_rate 0.0001"],
        ["mel", "2", "50.00 (40.00) *", "60.00 (50.00)"],
        ["mfcc", "2", "55.00 (45.00)", "45.00 (35.00) *"],
    ]
    assert sweep.judged(results) == "leave-one-session-out, unseen speakers"
    page = sweep.write_page(results, tmp_path, "learning rates").read_text()
    assert "50.00 (40.00) *" in page
    assert page.count("<svg") == 2


def test_settings_are_written_as_the_command_line_reads_them(tiny_recipe):
    recipe = Recipe.load(tiny_recipe)
    values = {"training.retrain": True, "training.learning_rate": 1e-4, "window.frames": 11}
    trial = Trial(
        number=1,
        values=values,
        state="complete",
        curve=(1.0,),
        epochs=1,
        best_epoch=1,
        seconds=0,
        bracket=0,
    )
    lines = search.set_lines(recipe, trial)
    assert lines == [
        "--set training.retrain=true",
        "--set training.learning_rate=0.0001",
        "--set window.length=4800",
        "--set window.hop=2400",
    ]
    changed = Recipe.load(tiny_recipe, [line.removeprefix("--set ") for line in lines])
    assert changed.training.retrain
    assert Search(space=SPACE).grid is None
