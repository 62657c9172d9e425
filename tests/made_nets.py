"""Every net, made for inputs of reduced size."""

from inspect import signature
from typing import Any

from torch import nn

from intone import nets

SHAPES = {"frames": (64, 64), "vector": (40,), "other": (24,)}
"""Inputs of reduced size, by name"""

OWN_SHAPES = {"FineTuned": {"frames": (80, 64)}}
"""Inputs of the nets that read no others"""

OPTIONS = {"FineTuned": {"pretrained": "whisper-made"}, "VGG16": {"pretrained": "vgg16-made"}}
"""Options that put small encoders into nets, where `made_encoders` has made them known"""

AUTOENCODERS = [n for n in nets.names() if nets.task(nets.find(n)) == "reconstruction"]
NETS_FOR_LABELS = sorted(set(nets.names()) - set(AUTOENCODERS))


def made_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """The inputs of reduced size that a net reads."""
    return OWN_SHAPES.get(name) or {key: SHAPES[key] for key in nets.inputs(nets.find(name))}


def made_net(
    name: str, *, classes: int = 3, shapes: dict[str, tuple[int, ...]] | None = None, **options: Any
) -> nn.Module:
    """Make a net, which listens to a code of 100 if it listens to one."""
    cls = nets.find(name)
    shapes = shapes or made_shapes(name)
    listens = "encoder" in signature(cls).parameters
    return nets.build(
        name,
        classes=None if name in AUTOENCODERS else classes,
        shapes=shapes,
        options=OPTIONS.get(name, {}) | options,
        encoder=made_net("DenseAutoencoder", shapes=shapes).encoder if listens else None,
    )
