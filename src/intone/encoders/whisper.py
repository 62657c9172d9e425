"""Whisper's encoders: Radford et al. (2022), "Robust Speech Recognition via Large-Scale Weak
Supervision". The weights are OpenAI's, under the MIT licence.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from intone.encoders import Known
from intone.encoders._encoder import Transformer
from intone.features import FrontEnd, LogMel

_OFFICIAL = "https://openaipublic.azureedge.net/main/whisper/models"
_CITATION = "Radford et al. (2022), Robust Speech Recognition via Large-Scale Weak Supervision"

FRONT_END = FrontEnd(features=(LogMel(n_mels=80),), n_fft=400, hop_length=160, edges="reflect")


def _known(
    name: str,
    width: int,
    depth: int,
    parameters: int,
    file_sha256: str,
    tensors_sha256: str = "",
) -> Known:
    return Known(
        name=f"whisper-{name}",
        title=f"Whisper {name}'s encoder",
        licence="MIT",
        citation=_CITATION,
        source=f"{_OFFICIAL}/{file_sha256}/{name}.pt",
        file_sha256=file_sha256,
        tensors_sha256=tensors_sha256,
        width=width,
        depth=depth,
        parameters=parameters,
    )


KNOWN = {
    known.name: known
    for known in (
        _known(
            "tiny.en",
            384,
            4,
            7_631_616,
            "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
            "e70571cdeb34b07dfa25f2cc3888cafaed9dacdc218095f6254cf97580f6711d",
        ),
        _known(
            "base",
            512,
            6,
            19_821_568,
            "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
            "59ee50f01f7049c5673c78d27979bdb61f7582da945ada3b3d2f5ac0775731cc",
        ),
        _known(
            "small",
            768,
            12,
            87_000_576,
            "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
        ),
    )
}


def build(known: Known, blocks: tuple[int, ...]) -> "Whisper":
    """Make an encoder with random weights, cut after the last of these blocks."""
    return Whisper(width=known.width, blocks=blocks)


def tensors(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take the encoder's tensors out of OpenAI's file."""
    state: Mapping[str, Tensor] = official["model_state_dict"]  # type: ignore[assignment]
    return {
        name.removeprefix("encoder.").replace("blocks.", "layers."): value
        for name, value in state.items()
        if name.startswith("encoder.")
    }


class Whisper(Transformer):
    """Two convolutions, of which the second halves the frames, and Transformer blocks.

    Hears 80 log-mel bands of 25 ms every 10 ms; gives a frame every 20 ms. Unlike Whisper itself it
    hears no more than the window, without padding it to 30 s. Blocks are counted from 1; what they
    give is taken before the final layer norm.
    """

    def __init__(self, *, width: int, blocks: tuple[int, ...]) -> None:
        super().__init__(blocks)
        self.checkpoints = False
        self.conv1 = nn.Conv1d(80, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(_Block(width) for _ in range(max(blocks)))

    def forward(self, heard: Tensor) -> Tensor:
        """`[B, 80, frames] -> [B, blocks, width, frames // 2]`."""
        mel = heard[..., : heard.shape[-1] // 2 * 2] / 40 + 1  # decibels as Whisper scales them
        frames = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        frames = frames + _sinusoids(frames)
        given = {0: frames}
        for number, layer in enumerate(self.layers, 1):
            given[number] = frames = self._run(layer, frames)
        return torch.stack([given[block] for block in self.blocks], 1).transpose(2, 3)

    def checkpoint(self) -> None:
        self.checkpoints = True

    def _run(self, layer: nn.Module, frames: Tensor) -> Tensor:
        if self.checkpoints and self.training:
            return checkpoint(layer, frames, use_reentrant=False)  # type: ignore[no-any-return]
        return layer(frames)  # type: ignore[no-any-return]


class _Block(nn.Module):
    """A Transformer block that norms before it attends: `[B, T, width] -> [B, T, width]`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn_ln = nn.LayerNorm(width)
        self.attn = _Attention(width, heads=width // 64)
        self.mlp_ln = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, frames: Tensor) -> Tensor:
        frames = frames + self.attn(self.attn_ln(frames))
        return frames + self.mlp(self.mlp_ln(frames))  # type: ignore[no-any-return]


class _Attention(nn.Module):
    """Every frame attends to every frame: `[B, T, width] -> [B, T, width]`."""

    def __init__(self, width: int, *, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, frames: Tensor) -> Tensor:
        query, key, value = (
            linear(frames).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for linear in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(query, key, value)  # [B, heads, T, 64]
        return self.out(attended.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


def _sinusoids(frames: Tensor) -> Tensor:
    """Where frames `[B, T, width]` stand: sines and cosines of rising wavelengths, `[T, width]`.

    Computed, not stored: a model file is smaller by as much.
    """
    _, length, width = frames.shape
    steps = torch.arange(width // 2, device=frames.device)
    rates = torch.exp(-math.log(10_000) / (width // 2 - 1) * steps)
    phases = torch.arange(length, device=frames.device)[:, None] * rates
    return torch.cat([phases.sin(), phases.cos()], 1)
