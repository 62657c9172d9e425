"""Small encoders with drawn weights, and their official files as the publishers lay them out."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from intone import encoders
from intone.encoders import Known, vgg16, wav2vec2, whisper


def _made(name: str, width: int, depth: int) -> Known:
    return Known(
        name=name,
        title=f"{name}, drawn",
        licence="none",
        citation="none",
        source="file:///nowhere",
        file_sha256="0" * 64,
        width=width,
        depth=depth,
        parameters=0,
    )


MADE = {
    whisper: [_made("whisper-made", 64, 2)],
    wav2vec2: [
        _made("wav2vec2-made", 64, 2),
        _made("wav2vec2-made-front", 512, 0),
        _made("hubert-made", 64, 2),
        _made("wavlm-made", 64, 2),
        _made("data2vec-made", 64, 2),
    ],
    vgg16: [_made("vgg16-made", 16, 5)],
}
NAMES = [known.name for own in MADE.values() for known in own]


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make them known, as long as the test lasts."""
    for module, own in MADE.items():
        for known in own:
            monkeypatch.setitem(module.KNOWN, known.name, known)


def publish(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Draw an encoder's weights and write them as their publisher does; gives the official file."""
    known = encoders.find(name)
    torch.manual_seed(0)
    drawn = encoders.build(name, (known.depth,)).state_dict()
    path = folder / f"{name}.pt"
    torch.save(_LAYOUTS[name.partition("-")[0]](drawn), path)
    module = next(module for module in MADE if name in module.KNOWN)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    published = replace(known, source=path.as_uri(), file_sha256=digest)
    monkeypatch.setitem(module.KNOWN, name, published)
    return path


def _openai(drawn: dict[str, Tensor]) -> dict[str, Any]:
    named = {f"encoder.{key.replace('layers.', 'blocks.')}": drawn[key] for key in drawn}
    beside = {
        "encoder.positional_embedding": torch.zeros(1500, 64),
        "decoder.ln.weight": torch.ones(64),
    }
    return {"dims": {"n_audio_state": 64}, "model_state_dict": named | beside}


def _hub(drawn: dict[str, Tensor], prefix: str = "") -> dict[str, Any]:
    old = {
        "parametrizations.weight.original0": "weight_g",
        "parametrizations.weight.original1": "weight_v",
    }
    named = {}
    for key, value in drawn.items():
        name = key.removeprefix("model.")
        for new in old:
            name = name.replace(new, old[new])
        named[prefix + name] = value
    return named


def _for_pretraining(drawn: dict[str, Tensor]) -> dict[str, Any]:
    return _hub(drawn, "wav2vec2.") | {"quantizer.codevectors": torch.zeros(1, 4, 2)}


def _torchvision(drawn: dict[str, Tensor]) -> dict[str, Any]:
    named = {f"features.{place}": value for place, value in enumerate(drawn.values())}
    return named | {"classifier.0.weight": torch.zeros(4, 4)}


_LAYOUTS = {
    "whisper": _openai,
    "wav2vec2": _for_pretraining,
    "hubert": _hub,
    "wavlm": _hub,
    "data2vec": _hub,
    "vgg16": _torchvision,
}
