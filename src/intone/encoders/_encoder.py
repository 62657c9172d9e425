"""What every encoder is, as a network."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from intone.features import Pool


class Encoder(nn.Module, ABC):
    """A pre-trained network, cut after the last block that is asked for.

    `forward` takes what the encoder's front end gives of a window and returns the embeddings after
    each of `blocks`, in their order. They depend on the window alone, not on its company in a
    batch.
    """

    def __init__(self, blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.blocks = blocks

    @abstractmethod
    def forward(self, heard: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, blocks, width, T]`."""


class Transformer(Encoder):
    """An encoder whose blocks are a Transformer's, which can learn on."""

    layers: nn.ModuleList
    """the blocks, the lowest first; all else stands before them"""

    @abstractmethod
    def checkpoint(self) -> None:
        """In training, keep no activations within a block: compute them anew for its gradients."""


class Pooled(nn.Module):
    """An encoder and statistics over time of what it gives."""

    def __init__(self, encoder: Encoder, pool: tuple[Pool, ...]) -> None:
        super().__init__()
        self.encoder = encoder
        self.pool = pool

    def forward(self, heard: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, blocks * width, T]`, or `[B, pools * blocks * width]`."""
        frames: Tensor = self.encoder(heard).flatten(1, 2)
        if not self.pool:
            return frames
        return torch.cat([_POOLS[pool](frames) for pool in self.pool], 1)


_POOLS: Mapping[Pool, Callable[[Tensor], Tensor]] = {
    "mean": lambda frames: frames.mean(2),
    "std": lambda frames: frames.std(2, correction=0),
}
