"""Report D's family: a 2-D CNN over a log-mel chunk, or over each of several in a row."""

from math import ceil

import torch
from torch import Tensor, nn

from intone.nets._blocks import AttentionPool, ConvBlock2d


def convolutions(*, early_dropout: float = 0.3, late_dropout: float = 0.4) -> nn.Sequential:
    """Four convolution blocks, 64-64-128-128: `[B, 1, rows, frames] -> [B, features]`."""
    return nn.Sequential(
        ConvBlock2d(1, 64, pool=2, activation="elu", dropout=early_dropout, ceil=True),
        ConvBlock2d(64, 64, pool=4, activation="elu", dropout=early_dropout, ceil=True),
        ConvBlock2d(64, 128, pool=4, activation="elu", dropout=late_dropout, ceil=True),
        ConvBlock2d(128, 128, pool=4, activation="elu", dropout=late_dropout, ceil=True),
        nn.Flatten(),
    )


def convolution_features(rows: int, frames: int) -> int:
    """The number of values that the convolution blocks give."""
    return 128 * ceil(rows / 128) * ceil(frames / 128)


class CNN2D(nn.Module):
    """Report D, row D1: four convolution blocks and a dense layer of 64.

    Reads `frames [B, rows, frames]`, in the report 60 mel bands x 216 frames, and returns
    logits `[B, classes]`. 276,872 parameters at 60 x 216 and 8 classes.
    """

    def __init__(self, *, classes: int, frames_shape: tuple[int, int]) -> None:
        super().__init__()
        self.convolutions = convolutions()
        self.dense = nn.Sequential(
            nn.Linear(convolution_features(*frames_shape), 64),
            nn.Dropout(0.5),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.Dropout(0.5),
        )
        self.head = nn.Linear(64, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        return self.head(self.dense(self.convolutions(frames.unsqueeze(1))))  # type: ignore[no-any-return]


class ChunkedCNNLSTM(nn.Module):
    """Report D, row D2: D1's convolutions on each chunk of a clip, an LSTM over the chunks.

    Reads `frames [B, rows, frames]`, cut in time into `chunks` equal parts, in the report two
    of 60 mel bands x 216 frames, and returns logits `[B, classes]`. 342,728 parameters at
    60 x 432 and 8 classes. The report does not tell the LSTM's size; 64 is that of D1's dense
    layer.
    """

    def __init__(
        self, *, classes: int, frames_shape: tuple[int, int], chunks: int = 2, lstm: int = 64
    ) -> None:
        super().__init__()
        self.chunked = _ChunkedConvolutions(frames_shape, chunks, convolutions())
        self.lstm = nn.LSTM(self.chunked.features, lstm, batch_first=True)
        self.head = nn.Linear(lstm, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        outputs, _ = self.lstm(self.chunked(frames))
        return self.head(outputs[:, -1])  # type: ignore[no-any-return]


class ChunkedCNNAttentionLSTM(nn.Module):
    """Report D, row D3: D2 with attention over the LSTM's outputs and a dense layer.

    Reads `frames [B, rows, frames]` as `ChunkedCNNLSTM` does and returns logits
    `[B, classes]`. 351,112 parameters at 60 x 432 and 8 classes. The report tells of more
    dropout than in D2, not how much: here 0.1 more after each convolution block, and 0.5 after
    the dense layer.
    """

    def __init__(
        self, *, classes: int, frames_shape: tuple[int, int], chunks: int = 2, lstm: int = 64
    ) -> None:
        super().__init__()
        self.chunked = _ChunkedConvolutions(
            frames_shape, chunks, convolutions(early_dropout=0.4, late_dropout=0.5)
        )
        self.lstm = nn.LSTM(self.chunked.features, lstm, batch_first=True)
        self.attention = AttentionPool(lstm)
        self.dense = nn.Sequential(nn.Linear(lstm, 64), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(64, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        outputs, _ = self.lstm(self.chunked(frames))
        return self.head(self.dense(self.attention(outputs)))  # type: ignore[no-any-return]


class _ChunkedConvolutions(nn.Module):
    """Convolutions on equal parts in time: `[B, rows, frames] -> [B, chunks, features]`.

    Raises:
        ValueError: the frames cannot be cut into so many equal parts.
    """

    def __init__(
        self, frames_shape: tuple[int, int], chunks: int, convolutions: nn.Sequential
    ) -> None:
        super().__init__()
        rows, frames = frames_shape
        if chunks < 1 or frames % chunks:
            raise ValueError(f"{frames} frames cannot be cut into {chunks} equal chunks")
        self.chunks = chunks
        self.features = convolution_features(rows, frames // chunks)
        self.convolutions = convolutions

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, chunks, features]`."""
        chunks = torch.stack(frames.chunk(self.chunks, dim=2), dim=1).flatten(0, 1)
        return self.convolutions(chunks.unsqueeze(1)).unflatten(0, (-1, self.chunks))  # type: ignore[no-any-return]
