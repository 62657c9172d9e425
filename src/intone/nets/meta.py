"""Nets that read the probabilities of other nets: the meta models of stacking."""

from torch import Tensor, nn


class MetaMLP(nn.Module):
    """Report A, row A9: a dense layer of 512, dropout of .4 and a dense layer of labels.

    Reads `vector [B, D]`, in the report the answers of seven nets that know one label each, and
    returns logits `[B, classes]`. 7,687 parameters at 7 answers and 7 classes. The report does not
    name the dense layer's activation; it is ReLU here.
    """

    def __init__(
        self, *, classes: int, vector_shape: tuple[int], hidden: int = 512, dropout: float = 0.4
    ) -> None:
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Linear(vector_shape[0], hidden), nn.ReLU(), nn.Dropout(dropout)
        )
        self.head = nn.Linear(hidden, classes)

    def forward(self, vector: Tensor) -> Tensor:
        """`[B, D] -> [B, classes]`."""
        return self.head(self.hidden(vector))  # type: ignore[no-any-return]
