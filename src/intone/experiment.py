"""A recipe on corpora: prepared once, then fitted for every fold and seed.

The one place where labels, windows, splits, nets and training meet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intone import augment, cache, nets, protocols, training
from intone.cache import Sounds
from intone.corpora import Utterance
from intone.dataset import Dataset, Part, Scalers
from intone.emotions import Mapping as LabelMapping
from intone.errors import DataError
from intone.progress import Track, silent
from intone.protocols import Split
from intone.recipe import Recipe
from intone.training import Fit


@dataclass(frozen=True, eq=False)
class Experiment:
    """A recipe with everything it needs in memory: clips, labels, features, splits."""

    recipe: Recipe
    utterances: tuple[Utterance, ...]
    """the clips that the label mapping keeps"""
    mapping: LabelMapping
    digests: Mapping[str, str]
    """utterance id -> SHA-256 of its samples"""
    data: Dataset
    """the clips and, after them, their augmented copies"""
    splits: tuple[Split, ...]

    def net(self, seed: int) -> nn.Module:
        """Make the recipe's net with weights drawn from `seed`."""
        torch.manual_seed(seed)
        return nets.build(
            self.recipe.net.name,
            classes=len(self.mapping.labels),
            shapes=self.data.shapes,
            options=self.recipe.net.options,
        )

    def places(self, ids: Iterable[str]) -> list[int]:
        """Find clips by their ids."""
        place = {id: number for number, id in enumerate(self.data.ids)}
        return [place[id] for id in ids]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained net, how its inputs are scaled, and how training went."""

    net: nn.Module
    scalers: Scalers
    fit: Fit


@dataclass(frozen=True, eq=False)
class Plan:
    """A recipe's clips with their labels and splits, before anything is computed of them."""

    utterances: tuple[Utterance, ...]
    """the clips that the label mapping keeps"""
    mapping: LabelMapping
    labels: Mapping[str, str]
    """utterance id -> label"""
    sounds: Sounds
    splits: tuple[Split, ...]


def plan(
    recipe: Recipe,
    utterances: Sequence[Utterance],
    *,
    allow_leak: bool = False,
    seed: int = 0,
    track: Track = silent,
) -> Plan:
    """Decode, label and split.

    Raises:
        DataError: clips cannot be used, too few labels are left, or the recipe does not fit.
        LeakError: the split leaks and neither the recipe nor the caller allows it.
    """
    mapping = recipe.mapping(utterance.emotion for utterance in utterances)
    labels = {
        u.id: label for u in utterances if (label := mapping.label(u.emotion, u.sex)) is not None
    }
    held = set(labels.values())
    if len(held) < 2:
        raise DataError(
            f"the clips carry {len(held)} of the labels {', '.join(mapping.labels)}; "
            "training needs at least two"
        )
    kept = tuple(u for u in utterances if u.id in labels)
    sounds = cache.decode(kept, track=track)
    splits = tuple(
        protocols.guard(split, kept, sounds.digests, allow_leak=allow_leak or recipe.allow_leak)
        for split in protocols.split(recipe.protocol, kept, seed=seed, audio=sounds.digests)
    )
    return Plan(kept, mapping, labels, sounds, splits)


def prepare(
    recipe: Recipe,
    utterances: Sequence[Utterance],
    *,
    allow_leak: bool = False,
    seed: int = 0,
    track: Track = silent,
) -> Experiment:
    """Decode, label, split and compute features.

    Raises:
        DataError: as `plan`; or the recipe's windows and inputs do not fit each other.
        LeakError: as `plan`.
    """
    made = plan(recipe, utterances, allow_leak=allow_leak, seed=seed, track=track)
    sounds, ids = made.sounds, [utterance.id for utterance in made.utterances]
    if recipe.augment.copies:
        copied = cache.copies(sounds, ids, recipe.augment.copies, seed=seed, track=track)
        ids += copied.samples
        sounds |= copied
    targets = [made.mapping.labels.index(made.labels[augment.original(id)]) for id in ids]
    data = Dataset.make(
        ids,
        targets,
        _shares(recipe, made.mapping, made.utterances, ids, targets),
        sounds,
        recipe.window,
        {name: spec.front_end for name, spec in recipe.inputs.items()},
        track=track,
    )
    return Experiment(recipe, made.utterances, made.mapping, sounds.digests, data, made.splits)


def fit(
    experiment: Experiment,
    train_ids: Sequence[str],
    validation_ids: Sequence[str] = (),
    *,
    seed: int,
    last_epoch: int | None = None,
    weights: Path | None = None,
    checkpoint: Path | None = None,
    track: Track = silent,
    label: str = "training",
) -> Fitted:
    """Train the recipe's net on these clips; without validation clips, up to `last_epoch`.

    Training begins with the net's own draw, or with saved `weights`.

    Raises:
        DataError: the weights are of another net.
    """
    recipe = experiment.recipe
    heard = set(train_ids)
    places = [
        place for place, id in enumerate(experiment.data.ids) if augment.original(id) in heard
    ]
    scaled = [name for name, spec in recipe.inputs.items() if spec.scale]
    scalers = experiment.data.scalers(places, scaled)
    whole = experiment.data.whole(places, scalers)

    def windows_of(epoch: int) -> Part:
        if recipe.training.windows == "fixed":
            return whole
        return experiment.data.drawn(
            places,
            scalers,
            seed=seed,
            epoch=epoch,
            sound=recipe.augment.sound,
            frames=recipe.augment.frames,
        )

    def fit_net(net: nn.Module, **options: Any) -> Fit:
        return training.fit(
            net,
            windows_of,
            settings=recipe.training,
            seed=seed,
            track=track,
            label=label,
            **options,
        )

    net = experiment.net(seed)
    if weights is not None:
        _load_weights(net, weights)
    validation = part(experiment, validation_ids, scalers) if validation_ids else None
    if nets.solves(net):
        return Fitted(net, scalers, training.solve(net, whole, validation, seed=seed))
    outcome = fit_net(net, validation=validation, last_epoch=last_epoch, checkpoint=checkpoint)
    if recipe.training.retrain and validation is not None:
        net = experiment.net(seed)
        fit_net(net, validation=None, last_epoch=outcome.best_epoch)
    return Fitted(net, scalers, outcome)


def _load_weights(net: nn.Module, path: Path) -> None:
    try:
        net.load_state_dict(torch.load(path, weights_only=True))
    except RuntimeError as error:
        reason = " ".join(str(error).split()[:12])
        raise DataError(f"{path}: the weights of another net ({reason} ...)") from None


def _shares(
    recipe: Recipe,
    mapping: LabelMapping,
    utterances: Sequence[Utterance],
    ids: Sequence[str],
    targets: Sequence[int],
) -> NDArray[np.float32]:
    """What is learned of each clip `[N, C]`: its label, or the listeners' votes where wanted."""
    shares = np.eye(len(mapping.labels), dtype=np.float32)[list(targets)]
    if recipe.training.soft_labels:
        voted = {u.id: mapping.soft_label(u.votes, u.sex) for u in utterances if u.votes}
        for place, id in enumerate(ids):
            if votes := voted.get(augment.original(id)):
                shares[place] = list(votes.values())
    return shares


def part(experiment: Experiment, ids: Sequence[str], scalers: Scalers) -> Part:
    """Every fixed window of these clips, scaled."""
    return experiment.data.whole(experiment.places(ids), scalers)
