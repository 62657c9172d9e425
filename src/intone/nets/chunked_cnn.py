"""Report D's family: a 2-D CNN over a log-mel chunk."""

from math import ceil

from torch import Tensor, nn

from intone.nets._blocks import ConvBlock2d


class CNN2D(nn.Module):
    """Report D, row D1: four convolution blocks and a dense layer of 64.

    Reads `frames [B, rows, frames]`, in the report 60 mel bands x 216 frames, and returns
    logits `[B, classes]`. 276,872 parameters at 60 x 216 and 8 classes.
    """

    def __init__(self, *, classes: int, frames_shape: tuple[int, int]) -> None:
        super().__init__()
        rows, frames = frames_shape
        self.convolutions = nn.Sequential(
            ConvBlock2d(1, 64, pool=2, activation="elu", dropout=0.3, ceil=True),
            ConvBlock2d(64, 64, pool=4, activation="elu", dropout=0.3, ceil=True),
            ConvBlock2d(64, 128, pool=4, activation="elu", dropout=0.4, ceil=True),
            ConvBlock2d(128, 128, pool=4, activation="elu", dropout=0.4, ceil=True),
            nn.Flatten(),
        )
        self.dense = nn.Sequential(
            nn.Linear(128 * ceil(rows / 128) * ceil(frames / 128), 64),
            nn.Dropout(0.5),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.Dropout(0.5),
        )
        self.head = nn.Linear(64, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        return self.head(self.dense(self.convolutions(frames.unsqueeze(1))))  # type: ignore[no-any-return]
