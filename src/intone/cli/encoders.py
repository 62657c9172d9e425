"""`intone encoders`: the pre-trained encoders that are known, and getting one's weights."""

from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output

encoders = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@encoders.callback()
def _list(context: typer.Context) -> None:
    """List the pre-trained encoders: size, licence, whether their weights are on this machine."""
    from intone import encoders
    from intone.report.text import columns

    if context.invoked_subcommand:
        return
    rows = [["name", "parameters", "blocks", "here", "licence", "title", "official weights"]]
    for name, info in encoders.known().items():
        here = "yes" if encoders.is_here(name) else "no"
        sizes = [f"{info.parameters:>10,}", f"{info.depth:>6}"]
        rows.append([name, *sizes, here, info.licence, info.title, info.source])
    print(columns(rows, left=7))


@encoders.command()
def get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from intone encoders.")],
    file: Annotated[
        Path | None,
        typer.Option(help="The official file, got otherwise [default: its official address]"),
    ] = None,
    quiet: _output.Quiet = False,
) -> None:
    """Get an encoder's published weights, check them, and keep them on this machine."""
    from intone import encoders

    kept = encoders.get(name, file, track=_output.progress(quiet))
    _output.note(f"{kept}: {kept.stat().st_size / 1e6:.0f} MB, the published weights", quiet)
