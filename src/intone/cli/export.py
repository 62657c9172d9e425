"""`intone export`: a run becomes a model file."""

from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def export(
    run: Annotated[Path, typer.Argument(help="A finished run.")],
    output: Annotated[
        Path | None, typer.Option(help="The model file [default: RUN/model.onnx]")
    ] = None,
    data: _output.Data = [],
    name: Annotated[
        str | None, typer.Option(help="What the model is called [default: the run's name]")
    ] = None,
    quiet: _output.Quiet = False,
) -> None:
    """Refit a run's recipe on every clip, and write a model file that needs no torch.

    The data are where the run found them, unless --data says otherwise. The file carries the
    folds' score as its expected score.
    """
    from intone import corpora, experiment, export, files, runs

    track = _output.progress(quiet)
    output = output or run / "model.onnx"
    manifest = runs.Run(run).manifest
    record, _ = runs.load_record(run)
    files.check_writable(output)  # before the work, not after it
    sources = manifest["sources"]
    places = map(corpora.parse_data, data or sources["data"])
    sound_alone = map(corpora.parse_data, sources.get("unlabelled", []))
    clips, unlabelled = corpora.read_apart(places, sound_alone, speaker=sources["speaker"])
    subject = experiment.prepare(
        runs.Run(run).recipe,
        clips,
        unlabelled=unlabelled,
        allow_leak=True,
        track=track,
    )
    runs.check_clips(subject, record)
    model = export.export(
        subject,
        export.refit(subject, record, track=track),
        record,
        output,
        name=name or run.resolve().name,
    )
    _output.note(f"{model.path}: {model.path.stat().st_size / 1e6:.1f} MB, verified", quiet)
