"""Report A's genetic algorithm: weights are shares, and the best are never lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from intone.ensembles.genetic import Genetic, _born, evolve, macro_f1

SMALL = Genetic(population=20, generations=15, restarts=2)


def made(members: int = 3, clips: int = 60, classes: int = 4, seed: int = 0):
    """Probabilities `[M, N, C]` of members, the later ones the better, and the truth `[N]`."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=clips)
    noise = rng.gumbel(size=(members, clips, classes))
    skill = np.linspace(0.2, 1.5, members)[:, None, None]
    logits = noise + skill * np.eye(classes)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return probabilities.astype(np.float32), truth


@pytest.mark.parametrize("classes", [2, 4, 7])
def test_fitness_is_scikit_learn_s_macro_f1(classes):
    probabilities, truth = made(classes=classes)
    truth[truth == classes - 1] = 0  # a label without clips counts 0
    population = np.random.default_rng(1).dirichlet(np.ones(3), size=8)
    for weights, found in zip(population, macro_f1(population, probabilities, truth), strict=True):
        answers = np.tensordot(weights, probabilities, axes=1).argmax(axis=1)
        expected = f1_score(truth, answers, labels=range(classes), average="macro", zero_division=0)
        assert found == pytest.approx(expected)


@given(seed=st.integers(0, 1000), members=st.integers(2, 7))
@settings(max_examples=15, deadline=None)
def test_weights_are_shares_and_the_best_fitness_never_falls(seed, members):
    probabilities, truth = made(members, seed=seed)
    found = evolve(probabilities, truth, SMALL, np.random.default_rng(seed))
    assert found.weights.sum() == pytest.approx(1)
    assert (found.weights >= 0).all()
    assert found.best.shape == found.mean.shape == (2, 16)
    assert (np.diff(found.best, axis=1) >= 0).all()
    assert (found.mean <= found.best + 1e-12).all()
    fitness = macro_f1(found.weights[None], probabilities, truth)[0]
    assert fitness == pytest.approx(found.best[:, -1].max())


def test_the_better_members_get_the_weight():
    probabilities, truth = made(clips=400)
    probabilities[:2] = np.random.default_rng(0).permutation(probabilities[:2], axis=1)  # guess
    found = evolve(probabilities, truth, SMALL, np.random.default_rng(0))
    alone = [macro_f1(own[None], probabilities, truth)[0] for own in np.eye(3)]
    assert found.weights[2] > 0.6
    assert found.best[:, -1].max() >= max(alone)


def test_a_child_is_its_mother_with_some_genes_halfway_to_the_father():
    rng = np.random.default_rng(0)
    population = np.array([[0.9, 0.1, 0.0, 0.0], [0.0, 0.0, 0.1, 0.9]])
    fitness = np.array([0.5, 0.5])
    rules = Genetic(population=2, crossover=1, mutation=0, crossed_share=0.5, tournament=1)
    children = _born(population, fitness, 200, rules, rng)
    np.testing.assert_allclose(children.sum(axis=1), 1)
    mixed = children[~(children[:, None] == population).all(axis=2).any(axis=1)]
    assert len(mixed) > 50
    half = population.mean(axis=0)
    for child in mixed:
        fits = []
        for mother in population:
            crossed = [np.where(np.isin(range(4), pair), half, mother) for pair in PAIRS]
            fits += [np.allclose(child, one / one.sum()) for one in crossed]
        assert any(fits)


PAIRS = [(a, b) for a in range(4) for b in range(a)]


def test_mutation_draws_one_gene_anew():
    rng = np.random.default_rng(0)
    population = np.full((2, 5), 0.2)
    rules = Genetic(population=2, crossover=0, mutation=1)
    for child in _born(population, np.ones(2), 100, rules, rng):
        values, counts = np.unique(child.round(12), return_counts=True)
        assert sorted(counts) in ([1, 4], [5])
        assert child.sum() == pytest.approx(1)
        assert len(values) <= 2


def test_a_tournament_of_all_has_the_best_as_its_winner():
    population = np.eye(4)
    rules = Genetic(population=4, crossover=0, mutation=0, tournament=64)
    children = _born(population, np.arange(4.0), 20, rules, np.random.default_rng(0))
    np.testing.assert_array_equal(children, np.tile(population[3], (20, 1)))


def test_the_same_dice_give_the_same_weights():
    probabilities, truth = made()
    first, second = (
        evolve(probabilities, truth, SMALL, np.random.default_rng(3)).weights for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
