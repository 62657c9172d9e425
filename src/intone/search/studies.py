"""A study on Optuna: its database, its dice, its brackets, and trials whose process died.

What a trial tries is drawn from (seed, its place), so it does not matter who trains it. A trial
whose process died is known by its silence; it is put back, keeps its place and so its bracket, and
goes on from its checkpoint. Optuna numbers attempts; places number trials.
"""

import copy
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, takewhile
from math import prod
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import (
    DuplicatedStudyError,
    ExperimentalWarning,
    StorageInternalError,
)
from optuna.pruners import BasePruner, HyperbandPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from intone.errors import DataError
from intone.search.space import Search

HEARTBEAT = 15
"""seconds between a trial's signs of life; after three times as many without one it is dead"""

Objective = Callable[[optuna.Trial, int], float]
"""Trains a trial, of which the place is given too; gives its value."""


def in_folder(folder: Path) -> str:
    """The URL of a database of its own."""
    return URL.create("sqlite", database=str(folder / "study.db")).render_as_string()


def open_study(
    name: str,
    storage: str,
    search: Search,
    *,
    epochs: int,
    direction: Literal["minimize", "maximize"],
    seed: int,
    heartbeat: int = HEARTBEAT,
) -> optuna.Study:
    """Begin a study, or join it.

    Raises:
        DataError: the database cannot be opened.
    """
    with reaching(storage):
        options: dict[str, Any] = {
            "study_name": name,
            "storage": _database(storage, heartbeat),
            "sampler": _Dice(search, seed),
            "pruner": _pruner(search, epochs),
        }
        try:
            return optuna.create_study(direction=direction, **options)
        except DuplicatedStudyError:
            return optuna.load_study(**options)


def work(study: optuna.Study, objective: Objective, *, trials: int) -> None:
    """Train trials until the study has so many, and nobody trains one any more."""

    def placed(trial: optuna.Trial) -> float:
        known = study.get_trials(deepcopy=False)
        own = known[trial.number]
        before = [other for other in known if _is_first(other) and other.number < _first(own)]
        own_place = own.user_attrs.get("place", len(before))
        if own_place >= trials:  # several processes asked for the last one at once
            trial.set_user_attr("surplus", True)
            raise optuna.TrialPruned
        trial.set_user_attr("place", own_place)
        return objective(trial, own_place)

    while True:
        fail_stale_trials(study)
        known = study.get_trials(deepcopy=False)
        states = {trial.state for trial in known}
        if TrialState.WAITING in states or sum(map(_is_first, known)) < trials:
            _train_one(study, placed)
        elif TrialState.RUNNING in states:
            time.sleep(1)
        else:
            return


def results(study: optuna.Study) -> list[FrozenTrial]:
    """Each trial once, in its newest attempt."""
    known = study.get_trials(deepcopy=False)
    newest = [t for t in known if t.state != TrialState.FAIL and "place" in t.user_attrs]
    return sorted(newest, key=place)


def place(trial: FrozenTrial) -> int:
    """The place of a trial among all trials, which it keeps when it is put back."""
    found: int = trial.user_attrs["place"]
    return found


def bracket(study: optuna.Study, trial: FrozenTrial) -> int:
    """The bracket of Hyperband that a trial competes in."""
    pruner = study.pruner
    return pruner.bracket(study, trial) if isinstance(pruner, _Hyperband) else 0


def rungs(search: Search, epochs: int) -> list[int]:
    """The epochs after which a trial is looked at; the last is its end."""
    if search.method == "random":
        return [epochs]
    steps = (search.min_epochs * search.eta**power for power in count())
    return [*takewhile(lambda step: step < epochs, steps), epochs]


