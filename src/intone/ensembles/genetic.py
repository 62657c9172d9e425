"""Report A, row A8: weights of members, found by a genetic algorithm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Weights = NDArray[np.float64]


class Genetic(BaseModel):
    """A genetic algorithm on weights: each chromosome has a gene a member, and sums to 1.

    Its fitness is the macro F1 of the weighted mean of the members' probabilities. Parents are the
    winners of tournaments. Crossover sets a share of one parent's genes to the mean of both;
    mutation draws one gene anew from [0, 1]; both normalise. The best are kept as they are. The
    report found its settings by experiment and does not give them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    population: int = Field(default=50, ge=2)
    generations: int = Field(default=60, gt=0)
    crossover: float = Field(default=0.8, ge=0, le=1)
    """probability"""
    mutation: float = Field(default=0.2, ge=0, le=1)
    """probability"""
    crossed_share: float = Field(default=0.5, gt=0, le=1)
    """of the genes"""
    tournament: int = Field(default=3, gt=0)
    elitism: float = Field(default=0.1, gt=0, lt=1)
    """share of the population"""
    restarts: int = Field(default=5, gt=0)


@dataclass(frozen=True, eq=False)
class Evolution:
    """What the algorithm found, and how."""

    weights: Weights
    """`[M]`"""
    best: NDArray[np.float64]
    """`[restarts, generations + 1]`: the best fitness so far"""
    mean: NDArray[np.float64]
    """`[restarts, generations + 1]`: the population's mean fitness"""


def evolve(
    probabilities: NDArray[np.float32],
    truth: NDArray[np.int64],
    settings: Genetic,
    rng: np.random.Generator,
) -> Evolution:
    """Find weights for members' probabilities `[M, N, C]` of clips with the labels `[N]`."""
    found = [_once(probabilities, truth, settings, rng) for _ in range(settings.restarts)]
    winner = max(found, key=lambda one: one.best[0, -1])
    return Evolution(
        winner.weights,
        np.concatenate([one.best for one in found]),
        np.concatenate([one.mean for one in found]),
    )


def macro_f1(
    population: Weights, probabilities: NDArray[np.float32], truth: NDArray[np.int64]
) -> Weights:
    """Macro F1 of each chromosome `[P, M]` on `[M, N, C]`: `[P]`; a label without clips counts 0.

    The first of equal probabilities is the answer, as in `evaluation`.
    """
    classes = probabilities.shape[2]
    answers = np.tensordot(population, probabilities, axes=1).argmax(axis=2)  # [P, N]
    answered = answers[:, :, None] == np.arange(classes)  # [P, N, C]
    own = truth[:, None] == np.arange(classes)  # [N, C]
    hits = (answered & own).sum(axis=1)
    f1 = 2 * hits / np.maximum(answered.sum(axis=1) + own.sum(axis=0), 1)
    mean: Weights = f1.mean(axis=1)
    return mean


def _once(
    probabilities: NDArray[np.float32],
    truth: NDArray[np.int64],
    settings: Genetic,
    rng: np.random.Generator,
) -> Evolution:
    population = _normalised(rng.random((settings.population, len(probabilities))))
    fitness = macro_f1(population, probabilities, truth)
    best, mean = [fitness.max()], [fitness.mean()]
    elite = max(1, round(settings.elitism * settings.population))
    for _ in range(settings.generations):
        kept = population[np.argsort(-fitness, kind="stable")[:elite]]
        born = _born(population, fitness, settings.population - elite, settings, rng)
        population = np.concatenate([kept, born])
        fitness = macro_f1(population, probabilities, truth)
        best.append(fitness.max())
        mean.append(fitness.mean())
    return Evolution(population[fitness.argmax()], np.array([best]), np.array([mean]))


def _born(
    population: Weights, fitness: Weights, count: int, settings: Genetic, rng: np.random.Generator
) -> Weights:
    """Children `[count, M]` of parents that won tournaments."""
    genes = population.shape[1]
    rivals = rng.integers(len(population), size=(2, count, settings.tournament))
    winners = np.take_along_axis(rivals, fitness[rivals].argmax(axis=2)[..., None], axis=2)
    mothers, fathers = population[winners[..., 0]]

    crossed_genes = rng.random((count, genes)).argsort(axis=1) < round(
        max(1, settings.crossed_share * genes)
    )
    crossed = rng.random((count, 1)) < settings.crossover
    children = np.where(crossed & crossed_genes, (mothers + fathers) / 2, mothers)
    children = _normalised(children)

    mutated = rng.random(count) < settings.mutation
    place = rng.integers(genes, size=count)
    children[mutated, place[mutated]] = rng.random(mutated.sum())
    return _normalised(children)


def _normalised(population: Weights) -> Weights:
    normalised: Weights = population / population.sum(axis=1, keepdims=True)
    return normalised
