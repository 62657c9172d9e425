"""Files that are whole or not there, and read with a line for people when they are damaged."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from intone.errors import DataError, IntoneError

RESUME = "delete it, and go on with --resume"
"""What to do about a damaged file that a run writes anew."""


@contextmanager
def writing(path: Path, advice: str = "choose another place, or make room") -> Iterator[BinaryIO]:
    """Write a file that has its name only once it is complete.

    What is there already and is no regular file, such as a device, is written into.

    Raises:
        IntoneError: it cannot be written; nothing half-written is left.
    """
    direct = path.exists() and not path.is_file() and not path.is_dir()
    target = path if direct else path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with target.open("wb") as file:
            yield file
        if not direct:
            target.replace(path)
    except OSError as error:
        raise IntoneError(f"{path}: cannot be written: {error.strerror}; {advice}") from None
    finally:
        if not direct and target.is_file():
            target.unlink()


def cache_folder() -> Path:
    """Where caches live: `$INTONE_CACHE`, or `intone` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("INTONE_CACHE") or Path(base) / "intone")


def check_writable(path: Path) -> None:
    """See that a file can be written, before the work whose result it will hold.

    Raises:
        IntoneError: its folder is missing or closed, or it is a folder itself.
    """
    if path.is_dir():
        raise IntoneError(f"{path}: is a folder; name a file")
    if not path.parent.is_dir():
        raise IntoneError(f"{path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise IntoneError(f"{path}: its folder may not be written; choose another place")


def write_text(path: Path, text: str) -> None:
    """Write text; file names that are not UTF-8 are written with escapes."""
    with writing(path) as file:
        file.write(text.encode("utf-8", errors="backslashreplace"))


def write_json(path: Path, data: Any) -> None:
    """Write plain data."""
    write_text(path, json.dumps(data, indent=1) + "\n")


def write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write named arrays as `.npz`."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    with writing(path) as file:
        file.write(packed.getvalue())


def read_json(path: Path, advice: str = RESUME) -> Any:
    """Read plain data; `advice` says what to do where it is damaged.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is damaged.
    """
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise damaged(path, advice) from None


def read_arrays(path: Path, advice: str = RESUME) -> dict[str, NDArray[Any]]:
    """Read named arrays; `advice` says what to do where they are damaged.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is damaged.
    """
    packed = io.BytesIO(path.read_bytes())
    try:
        with np.load(packed, allow_pickle=False) as stored:
            return dict(stored)
    except Exception:  # a damaged archive may fail in any way
        raise damaged(path, advice) from None


def damaged(path: Path, advice: str = RESUME) -> DataError:
    """The error that names a file which does not hold what it should."""
    return DataError(f"{path}: is damaged; {advice}")
