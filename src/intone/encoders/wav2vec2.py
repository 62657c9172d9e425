"""wav2vec 2.0, HuBERT, WavLM and data2vec: one architecture, as transformers has it.

They hear the sound itself. Importing transformers takes seconds, and waits until one is built.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from intone.encoders import Known
from intone.encoders._encoder import Encoder, Transformer
from intone.features import FrontEnd, Samples

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FRONT_END = FrontEnd(features=(Samples(),), n_fft=1, hop_length=1, center=False)

_WAV2VEC2 = "Baevski et al. (2020), wav2vec 2.0: Self-Supervised Learning of Speech Representations"
_HUBERT = "Hsu et al. (2021), HuBERT: Self-Supervised Speech Representation Learning"
_WAVLM = "Chen et al. (2022), WavLM: Large-Scale Self-Supervised Pre-Training for Speech"
_DATA2VEC = "Baevski et al. (2022), data2vec: A General Framework for Self-supervised Learning"


def _known(
    name: str,
    title: str,
    citation: str,
    place: str,
    file_sha256: str,
    *,
    licence: str = "Apache-2.0",
    width: int = 768,
    depth: int = 12,
    parameters: int,
) -> Known:
    return Known(
        name=name,
        title=title,
        licence=licence,
        citation=citation,
        source=f"https://huggingface.co/{place}/pytorch_model.bin",
        file_sha256=file_sha256,
        width=width,
        depth=depth,
        parameters=parameters,
    )


KNOWN = {
    known.name: known
    for known in (
        _known(
            "wav2vec2-base",
            "wav2vec 2.0 base",
            _WAV2VEC2,
            "facebook/wav2vec2-base/resolve/0b5b8e868dd84f03fd87d01f9c4ff0f080fecfe8",
            "3249fe98bfc62fcbc26067f724716a6ec49d12c4728a2af1df659013905dff21",
            parameters=94_371_712,
        ),
        _known(
            "wav2vec2-base-front",
            "the convolutions of wav2vec 2.0 base, alone",
            _WAV2VEC2,
            "facebook/wav2vec2-base/resolve/0b5b8e868dd84f03fd87d01f9c4ff0f080fecfe8",
            "3249fe98bfc62fcbc26067f724716a6ec49d12c4728a2af1df659013905dff21",
            width=512,
            depth=0,
            parameters=4_200_448,
        ),
        _known(
            "hubert-base",
            "HuBERT base",
            _HUBERT,
            "facebook/hubert-base-ls960/resolve/dba3bb02fda4248b6e082697eee756de8fe8aa8a",
            "062249fffb353eab67547a2fbc129f7c31a2f459faf641b19e8fb007cc5c48ad",
            parameters=94_371_712,
        ),
        _known(
            "wavlm-base-plus",
            "WavLM base plus",
            _WAVLM,
            "microsoft/wavlm-base-plus/resolve/4c66d4806a428f2e922ccfa1a962776e232d487b",
            "3bb273a6ace99408b50cfc81afdbb7ef2de02da2eab0234e18db608ce692fe51",
            licence="CC BY-SA 3.0",
            parameters=94_381_936,
        ),
        _known(
            "data2vec-base",
            "data2vec audio base",
            _DATA2VEC,
            "facebook/data2vec-audio-base/resolve/main",
            "4fd2317db95a7d67d3e328647a06f3f90c1b30e2044024a56ccec18827841225",
            parameters=93_164_288,
        ),
    )
}


def build(known: Known, blocks: tuple[int, ...]) -> Encoder:
    """Make an encoder with random weights, cut after the last of these blocks."""
    from transformers import AutoConfig, AutoModel

    family = known.name.partition("-")[0]
    config = AutoConfig.for_model(
        "data2vec-audio" if family == "data2vec" else family,
        hidden_size=known.width,
        num_attention_heads=known.width // 64,
        intermediate_size=4 * known.width,
        num_hidden_layers=max(1, *blocks),  # without any, transformers tells no states
        feat_proj_dropout=0.1,
        activation_dropout=0.0,
        layerdrop=0.0,  # a dropped layer has no gradients
        apply_spec_augment=False,  # its dice are NumPy's, which no seed of ours reaches
    )
    kind = Wav2Vec2 if known.depth else Convolutions
    return kind(blocks, AutoModel.from_config(config), normalises=family != "wavlm")


def tensors(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name the tensors of a file of the hub as they are named here."""
    names = {
        "wav2vec2.": "",  # the model within one for pre-training
        "weight_g": "parametrizations.weight.original0",  # before torch 2.0
        "weight_v": "parametrizations.weight.original1",
    }
    renamed = {}
    for name, value in official.items():
        for old, new in names.items():
            name = name.replace(old, new)
        renamed[f"model.{name}"] = value
    return renamed


class Wav2Vec2(Transformer):
    """Seven convolutions, a position embedding that is a convolution, and Transformer blocks.

    Hears samples at 16 kHz, at least 400 of them; gives a frame every 20 ms. All but WavLM scale a
    window to mean 0 and variance 1 first. Block 0 is what goes into the first Transformer block.
    """

    def __init__(
        self, blocks: tuple[int, ...], model: "PreTrainedModel", *, normalises: bool
    ) -> None:
        super().__init__(blocks)
        self.model = model
        self.normalises = normalises

    @property
    def layers(self) -> nn.ModuleList:  # type: ignore[override]
        return self.model.encoder.layers  # type: ignore[no-any-return]

    def forward(self, heard: Tensor) -> Tensor:
        """`[B, 1, samples] -> [B, blocks, width, T]`."""
        sound = _sound(heard, self.normalises)
        states = self.model(sound, output_hidden_states=True).hidden_states
        return torch.stack([states[block] for block in self.blocks], 1).transpose(2, 3)

    def checkpoint(self) -> None:
        self.model.activation_checkpointing_enable()


class Convolutions(Encoder):
    """What stands before the Transformer: seven convolutions, block 0.

    Hears samples at 16 kHz, at least 400 of them; gives 512 values every 20 ms.
    """

    def __init__(
        self, blocks: tuple[int, ...], model: "PreTrainedModel", *, normalises: bool
    ) -> None:
        super().__init__(blocks)
        self.model = nn.ModuleDict({"feature_extractor": model.feature_extractor})
        self.normalises = normalises

    def forward(self, heard: Tensor) -> Tensor:
        """`[B, 1, samples] -> [B, 1, 512, T]`."""
        sound = _sound(heard, self.normalises)
        return self.model["feature_extractor"](sound)[:, None]  # type: ignore[no-any-return]


def _sound(heard: Tensor, normalised: bool) -> Tensor:
    """`[B, 1, samples] -> [B, samples]`, perhaps with mean 0 and variance 1."""
    sound = heard[:, 0]
    if not normalised:
        return sound
    spread = sound.var(1, keepdim=True, correction=0) + 1e-7
    return (sound - sound.mean(1, keepdim=True)) / spread.sqrt()
