"""What long work has done, line by line, so that it goes on where it was broken off."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from intone import files
from intone.errors import DataError, IntoneError


class Journal:
    """Entries that are kept, once added, even if the process is killed: a line of JSON each."""

    def __init__(self, file: BinaryIO, about: Mapping[str, Any]) -> None:
        self._file = file
        if file.seek(0, os.SEEK_END) == 0:
            self.add(about)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Write an entry at the end.

        Raises:
            IntoneError: there is no room for it.
        """
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(json.dumps(entry).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise IntoneError(
                f"{self._file.name}: {error.strerror}; make room, and go on with --resume"
            ) from None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Read the entries, in the order in which they were added."""
        self._file.seek(0)
        next(self._file)
        for line in self._file:
            yield json.loads(line)


@contextmanager
def journal(result: Path | None, about: Mapping[str, Any], *, resume: bool) -> Iterator[Journal]:
    """Keep a journal beside the file that will hold the result, until that is written.

    `about` says what is done; only the same work goes on. Without a result, or for a device,
    nothing outlives the process.

    Raises:
        IntoneError: no file can be written there, or another process writes it.
        DataError: there is a journal with entries and `resume` is off, or it is of other work.
    """
    if result is None or (result.exists() and not result.is_file() and not result.is_dir()):
        with TemporaryFile() as file:
            yield Journal(file, about)
        return
    files.check_writable(result)
    path = result.with_name(f"{result.name}.journal")
    with _opened(path, about, resume) as file:
        yield Journal(file, about)
    path.unlink()


@contextmanager
def _opened(path: Path, about: Mapping[str, Any], resume: bool) -> Iterator[BinaryIO]:
    """Open a journal to add to it, without the line that a kill may have torn."""
    try:
        file = path.open("a+b")
    except OSError as error:
        raise IntoneError(
            f"{path}: cannot be written: {error.strerror}; choose another place"
        ) from None
    with file:
        _claim(file)
        file.seek(0)
        lengths = [len(line) for line in file if line.endswith(b"\n")]
        entries = len(lengths) - 1  # the first line says what they are about
        if entries > 0 and not resume:
            raise DataError(
                f"{path}: is of work that was broken off; go on with --resume, or delete it"
            )
        file.seek(0)
        if entries > 0 and json.loads(next(file)) != about:
            raise DataError(
                f"{path}: is of other files, another model or other settings; delete it"
            )
        file.truncate(sum(lengths) if entries > 0 else 0)
        yield file


def _claim(file: BinaryIO) -> None:
    """Keep other processes off a journal; the lock goes with the process that holds it.

    Raises:
        IntoneError: another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # on Windows there is no such lock
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise IntoneError(
            f"{file.name}: another process writes it; wait, or choose another output"
        ) from None
