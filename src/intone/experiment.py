"""A recipe on corpora: prepared once, then fitted for every fold and seed.

The one place where labels, windows, splits, nets and training meet.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from intone.leak_guard import guard
from intone.progress import Track, silent
from intone.recipe import Recipe, Training
from intone.splits import Split, worst_stamp
from intone.training import Fit

NO_LABEL = -1
"""the target of an unlabelled clip"""


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
    """the clips, after them their augmented copies, and the unlabelled clips"""
    splits: tuple[Split, ...]
    unlabelled: tuple[Utterance, ...] = ()
    """clips of which pre-training hears the sound alone"""

    def net(self, seed: int, encoder: nn.Module | None = None) -> nn.Module:
        """Make the recipe's net with weights drawn from `seed`, on a trained encoder if given.

        Raises:
            DataError: the published weights that the net begins with are not on this machine.
        """
        shapes, classes = self.data.shapes, len(self.mapping.labels)
        return nets.with_published(build(self.recipe, classes, shapes, seed=seed, encoder=encoder))

    def autoencoder(self, seed: int) -> nn.Module:
        """Make the recipe's autoencoder with weights drawn from `seed`."""
        return build_autoencoder(self.recipe, self.data.shapes, seed=seed)

    @property
    def stamp(self) -> str:
        """What every figure is marked with: its worst fold's stamp, and labels wrong on purpose."""
        worst = worst_stamp(self.splits)
        return f"{worst}, wrong labels" if self.recipe.labels.faults else worst

    @property
    def unheard(self) -> list[str]:
        """The labels that no clip carries."""
        return [
            label
            for number, label in enumerate(self.mapping.labels)
            if number not in self.data.targets
        ]

    def places(self, ids: Iterable[str]) -> list[int]:
        """Find clips by their ids."""
        place = {id: number for number, id in enumerate(self.data.ids)}
        return [place[id] for id in ids]

    def heard(self, ids: Iterable[str]) -> list[int]:
        """Find clips by their ids, with the copies of them that are no clips of their own."""
        own = {clip.id for clip in self.utterances}
        heard = set(ids)
        return [
            place
            for place, id in enumerate(self.data.ids)
            if (id if id in own else augment.original(id)) in heard
        ]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained net, how its inputs are scaled, and how training went."""

    net: nn.Module
    scalers: Scalers
    fit: Fit
    autoencoder: nn.Module | None = None
    """what the net's encoder was trained in"""


def build(
    recipe: Recipe,
    classes: int,
    shapes: Mapping[str, tuple[int, ...]],
    *,
    seed: int = 0,
    encoder: nn.Module | None = None,
) -> nn.Module:
    """Make a recipe's net with weights drawn from `seed`, on a trained encoder if given."""
    if recipe.pretraining and encoder is None:
        encoder = _encoder(build_autoencoder(recipe, shapes, seed=seed))
    torch.manual_seed(seed)
    net = recipe.net
    return nets.build(
        net.name, classes=classes, shapes=shapes, options=net.options, encoder=encoder
    )


def build_autoencoder(
    recipe: Recipe, shapes: Mapping[str, tuple[int, ...]], *, seed: int
) -> nn.Module:
    """Make the autoencoder of a recipe that has one; it reads one of the recipe's inputs."""
    assert recipe.pretraining is not None
    net = recipe.pretraining.net
    read = {name: shapes[name] for name in nets.inputs(nets.find(net.name)) if name in shapes}
    torch.manual_seed(seed)
    return nets.build(net.name, classes=None, shapes=read, options=net.options)


def _encoder(autoencoder: nn.Module) -> nn.Module:
    encoder: nn.Module = autoencoder.encoder  # type: ignore[assignment]  # every autoencoder has it
    return encoder


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
    unlabelled: Sequence[Utterance] = (),
    allow_leak: bool = False,
    seed: int = 0,
    track: Track = silent,
) -> Plan:
    """Decode, label and split; `unlabelled` clips are for pre-training.

    Raises:
        DataError: clips cannot be used, too few labels are left, or the recipe does not fit.
        LeakError: the split leaks and neither the recipe nor the caller allows it.
    """
    if unlabelled and not recipe.pretraining:
        raise DataError("unlabelled clips are for a recipe with [pretraining]; this one has none")
    utterances = [recipe.labels.given(utterance) for utterance in utterances]
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
    sounds = cache.decode((*kept, *unlabelled), track=track)
    if recipe.protocol.name == protocols.COPIES_APART:
        kept += tuple(_copies_of(kept, len(recipe.augment.copies)))
        labels = {clip.id: labels[augment.original(clip.id)] for clip in kept}
    dealt = protocols.split(recipe.protocol, kept, seed=seed, audio=sounds.digests, labels=labels)
    splits = tuple(
        guard(
            split,
            kept,
            sounds.digests,
            unlabelled=unlabelled,
            allow_leak=allow_leak or recipe.allow_leak,
        )
        for split in dealt
    )
    return Plan(kept, mapping, labels, sounds, splits)


def _copies_of(clips: Iterable[Utterance], count: int) -> Iterator[Utterance]:
    """Copies of clips as clips of their own, by the ids that they will have."""
    for clip in clips:
        for id in augment.copy_ids(clip.id, count):
            yield replace(clip, id=id)


