"""A recipe on corpora: prepared once, then fitted for every fold and seed.

The one place where labels, windows, splits, nets and training meet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from intone import cache, dataset, nets, protocols, training
from intone.corpora import Utterance
from intone.dataset import Arrays, Dataset, Examples
from intone.emotions import Mapping as LabelMapping
from intone.errors import DataError
from intone.features import Scaler
from intone.progress import Track, silent
from intone.protocols import Split
from intone.recipe import Recipe
from intone.training import Fit, Part

Scalers = Mapping[str, Scaler | None]


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
    examples: Examples
    """every fixed window of every clip, not yet scaled"""
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

    def places(self, ids: Sequence[str]) -> list[int]:
        """Find clips by their ids."""
        place = {id: number for number, id in enumerate(self.data.ids)}
        return [place[id] for id in ids]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained net, how its inputs are scaled, and how training went."""

    net: nn.Module
    scalers: Scalers
    fit: Fit


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
        DataError: clips cannot be used, too few labels are left, or the recipe does not fit.
        LeakError: the split leaks and neither the recipe nor the caller allows it.
    """
    mapping = recipe.mapping(utterance.emotion for utterance in utterances)
    kept = tuple(u for u in utterances if mapping.label(u.emotion, u.sex) is not None)
    labels = [mapping.label(u.emotion, u.sex) for u in kept]
    if len(set(labels)) < 2:
        raise DataError(
            f"the clips carry {len(set(labels))} of the labels {', '.join(mapping.labels)}; "
            "training needs at least two"
        )
    sounds = cache.decode(kept, track=track)
    splits = tuple(
        protocols.guard(split, kept, sounds.digests, allow_leak=allow_leak or recipe.allow_leak)
        for split in protocols.split(recipe.protocol, kept, seed=seed, audio=sounds.digests)
    )
    data = Dataset(
        ids=tuple(utterance.id for utterance in kept),
        sounds=sounds.samples,
        targets=np.array([mapping.labels.index(label) for label in labels]),
        rule=recipe.window,
        front_ends=recipe.inputs,
    )
    return Experiment(recipe, kept, mapping, sounds.digests, data, data.fixed(track=track), splits)


def fit(
    experiment: Experiment,
    train_ids: Sequence[str],
    validation_ids: Sequence[str] = (),
    *,
    seed: int,
    last_epoch: int | None = None,
    checkpoint: Path | None = None,
    track: Track = silent,
    label: str = "training",
) -> Fitted:
    """Train the recipe's net on these clips; without validation clips, up to `last_epoch`."""
    settings = experiment.recipe.training
    places = experiment.places(train_ids)
    chosen = experiment.data.select(places)
    fixed = dataset.take(experiment.examples, places)
    scalers = {
        name: Scaler.fit(fixed.arrays[name]) if spec.scale else None
        for name, spec in experiment.recipe.inputs.items()
    }
    whole = _part(fixed, chosen, scalers)

    def windows_of(epoch: int) -> Part:
        if settings.windows == "fixed":
            return whole
        return _part(chosen.random(seed=seed, epoch=epoch), chosen, scalers)

    net = experiment.net(seed)
    outcome = training.fit(
        net,
        windows_of,
        part(experiment, validation_ids, scalers) if validation_ids else None,
        settings,
        seed=seed,
        last_epoch=last_epoch,
        checkpoint=checkpoint,
        track=track,
        label=label,
    )
    return Fitted(net, scalers, outcome)


def part(experiment: Experiment, ids: Sequence[str], scalers: Scalers) -> Part:
    """Every fixed window of these clips, scaled."""
    places = experiment.places(ids)
    return _part(dataset.take(experiment.examples, places), experiment.data.select(places), scalers)


def _part(examples: Examples, data: Dataset, scalers: Scalers) -> Part:
    arrays: Arrays = {
        name: array if (scaler := scalers[name]) is None else np.stack([scaler(x) for x in array])
        for name, array in examples.arrays.items()
    }
    return Part(arrays, examples.owner, data.targets)
