"""Small parts that nets are assembled from."""

from typing import Literal

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
