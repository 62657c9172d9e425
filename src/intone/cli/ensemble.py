"""`intone ensemble`: runs become one."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intone.cli import _output

if TYPE_CHECKING:
    from intone.ensembles import Ensemble
    from intone.progress import Track


class Method(StrEnum):
    """How members are combined."""

    average = "average"
    genetic = "genetic"
    stacking = "stacking"


def ensemble(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished runs.")],
    method: Annotated[Method, typer.Option(help="How they are combined.")] = Method.average,
    set: Annotated[
        list[str],
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of it; repeatable."),
    ] = [],
    output: Annotated[
        Path | None, typer.Option(help="The ensemble's folder [default: runs/METHOD-ensemble]")
    ] = None,
    distill: Annotated[
        str | None,
        typer.Option(metavar="RECIPE", help="Teach its net what the ensemble answers, too."),
    ] = None,
    data: _output.Data = [],
    resume: Annotated[bool, typer.Option(help="Go on with a --distill that was stopped.")] = False,
    seed: _output.Seed = 0,
    quiet: _output.Quiet = False,
) -> None:
    """Combine runs of the same clips and folds, on their probabilities alone.

    Weights and meta models are learned on the validation part of each fold, so that the score is
    of clips that had no say. --distill trains a net in each fold on what the ensemble of that fold
    answers to its training clips; the data are where the first run found them, unless --data says
    otherwise.
    """
    from intone import ensembles
    from intone.evaluation import Report
    from intone.report import ensembles as words
    from intone.report.text import table
    from intone.runs import load_record

    settings = ensembles.parse(method.value, set)
    track = _output.progress(quiet)
    made = ensembles.learn(runs, method.value, settings, track=track)
    folder = output or Path("runs") / f"{method.value}-ensemble"
    if resume and distill is not None and (folder / "run.json").exists():
        record, _ = load_record(folder)
    else:
        record = ensembles.write(made, folder, command=_output.command(data, runs))
        words.write_page(made, record, folder)
    print(table(Report.from_dict(record["report"])))
    print(f"\n{words.members(made)}")
    _output.note(f"\n{folder / 'index.html'}: open it in a browser", quiet)
    _output.note(f"{folder}: done; intone export {folder} makes a model file", quiet)
    if distill is not None:
        command = _output.command(data, runs)
        taught = _distill(made, distill, folder / "student", data, command, resume, seed, track)
        print(f"\nThe student:\n{table(Report.from_dict(taught['report']))}")
        _output.note(f"\n{folder / 'student'}: done; intone export makes a model file", quiet)


def _distill(
    made: "Ensemble",
    name: str,
    folder: Path,
    data: list[str],
    command: str,
    resume: bool,
    seed: int,
    track: "Track",
) -> dict[str, Any]:
    from intone import corpora, experiment, runs
    from intone.ensembles import distillation
    from intone.recipe import Recipe, locate

    found = made.members.runs[0].manifest["sources"]
    places = [corpora.parse_data(argument) for argument in data or found["data"]]
    clips = corpora.read_all(places, speaker=found["speaker"])

    def prepare(recipe: Recipe) -> experiment.Experiment:
        return experiment.prepare(recipe, clips, allow_leak=True, seed=seed, track=track)

    return distillation.distill(
        made,
        Recipe.load(locate(name)),
        prepare,
        runs.Run(folder),
        sources={
            "data": _output.resolved(places),
            "unlabelled": [],
            "speaker": found["speaker"],
        },
        command=command,
        resume=resume,
        track=track,
    )
