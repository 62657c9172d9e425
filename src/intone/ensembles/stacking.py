"""Report A, row A9: a net that reads the probabilities of frozen members."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import nn

from intone import nets, training
from intone.dataset import Part
from intone.ensembles.members import Answers, Floats
from intone.errors import DataError
from intone.recipe import Net, Training
from intone.training import Fit


class Stacking(BaseModel):
    """The meta model, one that reads `vector`, and how it learns; the report does not say how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    net: Net = Net(name="MetaMLP")
    training: Training = Training(epochs=40)


@dataclass(frozen=True, eq=False)
class Stacked:
    """A trained meta model, and how training went."""

    net: nn.Module
    fit: Fit

    @property
    def parameters(self) -> int:
        """How many values were learned."""
        return nets.parameters(self.net)

    def __call__(self, members: Sequence[Floats]) -> Floats:
        """Answers of each member -> probabilities `[N, C]`."""
        nobody = np.zeros(len(members[0]), np.int64)
        return training.predict(self.net, _part(members, nobody, classes=1))


def learn(answers: Answers, classes: int, settings: Stacking, *, seed: int) -> Stacked:
    """Train the meta model on what members answered.

    Raises:
        DataError: the net is unknown, reads something else, or refuses an option.
    """
    width = sum(own.shape[1] for own in answers.members)
    if nets.inputs(nets.find(settings.net.name)) != ["vector"]:
        raise DataError(f"{settings.net.name} cannot be a meta model: it does not read vector")
    torch.manual_seed(seed)
    net = nets.build(
        settings.net.name,
        classes=classes,
        shapes={"vector": (width,)},
        options=settings.net.options,
    )
    part = _part(answers.members, answers.truth, classes=classes)
    if nets.solves(net):
        return Stacked(net, training.solve(net, part, None, seed=seed))
    return Stacked(net, training.fit(net, lambda _: part, None, settings.training, seed=seed))


def _part(members: Sequence[Floats], targets: NDArray[np.int64], *, classes: int) -> Part:
    """What members answered, as the windows of clips that a net reads."""
    vectors = np.concatenate(members, axis=1).astype(np.float32)
    shares = np.eye(classes, dtype=np.float32)[targets]
    clips = np.arange(len(vectors))
    return Part(clips, targets, shares, lambda rows: {"vector": vectors[rows]})
