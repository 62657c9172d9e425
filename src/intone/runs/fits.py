"""What one fit of a run, of a fold and a seed, is on disk."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from torch import nn

from intone import experiment, files, training
from intone.errors import DataError
from intone.experiment import Experiment, Fitted
from intone.splits import Split
from intone.training import DivergedError, Fit

FILES = ("net.pt", "split.json", "fit.json", "scores.npz")
"""What a finished fit leaves."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Answered:
    """What a fit answered to a part of its split."""

    ids: tuple[str, ...]
    truth: NDArray[np.int64] | None
    """`[N]`; None in early runs"""
    probabilities: NDArray[np.float32]
    """`[N, C]`"""

    def of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The probabilities of these clips, in this order."""
        place = {id: number for number, id in enumerate(self.ids)}
        return self.probabilities[[place[id] for id in ids]]


def finished(folder: Path, split: Split) -> bool:
    """Whether the fit of this split is there, and whole.

    Raises:
        DataError: a file of it is damaged.
    """
    if not all((folder / name).is_file() for name in FILES):
        return False
    training.load(folder / "net.pt")
    return load_split(folder).digest == split.digest


def answer(subject: Experiment, split: Split, fitted: Fitted) -> dict[str, NDArray[Any]]:
    """Let a fit answer what it was not trained on: the arrays of its `scores.npz`.

    Raises:
        DivergedError: its answers are no numbers.
    """
    scores: dict[str, NDArray[Any]] = {}
    for name, ids in _unheard(split).items():
        part = experiment.part(subject, ids, fitted.scalers)
        probabilities = training.predict(fitted.net, part)
        if not np.isfinite(probabilities).all():
            raise DivergedError(
                "training diverged in its last epoch: the net's answers are not finite; "
                "lower training.learning_rate"
            )
        scores[f"{name}_ids"] = np.array(ids)
        scores[f"{name}_truth"] = part.targets
        scores[f"{name}_probabilities"] = probabilities
    return scores


def load_answers(folder: Path, classes: int) -> dict[str, Answered]:
    """Read what a fit answered to the parts of its split, by their names.

    Raises:
        DataError: it is missing or damaged, or is of another split.
    """
    path = folder / "scores.npz"
    try:
        split = load_split(folder)
        stored = files.read_arrays(path)
    except OSError:
        raise DataError(f"{path}: is missing; go on with the run with --resume") from None
    answers = {}
    for name, ids in _unheard(split).items():
        truth, probabilities = stored.get(f"{name}_truth"), stored.get(f"{name}_probabilities")
        if (
            probabilities is None
            or probabilities.shape != (len(ids), classes)
            or not np.issubdtype(probabilities.dtype, np.floating)
            or not np.isfinite(probabilities).all()
            or not np.array_equal(stored.get(f"{name}_ids", ()), np.array(ids))
            or (truth is not None and truth.shape != (len(ids),))
        ):
            raise files.damaged(path)
        answers[name] = Answered(ids, truth, probabilities)
    return answers


def _unheard(split: Split) -> dict[str, tuple[str, ...]]:
    """The parts of a split that training does not hear; some protocols have no validation."""
    parts = {"validation": split.validation, "test": split.test}
    return {name: ids for name, ids in parts.items() if ids}


def save_fitted(fitted: Fitted, folder: Path) -> None:
    """Write the weights of a net, and of its autoencoder, and how training went."""
    _save_weights(fitted.net, folder / "net.pt")
    if fitted.autoencoder is not None:
        _save_weights(fitted.autoencoder, folder / "autoencoder.pt")
    files.write_json(folder / "fit.json", asdict(fitted.fit))


def _save_weights(net: nn.Module, path: Path) -> None:
    training.save({name: value.cpu() for name, value in net.state_dict().items()}, path)


def load_fit(folder: Path) -> Fit:
    """Read how a fit went.

    Raises:
        FileNotFoundError: there is no fit.
        DataError: it is damaged.
    """
    return _read(Fit, folder / "fit.json")


def load_split(folder: Path) -> Split:
    """Read which clips a fit heard.

    Raises:
        FileNotFoundError: there is no fit.
        DataError: it is damaged.
    """
    return _read(Split, folder / "split.json")


def load_fitted(folder: Path, subject: Experiment, seed: int) -> Fitted:
    """Read a fit's net; its scalers are fitted anew on the clips that it trained on."""
    split = load_split(folder)
    scaled = [name for name, spec in subject.recipe.inputs.items() if spec.scale]
    net = subject.net(seed)
    training.load_weights(net, folder / "net.pt")
    scalers = subject.data.scalers(subject.heard(split.train), scaled)
    return Fitted(net, scalers, load_fit(folder))


def load_autoencoder(folder: Path, subject: Experiment, seed: int) -> nn.Module | None:
    """Read a fit's autoencoder, where it trained one."""
    path = folder / "autoencoder.pt"
    if not path.exists():
        return None
    autoencoder = subject.autoencoder(seed)
    training.load_weights(autoencoder, path)
    return autoencoder


def _read(kind: type[T], path: Path) -> T:
    """Read a dataclass that was written as plain data."""
    try:
        return TypeAdapter(kind).validate_python(files.read_json(path))
    except ValidationError:
        raise files.damaged(path) from None
