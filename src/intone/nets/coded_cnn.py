"""Report D's last family: a CNN beside the code of an autoencoder that was trained before it."""

import torch
from torch import Tensor, nn

from intone.nets._blocks import Frozen
from intone.nets.chunked_cnn import CNN2D, ChunkedCNNAttentionLSTM


class _Coded(nn.Module):
    """A net and a frozen encoder side by side; the net's last hidden layer has 64 values."""

    def __init__(self, net: nn.Module, encoder: nn.Module, classes: int) -> None:
        super().__init__()
        net.head = nn.Identity()
        self.net = net
        self.encoder = Frozen(encoder)
        self.code = nn.Sequential(
            nn.Linear(encoder.features, 64),  # type: ignore[arg-type]  # every encoder has it
            nn.BatchNorm1d(64),
            nn.ReLU(),
        )
        self.dense = nn.Sequential(nn.Linear(64 + 64, 64), nn.ReLU())
        self.head = nn.Linear(64, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        heard = [self.net(frames), self.code(self.encoder(frames))]
        return self.head(self.dense(torch.cat(heard, dim=1)))  # type: ignore[no-any-return]


class CodedCNN(_Coded):
    """Report D, row D5: D1 and the code of an autoencoder, and a dense layer over both.

    Reads `frames [B, rows, frames]`, in the report 60 mel bands x 216 frames, and returns
    logits `[B, classes]`. Without its frozen encoder, 291,720 trainable parameters at 60 x 216,
    8 classes and a code of 100. The report tells of a dense layer with batch norm over the code and
    of a dense layer over both, and neither how wide nor with what activation: 64, as D1's own, and
    ReLU.
    """

    def __init__(self, *, classes: int, frames_shape: tuple[int, int], encoder: nn.Module) -> None:
        super().__init__(CNN2D(classes=classes, frames_shape=frames_shape), encoder, classes)


class CodedChunkedCNN(_Coded):
    """Report D, row D6: D3 and the code of an autoencoder, joined as in `CodedCNN`.

    Reads `frames [B, rows, frames]`, cut for D3 into `chunks` equal parts, in the report two of
    60 mel bands x 216 frames, and whole for the encoder; returns logits `[B, classes]`. Without its
    frozen encoder, 365,960 trainable parameters at 60 x 432, 8 classes and a code of 100.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        encoder: nn.Module,
        chunks: int = 2,
    ) -> None:
        net = ChunkedCNNAttentionLSTM(classes=classes, frames_shape=frames_shape, chunks=chunks)
        super().__init__(net, encoder, classes)
