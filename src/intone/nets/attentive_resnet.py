"""Ours, trained from scratch: residual convolutions, and attention over time to sum them up."""

from itertools import pairwise
from math import ceil

from torch import Tensor, nn

from intone.nets._blocks import AttentiveStatistics, ResidualBlock2d


class AttentiveResNet(nn.Module):
    """Ours: a small residual CNN with attentive statistics over time.

    Reads `frames [B, rows, frames]`, in its recipes 64 log-mel bands x 188 frames (3 s, hop 256),
    and returns logits `[B, classes]`. 253,176 parameters at 64 x 188 and 8 classes.

    Each block halves both axes. The bands that are left (4) stay apart, for where energy lies in
    the spectrum tells emotions from each other; the steps in time are pooled to their weighted mean
    and standard deviation.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        channels: tuple[int, ...] = (16, 32, 64, 96),
        dropout: float = 0.1,
        head_dropout: float = 0.3,
    ) -> None:
        super().__init__()
        rows, _ = frames_shape
        self.stem = nn.Sequential(
            nn.Conv2d(1, channels[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(channels[0]),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            ResidualBlock2d(channels[0], channels[0], dropout=dropout),
            *(ResidualBlock2d(*pair, stride=2, dropout=dropout) for pair in pairwise(channels)),
        )
        size = channels[-1] * ceil(rows / 2 ** len(channels))
        self.pool = AttentiveStatistics(size)
        self.dropout = nn.Dropout(head_dropout)
        self.head = nn.Linear(2 * size, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        maps = self.blocks(self.stem(frames.unsqueeze(1)))  # [B, channels, rows / 16, frames / 16]
        steps = maps.flatten(1, 2).transpose(1, 2)
        return self.head(self.dropout(self.pool(steps)))  # type: ignore[no-any-return]