def prepare(
    recipe: Recipe,
    utterances: Sequence[Utterance],
    *,
    unlabelled: Sequence[Utterance] = (),
    allow_leak: bool = False,
    seed: int = 0,
    track: Track = silent,
) -> Experiment:
    """Decode, label, split and compute features; `unlabelled` clips are for pre-training.

    Raises:
        DataError: as `plan`; or the recipe's windows and inputs do not fit each other.
        LeakError: as `plan`.
    """
    made = plan(
        recipe, utterances, unlabelled=unlabelled, allow_leak=allow_leak, seed=seed, track=track
    )
    sounds, ids = made.sounds, [utterance.id for utterance in made.utterances]
    if recipe.augment.copies:
        originals = [id for id in ids if augment.original(id) == id]
        copied = cache.copies(sounds, originals, recipe.augment.copies, seed=seed, track=track)
        ids = list(dict.fromkeys((*ids, *copied.samples)))
        sounds |= copied
    targets = [made.mapping.labels.index(made.labels[augment.original(id)]) for id in ids]
    shares = _shares(recipe, made.mapping, made.utterances, ids, targets)
    data = Dataset.make(
        [*ids, *(clip.id for clip in unlabelled)],
        [*targets, *[NO_LABEL] * len(unlabelled)],
        np.pad(shares, ((0, len(unlabelled)), (0, 0))),
        sounds,
        recipe.window,
        {name: spec.front_end for name, spec in recipe.inputs.items()},
        track=track,
    )
    experiment = Experiment(
        recipe,
        made.utterances,
        made.mapping,
        sounds.digests,
        data,
        made.splits,
        tuple(unlabelled),
    )
    try_net(experiment)
    return experiment


def try_net(experiment: Experiment) -> None:
    """Let the net hear silence once, as in training, so that faults are told before the work.

    Raises:
        DataError: windows are too short for it, batches or training parts too small, or what it
            gives are no logits.
    """
    name, net, data = experiment.recipe.net.name, experiment.net(0), experiment.data
    batch = min(2, experiment.recipe.training.batch_size)
    silence = {key: torch.zeros(batch, *data.shapes[key]) for key in nets.inputs(net)}
    try:
        with nets.telling(name), torch.inference_mode():
            logits = net.train()(**silence)
    except RuntimeError as error:
        raise DataError(
            f"{name} cannot read inputs of this size ({nets.reason(error)}); "
            "make window.length longer"
        ) from None
    except ValueError as error:  # batch norm's, of a single value
        raise DataError(
            f"{name} cannot learn from one window at a time ({nets.reason(error)}); "
            "raise training.batch_size"
        ) from None
    wanted = (batch, len(experiment.mapping.labels))
    if not isinstance(logits, torch.Tensor) or logits.shape != wanted:
        given = list(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise DataError(
            f"{name} gives {given} for {wanted[0]} windows and {wanted[1]} labels; its forward has "
            f"to return one tensor of logits, {list(wanted)}"
        )
    for split in experiment.splits:
        heard = np.isin(data.owner, experiment.heard(split.train))
        nets.require(net, data.targets[data.owner[heard]])


def fit(
    experiment: Experiment,
    train_ids: Sequence[str],
    validation_ids: Sequence[str] = (),
    *,
    seed: int,
    last_epoch: int | None = None,
    last_pretraining_epoch: int | None = None,
    weights: Path | None = None,
    checkpoint: Path | None = None,
    track: Track = silent,
    label: str = "training",
) -> Fitted:
    """Train the recipe's net on these clips; without validation clips, up to `last_epoch`.

    Training begins with the net's own draw, or with saved `weights`. A recipe's autoencoder is
    trained before, on these clips and all unlabelled ones, unless the weights hold its encoder.

    Raises:
        DataError: the weights are of another net.
    """
    recipe = experiment.recipe
    places = experiment.heard(train_ids)
    scaled = [name for name, spec in recipe.inputs.items() if spec.scale]
    scalers = experiment.data.scalers(places, scaled)
    validation = part(experiment, validation_ids, scalers) if validation_ids else None

    def train(net: nn.Module, settings: Training, places: list[int], **options: Any) -> Fit:
        windows = _windows(experiment, settings, places, scalers, seed)
        with nets.telling(recipe.net.name):
            return training.fit(net, windows, settings=settings, seed=seed, track=track, **options)

    autoencoder, encoder, pretrained = None, None, None
    if recipe.pretraining and weights is None:
        autoencoder = experiment.autoencoder(seed)
        pretrained = train(
            autoencoder,
            recipe.pretraining.training,
            [*places, *experiment.places(clip.id for clip in experiment.unlabelled)],
            validation=validation,
            last_epoch=last_pretraining_epoch,
            checkpoint=checkpoint and checkpoint.with_stem(f"pretraining-{checkpoint.stem}"),
            label=f"{label}, autoencoder",
        )
        encoder = _encoder(autoencoder)
    net = experiment.net(seed, encoder)
    if weights is not None:
        training.load_weights(net, weights)
    if nets.solves(net):
        whole = experiment.data.whole(places, scalers)
        return Fitted(net, scalers, training.solve(net, whole, validation, seed=seed))
    outcome = train(
        net,
        recipe.training,
        places,
        validation=validation,
        last_epoch=last_epoch,
        checkpoint=checkpoint,
        label=label,
    )
    if recipe.training.retrain and validation is not None:
        net = experiment.net(seed, encoder)
        last_epoch = outcome.best_epoch
        train(net, recipe.training, places, validation=None, last_epoch=last_epoch, label=label)
    return Fitted(net, scalers, replace(outcome, pretraining=pretrained), autoencoder)


def _windows(
    experiment: Experiment,
    settings: Training,
    places: Sequence[int],
    scalers: Scalers,
    seed: int,
) -> Callable[[int], Part]:
    """What each epoch hears of these clips: every fixed window, or one at a random place."""
    if settings.windows == "fixed":
        whole = experiment.data.whole(places, scalers)
        return lambda epoch: whole
    augmented = experiment.recipe.augment
    return lambda epoch: experiment.data.drawn(
        places,
        scalers,
        seed=seed,
        epoch=epoch,
        sound=augmented.sound,
        frames=augmented.frames,
    )


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
