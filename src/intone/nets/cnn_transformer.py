"""Report A's third family: convolutions find local features, attention compares them."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from intone.nets._blocks import unpadded

CHANNELS = (32, 64, 128, 256)


class CNNTransformer(nn.Module):
    """Report A, row A6: four convolution blocks and one Transformer encoder block.

    Reads `frames [B, rows, frames]`, in the report 128 log-mel bands x 251 frames (8 s), and
    returns logits `[B, classes]`. 2,106,567 parameters at 128 x 251 and 7 classes.

    Every position of the last maps (6 x 13) is a step of the sequence. The report's 2.1 M fit
    unpadded convolutions, 8 heads of 64, an inner layer of 2048 and a dense layer over all steps.
    Nothing encodes their positions but that layer. Vaswani et al. (2017) give the dropout of 0.1.
    """

    def __init__(
        self, *, classes: int, frames_shape: tuple[int, int], dropout: float = 0.1
    ) -> None:
        super().__init__()
        rows, frames = (unpadded(size, kernel=3, blocks=len(CHANNELS)) for size in frames_shape)
        self.convolutions = nn.Sequential(*(_block(*pair) for pair in pairwise((1, *CHANNELS))))
        self.encoder = _EncoderBlock(CHANNELS[-1], dropout)
        self.head = nn.Linear(CHANNELS[-1] * rows * frames, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        maps = self.convolutions(frames.unsqueeze(1))  # [B, 256, rows, frames]
        steps = self.encoder(maps.flatten(2).transpose(1, 2))  # [B, rows * frames, 256]
        return self.head(steps.flatten(1))  # type: ignore[no-any-return]


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    """The family's order; its activation stands before the norm, and so before the pool."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3),
        nn.ELU(),
        nn.BatchNorm2d(channels_out),
        nn.MaxPool2d(2),
    )


class _EncoderBlock(nn.Module):
    """Self-attention and a feed-forward net, each added to its input: `[B, T, D] -> [B, T, D]`.

    PyTorch's own block cannot have heads that are together wider than the sequence.
    """

    def __init__(
        self, width: int, dropout: float, *, heads: int = 8, head_width: int = 64, inner: int = 2048
    ) -> None:
        super().__init__()
        self.heads = heads
        self.queries_keys_values = nn.Linear(width, 3 * heads * head_width)
        self.joined = nn.Linear(heads * head_width, width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, inner), nn.ReLU(), nn.Linear(inner, width)
        )
        self.attention_norm = nn.LayerNorm(width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.attention_norm(x + self.dropout(self._attend(x)))
        return self.feed_forward_norm(x + self.dropout(self.feed_forward(x)))  # type: ignore[no-any-return]

    def _attend(self, x: Tensor) -> Tensor:
        parts = self.queries_keys_values(x).unflatten(2, (3, self.heads, -1))
        queries, keys, values = parts.permute(2, 0, 3, 1, 4).unbind()  # [B, heads, T, head_width]
        heard = functional.scaled_dot_product_attention(queries, keys, values)
        return self.joined(heard.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]
