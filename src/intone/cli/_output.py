"""What every verb says to people: results on standard output, all else on standard error."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from intone import files
from intone.progress import Track, silent

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no notes.")]
Data = Annotated[
    list[str],
    typer.Option("--data", metavar="NAME=DIR", help="A corpus and where it is; repeatable."),
]
Set = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; repeatable.")
]
AllowLeak = Annotated[
    bool, typer.Option("--allow-leak", help="Go on with a split that leaks, stamping it.")
]
Seed = Annotated[int, typer.Option(min=0, help="The seed of the splits.")]
Speaker = Annotated[
    str | None,
    typer.Option(
        "--speaker",
        metavar="REGEX",
        help="In a folder of your own: where a file's path names its speaker, as '/(\\w+)-'.",
    ),
]


def fail(message: str) -> int:
    """Say in one line what is wrong; gives the exit code."""
    print(f"intone: {' '.join(message.split())}", file=sys.stderr)
    return 2


def note(message: str, quiet: bool = False) -> None:
    """Say something beside the result."""
    if not quiet:
        print(message, file=sys.stderr)


def progress(quiet: bool) -> Track:
    """A progress bar on standard error; nothing when quiet or when it is no terminal."""
    return silent if quiet or not sys.stderr.isatty() else _bar


def _bar(items: Iterable[Any], label: str, total: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import track

    yield from track(items, label, total, console=Console(stderr=True), transient=True)


def write(text: str, output: Path | None) -> None:
    """Print a result, or write it to a file that has its name only once it is complete."""
    if output is not None:
        files.write_text(output, text)
    else:
        print(text, end="", flush=True)  # before any note that follows it
