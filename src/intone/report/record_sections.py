"""Sections of a report on how its figures came about: training and provenance."""

import json
from html import escape

from intone.assessment.content import Assessment
from intone.report import page, training_pictures
from intone.report.page import Beside, Picture, Section


def training(told: Assessment) -> Section:
    """Say how the fits learned."""
    if not told.fits:
        return Section("Training", [page.lacking(told.lacking["fits"])])
    fits = {fit.name: {"history": fit.history, "best_epoch": fit.best_epoch} for fit in told.fits}
    epochs = max(len(fit.history) for fit in told.fits)
    best = [fit.best_epoch for fit in told.fits]
    kept = f"{min(best)} to {max(best)}" if min(best) < max(best) else f"{best[0]}"
    words = (
        f"{_count(len(best), 'fit')} of up to {_count(epochs, 'epoch')}, best at epoch {kept}, "
        f"{sum(fit.seconds for fit in told.fits) / 60:.0f} minutes in all."
    )
    curves = Picture(
        name="learning-curves",
        figure=training_pictures.learning_curves({"": fits}),
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
    rows = [["fit", "epochs", "best epoch", "validation UAR, %", "minutes"]]
    for fit in told.fits:
        there = fit.history[fit.best_epoch - 1].get("validation_uar")
        rate = "" if there is None else f"{100 * there:.1f}"
        figures = [str(len(fit.history)), str(fit.best_epoch), rate, f"{fit.seconds / 60:.1f}"]
        rows.append([fit.name, *figures])
    return Section(
        "Training",
        [
            page.paragraph(words),
            Beside([curves, rates]),
            page.table(rows, "Each fit; the validation UAR is that of its best epoch"),
        ],
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
