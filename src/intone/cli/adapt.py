"""`intone adapt`: a model learns the labels of a user's own clips."""

from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output

FEW_SPEAKERS = 8


def adapt(
    data: _output.Data,
    model: Annotated[
        Path | None, typer.Option(help="A model file [default: the model that comes with Intone]")
    ] = None,
    output: Annotated[Path, typer.Option(help="The adapted model file.")] = Path("adapted.onnx"),
    speaker: _output.Speaker = None,
    allow_leak: _output.AllowLeak = False,
    seed: _output.Seed = 0,
    quiet: _output.Quiet = False,
) -> None:
    """Fit a model's last layer to labelled clips of your own, and write it as a model file.

    Some fifty clips are enough to begin with. The figures shown are of speakers that the new layer
    was not fitted to, where the clips tell who speaks; --speaker says how their paths tell it.
    """
    from intone import adaptation, corpora, files, runtime
    from intone.report.text import table

    files.check_writable(output)
    track = _output.progress(quiet)
    clips = corpora.read_all(map(corpora.parse_data, data), speaker=speaker)
    made = adaptation.adapt(
        runtime.load(model), clips, allow_leak=allow_leak, seed=seed, track=track
    )
    adapted = adaptation.write(made, output, name=output.stem)
    print(table(made.report))
    speakers = made.report.speakers
    if speakers is None:
        _output.note("nobody knows who speaks: add --speaker, or expect less of new people", quiet)
    elif speakers < FEW_SPEAKERS:
        _output.note(f"{speakers} speakers are few: new ones may fare much worse", quiet)
    _output.note(f"{adapted.path}: {adapted.path.stat().st_size / 1e6:.1f} MB, verified", quiet)
