"""The settings of a recipe that do best on one validation part: random ones, or Hyperband's.

The test part of the fold is never heard, so it can judge what was chosen; those of other folds
cannot, for their speakers may have chosen.
"""

import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from math import ceil, log, prod
from pathlib import Path

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from intone import experiment, nets, runs
from intone.errors import DataError
from intone.experiment import Experiment
from intone.progress import Track, silent
from intone.recipe import Recipe
from intone.search import studies
from intone.search.space import Dimension, FloatRange, IntRange, Search, Value, Values, resolve
from intone.training import DivergedError, Epoch, Fit

Prepare = Callable[[Recipe], Experiment]
"""a recipe on the clips at hand"""

_HEARD_ANEW = ("window.", "inputs.", "augment.", "training.soft_labels")
"""settings whose change asks for other features or labels"""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of one set of settings."""

    number: int
    values: Values
    state: str
    """complete, stopped, unfinished, or refused: the net cannot be built so, or diverged"""
    curve: tuple[float, ...]
    """the best value so far, epoch by epoch"""
    epochs: int
    """how many were trained"""
    best_epoch: int
    seconds: float
    bracket: int
    """of Hyperband; its trials are first compared after `min_epochs * eta ** bracket` epochs"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a search has found."""

    monitor: str
    trials: tuple[Trial, ...]
    importance: Mapping[str, float]
    """what each setting explains of the completed trials' values, as shares; the largest first"""

    @property
    def best(self) -> Trial:
        """The best of the trials that were trained to the end.

        Raises:
            DataError: none was.
        """
        complete = [trial for trial in self.trials if trial.state == "complete"]
        if not complete:
            raise DataError("no trial was trained to the end; ask for more --trials")
        better = min if self.monitor == "loss" else max
        return better(complete, key=lambda trial: trial.curve[-1])

    @property
    def epochs(self) -> int:
        """How many epochs were trained, over all trials."""
        return sum(trial.epochs for trial in self.trials)


def tune(
    recipe: Recipe,
    prepare: Prepare,
    folder: Path,
    *,
    storage: str | None = None,
    trials: int | None = None,
    seed: int = 0,
    heartbeat: int = studies.HEARTBEAT,
    track: Track = silent,
) -> Outcome:
    """Work on the search that a folder holds, or begin one, until it has so many trials.

    Without `trials` they are one round of Hyperband; they are never more than there is to try. The
    database is in the folder, unless `storage` is the URL of another; there, the study has the
    folder's name. Checkpoints are in the folder, too: who does not share it begins anew a trial
    whose process died.

    Raises:
        DataError: the recipe has no [search], a setting of it does not fit, the database cannot be
            used, or holds a search of something else.
    """
    search = check(recipe)
    subject = prepare(recipe)
    if search.fold >= len(subject.splits):
        raise DataError(f"search.fold is {search.fold}; there are {len(subject.splits)} folds")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}; choose another --output") from None
    storage = storage or studies.in_folder(folder)
    wanted = trials or one_round(search, recipe.training.epochs)
    if search.grid is not None:
        wanted = min(wanted, prod(len(values) for values in search.grid.values()))

    def objective(trial: optuna.Trial, place: int) -> float:
        label, own = f"trial {place + 1} of {wanted}", folder / f"trial-{place + 1}"
        return _train(trial, recipe, subject, prepare, own, track=track, label=label)

    study = studies.open_study(
        folder.resolve().name,
        storage,
        search,
        epochs=recipe.training.epochs,
        direction="minimize" if recipe.training.monitor == "loss" else "maximize",
        seed=seed,
        heartbeat=heartbeat,
    )
    with studies.reaching(storage):
        _claim(study, recipe, subject, seed, folder)
        studies.work(study, objective, trials=wanted)
        return Outcome(
            monitor=recipe.training.monitor,
            trials=tuple(_result(study, trial) for trial in studies.results(study)),
            importance=_importance(study),
        )


def check(recipe: Recipe) -> Search:
    """See that every setting of a search space is there and takes its outermost values.

    Raises:
        DataError: the recipe has no [search], or a setting or a value does not fit.
    """
    search = recipe.search
    if search is None:
        raise DataError("this recipe has no [search]; give it one, with settings and their values")
    if search.min_epochs > recipe.training.epochs:
        raise DataError(f"search.min_epochs is {search.min_epochs}, more than training.epochs")
    for values in search.corners():
        net = recipe.varied(resolve(recipe, values)).net
        if unknown := sorted(net.options.keys() - signature(nets.find(net.name)).parameters.keys()):
            raise DataError(f"search.space: {net.name} has no option {', '.join(unknown)}")
    return search


def one_round(search: Search, epochs: int) -> int:
    """Count the trials of one round of Hyperband, or random ones that may train as long."""
    most = int(log(epochs / search.min_epochs, search.eta) + 1e-9)
    if search.method == "random":
        return (most + 1) ** 2
    return sum(ceil((most + 1) * search.eta**s / (s + 1)) for s in range(most + 1))


