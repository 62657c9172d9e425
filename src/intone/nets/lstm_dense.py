"""Report C's second version: an LSTM and dense layers."""

from torch import Tensor, nn


class LSTMDense(nn.Module):
    """Report C, row C3: an LSTM of 128, whose last state goes through 2 or 3 dense layers.

    Reads `frames [B, rows, frames]`, in the report a spectrogram of 513 rows, 80 mel bands, 15 MFCC
    or 512 values of wav2vec, and returns logits `[B, classes]`. 346,244, 124,548, 91,268 and
    345,732 parameters at these rows and 4 classes. The report names no activation; it is ReLU here.
    """

    def __init__(
        self, *, classes: int, frames_shape: tuple[int, int], dense_layers: int = 2
    ) -> None:
        super().__init__()
        self.lstm = nn.LSTM(frames_shape[0], 128, batch_first=True)
        self.dense = nn.Sequential()
        for _ in range(dense_layers - 1):
            self.dense += nn.Sequential(nn.Linear(128, 128), nn.ReLU())
        self.head = nn.Linear(128, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        states, _ = self.lstm(frames.transpose(1, 2))
        return self.head(self.dense(states[:, -1]))  # type: ignore[no-any-return]
