"""Report B's family: one convolutional branch, or several in parallel."""

import torch
from torch import Tensor, nn

from intone.nets._blocks import ConvBlock2d


def branch(dropout: float) -> nn.Sequential:
    """Three convolution blocks, 16-32-64: `[B, 1, rows, frames] -> [B, features]`."""
    return nn.Sequential(
        ConvBlock2d(1, 16, pool=2, dropout=dropout),
        ConvBlock2d(16, 32, pool=4, dropout=dropout),
        ConvBlock2d(32, 64, pool=4, dropout=dropout),
        nn.Flatten(),
    )


def branch_features(frames_shape: tuple[int, int]) -> int:
    """The number of values that a branch gives."""
    rows, frames = frames_shape
    return 64 * (rows // 32) * (frames // 32)


class SingleCNN(nn.Module):
    """Report B, row B1: three convolution blocks and one dense layer.

    Reads `frames [B, rows, frames]`, in the report 128 MFCC x 94 steps (3 s, hop 512), and
    returns logits `[B, classes]`. 27,111 parameters at 128 x 94 and 7 classes. The report
    normalises over the time axis by a slip; the batch norm here is per channel, as was meant.
    """

    def __init__(
        self, *, classes: int, frames_shape: tuple[int, int], dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.branch = branch(dropout)
        self.head = nn.Linear(branch_features(frames_shape), classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        return self.head(self.branch(frames.unsqueeze(1)))  # type: ignore[no-any-return]


class ParallelCNN(nn.Module):
    """Report B, row B2: two of B1's branches side by side and one dense layer.

    Reads `frames [B, rows, frames]`, in the report 128 MFCC x 94 steps, and returns logits
    `[B, classes]`. 54,215 parameters at 128 x 94 and 7 classes. Batch norm as in `SingleCNN`.
    """

    def __init__(
        self, *, classes: int, frames_shape: tuple[int, int], dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branch(dropout) for _ in range(2))
        self.head = nn.Linear(2 * branch_features(frames_shape), classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        image = frames.unsqueeze(1)
        heard = [branch(image) for branch in self.branches]
        return self.head(torch.cat(heard, dim=1))  # type: ignore[no-any-return]


class ParallelCNNTransformer(nn.Module):
    """Report B, row B3: B2 with a Transformer encoder beside it, averaged over time.

    Reads `frames [B, rows, frames]`, in the report 128 MFCC x 94 steps or 128 mel bands x 188,
    and returns logits `[B, classes]`; `rows` is the encoder's width, a multiple of 4. 848,199
    parameters at 128 x 94 and 7 classes, 858,951 at 128 x 188. The report's layout lets the
    clips of a batch attend to each other; here, as was meant, the steps of a clip do, without
    positional encoding. Batch norm as in `SingleCNN`.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        dropout: float = 0.3,
        encoder_dropout: float = 0.4,
    ) -> None:
        super().__init__()
        rows, _ = frames_shape
        self.branches = nn.ModuleList(branch(dropout) for _ in range(2))
        layer = nn.TransformerEncoderLayer(
            rows, nhead=4, dim_feedforward=512, dropout=encoder_dropout, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, num_layers=4, enable_nested_tensor=False)
        self.head = nn.Linear(2 * branch_features(frames_shape) + rows, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        image = frames.unsqueeze(1)
        steps = self.encoder(frames.transpose(1, 2))
        heard = [*(branch(image) for branch in self.branches), steps.mean(dim=1)]
        return self.head(torch.cat(heard, dim=1))  # type: ignore[no-any-return]
