"""A pre-trained encoder that learns on: report B's wav2vec 2.0, or any other with such blocks."""

from collections.abc import Iterator, Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn

from intone import encoders
from intone.encoders._encoder import Transformer
from intone.nets._blocks import AttentionPool


class FineTuned(nn.Module):
    """Report B, row B7: an encoder, statistics over time of what it gives, and a dense layer.

    Reads `frames [B, rows, frames]`, what the encoder itself hears of a window: samples, or
    Whisper's mel bands; returns logits `[B, classes]`. 94,377,095 parameters with wav2vec 2.0 base
    and 7 classes, 768 of them a mask that only its pre-training used.

    Of several `blocks` a learned mix is heard, as in SUPERB (Yang et al., 2021). `unfrozen` is how
    many of the topmost blocks learn, and nothing below them; without it all of the encoder learns.
    The topmost block has `rate` times the head's learning rate, each block below `decay` times that
    of the one above it, as in ULMFiT (Howard and Ruder, 2018).
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        pretrained: str = "wav2vec2-base",
        blocks: Sequence[int] = (),
        unfrozen: int | None = None,
        pool: Literal["mean", "mean and std", "attention"] = "mean",
        rate: float = 1.0,
        decay: float = 1.0,
        checkpointing: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        info = encoders.find(pretrained)
        heard = encoders.front_end(pretrained).shape(16_000)[0]
        if frames_shape[0] != heard:
            raise ValueError(f"{pretrained} hears {heard} rows, not {frames_shape[0]}")
        self.pretrained = pretrained
        self.blocks = tuple(blocks) or (info.depth,)
        encoder = encoders.build(pretrained, self.blocks)
        if not isinstance(encoder, Transformer):
            raise ValueError(f"{pretrained} has no Transformer blocks that could learn on")
        self.encoder = encoder
        if checkpointing:
            encoder.checkpoint()
        self.unfrozen = len(encoder.layers) if unfrozen is None else unfrozen
        if unfrozen is not None:
            encoder.requires_grad_(False)
            self._learning().requires_grad_(True)
        self.rate, self.decay = rate, decay
        self.mix = nn.Parameter(torch.zeros(len(self.blocks))) if len(self.blocks) > 1 else None
        self.attention = AttentionPool(info.width) if pool == "attention" else None
        self.with_std = pool == "mean and std"
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(info.width * (1 + self.with_std), classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        given = self.encoder(frames).transpose(2, 3)  # [B, blocks, T, width]
        if self.mix is None:
            heard = given[:, 0]
        else:
            heard = (self.mix.softmax(0).view(-1, 1, 1) * given).sum(1)
        return self.head(self.dropout(self._pooled(heard)))  # type: ignore[no-any-return]

    def load_published(self) -> None:
        """Begin with the encoder's published weights."""
        self.encoder.load_state_dict(encoders.load(self.pretrained, self.blocks).state_dict())

    def rates(self) -> Iterator[tuple[list[nn.Parameter], float]]:
        """Parameters, each with its share of the learning rate."""
        layers, rate = self.encoder.layers, self.rate
        for layer in reversed(layers):
            yield list(layer.parameters()), rate
            rate *= self.decay
        yield _without(self.encoder, layers), rate
        yield _without(self, self.encoder), 1.0

    def train(self, mode: bool = True) -> Self:
        """Switch dropout on where something learns, and leave frozen blocks as in use."""
        super().train(mode)
        if not all(value.requires_grad for value in self.encoder.parameters()):
            self.encoder.eval()
            self._learning().train(mode)
        return self

    def _learning(self) -> nn.ModuleList:
        """The blocks that learn."""
        return self.encoder.layers[len(self.encoder.layers) - self.unfrozen :]

    def _pooled(self, heard: Tensor) -> Tensor:
        """`[B, T, width] -> [B, width]`, or `[B, 2 * width]`."""
        if self.attention is not None:
            return self.attention(heard)  # type: ignore[no-any-return]
        mean = heard.mean(1)
        return torch.cat([mean, heard.std(1, correction=0)], 1) if self.with_std else mean


def _without(whole: nn.Module, part: nn.Module) -> list[nn.Parameter]:
    """The parameters of a module but for those of its part."""
    parts = set(part.parameters())
    return [value for value in whole.parameters() if value not in parts]
