"""The loop's settings do what their names say."""

from math import log

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from intone import tasks, training
from intone.dataset import Part
from intone.recipe import Training
from intone.training import DivergedError, Epoch

CLASSES = 3


def made_part(clips: int = 24, seed: int = 0) -> Part:
    """Vectors [4] whose first values carry the label; a window a clip."""
    rng = np.random.default_rng(seed)
    targets = np.arange(clips) % CLASSES
    vectors = rng.normal(scale=0.3, size=(clips, 4)).astype(np.float32)
    vectors[np.arange(clips), targets] += 2
    shares = np.eye(CLASSES, dtype=np.float32)[targets]
    return Part(np.arange(clips), targets, shares, lambda rows: {"vector": vectors[rows]})


class Linear(nn.Module):
    """The smallest net that learns."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, CLASSES)

    def forward(self, vector):
        return self.head(vector)


def fit(**settings):
    torch.manual_seed(0)
    net = Linear()
    settings = Training(**{"epochs": 20, "learning_rate": 0.05, "batch_size": 8} | settings)
    return net, training.fit(net, lambda epoch: made_part(), made_part(seed=1), settings, seed=0)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam"},
        {"optimizer": "adamw", "weight_decay": 0.01},
        {"optimizer": "rmsprop", "momentum": 0.5},
        {"optimizer": "sgd", "momentum": 0.8},
        {"schedule": "cosine"},
        {"schedule": "exponential", "decay": 0.95},
        {"schedule": "plateau", "plateau": 2},
        {"class_weights": True},
        {"label_smoothing": 0.1},
        {"mixup": 0.2},
        {"l2": 0.001},
        {"monitor": "accuracy"},
        {"monitor": "uar"},
    ],
    ids=str,
)
def test_learns_under_every_setting(settings):
    net, outcome = fit(**settings)
    assert outcome.history[-1].train_loss < 0.7 * outcome.history[0].train_loss
    assert outcome.history[outcome.best_epoch - 1].validation_uar > 0.9
    heard = training.predict(net, made_part(seed=2)).argmax(axis=1)
    assert (heard == made_part().targets).mean() > 0.9


def epochs(*losses: float) -> list[Epoch]:
    return [
        Epoch(epoch=n, train_loss=0.0, seconds=0.0, validation_loss=loss)
        for n, loss in enumerate(losses, 1)
    ]


@pytest.mark.parametrize(
    ("settings", "history", "expected"),
    [
        ({}, epochs(1, 1, 1), 0.1),
        ({"schedule": "cosine"}, [], 0.1),
        ({"schedule": "cosine"}, epochs(*[1] * 5), 0.05),
        ({"schedule": "cosine", "warmup": 2}, epochs(1), 0.075),
        ({"schedule": "exponential", "decay": 0.5}, epochs(1, 1, 1), 0.0125),
        ({"schedule": "plateau", "plateau": 2}, epochs(1, 0.9, 0.8), 0.1),
        ({"schedule": "plateau", "plateau": 2}, epochs(1, 1, 1), 0.05),
        ({"schedule": "plateau", "plateau": 2}, epochs(1, 1, 1, 1, 1), 0.025),
        ({"schedule": "plateau", "plateau": 2}, epochs(1, 1, 0.9, 1), 0.1),
    ],
)
def test_the_learning_rate_follows_its_schedule(settings, history, expected):
    made = Training(epochs=10, learning_rate=0.1, **settings)
    assert training.learning_rate(made, history) == pytest.approx(expected)


def test_training_stops_when_patience_ends_and_the_best_weights_are_restored():
    net, outcome = fit(learning_rate=5.0, epochs=60, patience=4)
    assert len(outcome.history) == outcome.best_epoch + 4 < 60
    best = outcome.history[outcome.best_epoch - 1]
    assert best.validation_loss == min(epoch.validation_loss for epoch in outcome.history)
    part = made_part(seed=1)
    found = training.predict(net, part)[np.arange(24), part.targets]
    assert -np.log(np.maximum(found, 1e-7)).mean() == pytest.approx(best.validation_loss, rel=1e-5)


@pytest.mark.parametrize("monitor", ["loss", "accuracy", "uar"])
def test_training_that_diverges_is_stopped_and_its_last_epoch_is_not_saved(tmp_path, monitor):
    """Weights that a penalty makes three thousand times as large at each step."""
    grow = {"optimizer": "sgd", "l2": 1.0, "learning_rate": 1500.0, "batch_size": 8}
    settings = Training(epochs=20, patience=20, monitor=monitor, **grow)
    path = tmp_path / "c.pt"
    with pytest.raises(
        DivergedError, match=r"diverged in epoch \d: the loss is not finite; lower "
    ):
        training.fit(
            Linear(),
            lambda epoch: made_part(),
            made_part(seed=1),
            settings,
            seed=0,
            checkpoint=path,
        )
    kept = [Epoch(**row) for row in training.load(path)["history"]]
    assert np.isfinite([(epoch.train_loss, epoch.validation_loss) for epoch in kept]).all()


def test_l2_is_keras_s_penalty_on_kernels_alone():
    net = Linear()
    penalty = training._penalty(net, 0.01)
    assert penalty.item() == pytest.approx(0.01 * net.head.weight.square().sum().item())
    penalty.backward()
    torch.testing.assert_close(net.head.weight.grad, 0.02 * net.head.weight)
    assert net.head.bias.grad is None


def test_class_weights_are_inverse_frequencies_and_absent_labels_count_nothing():
    shares = np.eye(3, dtype=np.float32)[[0, 0, 0, 1]]
    weights = training._class_weights(shares, torch.device("cpu"))
    torch.testing.assert_close(weights, torch.tensor([4 / 6, 4 / 2, 0.0]))


def test_mixup_mixes_inputs_and_labels_by_the_same_share():
    values = torch.tensor([[1.0], [2.0], [4.0]])
    mixed, shares = training._mixed({"vector": values}, torch.eye(3), 0.75)
    torch.testing.assert_close(mixed["vector"], torch.tensor([[1.75], [1.75], [3.5]]))
    torch.testing.assert_close(shares[1], torch.tensor([0.25, 0.75, 0.0]))


def test_the_losses_of_the_tasks():
    logits, shares = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    one = tasks.loss("one of many", logits, shares, weights=None, smoothing=0.0)
    assert one.item() == pytest.approx(-log(functional.softmax(logits, 1)[0, 0].item()))
    each = tasks.loss("label by label", logits, shares, weights=None, smoothing=0.0)
    own = torch.sigmoid(logits)[0]
    assert each.item() == pytest.approx(-(own[0].log() + (1 - own[1:]).log().sum()).item() / 3)
    torch.testing.assert_close(tasks.probabilities("label by label", logits)[0], own / own.sum())
    frames = torch.tensor([[[0.0, 1.0], [2.0, 3.0]]])
    squared = tasks.loss("reconstruction", frames + 2, frames, weights=None, smoothing=0.0)
    assert squared.item() == 4
