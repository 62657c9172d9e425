"""Weighted means of members' probabilities; report A's row A7 is the one of equal weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from intone.ensembles.genetic import Evolution, Genetic, evolve
from intone.ensembles.members import Answers, Floats
from intone.training import Fit


class Average(BaseModel):
    """The plain mean; it has no settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, eq=False)
class Weighted:
    """A weighted mean, and how its weights were found."""

    weights: NDArray[np.float64]
    """`[M]`, which sum to 1"""
    evolution: Evolution | None = None

    @property
    def parameters(self) -> int:
        """How many values were learned."""
        return 0 if self.evolution is None else len(self.weights)

    @property
    def fit(self) -> Fit:
        """How it was learned: the generation that was best first."""
        if self.evolution is None:
            return Fit(best_epoch=1, history=())
        best = self.evolution.best
        return Fit(best_epoch=int(best[best[:, -1].argmax()].argmax()), history=())

    def __call__(self, members: Sequence[Floats]) -> Floats:
        """Probabilities `[N, C]` of each member -> `[N, C]`."""
        mean: Floats = np.tensordot(self.weights, np.stack(members), axes=1).astype(np.float32)
        return mean


def learn(answers: Answers, settings: Average | Genetic, *, seed: int) -> Weighted:
    """Find the weights of members; the plain mean does not look at the answers."""
    if isinstance(settings, Average):
        members = len(answers.members)
        return Weighted(np.full(members, 1 / members))
    rng = np.random.default_rng(seed)
    evolution = evolve(answers.stacked, answers.truth, settings, rng)
    return Weighted(evolution.weights, evolution)
