"""A small classifier on what a pre-trained encoder gives of a window."""

from typing import Any

import torch
from torch import Tensor, nn


class PooledMLP(nn.Module):
    """One hidden layer on a vector of statistics, with much dropout: the default model's head.

    Reads `vector [B, D]`, pooled embeddings of an encoder, and returns logits `[B, classes]`.
    591,879 parameters at 2,304 values, 256 hidden and 7 classes.
    """

    def __init__(
        self,
        *,
        classes: int,
        vector_shape: tuple[int],
        hidden: int = 256,
        input_dropout: float = 0.4,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(input_dropout),
            nn.Linear(vector_shape[0], hidden),
            nn.GELU(),
            nn.Dropout(dropout),
        )
        self.head = nn.Linear(hidden, classes)

    def forward(self, vector: Tensor) -> Tensor:
        """`[B, D] -> [B, classes]`."""
        return self.head(self.layers(vector))  # type: ignore[no-any-return]


class JoinedMLP(PooledMLP):
    """The same on what two encoders give of a window, one after the other: the large model's head.

    Reads `vector [B, D]` and `other [B, E]`, and returns logits `[B, classes]`. 1,116,167
    parameters at 2,304 and 2,048 values, 256 hidden and 7 classes.
    """

    def __init__(
        self, *, classes: int, vector_shape: tuple[int], other_shape: tuple[int], **options: Any
    ) -> None:
        joined = (vector_shape[0] + other_shape[0],)
        super().__init__(classes=classes, vector_shape=joined, **options)

    def forward(self, vector: Tensor, other: Tensor) -> Tensor:  # type: ignore[override]
        """`[B, D], [B, E] -> [B, classes]`."""
        return super().forward(torch.cat([vector, other], dim=1))
