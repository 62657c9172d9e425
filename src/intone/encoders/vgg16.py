"""VGG16 on pictures of sound: Simonyan and Zisserman (2015), "Very Deep Convolutional Networks for
Large-Scale Image Recognition". The weights are torchvision's, learned on ImageNet's photographs.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from intone.encoders import Known
from intone.encoders._encoder import Encoder
from intone.errors import DataError
from intone.features import FrontEnd, LogMel

FRONT_END = FrontEnd(features=(LogMel(n_mels=224, ref="max"),), hop_length=215)
"""3 s are 224 x 224: a pixel for each band and frame, so that nothing is resized"""

KNOWN = {
    "vgg16": Known(
        name="vgg16",
        title="the convolutions of VGG16",
        licence="BSD-3-Clause",
        citation="Simonyan and Zisserman (2015), Very Deep Convolutional Networks for Large-Scale "
        "Image Recognition",
        source="https://download.pytorch.org/models/vgg16-397923af.pth",
        file_sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        tensors_sha256="4a8b5254c1c677af76d521931ad1a61a0475ebfa4bcf2a27327d6d0d2d947d97",
        width=512,
        depth=5,
        parameters=14_714_688,
    )
}

_CONVOLUTIONS = (2, 2, 3, 3, 3)  # of each block
_DYNAMICS = 80.0  # decibels that the colours span, below the window's loudest
_MAGMA = bytes.fromhex(
    "000004 0a0822 1d1147 36106b 50127c 691c81 822681 9c2e7f b6367a"
    "cf4070 e65164 f46a5c fb8861 fea571 fec287 fde0a1 fcfdbf"
)
"""the colours of matplotlib's magma, librosa's for spectrograms, at every 16th of its way"""
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


def build(known: Known, blocks: tuple[int, ...]) -> "VGG16":
    """Make an encoder with random weights, cut after this block.

    Raises:
        DataError: more than one block is asked for.
    """
    if len(blocks) > 1:
        raise DataError(f"the blocks of {known.name} differ in size: name one, not {list(blocks)}")
    return VGG16(width=known.width, blocks=blocks)


def tensors(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take the convolutions' tensors out of torchvision's file, where they stand in our order."""
    with torch.device("meta"):
        names = VGG16(width=512, blocks=(5,)).state_dict()
    values = [value for name, value in official.items() if name.startswith("features.")]
    return dict(zip(names, values, strict=True))


class VGG16(Encoder):
    """Thirteen convolutions in five blocks, each of which halves the picture.

    Hears 224 log-mel bands and gives, after block b, a column of channels times 224 / 2^b places
    for each 2^b frames: 512 x 7 after the last. Block 0 is the picture.
    """

    def __init__(self, *, width: int, blocks: tuple[int, ...]) -> None:
        super().__init__(blocks)
        self.picture = Picture()
        self.channels = (3, width // 8, width // 4, width // 2, width, width)
        self.layers = nn.ModuleList(
            _block(self.channels[place], self.channels[place + 1], _CONVOLUTIONS[place])
            for place in range(max(blocks))
        )

    def forward(self, heard: Tensor) -> Tensor:
        """`[B, bands, frames] -> [B, 1, channels * places, T]`."""
        given = self.picture(heard)
        for layer in self.layers:
            given = layer(given)
        return given.flatten(1, 2)[:, None]  # type: ignore[no-any-return]


class Picture(nn.Module):
    """Colour decibels by their place in the dynamics: `[B, bands, frames] -> [B, 3, ...]`.

    Low bands stand at the bottom, and colours are scaled as VGG16 learned them.
    """

    colours: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("colours", _colours(), persistent=False)

    def forward(self, heard: Tensor) -> Tensor:
        places = (heard.flip(1) / _DYNAMICS + 1).clamp(0, 1) * (len(self.colours) - 1)
        return functional.embedding(places.round().long(), self.colours).permute(0, 3, 1, 2)


def _block(channels_in: int, channels_out: int, convolutions: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for place in range(convolutions):
        channels = channels_out if place else channels_in
        convolution = nn.Conv2d(channels, channels_out, 3, padding=1)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")  # as torchvision draws
        layers += [convolution, nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def _colours() -> Tensor:
    """The colour map in 256 steps, standard-scaled: `[256, 3]`."""
    known = torch.tensor(list(_MAGMA)).view(-1, 3) / 255
    colours = functional.interpolate(known.T[None], 256, mode="linear", align_corners=True)[0].T
    return (colours - torch.tensor(_MEAN)) / torch.tensor(_STD)
