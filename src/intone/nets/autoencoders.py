"""Report D's autoencoders: a window is squeezed into a short code and made again from it.

Their `encoder` tells how many `features` it gives; a net such as `CodedCNN` listens to them.
"""

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from intone.tasks import Task


class DenseAutoencoder(nn.Module):
    """Report D, row D4: dense layers down to a code and up again.

    Reads `frames [B, rows, frames]`, in the report 60 mel bands x 216 frames, and returns them as
    remade from the code, in the same shape. 13,387,524 parameters at 60 x 216. The report counts
    the input, 3 or 5 `layers` down to a code of 100 or 300; it does not tell how wide those
    between are, here 512, nor their activation, here ReLU; code and output have none.
    """

    task: ClassVar[Task] = "reconstruction"

    def __init__(
        self,
        *,
        frames_shape: tuple[int, int],
        layers: int = 3,
        hidden: int = 512,
        code: int = 100,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        rows, frames = frames_shape
        between = [hidden] * (layers - 2)
        self.encoder = _DenseEncoder([rows * frames, *between, code], dropout)
        *up, last = _dense([code, *between, rows * frames])
        self.decoder = nn.Sequential(*up, nn.Dropout(dropout), last, nn.Unflatten(1, frames_shape))

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, rows, frames]`."""
        return self.decoder(self.encoder(frames))  # type: ignore[no-any-return]


class GRUAutoencoder(nn.Module):
    """Report D, row D4: a GRU whose last state is the code, and a GRU that unrolls it.

    Reads `frames [B, rows, frames]`, in the report 60 mel bands x 216 frames, and returns them as
    remade from the code, in the same shape. 115,260 parameters at 60 x 216. The report
    counts the input and one GRU as 2 layers of encoder, and does not tell of the decoder: here it
    hears the code at every step, and a dense layer makes a frame of each of its states.

    `all_states` hands the states of all steps to the net that listens, and not the last alone; the
    autoencoder itself is the same.
    """

    task: ClassVar[Task] = "reconstruction"

    def __init__(
        self,
        *,
        frames_shape: tuple[int, int],
        code: int = 100,
        dropout: float = 0.0,
        all_states: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = _GRUEncoder(frames_shape, code, dropout, all_states)
        self.decoder = nn.GRU(code, code, batch_first=True)
        self.output = nn.Sequential(nn.Dropout(dropout), nn.Linear(code, frames_shape[0]))

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, rows, frames]`."""
        code = self.encoder.states(frames)[:, -1:]
        states, _ = self.decoder(code.expand(-1, frames.shape[2], -1))
        return self.output(states).transpose(1, 2)  # type: ignore[no-any-return]


class _DenseEncoder(nn.Sequential):
    """`[B, rows, frames] -> [B, features]`."""

    def __init__(self, widths: list[int], dropout: float) -> None:
        first, *down = _dense(widths)
        super().__init__(nn.Flatten(), first, nn.Dropout(dropout), *down)
        self.features = widths[-1]


class _GRUEncoder(nn.Module):
    """`[B, rows, frames] -> [B, features]`."""

    def __init__(
        self, frames_shape: tuple[int, int], code: int, dropout: float, all_states: bool
    ) -> None:
        super().__init__()
        rows, frames = frames_shape
        self.gru = nn.GRU(rows, code, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.all_states = all_states
        self.features = frames * code if all_states else code

    def states(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, frames, code]`."""
        states, _ = self.gru(frames.transpose(1, 2))
        return self.dropout(states)  # type: ignore[no-any-return]

    def forward(self, frames: Tensor) -> Tensor:
        states = self.states(frames)
        return states.flatten(1) if self.all_states else states[:, -1]


def _dense(widths: list[int]) -> list[nn.Module]:
    """Dense layers from width to width, with ReLU between them."""
    layers: list[nn.Module] = []
    for pair in pairwise(widths):
        layers += [nn.Linear(*pair), nn.ReLU()]
    return layers[:-1]
