"""Report C's third version: labels ask the frames for what speaks for them."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from intone.tasks import Task


class Query2Label(nn.Module):
    """Report C, row C4: a Transformer whose decoder is asked by one learned query per label.

    Reads `frames [B, rows, frames]`, in the report 80 mel bands or 512 values of wav2vec, and
    returns logits `[B, classes]`, each of its own sigmoid. 740,100 and 7,368,708 parameters at
    these rows and 4 classes.

    The counts fit one encoder and one decoder layer as wide as the rows, with final norms, and
    a dense layer over all labels' answers, where Liu et al. (2021) have one for each label. The
    report names neither the number of heads nor an encoding of positions: 8, and none, as PyTorch
    has it by default.
    """

    task: ClassVar[Task] = "label by label"

    def __init__(
        self, *, classes: int, frames_shape: tuple[int, int], heads: int = 8, dropout: float = 0.1
    ) -> None:
        super().__init__()
        width = frames_shape[0]
        if width % heads:
            raise ValueError(f"{width} rows cannot be shared among {heads} heads")
        self.queries = nn.Parameter(torch.randn(classes, width))
        self.transformer = nn.Transformer(
            width,
            heads,
            num_encoder_layers=1,
            num_decoder_layers=1,
            dim_feedforward=2048,
            dropout=dropout,
            batch_first=True,
        )
        self.head = nn.Linear(classes * width, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        queries = self.queries.expand(frames.shape[0], -1, -1)
        answers = self.transformer(frames.transpose(1, 2), queries)  # [B, classes, rows]
        return self.head(answers.flatten(1))  # type: ignore[no-any-return]
