"""Pre-trained encoders of speech. One is found because its file stands here; nothing else lists it.

An encoder hears a window of sound through its own front end, on the window's own length, and gives
a sequence of embeddings after each of its blocks. Frozen, it stands where a feature stands: an
`Encoding` is an input of a recipe, and what it gives is cached as features are. Unfrozen, it is
part of a net (`nets/fine_tuned.py`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from intone.errors import DataError
from intone.features import FrontEnd, Level, Pool
from intone.progress import Track, silent

if TYPE_CHECKING:  # torch is imported when an encoder is wanted, not when a recipe is read
    from intone.encoders._encoder import Encoder, Pooled

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Known:
    """An encoder that can be had: what it is, and where its official weights are."""

    name: str
    title: str
    licence: str
    citation: str
    source: str
    """the official address of its weights"""
    file_sha256: str
    """of the official file"""
    tensors_sha256: str = ""
    """of the encoder's tensors, whatever file they come in; see `_weights.digest`"""
    width: int
    depth: int
    """how many blocks there are; 0 is what goes into the first"""
    parameters: int
    """of all blocks, and of what stands before them"""


def known() -> dict[str, Known]:
    """Every encoder that there is, by name."""
    return {name: info for module in _modules() for name, info in module.KNOWN.items()}


def find(name: str) -> Known:
    """Describe an encoder.

    Raises:
        DataError: there is no such encoder.
    """
    everything = known()
    if name not in everything:
        near = get_close_matches(name, everything, n=3) or sorted(everything)
        raise DataError(f"no encoder named {name}; there is {', '.join(near)}")
    return everything[name]


def front_end(name: str) -> FrontEnd:
    """Describe what an encoder itself hears of a window."""
    heard: FrontEnd = _module(name).FRONT_END
    return heard


def build(name: str, blocks: Sequence[int]) -> "Encoder":
    """Make an encoder with random weights, cut after the last of these blocks.

    Raises:
        DataError: there is no such encoder, or it has no such block.
    """
    info = find(name)
    if not blocks or min(blocks) < 0 or max(blocks) > info.depth:
        raise DataError(f"{name} has the blocks 0 to {info.depth}; blocks is {list(blocks)}")
    made: Encoder = _module(name).build(info, tuple(blocks))
    return made


def load(name: str, blocks: Sequence[int]) -> "Encoder":
    """Make an encoder with its published weights, ready to hear.

    Raises:
        DataError: as `build`; or its weights are not on this machine, or damaged.
    """
    from intone.encoders import _weights

    encoder = build(name, blocks)
    tensors = _weights.read(find(name))
    try:
        encoder.load_state_dict({key: tensors[key].float() for key in encoder.state_dict()})
    except (KeyError, RuntimeError):  # tensors of another network
        raise _weights.damaged(find(name)) from None
    return encoder.eval().requires_grad_(False)


def is_here(name: str) -> bool:
    """Whether an encoder's weights are on this machine."""
    from intone.encoders import _weights

    return _weights.place(find(name)).exists()


def get(name: str, file: Path | None = None, *, track: Track = silent) -> Path:
    """Keep an encoder's published weights on this machine, from the official address or a file.

    A file is the official one, or holds the same tensors under the names that they have here.

    Raises:
        DataError: the address cannot be reached, or the file is not what was published.
    """
    from intone.encoders import _weights

    info = find(name)
    with TemporaryDirectory() as folder:
        path = file or _weights.download(info, Path(folder), track=track)
        content = _weights.load(path)
        if _weights.sha256(path) == info.file_sha256:
            tensors = _of_official(info, content)
        elif _weights.digest(tensors := _weights.plain(content)) != info.tensors_sha256:
            raise DataError(
                f"{path}: does not hold the published weights of {name}; take {info.source}"
            )
        return _weights.keep(info, tensors)


def _of_official(info: Known, content: dict[str, Any]) -> dict[str, Any]:
    """Take an encoder's own tensors out of the official file, by their names here."""
    import torch

    with torch.device("meta"):
        names = build(info.name, (info.depth,)).state_dict()
    tensors = _module(info.name).tensors(content)
    return {name: tensors[name] for name in names}


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """What a frozen encoder gives of a window, where a net's input could be features.

    The blocks' embeddings stand one above the other `[blocks * width, T]`; `pool` gives statistics
    over time, one after the other `[pools * blocks * width]`.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    encoder: str
    blocks: tuple[int, ...]
    level: Level = "as is"
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16 is twice as fast where the processor has it; a model file hears in float32"""
    pool: tuple[Pool, ...] = ()

    def __call__(self, window: Floats) -> Floats:
        """Hear a window of sound: `[T] -> [rows, frames]`, or `[rows * pools]`.

        Raises:
            DataError: the encoder's weights are not on this machine.
        """
        import torch

        heard = torch.from_numpy(self.hears(window))[None]
        halved = self.precision == "bfloat16"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=halved):
            given: Floats = self.module()(heard)[0].float().numpy()
        return given

    def shape(self, length: int) -> tuple[int, ...]:
        """The shape that a window of `length` samples gives."""
        import torch

        from intone.encoders._encoder import Pooled

        with torch.device("meta"):
            heard = torch.empty(1, *self.hears.shape(length))
            return tuple(Pooled(build(self.encoder, self.blocks), self.pool)(heard).shape[1:])

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain data, with the weights' digest."""
        info = find(self.encoder)
        return {**asdict(self), "weights": info.tensors_sha256 or info.file_sha256}

    @property
    def hears(self) -> FrontEnd:
        """What the encoder itself hears of a window."""
        return replace(front_end(self.encoder), level=self.level)

    def module(self) -> "Pooled":
        """The frozen encoder with its pooling, as a part of a graph."""
        return pooled(self.encoder, self.blocks, self.pool)


@lru_cache(maxsize=4)
def pooled(name: str, blocks: tuple[int, ...], pool: tuple[Pool, ...]) -> "Pooled":
    """Load an encoder with its pooling, once for all that ask for the same."""
    from intone.encoders._encoder import Pooled

    return Pooled(load(name, blocks), pool).eval()


def _module(name: str) -> ModuleType:
    return next(module for module in _modules() if name in module.KNOWN)


def _modules() -> list[ModuleType]:
    return [
        import_module(f"{__name__}.{info.name}")
        for info in iter_modules(__path__)
        if not info.name.startswith("_")
    ]
