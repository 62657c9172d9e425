"""Every net, made for inputs of reduced size."""

from inspect import signature
from typing import Any

from torch import nn

from intone import nets

SHAPES = {"frames": (64, 64), "vector": (40,)}
"""Inputs of reduced size, by name"""

AUTOENCODERS = [n for n in nets.names() if nets.task(nets.find(n)) == "reconstruction"]
NETS_FOR_LABELS = sorted(set(nets.names()) - set(AUTOENCODERS))


def made_net(
    name: str, *, classes: int = 3, shapes: dict[str, tuple[int, ...]] | None = None, **options: Any
) -> nn.Module:
    """Make a net, which listens to a code of 100 if it listens to one."""
    cls = nets.find(name)
    shapes = shapes or {key: SHAPES[key] for key in nets.inputs(cls)}
    listens = "encoder" in signature(cls).parameters
    return nets.build(
        name,
        classes=None if name in AUTOENCODERS else classes,
        shapes=shapes,
        options=options,
        encoder=made_net("DenseAutoencoder", shapes=shapes).encoder if listens else None,
    )
