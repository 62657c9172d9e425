"""Report B's family: one convolutional branch, or several in parallel."""

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
        rows, frames = frames_shape
        self.branch = branch(dropout)
        self.head = nn.Linear(64 * (rows // 32) * (frames // 32), classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        return self.head(self.branch(frames.unsqueeze(1)))  # type: ignore[no-any-return]
