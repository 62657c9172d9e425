"""Sections of a report on how its figures came about: training and provenance."""

import json
from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from intone.assessment.content import Assessment, FitCurve
from intone.report import page, training_pictures
from intone.report.page import Beside, Part, Picture, Section
from intone.report.training_pictures import Fits


def training(told: Assessment) -> Section:
    """Say how the fits learned."""
    if not told.fits:
        return Section("Training", [page.lacking(told.lacking["fits"])])
    words = _summary(told.fits)
    curves = Picture(
        name="learning-curves",
        figure=training_pictures.learning_curves({"": _drawn(told.fits)}),
        description=f"Loss and validation UAR by epoch. {words}",
        caption="Loss, dashed in training and a line on validation, and UAR on validation; the "
        "dot is the epoch that is kept.",
        stamp=told.report.stamp,
    )
    rates = Picture(
        name="learning-rates",
        figure=training_pictures.learning_rates(
            {fit.name: fit.learning_rates for fit in told.fits}
        ),
        description="The learning rate of each epoch.",
    )
    learned = any(len(fit.history) > 1 for fit in told.fits)
    return Section(
        "Training",
        [
            page.paragraph(words),
            *[Beside([curves, rates])] * learned,
            _table(told.fits, "validation UAR, %", "validation_uar", 100, 1),
            *_autoencoders(told),
        ],
    )


def _autoencoders(told: Assessment) -> Iterator[Part]:
    """Say how the fits' autoencoders learned before, and show what the first makes of clips."""
    if not told.pretraining:
        return
    words = (
        "Before, an autoencoder learned to make each input again from a short code of it. "
        f"{_summary(told.pretraining)}"
    )
    curves = Picture(
        name="autoencoder-curves",
        figure=training_pictures.loss_curves({"": _drawn(told.pretraining)}),
        description=f"Loss of the autoencoders by epoch. {words}",
        caption="Mean squared error of the input, dashed in training and a line on validation; "
        "where the input is scaled, 1 is no better than the mean of each row. The dot is the "
        "epoch that is kept.",
        stamp=told.report.stamp,
    )
    yield "<h3>The autoencoder</h3>\n"
    yield page.paragraph(words)
    yield Beside([curves, _reconstructions(told)])
    yield _table(told.pretraining, "validation error", "validation_loss", 1, 3)


def _reconstructions(told: Assessment) -> Picture | str:
    """Show what the first fit's autoencoder makes of clips."""
    if not told.reconstructions:
        return page.lacking(told.lacking["reconstructions"])
    clips = ", ".join(each.clip for each in told.reconstructions)
    return Picture(
        name="reconstructions",
        figure=training_pictures.reconstructions(
            np.array([each.original for each in told.reconstructions]),
            np.array([each.remade for each in told.reconstructions]),
        ),
        description=f"Windows of {clips}, and what the first fit's autoencoder makes of them.",
        caption=f"The first windows of validation clips ({clips}) above what the first fit's "
        "autoencoder makes of them, with its mean squared error.",
        stamp=told.report.stamp,
    )


def _table(fits: Sequence[FitCurve], head: str, key: str, times: float, digits: int) -> str:
    """Set when each fit was best, and what it was worth on validation then."""
    rows = [["fit", "epochs", "best epoch", head, "minutes"]]
    for fit in fits:
        there = fit.history[fit.best_epoch - 1].get(key)
        worth = "" if there is None else f"{times * there:.{digits}f}"
        figures = [str(len(fit.history)), str(fit.best_epoch), worth, f"{fit.seconds / 60:.1f}"]
        rows.append([fit.name, *figures])
    what, _, _ = head.partition(",")
    return page.table(rows, f"Each fit; the {what} is that of its best epoch")


def _drawn(fits: Sequence[FitCurve]) -> Fits:
    return {fit.name: {"history": fit.history, "best_epoch": fit.best_epoch} for fit in fits}


def _summary(fits: Sequence[FitCurve]) -> str:
    """Say how long fits took, and when they were best."""
    epochs = max(len(fit.history) for fit in fits)
    best = [fit.best_epoch for fit in fits]
    kept = f"{min(best)} to {max(best)}" if min(best) < max(best) else f"{best[0]}"
    return (
        f"{_count(len(best), 'fit')} of up to {_count(epochs, 'epoch')}, best at epoch {kept}, "
        f"{_count(round(sum(fit.seconds for fit in fits) / 60), 'minute')} in all."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def provenance(told: Assessment) -> Section:
    """Say from what, by whom and how the figures were made, so that they can be made again."""
    source = told.provenance
    rows = [["corpus", "licence", "used", "the copy", "clips", "of", "speakers"]]
    for held in source.data:
        expected = "" if held.expected_clips is None else f"{held.expected_clips:,}"
        verdict = held.verdict or "not examined"
        counts = [f"{held.clips:,}", expected, f"{held.speakers:,}"]
        rows.append([held.title, held.licence or "", held.use, verdict, *counts])
    machine = source.environment
    versions = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    hardware = machine["processor"] if machine["device"] == "cpu" else machine["device"]
    entries = [
        ("Command", f"<code>{escape(source.command)}</code>"),
        ("Labels", escape(source.mapping)),
        ("Hardware", escape(f"{hardware}, threads: {machine['threads']}")),
        ("Versions", escape(f"Python {machine['python']}, {versions}")),
        ("Commit and date", escape(f"{machine['commit'] or 'unknown'}, {machine['date']}")),
        ("Seeds", escape(", ".join(map(str, source.seeds)))),
        *(("Note", escape(note)) for note in source.notes),
    ]
    splits = "\n".join(source.splits)
    recipe = json.dumps(source.recipe, indent=1)
    return Section(
        "Provenance",
        [
            page.terms(entries),
            page.table(rows, "Data", words=4),
            page.details("Manifests of the folds, SHA-256", f"<pre>{escape(splits)}</pre>\n"),
            page.details("The recipe, all settings", f"<pre>{escape(recipe)}</pre>\n"),
        ],
    )
