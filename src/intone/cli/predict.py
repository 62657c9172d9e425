"""`intone predict`: name the emotion in sound files, and when it is heard in long recordings."""

import hashlib
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from intone.cli import _answers, _output
from intone.cli._answers import Format

if TYPE_CHECKING:
    from intone.audio import Source
    from intone.batch import Question
    from intone.runtime import Model

_FIRST = "first:"


def predict(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders, '-' for standard input.")
    ],
    model: Annotated[
        Path | None,
        typer.Option(help="A model file, or 'large'; without it, the one that comes with Intone."),
    ] = None,
    format: Annotated[
        Format | None,
        typer.Option(
            help="How to write the answers [default: as the output's name says, or table]"
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Say when which emotion is heard in the speech.")
    ] = False,
    channels: Annotated[
        Literal["mixed", "separate"],
        typer.Option(help="With --timeline: hear channels together, or each by itself."),
    ] = "mixed",
    hop: Annotated[
        float | None,
        typer.Option(help="With --timeline: seconds between windows [default: the model's own]"),
    ] = None,
    smoothing: Annotated[
        Literal["whole", "causal", "none"],
        typer.Option(
            help="With --timeline: smooth with all that is near, or with what was before."
        ),
    ] = "whole",
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --timeline: draw one recording, as .svg or .png."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Answer relative to how the person in FILE sounds; with --timeline also "
            "'first:SECONDS', of each recording.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="With --output: go on where a run was broken off.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes [default: from 100 files on, one a processor]"),
    ] = None,
    quiet: _output.Quiet = False,
) -> int:
    """Name the emotion in sound files, one row a file; with --timeline, one row a segment.

    Files that cannot be used are named at the end, in one line each, the others are still answered,
    and the exit code is 2.
    """
    from intone import audio, batch
    from intone.batch.journal import journal
    from intone.recordings.timeline import Smoothing

    if not timeline and (channels == "separate" or hop or picture or smoothing != "whole"):
        raise typer.BadParameter("--channels, --hop, --smoothing, --picture: add --timeline")
    if resume and output is None:
        raise typer.BadParameter("--resume goes on with what --output was to hold: name it")
    first = _first_seconds(baseline, timeline)
    question = batch.Question(
        model=model,
        baseline=None if first else baseline,
        timeline=timeline,
        separate=channels == "separate",
        hop=hop,
        smoothing=Smoothing(kind=smoothing),
        first=first,
    )
    loaded = question.load()
    found = dict.fromkeys(map(str, audio.find(path for path in paths if path != "-")))
    sources: list[Source] = [*found, *([_standard_input()] if "-" in paths else [])]
    format = _answers.chosen(format, output, timeline=timeline, files=len(sources))
    if picture is not None:
        _check_picture(picture, len(sources))
    with journal(output, _about(paths, question, loaded), resume=resume) as kept:
        done = {entry["source"] for entry in kept}
        left = [source for source in sources if audio.name_of(source) not in done]
        track = _output.progress(quiet)
        for entry in batch.answers(question, loaded, left, jobs=jobs, track=track):
            kept.add(asdict(entry))
        errors = [entry["error"] for entry in kept if entry["error"]]
        if len(errors) < len(sources):
            if picture is not None:
                _answers.draw(_records(kept), picture)
            _answers.write(
                _records(kept), loaded.labels, format=format, timeline=timeline, output=output
            )
            if format == Format.table:
                _output.note(origin(loaded), quiet)
    for error in errors:
        _output.fail(error)
    return 2 if errors else 0


def _first_seconds(baseline: str | None, timeline: bool) -> float | None:
    """Read the seconds of `first:SECONDS`; None where the baseline is a file, or there is none."""
    if baseline is None or not baseline.startswith(_FIRST):
        return None
    try:
        seconds = float(baseline.removeprefix(_FIRST))
    except ValueError:
        seconds = 0.0
    if not seconds > 0 or not timeline:
        raise typer.BadParameter(f"--baseline {baseline}: write first:120, and add --timeline")
    return seconds


def _check_picture(picture: Path, count: int) -> None:
    """See that the picture can be drawn, before the work that it shows."""
    from intone import files

    if picture.suffix not in (".svg", ".png"):
        raise typer.BadParameter(f"{picture}: a picture is written as .svg or .png; name it so")
    if count != 1:
        raise typer.BadParameter("a picture is of one recording: name one file")
    files.check_writable(picture)


def _about(paths: list[str], question: "Question", model: "Model") -> dict[str, Any]:
    """Say what a run asks, so that `--resume` goes on with the same one only."""
    digest = hashlib.sha256(model.path.read_bytes()).hexdigest()
    return {"paths": paths, **asdict(question), "model": digest}


def _records(entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (record for entry in entries for record in entry["records"])


def _standard_input() -> io.BytesIO:
    """All of standard input, as a file named `-`."""
    sound = io.BytesIO(sys.stdin.buffer.read())
    sound.name = "-"
    return sound


def origin(model: "Model") -> str:
    """Say where a model comes from, and what it is worth."""
    description = model.description
    corpora = ", ".join(name.upper() for name in description.training["data"])
    uar = description.expected["uar"]["value"]
    told = (
        f"\nmodel {model.name}, trained on {corpora}; on {description.expected['stamp']} "
        f"it finds {100 * uar:.0f} % of each class (UAR, {description.expected['protocol']}; "
        f"chance {100 / len(model.labels):.0f} %)"
    )
    if model.threshold is not None and description.candidates is not None:
        share = 100 * description.candidates.coverage
        told += f"; ?: unsure; candidates hold the right one for {share:.0f} % of such clips"
    return told
