"""A search in words: its table, the settings it found, the recipe that has them, and its page."""

from collections import Counter
from pathlib import Path
from typing import Any

import tomli_w

from intone.recipe import Recipe, put
from intone.report import search_pictures
from intone.report.page import Cards, Page, Picture, Section, paragraph, table
from intone.report.search_pictures import NAMES
from intone.report.text import columns
from intone.search.space import Value, resolve
from intone.search.tuning import Outcome, Trial

BEST = 8
"""trials that are listed"""


def summary(outcome: Outcome, recipe: Recipe) -> str:
    """Say what was found, and list the best trials."""
    states = Counter(trial.state for trial in outcome.trials)
    counted = ", ".join(f"{number} {state}" for state, number in states.items())
    best = outcome.best
    return (
        f"{_value(outcome, best)} on the validation part of fold {_fold(recipe)}: trial "
        f"{best.number}, epoch {best.best_epoch}\n"
        f"{len(outcome.trials)} trials ({counted}), {outcome.epochs} epochs\n\n"
        f"{columns(rows(outcome, BEST))}"
    )


def rows(outcome: Outcome, most: int | None = None) -> list[list[str]]:
    """List trials, the furthest first, and of those the best."""
    sign = 1 if outcome.monitor == "loss" else -1
    tried = [trial for trial in outcome.trials if trial.curve]
    tried.sort(key=lambda trial: (-len(trial.curve), sign * trial.curve[-1]))
    settings = list(outcome.trials[0].values)
    head = ["trial", NAMES[outcome.monitor], "epochs", "state", *settings]
    return [
        head,
        *(
            [
                str(trial.number),
                f"{trial.curve[-1]:.4f}",
                str(trial.epochs),
                trial.state,
                *(_short(trial.values[name]) for name in settings),
            ]
            for trial in tried[:most]
        ),
    ]


def set_lines(recipe: Recipe, best: Trial) -> list[str]:
    """The best settings as a command line takes them."""
    return [f"--set {key}={_typed(value)}" for key, value in resolve(recipe, best.values).items()]


def best_recipe(data: dict[str, Any], recipe: Recipe, outcome: Outcome) -> str:
    """Write a recipe file with the best settings; `data` is the searched file's, as read."""
    for key, value in resolve(recipe, outcome.best.values).items():
        put(data, key, value)
    data.pop("search")
    return (
        f"# Found by intone tune: {_value(outcome, outcome.best)} on the validation part of fold "
        f"{_fold(recipe)}.\n# Only that fold's test part has chosen nothing: intone train --fold "
        f"{_fold(recipe)} scores it.\n{tomli_w.dumps(data)}"
    )


def write_page(outcome: Outcome, recipe: Recipe, folder: Path) -> Path:
    """Write the search's page and its pictures; gives the page's path."""
    search = recipe.search
    assert search is not None
    best = outcome.best
    spent = f"{len(outcome.trials)} trials, {outcome.epochs} epochs"
    way = "Hyperband" if search.method == "hyperband" else "Random search"
    pictures = [
        Picture(
            name="history",
            figure=search_pictures.history(outcome),
            description=f"{spent}; the best is trial {best.number}",
            caption="Each trial's value, and the best one of a trial trained to the end.",
        ),
        Picture(
            name="parallel-coordinates",
            figure=search_pictures.parallel_coordinates(outcome, search.space),
            description="A line a trial through its settings",
            caption="Bold: trained to the end. The colour is the value.",
        ),
    ]
    if outcome.importance:
        pictures.append(
            Picture(
                name="importance",
                figure=search_pictures.importance(outcome.importance),
                description=", ".join(
                    f"{k} {100 * v:.0f} %" for k, v in outcome.importance.items()
                ),
                caption="PED-ANOVA over the trials that were trained to the end.",
            )
        )
    if search.method == "hyperband":
        pictures.append(
            Picture(
                name="brackets",
                figure=search_pictures.brackets(
                    outcome, min_epochs=search.min_epochs, eta=search.eta
                ),
                description="Trials in each bracket of Hyperband, and where they ended",
                caption="The best value so far; trials are compared at the dashed lines.",
            )
        )
    lines = "\n".join(set_lines(recipe, best))
    page = Page(
        kind="Search",
        title=recipe.title,
        lead=f"{way}: {_value(outcome, best)} on the validation part of fold {search.fold}.",
        sections=[
            Section("Best settings", [f"<pre>{lines}</pre>\n", paragraph(HONESTY)]),
            Section("The search", [Cards(pictures)]),
            Section("Trials", [table(rows(outcome), spent)]),
        ],
        foot="Made by intone tune.",
        sortable=True,
    )
    return page.write(folder, {})


HONESTY = (
    "The value is the best of many on the clips that chose it, so it is too good. The test part of "
    "this fold chose nothing and can judge; speakers of other folds' test parts may have chosen."
)


def _value(outcome: Outcome, trial: Trial) -> str:
    return f"{NAMES[outcome.monitor]} {trial.curve[-1]:.4f}"


def _fold(recipe: Recipe) -> int:
    assert recipe.search is not None
    return recipe.search.fold


def _short(value: Value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _typed(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