@contextmanager
def reaching(storage: str) -> Iterator[None]:
    """Work with a database; what goes wrong with it is told in a line, without its password."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # so are heartbeats called
            yield
    except (SQLAlchemyError, StorageInternalError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise DataError(f"{_shown(storage)}: cannot be used: {reason}") from None
    finally:
        optuna.logging.set_verbosity(before)


def _shown(storage: str) -> str:
    try:
        return make_url(storage).render_as_string()
    except SQLAlchemyError:
        return "the storage"


def _database(storage: str, heartbeat: int, *, attempts: int = 5) -> RDBStorage:
    """Open a database, making its tables; who comes second while they are made tries again."""
    url = storage.replace("postgresql://", "postgresql+psycopg://", 1)
    is_file = url.startswith("sqlite:")
    try:
        database = RDBStorage(
            url,
            engine_kwargs={"connect_args": {"timeout": 60}} if is_file else None,
            heartbeat_interval=heartbeat,
            grace_period=3 * heartbeat,
            heartbeat_stale_trial_callback=_again(),
        )
        if is_file:
            _write_ahead(database)
        return database
    except ImportError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise DataError(f"{_shown(storage)}: needs its driver: {reason}") from None
    except (SQLAlchemyError, StorageInternalError):
        if attempts == 1:
            raise
    time.sleep(0.3)
    return _database(storage, heartbeat, attempts=attempts - 1)


def _write_ahead(database: RDBStorage) -> None:
    """Let SQLite write to a log, which costs a tenth of the time; a kill loses nothing."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    event.listen(
        database.engine, "connect", lambda own, _: own.execute("PRAGMA synchronous=NORMAL")
    )
    database.engine.dispose()  # connections from here on are so


def _again() -> RetryHeartbeatStaleTrialCallback:
    return RetryHeartbeatStaleTrialCallback(inherit_intermediate_values=True)


def _is_first(trial: FrozenTrial) -> bool:
    """Whether this is the first attempt of a trial that was not asked for in vain."""
    return _first(trial) == trial.number and "surplus" not in trial.user_attrs


def _first(trial: FrozenTrial) -> int:
    """The number of a trial's first attempt."""
    first = RetryHeartbeatStaleTrialCallback.retried_trial_number(trial)
    return trial.number if first is None else first


def _train_one(study: optuna.Study, objective: Callable[[optuna.Trial], float]) -> None:
    """Ask for a trial and train it.

    One that is interrupted is put back; one that another process took over, because this one had
    slept, is left to it.
    """
    asked: list[int] = []

    def noted(trial: optuna.Trial) -> float:
        asked.append(trial.number)
        return objective(trial)

    try:
        study.optimize(noted, n_trials=1)
    except BaseException as error:
        for number in asked:
            taken_over = any(
                number in RetryHeartbeatStaleTrialCallback.retry_history(trial)
                for trial in study.trials
            )
            if taken_over and isinstance(error, Exception):
                return
            if not taken_over:
                _again()(study, study.trials[number])
        raise


class _Dice(BaseSampler):
    """Draws each setting from (seed, place of the trial, its name).

    Where combinations can be counted, trials take them in random order instead, and none twice.
    """

    def __init__(self, search: Search, seed: int) -> None:
        self.seed = seed
        self.grid = search.grid
        if self.grid is not None:
            self.shape = [len(values) for values in self.grid.values()]
            self.order = np.random.default_rng(seed).permutation(prod(self.shape))

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """No setting is drawn with regard to another."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing, as there is no such setting."""
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw one setting."""
        if self.grid is not None:
            combination = self.order[place(trial) % len(self.order)]
            places = dict(zip(self.grid, np.unravel_index(combination, self.shape), strict=True))
            return self.grid[param_name][int(places[param_name])]
        own = crc32(f"{self.seed} {place(trial)} {param_name}".encode())
        return RandomSampler(own).sample_independent(study, trial, param_name, param_distribution)


class _Hyperband(HyperbandPruner):
    """Optuna's, where a trial that was put back stays in its bracket and is counted once."""

    def bracket(self, study: optuna.Study, trial: FrozenTrial) -> int:
        """The bracket that a trial competes in."""
        if not self._pruners:
            self._try_initialization(study)
        return self._get_bracket_id(study, trial)

    def _get_bracket_id(self, study: optuna.Study, trial: FrozenTrial) -> int:
        if trial.state == TrialState.FAIL:
            return -1  # its newer attempt stands for it
        by_place = copy.copy(trial)
        by_place.number = trial.user_attrs.get("place", trial.number)
        return super()._get_bracket_id(study, by_place)


def _pruner(search: Search, epochs: int) -> BasePruner:
    if search.method == "random":
        return NopPruner()
    return _Hyperband(
        min_resource=search.min_epochs, max_resource=epochs, reduction_factor=search.eta
    )
