"""A sound that somebody sent, and how much of it there is."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO, cast

from intone import containers
from intone.audio import printable
from intone.errors import AudioError
from intone.server.limits import Limits

_PIECE = 4_096  # samples decoded at a time, over all channels


class UnreadableError(AudioError):
    """What was sent is no sound of a format that can be read."""


@dataclass(frozen=True)
class Sound:
    """A file with its sender's name for it, which is shown to them and used for nothing else."""

    file: BinaryIO
    name: str

    def read(self, count: int = -1) -> bytes:
        """Give the next bytes."""
        return self.file.read(count)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """Say which place it is at."""
        return self.file.tell()

    def seekable(self) -> bool:
        """Say that it is no pipe."""
        return True


def opened(sound: Sound) -> BinaryIO:
    """Give a sound as `intone.audio` takes it."""
    return cast(BinaryIO, sound)


def seconds(sound: Sound, limits: Limits) -> float:
    """How long a sound is, that is found to be no longer than is heard.

    Its header says so, and libsndfile never decodes more than that; where the header is silent, as
    in a FLAC that was streamed, everything is decoded and counted.

    Raises:
        UnreadableError: it is no sound.
        AudioError: it is empty, too long, or unfolds to too many samples.
    """
    kind = UnreadableError if sound.seek(0, 2) else AudioError

    def fault(what: str) -> AudioError:
        return kind(f"{printable(sound.name)}: {what}")

    with ExitStack() as stack:
        rate, declared, pieces = containers.decode(opened(sound), _PIECE, fault, _later, stack)
        kind, count = AudioError, declared or 0
        for piece in pieces:
            count += 0 if declared else len(piece)
            if count > limits.seconds * rate:
                raise fault(f"longer than {limits.seconds:g} s; send it in parts")
            if count * piece.shape[1] > limits.values:
                raise fault(f"unfolds to over {limits.values} samples; send it in mono")
            if declared:
                break
        return count / rate


def _later(why: str) -> None:
    """Leave a sound that breaks off to those who hear it."""
