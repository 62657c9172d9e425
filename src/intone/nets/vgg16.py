"""Report B's VGG16: pictures of sound through convolutions that were learned on photographs."""

from torch import Tensor, nn

from intone import encoders
from intone.encoders.vgg16 import Picture


class VGG16(nn.Module):
    """Report B, row B6: VGG16's convolutions, and three dense layers.

    Reads `frames [B, 224, frames]`, the log-mel bands that the encoder `vgg16` hears, and returns
    logits `[B, classes]`. At 224 x 224 and 7 classes it has 27,660,103 parameters, of which
    12,945,415 are the dense layers' and learn.

    The last `unfrozen` convolutions learn, too. What stands frozen below them need not be computed
    in each epoch: with `after` the net begins after that block, on what an input made by the
    encoder gives. The report names no rate of dropout: 0.5.
    """

    def __init__(
        self,
        *,
        classes: int,
        frames_shape: tuple[int, int],
        after: int = 0,
        unfrozen: int = 0,
        first: int = 512,
        second: int = 192,
        dropout: float = 0.5,
        pretrained: str = "vgg16",
    ) -> None:
        super().__init__()
        encoder = encoders.build(pretrained, (5,))
        self.pretrained, self.after = pretrained, after
        self.picture = Picture()
        self.blocks: nn.ModuleList = encoder.layers[after:]  # type: ignore[index,assignment]
        self.channels: tuple[int, ...] = encoder.channels  # type: ignore[assignment]
        convolutions = [part for part in self.blocks.modules() if isinstance(part, nn.Conv2d)]
        if unfrozen > len(convolutions):
            raise ValueError(f"{len(convolutions)} convolutions stand after block {after}")
        for frozen in convolutions[: len(convolutions) - unfrozen]:
            frozen.requires_grad_(False)
        rows, frames = frames_shape
        height = rows if after == 0 else rows // self.channels[after]
        left = (height >> len(self.blocks)) * (frames >> len(self.blocks))
        self.dense = nn.Sequential(
            nn.Linear(self.channels[-1] * left, first),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(first, second),
            nn.ReLU(),
        )
        self.head = nn.Linear(second, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """`[B, rows, frames] -> [B, classes]`."""
        if self.after == 0:
            given = self.picture(frames)
        else:
            given = frames.reshape(len(frames), self.channels[self.after], -1, frames.shape[2])
        for block in self.blocks:
            given = block(given)
        return self.head(self.dense(given.flatten(1)))  # type: ignore[no-any-return]

    def load_published(self) -> None:
        """Begin with the encoder's published weights."""
        published = encoders.load(self.pretrained, (5,))
        self.blocks.load_state_dict(published.layers[self.after :].state_dict())  # type: ignore[index,union-attr]
