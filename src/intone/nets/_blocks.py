"""Small parts that nets are assembled from."""

from typing import Literal, Self

import torch
from torch import Tensor, nn

Size = int | tuple[int, int]


class ConvBlock2d(nn.Module):
    """Convolution, batch norm, max-pool, activation, dropout: `[B, in, H, W] -> [B, out, H', W']`.

    The pool stands before the activation: both are monotone, so the result is that of
    the usual order, and the activation has fewer values to visit.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        kernel: Size = 3,
        pool: Size = 2,
        activation: Literal["relu", "elu"] = "relu",
        dropout: float = 0.0,
        same: bool = True,
        ceil: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, padding="same" if same else 0)
        self.norm = nn.BatchNorm2d(channels_out)
        self.pool = nn.MaxPool2d(pool, ceil_mode=ceil)
        self.activation = nn.ReLU() if activation == "relu" else nn.ELU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, in, H, W] -> [B, out, H', W']`."""
        return self.dropout(self.activation(self.pool(self.norm(self.conv(x)))))  # type: ignore[no-any-return]


class ConvBlock1d(nn.Sequential):
    """Unpadded convolution, batch norm, max-pool, ELU: `[B, in, T] -> [B, out, T']`."""

    def __init__(self, channels_in: int, channels_out: int, *, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv1d(channels_in, channels_out, kernel),
            nn.BatchNorm1d(channels_out),
            nn.MaxPool1d(2),
            nn.ELU(),
        )


class ResidualBlock2d(nn.Module):
    """Two 3x3 convolutions beside a short cut: `[B, in, H, W] -> [B, out, H / stride, W / stride]`.

    Source: He et al. (2016), with dropout between the convolutions.
    """

    def __init__(
        self, channels_in: int, channels_out: int, *, stride: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        same = channels_in == channels_out and stride == 1
        self.short_cut = (
            nn.Identity()
            if same
            else nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[B, in, H, W] -> [B, out, H / stride, W / stride]`, rounded up."""
        return (self.convolutions(x) + self.short_cut(x)).relu()  # type: ignore[no-any-return]


def unpadded(size: int, *, kernel: int, blocks: int) -> int:
    """What is left of an axis after blocks of an unpadded convolution and a pool of 2.

    Raises:
        ValueError: nothing is left.

    >>> unpadded(128, kernel=5, blocks=3), unpadded(251, kernel=5, blocks=3)
    (12, 27)
    """
    left = size
    for _ in range(blocks):
        left = (left - kernel + 1) // 2
    if left < 1:
        raise ValueError(f"{blocks} blocks with kernels of {kernel} leave nothing of {size} values")
    return left


class AttentionPool(nn.Module):
    """Mean over steps, weighted by a learned score of each: `[B, steps, size] -> [B, size]`."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(size, size), nn.Tanh(), nn.Linear(size, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """`[B, steps, size] -> [B, size]`."""
        return (self.score(x).softmax(dim=1) * x).sum(dim=1)  # type: ignore[no-any-return]


class AttentiveStatistics(nn.Module):
    """Mean and deviation over steps, by a learned score: `[B, steps, size] -> [B, 2 size]`.

    Source: Okabe et al. (2018), "Attentive Statistics Pooling for Deep Speaker Embedding".
    """

    def __init__(self, size: int, *, hidden: int = 64) -> None:
        super().__init__()
        self.score = nn.Sequential(
            nn.Linear(size, hidden), nn.Tanh(), nn.Linear(hidden, 1, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[B, steps, size] -> [B, 2 * size]`."""
        weights = self.score(x).softmax(dim=1)
        mean = (weights * x).sum(dim=1, keepdim=True)
        variance = (weights * (x - mean).square()).sum(dim=1)
        deviation = (variance + 1e-4).sqrt()  # its slope stays finite where steps are equal
        return torch.cat([mean.squeeze(1), deviation], dim=1)


class Frozen(nn.Module):
    """A trained net that learns no more, and that works in training as it does in use."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> Self:
        """Stay as in use: no dropout, and no statistics that move."""
        return super().train(False)

    def forward(self, x: Tensor) -> Tensor:
        """Whatever the net gives."""
        return self.net(x)  # type: ignore[no-any-return]
