"""Report A's first family: convolutions find local features, an LSTM sums them up."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from intone.nets._blocks import ConvBlock1d, ConvBlock2d, unpadded


class CNN2DLSTM(nn.Module):
    """Report A, row A1: three convolution blocks and an LSTM over the rows that they leave.

    Reads `frames [B, rows, frames]`, in the report 128 log-mel bands x 251 frames (8 s), and
    returns logits `[B, classes]`. 3,799,767 parameters at 128 x 251 and 7 classes.

    The report does not say what the LSTM steps over. Its 3.8 M parameters fit the 12 rows that are
    left, each with 27 x 256 values; `over_time` steps over the 27 frames (3,062,487 parameters).
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        kernel: int = 5,
        blocks: int = 3,
        first_channels: int = 128,
        next_channels: int = 256,
        units: int = 48,
        over_time: bool = False,
    ) -> None:
        super().__init__()
        channels = [first_channels, *[next_channels] * (blocks - 1)]
        self.branch = _FramesBranch(frames_shape, channels, kernel, units, over_time=over_time)
        self.head = nn.Linear(units, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        return self.head(self.branch(frames))  # type: ignore[no-any-return]


class CNN1DLSTM(nn.Module):
    """Report A, row A2: two convolution blocks along a vector and an LSTM over what they leave.

    Reads `vector [B, D]`, in the report the time means of 40 MFCC, with 12 chroma and 128 mel bands
    or without, and returns logits `[B, classes]`. The values of the vector are the steps of the
    sequence. 59,863 parameters at 7 classes, however long the vector is.
    """

    def __init__(
        self,
        *,
        classes: int,
        kernel: int = 3,
        blocks: int = 2,
        first_channels: int = 64,
        next_channels: int = 128,
        units: int = 48,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        channels = [first_channels, *[next_channels] * (blocks - 1)]
        self.branch = _VectorBranch(channels, kernel, units, dropout)
        self.head = nn.Linear(units, classes)

    def forward(self, vector: Tensor) -> Tensor:
        """`[B, D] -> [B, classes]`."""
        return self.head(self.branch(vector))  # type: ignore[no-any-return]


class FusedCNNLSTM(nn.Module):
    """Report A, row A3: `CNN2DLSTM` and `CNN1DLSTM` side by side under one dense layer.

    Reads `frames [B, rows, frames]`, in the report 128 log-mel bands x 251 frames, and `vector
    [B, D]`, in the report the means of 40 MFCC, and returns logits `[B, classes]`. 3,859,623
    parameters at these shapes and 7 classes. Both branches are trained together from scratch;
    `first_channels` and `next_channels` are those of the branch that reads frames.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        first_channels: int = 128,
        next_channels: int = 256,
        units: int = 48,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        channels = [first_channels, next_channels, next_channels]
        self.frames_branch = _FramesBranch(frames_shape, channels, 5, units, over_time=False)
        self.vector_branch = _VectorBranch([64, 128], 3, units, dropout)
        self.head = nn.Linear(2 * units, classes)

    def forward(self, frames: Tensor, vector: Tensor) -> Tensor:
        """`[B, rows, frames], [B, D] -> [B, classes]`."""
        heard = torch.cat([self.frames_branch(frames), self.vector_branch(vector)], dim=1)
        return self.head(heard)  # type: ignore[no-any-return]


class _FramesBranch(nn.Module):
    """`[B, rows, frames] -> [B, units]`."""

    def __init__(
        self, shape: tuple[int, int], channels: list[int], kernel: int, units: int, over_time: bool
    ) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *(
                ConvBlock2d(below, above, kernel=kernel, activation="elu", same=False)
                for below, above in pairwise([1, *channels])
            )
        )
        rows, frames = (unpadded(size, kernel=kernel, blocks=len(channels)) for size in shape)
        self.axis = 3 if over_time else 2
        self.lstm = nn.LSTM(channels[-1] * (rows if over_time else frames), units, batch_first=True)

    def forward(self, frames: Tensor) -> Tensor:
        maps = self.convolutions(frames.unsqueeze(1))  # [B, channels, rows, frames]
        states, _ = self.lstm(maps.movedim(self.axis, 1).flatten(2))
        return states[:, -1]  # type: ignore[no-any-return]


class _VectorBranch(nn.Module):
    """`[B, D] -> [B, units]`."""

    def __init__(self, channels: list[int], kernel: int, units: int, dropout: float) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *(ConvBlock1d(below, above, kernel=kernel) for below, above in pairwise([1, *channels]))
        )
        self.lstm = nn.LSTM(channels[-1], units, batch_first=True)
        self.dropout = nn.Dropout(dropout)

    def forward(self, vector: Tensor) -> Tensor:
        maps = self.convolutions(vector.unsqueeze(1))  # [B, channels, steps]
        states, _ = self.lstm(maps.transpose(1, 2))
        return self.dropout(states[:, -1])  # type: ignore[no-any-return]
