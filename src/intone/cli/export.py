"""`intone export`: a run becomes a model file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from intone.cli import _output

if TYPE_CHECKING:
    from intone.corpora import Utterance
    from intone.progress import Track
    from intone.runtime import Model

COVERAGE = 0.9
COMPARED = 1000
"""about how many clips a compressed model must answer as the whole one does"""


def export(
    run: Annotated[Path, typer.Argument(help="A finished run.")],
    output: Annotated[
        Path | None,
        typer.Option(
            help="The model file [default: RUN/model.onnx], or 'large': where --model large is."
        ),
    ] = None,
    data: _output.Data = [],
    name: Annotated[
        str | None, typer.Option(help="What the model is called [default: the run's name]")
    ] = None,
    weights: Annotated[
        Literal["float32", "float16", "int8"],
        typer.Option(help="How to store the weights: whole, in half the size, or in a quarter."),
    ] = "float32",
    coverage: Annotated[
        float,
        typer.Option(min=0.5, max=0.99, help="How often the named candidates hold the truth."),
    ] = COVERAGE,
    quiet: _output.Quiet = False,
) -> None:
    """Refit a run's recipe on every clip, and write a model file that needs no torch.

    The data are where the run found them, unless --data says otherwise. The file carries the
    folds' score as its expected score. Of an ensemble, the members' model files are joined; those
    that are not there yet are written first.
    """
    from intone import export as exporting
    from intone import files, runs, runtime

    track = _output.progress(quiet)
    manifest = runs.Run(run).manifest
    if output == runtime.LARGE:
        output = runtime.located(output)
        output.parent.mkdir(parents=True, exist_ok=True)
    output = output or run / "model.onnx"
    files.check_writable(output)  # before the work, not after it
    name = name or run.resolve().name
    if "ensemble" in manifest:
        model = _join(run, output, data, name, track)
    else:
        model = _refit(run, output, data, name, track, coverage)
    if weights != "float32":
        clips, _ = _clips(run, data)
        compared = clips[:: len(clips) // COMPARED + 1]
        agreement = exporting.compress(model, weights, compared, output)
        _output.note(f"{agreement:.1%} of clips answered as before in float32", quiet)
    _output.note(f"{model.path}: {model.path.stat().st_size / 1e6:.1f} MB, verified", quiet)


def _refit(
    run: Path,
    output: Path,
    data: list[str],
    name: str,
    track: "Track",
    coverage: float = COVERAGE,
) -> "Model":
    from intone import calibration, experiment, export, runs
    from intone.ensembles import distillation

    record, _ = runs.load_record(run)
    clips, unlabelled = _clips(run, data)
    subject = experiment.prepare(
        runs.Run(run).recipe,
        clips,
        unlabelled=unlabelled,
        allow_leak=True,
        track=track,
    )
    runs.check_clips(subject, record)
    subject = distillation.taught(subject, run)
    fitted = export.refit(subject, record, track=track)
    answers = runs.validation_answers(runs.Run(run))
    candidates = answers and calibration.candidates(
        *answers, divisor=record.get("temperature", 1.0), coverage=coverage
    )
    return export.export(subject, fitted, record, output, name=name, candidates=candidates)


def _clips(run: Path, data: list[str]) -> "tuple[list[Utterance], list[Utterance]]":
    """The run's clips and its unlabelled ones, where it found them or where `data` says."""
    from intone import corpora, runs

    sources = runs.Run(run).manifest["sources"]
    places = map(corpora.parse_data, data or sources["data"])
    sound_alone = map(corpora.parse_data, sources.get("unlabelled", []))
    return corpora.read_apart(places, sound_alone, speaker=sources["speaker"])


def _join(run: Path, output: Path, data: list[str], name: str, track: "Track") -> "Model":
    """Export the members that have no model file yet, and join them."""
    from intone import ensembles, runs, runtime
    from intone.ensembles.joined import join

    record, _ = runs.load_record(run)
    members, learned = ensembles.relearn(runs.Run(run).manifest)
    models = []
    for member in members.runs:
        own = member.folder / "model.onnx"
        if not own.exists():
            _refit(member.folder, own, data, member.folder.resolve().name, track)
        models.append(runtime.load(own))
    return join(models, learned, record, output, name=name, one_vs_rest=members.one_vs_rest)
