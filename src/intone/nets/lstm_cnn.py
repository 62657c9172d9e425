"""Report A's second family: an LSTM finds context, convolutions read its states."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from intone.nets._blocks import ConvBlock1d, unpadded


class LSTMCNN1D(nn.Module):
    """Report A, row A4: an LSTM over the values of a vector, then a convolution block.

    Reads `vector [B, D]`, in the report the time means of 40 MFCC, with 12 chroma and 128 mel bands
    or without, and returns logits `[B, classes]`. 32,823 parameters at 52 values and 7 classes.

    The convolution runs along the LSTM's steps, with its units as channels. `last_state` drops all
    steps but the last, as the report first did, and runs along the units.
    """

    def __init__(
        self,
        *,
        classes: int,
        vector_shape: tuple[int],
        kernel: int = 3,
        blocks: int = 1,
        first_channels: int = 64,
        next_channels: int = 128,
        units: int = 52,
        dropout: float = 0.2,
        last_state: bool = False,
    ) -> None:
        super().__init__()
        channels = [first_channels, *[next_channels] * (blocks - 1)]
        self.branch = _Branch(
            (1, *vector_shape), channels, kernel, units, dropout, last_state=last_state
        )
        self.head = nn.Linear(self.branch.features, classes)

    def forward(self, vector: Tensor) -> Tensor:
        """`[B, D] -> [B, classes]`."""
        return self.head(self.branch(vector.unsqueeze(1)))  # type: ignore[no-any-return]


class LSTMCNN2D(nn.Module):
    """Report A, row A5: an LSTM over frames, then two convolution blocks.

    Reads `frames [B, rows, frames]`, in the report 128 log-mel bands x 251 frames (8 s), and
    returns logits `[B, classes]`. 283,015 parameters at 128 x 251 and 7 classes.

    The convolutions run along the LSTM's steps, with its units as channels: units have no order
    that a two-dimensional convolution could use. `last_state` drops all steps but the last, as the
    report first did, and runs along the units.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        kernel: int = 3,
        blocks: int = 2,
        first_channels: int = 128,
        next_channels: int = 256,
        units: int = 64,
        dropout: float = 0.0,
        last_state: bool = False,
    ) -> None:
        super().__init__()
        channels = [first_channels, *[next_channels] * (blocks - 1)]
        self.branch = _Branch(frames_shape, channels, kernel, units, dropout, last_state=last_state)
        self.head = nn.Linear(self.branch.features, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        return self.head(self.branch(frames))  # type: ignore[no-any-return]


class FusedLSTMCNN(nn.Module):
    """Report A, rows A4 and A5: `LSTMCNN2D` and `LSTMCNN1D` side by side under one dense layer.

    Reads `frames [B, rows, frames]` and `vector [B, D]`, as they do, and returns logits
    `[B, classes]`. 315,831 parameters at 128 x 251, 52 values and 7 classes. The report
    tried it and gives no figure.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        vector_shape: tuple[int],
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.frames_branch = _Branch(frames_shape, [128, 256], 3, 64, 0.0, last_state=False)
        self.vector_branch = _Branch((1, *vector_shape), [64], 3, 52, dropout, last_state=False)
        self.head = nn.Linear(self.frames_branch.features + self.vector_branch.features, classes)

    def forward(self, frames: Tensor, vector: Tensor) -> Tensor:
        """`[B, rows, frames], [B, D] -> [B, classes]`."""
        heard = [self.frames_branch(frames), self.vector_branch(vector.unsqueeze(1))]
        return self.head(torch.cat(heard, dim=1))  # type: ignore[no-any-return]


class _Branch(nn.Module):
    """`[B, rows, steps] -> [B, features]`."""

    def __init__(
        self,
        shape: tuple[int, int],
        channels: list[int],
        kernel: int,
        units: int,
        dropout: float,
        last_state: bool,
    ) -> None:
        super().__init__()
        rows, steps = shape
        self.lstm = nn.LSTM(rows, units, batch_first=True)
        self.last_state = last_state
        below, length = (1, units) if last_state else (units, steps)
        self.convolutions = nn.Sequential(
            *(ConvBlock1d(*pair, kernel=kernel) for pair in pairwise([below, *channels])),
            nn.Flatten(),
            nn.Dropout(dropout),
        )
        self.features = channels[-1] * unpadded(length, kernel=kernel, blocks=len(channels))

    def forward(self, sequence: Tensor) -> Tensor:
        states, _ = self.lstm(sequence.transpose(1, 2))  # [B, steps, units]
        heard = states[:, -1:] if self.last_state else states.transpose(1, 2)
        return self.convolutions(heard)  # type: ignore[no-any-return]
