"""`intone evaluate`: what a run or a model file is worth, as a report to read."""

import json
import os
import webbrowser
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from intone.cli import _output

if TYPE_CHECKING:
    from intone.assessment.content import Assessment
    from intone.assessment.honesty import Gap
    from intone.corpora import Utterance
    from intone.progress import Track


def evaluate(
    subject: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN|MODEL", help="A run, its record, or a model file.", show_default=False
        ),
    ] = None,
    data: _output.Data = [],
    speaker: _output.Speaker = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The report's folder [default: RUN/report, or reports/NAME]"),
    ] = None,
    open: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    listen: Annotated[
        int,
        typer.Option(min=0, help="How many clips, at most, to play with worse sound; 0: none."),
    ] = 200,
    honesty: Annotated[
        list[str],
        typer.Option(metavar="RECIPE", help="Train it under ever more honest splits; repeatable."),
    ] = [],
    set: _output.Set = [],
    predictions: Annotated[
        Path | None, typer.Option(help="Write the run's out-of-fold answers here, as CSV.")
    ] = None,
    quiet: _output.Quiet = False,
) -> None:
    """Score a run on the clips its fits have not heard, or a model file on labelled clips.

    Writes a page to read, its data and its pictures. With --data it also shows who and what is
    heard worse, how worse sound is borne, and what answers rest on. Clips that a model was trained
    on are refused. --honesty alone reports on the recipe's run with unseen speakers.
    """
    from intone import corpora
    from intone.assessment import subjects
    from intone.assessment.assessing import assess
    from intone.errors import DataError
    from intone.predictions import to_csv
    from intone.recipe import locate
    from intone.report.text import table

    if subject is None and not honesty:
        raise typer.BadParameter("name a run or a model file, or add --honesty RECIPE")
    track = _output.progress(quiet)
    places = [corpora.parse_data(argument) for argument in data]
    recipes = {locate(name).stem: name for name in honesty}
    folder = output or _folder(subject or Path(next(iter(recipes))))
    if folder.is_file():
        raise DataError(f"{folder}: is a file; the report is a folder, name one")
    gaps = [
        _trained(name, set, data, speaker, folder / "honesty" / stem, track)
        for stem, name in recipes.items()
    ]
    subject = subject or folder / "honesty" / next(iter(recipes)) / "unseen-speakers"

    loaded = subjects.load(subject, places, speaker=speaker, listens=listen > 0, track=track)
    print(table(loaded.report), flush=True)
    if predictions is not None:
        if not loaded.seeds:
            raise DataError(f"{subject}: carries figures and no answers; add --data NAME=DIR")
        _output.write(to_csv(loaded.seeds[0]), predictions)
    assessed = assess(loaded, gaps=gaps, listen=listen, track=track)
    index = _write(assessed, loaded.utterances, folder, track)
    _output.note(f"\n{index}: open it in a browser", quiet)
    if open:
        webbrowser.open(index.resolve().as_uri())


def _folder(subject: Path) -> Path:
    """Where a report goes unless told otherwise: into the run, or to `reports`."""
    return subject / "report" if subject.is_dir() else Path("reports") / subject.stem


def _trained(
    name: str,
    set: list[str],
    data: list[str],
    speaker: str | None,
    folder: Path,
    track: "Track",
) -> "Gap":
    """Train a recipe under every split, or go on with it."""
    from intone import corpora
    from intone.assessment import honesty
    from intone.errors import DataError
    from intone.recipe import Recipe, locate

    if not data:
        raise DataError("--honesty trains on clips: add --data NAME=DIR")
    places = [corpora.parse_data(argument) for argument in data]
    return honesty.train(
        name,
        Recipe.load(locate(name), set),
        corpora.read_all(places, speaker=speaker),
        folder,
        sources={
            "data": _output.resolved(places),
            "unlabelled": [],
            "speaker": speaker,
        },
        command=_output.command(data),
        track=track,
    )


def _write(
    assessed: "Assessment", utterances: "Iterable[Utterance]", folder: Path, track: "Track"
) -> Path:
    """Write the report: the page, its pictures and its data."""
    from intone.report import evaluation_page

    shown = {each.clip for confusion in assessed.confusions for each in confusion.clips}
    shown |= {each.clip for each in assessed.explanations}
    sounds = {
        clip.id: quote(os.fsencode(os.path.relpath(clip.path, folder)))
        for clip in utterances
        if clip.id in shown
    }
    return evaluation_page.build(assessed, sounds).write(
        folder,
        {"report.json": json.dumps(assessed.to_dict(), indent=1) + "\n"},
        name="report.html",
        track=track,
    )
