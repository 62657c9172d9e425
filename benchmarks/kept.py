"""Figures that documents quote: a TOML file, a table for each benchmark, with what made it."""

import shlex
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from intone import files, runs

RECORDINGS = Path(__file__).parent.parent / "results" / "recordings.toml"
DEFAULT_MODEL = RECORDINGS.with_name("default.toml")
ACROSS = RECORDINGS.with_name("across.toml")
VALIDATION = RECORDINGS.with_name("validation.toml")
NORMALISED = RECORDINGS.with_name("normalised.toml")


def keep(path: Path, name: str, figures: Mapping[str, Any]) -> None:
    """Write a benchmark's figures into the file, in place of those that it had there."""
    tables = tomllib.loads(path.read_text()) if path.exists() else {}
    environment = runs.environment()
    made = {key: environment[key] for key in ("processor", "commit", "date")}
    tables[name] = {"command": _command(), **made, **figures}
    files.write_text(path, tomli_w.dumps(dict(sorted(tables.items()))))


def _command() -> str:
    """The command as it was typed, with runs and files by their names alone."""
    script, *words = sys.argv
    told = [Path(word).name if Path(word).exists() else word for word in words]
    return shlex.join(["python", f"benchmarks/{Path(script).name}", *told])
