"""The studies of reconstruction: how well autoencoders remake what they hear."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from intone.assessment.breakdowns import corpus_title
from intone.errors import DataError
from intone.recipe import Recipe
from intone.report import network, result_pictures
from intone.report.markdown import table
from intone.report.result import Result, best_epochs, commands, find

HEAD = ["variant", "parameters", "training error", "validation error", "best epochs", "stamp"]
HEAD += ["clips of", "folds", "minutes", "hardware"]

NOTE = """\
The error is the mean squared error of the scaled input: in squared standard deviations of each of \
its rows over the labelled training clips, so that 1 is no better than each row's mean. The \
training error is that of the best epoch, while the weights changed, with dropout and with \
unlabelled clips where there are any; the validation error is that of clips which were not trained \
on, but which chose the epoch. Both are means over the fits. Parameters and minutes are those of \
the autoencoder, its decoder included."""


@dataclass(frozen=True, kw_only=True)
class Autoencoder:
    """One record of a study: its pre-training is what counts."""

    name: str
    record: str


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """Autoencoders side by side."""

    heading: str
    about: str
    variants: tuple[Autoencoder, ...]


def section(study: Reconstruction, results: Mapping[str, Result]) -> tuple[str, dict[str, str]]:
    """Set a study: its text, and its picture by file name.

    Raises:
        DataError: a record is missing, or has no autoencoder.
    """
    found = {one.name: find(results, one.record) for one in study.variants}
    fits = {name: _pretraining(result) for name, result in found.items()}
    rows = [_row(name, found[name], [*fits[name].values()]) for name in found]
    drawn = result_pictures.draw_losses(study.variants[0].record, fits)
    parts = [
        f"### {study.heading}",
        study.about,
        table([HEAD, *rows]).rstrip(),
        NOTE,
        result_pictures.shown(study.heading, drawn),
        commands(found.values()),
    ]
    return "\n\n".join(parts), drawn


def _pretraining(result: Result) -> dict[str, Mapping[str, Any]]:
    """How the autoencoder of each fit learned."""
    stages = {name: stage for name, fit in result.fits.items() if (stage := fit.get("pretraining"))}
    if not stages:
        raise DataError(f"a study of reconstruction names {result.name}, without an autoencoder")
    return stages


def _row(name: str, result: Result, stages: list[Mapping[str, Any]]) -> list[str]:
    best = [stage["history"][stage["best_epoch"] - 1] for stage in stages]
    recipe = Recipe.parse(result.record["recipe"], result.name)
    assert recipe.pretraining is not None
    return [
        name,
        f"{network.autoencoder_parameters(recipe):,}",
        *(f"{fmean(row[key] for row in best):.3f}" for key in ("train_loss", "validation_loss")),
        best_epochs(stages, recipe.pretraining.training.epochs),
        result.report.stamp,
        _heard(result.record),
        result.folds,
        f"{sum(row['seconds'] for stage in stages for row in stage['history']) / 60:.0f}",
        result.hardware,
    ]


def _heard(record: Mapping[str, Any]) -> str:
    """Count the clips of each corpus, and say which were heard without their labels."""
    labelled, unlabelled = (
        [f"{corpus_title(name)}, {used['clips']:,}" for name, used in record[key].items()]
        for key in ("data", "unlabelled")
    )
    return " + ".join([*labelled, *(f"{one} unlabelled" for one in unlabelled)])
