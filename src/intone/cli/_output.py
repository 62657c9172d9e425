"""What every verb says to people: results on standard output, all else on standard error."""

import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
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
Unlabelled = Annotated[
    list[str],
    typer.Option(
        "--unlabelled",
        metavar="NAME=DIR",
        help="A corpus of which pre-training hears the sound; repeatable.",
    ),
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


def remarks(notes: Iterable[str], quiet: bool = False) -> None:
    """Say what should be known of a split."""
    for remark in notes:
        note(f"Note: {remark}.", quiet)


def progress(quiet: bool) -> Track:
    """A progress bar on standard error; nothing when quiet or when it is no terminal."""
    return silent if quiet or not sys.stderr.isatty() else _bar


def _bar(items: Iterable[Any], label: str, total: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import track

    yield from track(items, label, total or None, console=Console(stderr=True), transient=True)


def write(text: str, output: Path | None) -> None:
    """Print a result, or write it to a file that has its name only once it is complete."""
    if output is not None:
        files.write_text(output, text)
    else:
        print(text, end="", flush=True)  # before any note that follows it


def resolved(places: list[tuple[str, Path]]) -> list[str]:
    """Where corpora are, so that they are found from any folder."""
    return [f"{name}={root.resolve()}" for name, root in places]


def command(data: list[str], runs: Sequence[Path] = ()) -> str:
    """The command as it was typed, without what only this machine knows or only it needed."""
    named = {str(run): run.resolve().name for run in runs}
    words = iter(sys.argv[1:])
    shown = ["intone"]
    for word in words:
        if word == "--output":
            next(words, None)
        elif word in data:
            shown.append(f"{word.partition('=')[0]}=DIR")
        elif word in named:
            shown.append(named[word])
        elif not word.startswith("--output=") and word not in ("--resume", "--quiet", "-q"):
            shown.append(word)
    return shlex.join(shown)