def _claim(
    study: optuna.Study, recipe: Recipe, subject: Experiment, seed: int, folder: Path
) -> None:
    """Make the study this search's, or see that it is."""
    assert recipe.search is not None
    own = {
        "recipe": recipe.model_dump(mode="json"),
        "clips": runs.digest_of_clips(subject),
        "split": subject.splits[recipe.search.fold].digest,
        "seed": seed,
    }
    known = study.user_attrs
    for key, value in own.items():
        if key not in known:
            study.set_user_attr(key, value)
        elif known[key] != value:
            raise DataError(f"{folder}: holds a search of another {key}; choose another --output")


def _train(
    trial: optuna.Trial,
    recipe: Recipe,
    subject: Experiment,
    prepare: Prepare,
    folder: Path,
    *,
    track: Track,
    label: str,
) -> float:
    """Train a trial from rung to rung until it is stopped or at its end; gives its best value."""
    assert recipe.search is not None
    values = {name: _suggest(trial, name, space) for name, space in recipe.search.space.items()}
    try:
        variant = _vary(subject, recipe, values, prepare)
    except DataError as error:
        raise _refused(trial, error) from None
    split = subject.splits[recipe.search.fold]
    folder.mkdir(exist_ok=True)
    last = recipe.training.epochs
    for rung in studies.rungs(recipe.search, last):
        try:
            fitted = experiment.fit(
                variant,
                split.train,
                split.validation,
                seed=recipe.training.seeds[0],
                last_epoch=rung,
                checkpoint=folder / "checkpoint.pt",
                track=track,
                label=f"{label}, to epoch {rung}",
            )
        except DivergedError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise _refused(trial, error) from None
        curve = _curve(fitted.fit.history, recipe.training.monitor, rung)
        _report(trial, fitted.fit, curve)
        if stopped := rung < last and trial.should_prune():
            break
    shutil.rmtree(folder, ignore_errors=True)  # another process may have been here
    if stopped:
        raise optuna.TrialPruned
    return curve[-1]


def _refused(trial: optuna.Trial, error: DataError) -> optuna.TrialPruned:
    """What ends a trial whose settings do not do, and lets the search go on."""
    trial.set_user_attr("refused", str(error))
    return optuna.TrialPruned()


def _vary(subject: Experiment, recipe: Recipe, values: Values, prepare: Prepare) -> Experiment:
    """Set what a trial tries; only what it hears otherwise is prepared anew.

    Raises:
        DataError: these settings do not go together.
    """
    changes = resolve(recipe, values)
    variant = recipe.varied({**changes, "training.retrain": False})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about nets of which nothing is left
        if any(name.startswith(_HEARD_ANEW) for name in changes):
            return prepare(variant)
        made = replace(subject, recipe=variant)
        experiment.try_net(made)
    return made


def _suggest(trial: optuna.Trial, name: str, space: Dimension) -> Value:
    if isinstance(space, IntRange):
        return trial.suggest_int(name, space.low, space.high, step=space.step)
    if isinstance(space, FloatRange):
        return trial.suggest_float(name, space.low, space.high, log=space.log)
    value: Value = trial.suggest_categorical(name, space)  # type: ignore[assignment]
    return value


def _curve(history: Sequence[Epoch], monitor: str, length: int) -> list[float]:
    """The best value so far after each epoch; after the last one that patience allowed, its."""
    lowest = monitor == "loss"
    values = np.array([getattr(epoch, f"validation_{monitor}") for epoch in history[:length]])
    best = (np.minimum if lowest else np.maximum).accumulate(values)
    curve: list[float] = np.pad(best, (0, length - len(best)), mode="edge").tolist()
    return curve


def _report(trial: optuna.Trial, fit: Fit, curve: Sequence[float]) -> None:
    """Tell the study what it does not know yet: a trial that goes on has told some before."""
    known = _frozen(trial).intermediate_values
    for epoch, value in enumerate(curve, 1):
        if epoch not in known:
            trial.report(value, epoch)
    for name in ("best_epoch", "seconds"):
        trial.set_user_attr(name, getattr(fit, name))
    trial.set_user_attr("epochs", len(fit.history))


def _frozen(trial: optuna.Trial) -> FrozenTrial:
    """What the database holds of a trial."""
    return trial.study.get_trials(deepcopy=False)[trial.number]


def _result(study: optuna.Study, trial: FrozenTrial) -> Trial:
    notes = trial.user_attrs
    state = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "stopped"}.get(trial.state)
    values = trial.intermediate_values
    return Trial(
        number=studies.place(trial) + 1,
        values=trial.params,
        state="refused" if "refused" in notes else state or "unfinished",
        curve=tuple(values[epoch] for epoch in sorted(values)),
        epochs=notes.get("epochs", 0),
        best_epoch=notes.get("best_epoch", 0),
        seconds=notes.get("seconds", 0.0),
        bracket=studies.bracket(study, trial),
    )


def _importance(study: optuna.Study) -> dict[str, float]:
    """Measure each setting's importance; nothing where no two completed trials differ."""
    complete = [trial for trial in studies.results(study) if trial.state == TrialState.COMPLETE]
    if len({trial.value for trial in complete}) < 2:
        return {}
    return optuna.importance.get_param_importances(study)
