"""Report E's family: CNNs over features as one long vector, or as a matrix."""

from math import ceil

from torch import Tensor, nn


class VectorCNN(nn.Module):
    """Report E, row E1: three 1-D convolution blocks over one flattened vector, a dense layer.

    Reads `frames [B, rows, frames]`, in the report MFCC, zero-crossing rate and energy, lays its
    rows end to end, and returns logits `[B, classes]`. 60,661,382 parameters at 22 x 334 and 6
    classes, nearly all in the dense layer.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        kernels: tuple[int, int, int] = (256, 256, 128),
    ) -> None:
        super().__init__()
        rows, frames = frames_shape
        first, second, third = kernels
        self.convolutions = nn.Sequential(
            _block1d(1, first, 5),
            _block1d(first, second, 5),
            nn.Dropout(0.2),
            _block1d(second, third, 3),
            nn.Flatten(),
        )
        self.dense = nn.Sequential(
            nn.Linear(third * ceil(rows * frames / 8), 512), nn.ReLU(), nn.BatchNorm1d(512)
        )
        self.head = nn.Linear(512, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        vector = frames.flatten(1).unsqueeze(1)
        return self.head(self.dense(self.convolutions(vector)))  # type: ignore[no-any-return]


class MatrixCNN(nn.Module):
    """Report E, row E2: four 6 x 6 convolutions with average- and max-pools, a dense layer.

    Reads `frames [B, rows, frames]`, in the report the MFCC of a clip padded to the longest, and
    returns logits `[B, classes]`. 2,765,126 parameters at 20 x 334 and 6 classes. The report does
    not tell how borders are treated; convolutions and pools pad them ("same"), without which 20
    coefficients are too few for the pools.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        kernels: tuple[int, int, int, int] = (256, 128, 128, 64),
    ) -> None:
        super().__init__()
        rows, frames = frames_shape
        first, second, third, fourth = kernels
        self.convolutions = nn.Sequential(
            _average_block2d(1, first),
            _average_block2d(first, second),
            _average_block2d(second, third),
            nn.Dropout(0.2),
            _max_block2d(_conv6(third, fourth)),
            nn.Flatten(),
        )
        self.dense = nn.Sequential(
            nn.Linear(fourth * ceil(rows / 16) * ceil(frames / 16), 256), nn.ReLU()
        )
        self.head = nn.Linear(256, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        return self.head(self.dense(self.convolutions(frames.unsqueeze(1))))  # type: ignore[no-any-return]


class ZielonkaCNN(nn.Module):
    """Report E, row E3: three convolutions and a dense layer of 45, after Zielonka et al. (2022).

    Reads `frames [B, rows, frames]`, in the report the MFCC of a clip padded to the longest, and
    returns logits `[B, classes]`. 933,981 parameters at 20 x 334 and 6 classes. Borders are padded
    as in `MatrixCNN`; the second and third kernels, which the report does not tell, are 5 x 5 too.
    Weights start as in Keras, for no batch norm makes up for a smaller start.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        kernels: tuple[int, int, int] = (75, 135, 75),
    ) -> None:
        super().__init__()
        rows, frames = frames_shape
        first, second, third = kernels
        self.convolutions = nn.Sequential(
            _max_block2d(_conv5(1, first)),
            _max_block2d(_conv5(first, second)),
            nn.Dropout(0.2),
            _max_block2d(_conv5(second, third)),
            nn.Flatten(),
        )
        self.dense = nn.Sequential(
            nn.Linear(third * ceil(rows / 8) * ceil(frames / 8), 45), nn.ReLU(), nn.Dropout(0.2)
        )
        self.head = nn.Linear(45, classes)
        self.apply(_start_as_in_keras)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        return self.head(self.dense(self.convolutions(frames.unsqueeze(1))))  # type: ignore[no-any-return]


# Blocks that halve every length, rounded up, as Keras's "same" padding does.


def _block1d(channels_in: int, channels_out: int, kernel: int) -> nn.Sequential:
    """`[B, in, n] -> [B, out, n / 2]`; the batch norm stands after the activation, as there."""
    return nn.Sequential(
        nn.Conv1d(channels_in, channels_out, kernel, padding="same"),
        nn.ReLU(),
        nn.BatchNorm1d(channels_out),
        nn.MaxPool1d(5, stride=2, padding=2),
    )


def _average_block2d(channels_in: int, channels_out: int) -> nn.Sequential:
    """`[B, in, H, W] -> [B, out, H / 2, W / 2]`; the mean of a pool leaves the padding out."""
    return nn.Sequential(
        _conv6(channels_in, channels_out),
        nn.ReLU(),
        nn.BatchNorm2d(channels_out),
        nn.AvgPool2d(4, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
    )


def _max_block2d(convolution: nn.Module) -> nn.Sequential:
    """`[B, in, H, W] -> [B, out, H / 2, W / 2]`; the pool first, for the activation is monotone."""
    return nn.Sequential(
        convolution, nn.MaxPool2d(4, stride=2, padding=1, ceil_mode=True), nn.ReLU()
    )


def _conv5(channels_in: int, channels_out: int) -> nn.Module:
    return nn.Conv2d(channels_in, channels_out, 5, padding="same")


def _conv6(channels_in: int, channels_out: int) -> nn.Module:
    """An even kernel has one more value of padding after than before."""
    return nn.Sequential(nn.ZeroPad2d((2, 3, 2, 3)), nn.Conv2d(channels_in, channels_out, 6))


def _start_as_in_keras(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # all have one
