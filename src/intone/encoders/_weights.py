"""Published weights on this machine: fetched or taken from a file, checked, kept once."""

import hashlib
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from intone import cache, files
from intone.errors import DataError
from intone.progress import Track, silent

if TYPE_CHECKING:
    from intone.encoders import Known

_BLOCK = 2**20  # bytes fetched at a time


def place(known: "Known") -> Path:
    """Where an encoder's tensors are kept, if they are on this machine."""
    return cache.folder() / "encoders" / f"{known.name}.safetensors"


def read(known: "Known") -> dict[str, Tensor]:
    """Read an encoder's tensors by name.

    Raises:
        DataError: they are not on this machine, or damaged.
    """
    path = place(known)
    if not path.exists():
        raise DataError(
            f"the weights of {known.name} are not on this machine; intone encoders get "
            f"{known.name} fetches them, with --file FILE it takes a file that you have"
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError):
        raise damaged(known) from None


def damaged(known: "Known") -> DataError:
    """The error that names an encoder's kept tensors, where they are not its own."""
    return files.damaged(place(known), f"delete it, and get {known.name} again")


def keep(known: "Known", tensors: Mapping[str, Tensor]) -> Path:
    """Keep an encoder's tensors for later."""
    path = place(known)
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.writing(path) as file:
        file.write(save({name: value.contiguous() for name, value in tensors.items()}))
    return path


def plain(content: Mapping[Any, Any]) -> dict[str, Tensor]:
    """The tensors of a file that are values in memory, by name; what else it holds is left out."""
    return {
        name: value.detach()
        for name, value in content.items()
        if isinstance(name, str)
        and isinstance(value, Tensor)
        and value.layout is torch.strided
        and not (value.is_meta or value.is_quantized or value.is_complex())
    }


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of tensors' names, shapes and values in float32, whatever file they came in."""
    total = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        total.update(f"{name} {list(value.shape)}\n".encode())
        total.update(value.float().contiguous().numpy().tobytes())
    return total.hexdigest()


def load(path: Path) -> dict[str, Any]:
    """Load a file of weights, safely: `.safetensors`, or what torch wrote.

    Raises:
        DataError: it cannot be read, or is no such file.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None
    except Exception:  # torch and safetensors raise what their readers raise
        raise DataError(f"{path}: not a file of weights that can be loaded safely") from None


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None


def download(known: "Known", folder: Path, *, track: Track = silent) -> Path:
    """Fetch the official file.

    Raises:
        DataError: its address cannot be reached.
    """
    path = folder / Path(known.source).name
    try:
        with urllib.request.urlopen(known.source, timeout=30) as response, path.open("wb") as file:
            blocks = iter(lambda: response.read(_BLOCK), b"")
            total = int(response.headers.get("Content-Length") or 0) // _BLOCK + 1
            for block in track(blocks, f"fetching {known.name}", total):
                file.write(block)
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise DataError(
            f"{known.source} cannot be fetched ({reason}); get the file on another machine, then "
            f"intone encoders get {known.name} --file FILE"
        ) from None
    return path
