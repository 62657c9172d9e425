"""Estimators that scikit-learn fits answer as nets what they answer as estimators."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import RidgeClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from intone import nets, tasks, training
from intone.dataset import Part
from intone.errors import DataError


def made(labels: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors [120, 6] around a centre for each label."""
    rng = np.random.default_rng(seed)
    targets = np.array(labels)[np.arange(120) % len(labels)]
    centres = np.random.default_rng(5).normal(size=(10, 6))
    vectors = centres[targets] + rng.normal(scale=0.8, size=(120, 6))
    return vectors.astype(np.float32), targets


def answers(net: torch.nn.Module, vectors: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        logits = net(vector=torch.from_numpy(vectors))
        return tasks.probabilities(nets.task(net), logits).numpy()


@pytest.mark.parametrize("labels", [[0, 1, 2], [0, 1], [0, 2]], ids=str)
def test_answers_are_those_of_scikit_learn(labels):
    vectors, targets = made(labels)
    unseen, _ = made(labels, seed=1)
    oracles = {
        "MLPClassifier": MLPClassifier((300,), n_iter_no_change=200, random_state=3),
        "LinearSVM": CalibratedClassifierCV(
            LinearSVC(C=0.01, class_weight="balanced", random_state=3), ensemble=False, cv=5
        ),
    }
    for name, oracle in oracles.items():
        net = nets.build(name, classes=3, shapes={"vector": (6,)})
        net.solve(vectors, targets, 3)
        expected = oracle.fit(vectors, targets).predict_proba(unseen)
        found = answers(net, unseen)
        np.testing.assert_allclose(found[:, labels], expected, atol=2e-5)
        absent = [label for label in range(3) if label not in labels]
        assert (found[:, absent] < 1e-6).all()


def test_solving_is_a_fit_of_one_epoch():
    vectors, targets = made([0, 1, 2])
    shares = np.eye(3, dtype=np.float32)[targets]
    part = Part(np.arange(120), targets, shares, lambda rows: {"vector": vectors[rows]})
    net = nets.build("LinearSVM", classes=3, shapes={"vector": (6,)})
    outcome = training.solve(net, part, part, seed=0)
    [epoch] = outcome.history
    assert outcome.best_epoch == 1
    assert epoch.validation_loss == epoch.train_loss
    assert epoch.validation_uar > 0.8


def test_the_mlp_of_report_c_has_its_parameters():
    with torch.device("meta"):
        net = nets.build("MLPClassifier", classes=11, shapes={"vector": (180,)})
    assert nets.parameters(net) == 57_611


@pytest.mark.parametrize("labels", [[0, 1, 2], [0, 2]], ids=str)
def test_ridge_chooses_as_scikit_learn_does(labels):
    vectors, targets = made(labels)
    unseen, truth = made(labels, seed=1)
    net = nets.build("Ridge", classes=3, shapes={"vector": (6,)}, options={"penalty": 0.5})
    net.solve(vectors, targets, 0)
    heard = answers(net, unseen)
    oracle = RidgeClassifier(0.5 * 6).fit(vectors, targets)
    np.testing.assert_array_equal(heard.argmax(axis=1), oracle.predict(unseen))
    cross_entropy = -np.log(heard[np.arange(len(truth)), truth]).mean()
    assert cross_entropy < np.log(len(labels)) / 2
    assert heard[:, [label for label in range(3) if label not in labels]].sum() < 1e-6


@pytest.mark.parametrize(
    ("name", "option", "value", "words"),
    [
        ("LinearSVM", "c", float("nan"), "c: Input should be a finite number"),
        ("LinearSVM", "c", "abc", "c: Input should be a valid number"),
        ("LogisticRegression", "c", -1, "c: Input should be greater than 0"),
        ("Ridge", "penalty", -5.0, "penalty: Input should be greater than 0"),
        ("MLPClassifier", "solver", "nope", "solver: Input should be 'adam' or 'sgd'"),
        ("MLPClassifier", "epochs", 0, "epochs: Input should be greater than 0"),
    ],
)
def test_options_are_checked_where_the_net_is_built(name, option, value, words):
    with pytest.raises(DataError, match=f"{name}, option {words}"):
        nets.build(name, classes=3, shapes={"vector": (6,)}, options={option: value})


@pytest.mark.parametrize("name", ["LinearSVM", "Ridge"])
def test_folds_are_as_many_as_the_rarest_label_has_windows(name):
    vectors, targets = made([0, 1])
    few = np.arange(6)  # three windows of each
    net = nets.build(name, classes=2, shapes={"vector": (6,)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # scikit-learn warns of a fold without a label
        net.solve(vectors[few], targets[few], 0)
    assert (answers(net, vectors).argmax(axis=1) == targets).mean() > 0.8
    with pytest.raises(DataError, match=f"{name} needs 2 windows or more of each label"):
        net.solve(vectors[:3], targets[:3], 0)


@pytest.mark.parametrize("name", ["MLPClassifier", "LinearSVM", "LogisticRegression", "Ridge"])
def test_a_label_alone_is_nothing_to_learn(name):
    vectors, targets = made([1])
    net = nets.build(name, classes=3, shapes={"vector": (6,)})
    with pytest.raises(DataError, match=f"{name} learns to tell labels apart, and .* one alone"):
        net.solve(vectors, targets, 0)


def test_an_mlp_that_diverges_says_so():
    vectors, targets = made([0, 1])
    options = {"solver": "sgd", "epochs": 20}
    net = nets.build("MLPClassifier", classes=2, shapes={"vector": (6,)}, options=options)
    with pytest.raises(DataError, match=r"MLPClassifier diverged .*; see inputs.vector.scale"):
        net.solve(1e15 * vectors, targets, 0)
