"""A search finds the best settings on validation alone, and loses nothing when processes die."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import TrialState, create_trial

from intone import corpora, experiment, training
from intone.errors import DataError
from intone.experiment import Experiment
from intone.recipe import Recipe
from intone.search import studies, tuning
from intone.search.space import Search
from made_runs import BRIGHT, MLP, SPEAKER, made_recipe
from search_workers import EPOCHS, TRIALS, work

RATES = {"training.learning_rate": {"low": 1e-5, "high": 1e-1, "log": True}}
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def subject(made_corpus) -> Experiment:
    clips = corpora.read("folder", made_corpus, speaker=SPEAKER)
    return experiment.prepare(made_recipe(BRIGHT, **MLP), clips)


def searched(subject: Experiment, *, epochs: int = 3, space=RATES, **search) -> Recipe:
    data = subject.recipe.varied({"training.epochs": epochs}).model_dump(mode="json")
    return Recipe.parse(data | {"search": {"space": space, **search}}, "search")


def tune(subject: Experiment, recipe: Recipe, folder: Path, **options) -> tuning.Outcome:
    def prepare(variant: Recipe) -> Experiment:
        return experiment.prepare(variant, subject.utterances)

    return tuning.tune(recipe, prepare, folder, heartbeat=1, **options)


@pytest.fixture(scope="module")
def found(subject, tmp_path_factory) -> tuning.Outcome:
    recipe = searched(subject, epochs=9)
    return tune(subject, recipe, tmp_path_factory.mktemp("search"), trials=12)


def test_a_round_of_hyperband_has_the_trials_of_its_paper():
    search = Search(space={"training.batch_size": [8, 16]})
    assert tuning.one_round(search, 81) == 81 + 34 + 15 + 8 + 5
    assert tuning.one_round(search, 27) == 27 + 12 + 6 + 4
    assert tuning.one_round(search.model_copy(update={"method": "random"}), 81) == 25


def test_trials_end_at_their_rungs_and_the_best_was_trained_to_the_end(found):
    assert studies.rungs(Search(space=RATES), 9) == [1, 3, 9]
    assert [trial.number for trial in found.trials] == list(range(1, 13))
    for trial in found.trials:
        assert len(trial.curve) == trial.epochs
        assert trial.epochs in ({9} if trial.state == "complete" else {1, 3})
        assert trial.epochs >= 3**trial.bracket or trial.state == "complete"
        assert list(trial.curve) == sorted(trial.curve, reverse=True)
    complete = [trial for trial in found.trials if trial.state == "complete"]
    assert found.best.curve[-1] == min(trial.curve[-1] for trial in complete)
    assert found.epochs < 12 * 9


def test_within_a_bracket_a_third_goes_on_at_each_comparison(found):
    for bracket in range(3):
        own = [trial for trial in found.trials if trial.bracket == bracket]
        for rung in (1, 3):
            if rung < 3**bracket:
                continue
            heard: list[float] = []
            for trial in (trial for trial in own if len(trial.curve) >= rung):
                heard.append(trial.curve[rung - 1])
                among_the_best = sorted(heard)[max(1, len(heard) // 3) - 1]
                assert (len(trial.curve) > rung) == (heard[-1] <= among_the_best)


def test_the_value_is_what_training_reaches_on_validation_and_the_test_part_is_not_heard(
    subject, tmp_path, monkeypatch
):
    heard: set[str] = set()
    part = experiment.part
    monkeypatch.setattr(
        experiment, "part", lambda own, ids, scalers: heard.update(ids) or part(own, ids, scalers)
    )
    recipe = searched(subject, fold=1)
    [trial] = tune(subject, recipe, tmp_path, trials=1).trials
    split = subject.splits[1]
    assert heard == set(split.validation)
    variant = replace(subject, recipe=recipe.varied(trial.values))
    fitted = experiment.fit(variant, split.train, split.validation, seed=0)
    assert trial.curve[-1] == min(epoch.validation_loss for epoch in fitted.fit.history)
    assert trial.best_epoch == fitted.fit.best_epoch


def test_settings_do_not_depend_on_who_draws_them_and_are_never_drawn_twice(subject, tmp_path):
    space = {"training.batch_size": [8, 16], "training.optimizer": ["adam", "sgd", "rmsprop"]}
    recipe = searched(subject, epochs=1, space=space)
    some = tune(subject, recipe, tmp_path / "some", trials=2)
    some = tune(subject, recipe, tmp_path / "some", trials=10)  # there are but six
    all_at_once = tune(subject, recipe, tmp_path / "all", trials=6)
    assert len({tuple(trial.values.items()) for trial in some.trials}) == len(some.trials) == 6
    assert [t.values for t in some.trials] == [t.values for t in all_at_once.trials]
    assert [t.curve for t in some.trials] == [t.curve for t in all_at_once.trials]
    other = tune(subject, recipe, tmp_path / "other", seed=1, trials=6)
    assert [t.values for t in other.trials] != [t.values for t in some.trials]


def test_settings_that_do_not_go_together_are_refused_and_the_search_goes_on(
    subject, tiny_recipe, tmp_path
):
    framed = replace(subject, recipe=Recipe.load(tiny_recipe))
    recipe = searched(framed, epochs=1, space={"window.frames": [8, 34, 40]})
    outcome = tune(subject, recipe, tmp_path, trials=3)
    states = {trial.values["window.frames"]: trial.state for trial in outcome.trials}
    assert states[8] == "refused"
    assert "complete" in states.values()


def test_a_trial_that_diverges_is_refused_and_the_search_goes_on(subject, tmp_path):
    recipe = searched(subject, epochs=2, space={"training.learning_rate": [1e-2, 1e30]})
    outcome = tune(subject, recipe, tmp_path, trials=2)
    states = {trial.values["training.learning_rate"]: trial.state for trial in outcome.trials}
    assert states == {1e-2: "complete", 1e30: "refused"}
    assert outcome.best.values == {"training.learning_rate": 1e-2}
    assert not list(tmp_path.glob("trial-*"))


class StoppedError(Exception):
    """What stops a search in the middle of a trial."""


@pytest.mark.parametrize("error", [StoppedError, KeyboardInterrupt])
def test_a_stopped_search_goes_on_where_it_was(subject, tmp_path, monkeypatch, error):
    train, trained = training._train_epoch, []

    def counted(*given):
        trained.append(1)
        if len(trained) == 5:
            raise error
        return train(*given)

    recipe = searched(subject, method="random")
    whole = tune(subject, recipe, tmp_path / "whole", trials=3)
    monkeypatch.setattr(training, "_train_epoch", counted)
    with pytest.raises(error):
        tune(subject, recipe, tmp_path / "stopped", trials=3)
    again = tune(subject, recipe, tmp_path / "stopped", trials=3)
    assert len(trained) == 3 * 3 + 1  # the stopped epoch alone was begun twice
    assert [t.number for t in again.trials] == [1, 2, 3]
    assert [t.curve for t in again.trials] == [t.curve for t in whole.trials]
    assert not list((tmp_path / "stopped").glob("trial-*"))


def test_a_trial_that_another_process_took_over_is_left_to_it(subject, tmp_path, monkeypatch):
    train, trained = training._train_epoch, []
    storage = studies.in_folder(tmp_path)

    def slept(*given):
        trained.append(1)
        if len(trained) == 2:  # somebody finds the first trial without a sign of life
            with studies.reaching(storage):
                study = optuna.load_study(study_name=tmp_path.name, storage=storage)
                study.tell(0, state=TrialState.FAIL)
                RetryHeartbeatStaleTrialCallback()(study, study.trials[0])
        return train(*given)

    recipe = searched(subject, method="random")
    monkeypatch.setattr(training, "_train_epoch", slept)
    outcome = tune(subject, recipe, tmp_path, trials=2)
    assert [(trial.number, trial.state) for trial in outcome.trials] == [
        (1, "complete"),
        (2, "complete"),
    ]
    assert outcome.epochs == 2 * 3


# Several processes.


def as_nobody() -> None:
    """PostgreSQL does not run as root."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory) -> Iterator[str]:
    """The URL of an empty database on a server of its own, which ends with the test."""
    pytest.importorskip(
        "psycopg", reason="needs PostgreSQL's driver: pip install 'psycopg[binary]'"
    )
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), Path(shutil.which("initdb") or "x").parent]
    if not (found[0] / "initdb").exists():
        pytest.skip("needs a PostgreSQL server: apt-get install postgresql")
    folder = Path("/tmp") / f"intone-postgresql-{os.getpid()}"  # short enough for a socket's name
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    quiet = {"check": True, "preexec_fn": as_nobody, "stdout": subprocess.DEVNULL, "cwd": folder}
    settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    server = [found[0] / "pg_ctl", "-D", folder / "data"]
    made = [found[0] / "initdb", "-D", folder / "data", "-U", "intone", "-A", "trust", "-N"]
    subprocess.run(made, **quiet)
    subprocess.run([*server, "-w", "-l", folder / "log", "-o", settings, "start"], **quiet)
    try:
        yield f"postgresql://intone@/postgres?host={folder}"
    finally:
        subprocess.run([*server, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_of_three_processes_one_is_killed_and_nothing_is_lost_or_counted_twice(
    database, request, made_corpus, tmp_path, monkeypatch
):
    storage = request.getfixturevalue("postgresql") if database == "postgresql" else ""
    folder = tmp_path / "search"
    folder.mkdir()

    done = subprocess.run(
        [sys.executable, HERE / "search_workers.py", storage, folder, made_corpus],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.split() == [str(-signal.SIGKILL), "0", "0"], done.stderr

    monkeypatch.setattr(training, "_train_epoch", None)  # nothing is left to be trained
    outcome = work(storage or None, folder, made_corpus)
    assert [trial.number for trial in outcome.trials] == list(range(1, TRIALS + 1))
    assert {trial.state for trial in outcome.trials} == {"complete"}
    assert outcome.epochs == TRIALS * EPOCHS
    monkeypatch.undo()
    alone = work(None, tmp_path / "alone", made_corpus)
    assert [t.values for t in outcome.trials] == [t.values for t in alone.trials]
    assert [t.curve for t in outcome.trials] == [t.curve for t in alone.trials]

    with studies.reaching(storage):
        study = optuna.load_study(study_name="search", storage=stored(storage, folder))
        [killed] = [trial for trial in study.trials if trial.state == TrialState.FAIL]
        histories = [*map(RetryHeartbeatStaleTrialCallback.retry_history, study.trials)]
        assert histories.count([killed.number]) == 1


def stored(storage: str, folder: Path) -> str:
    return storage.replace("postgresql:", "postgresql+psycopg:") or studies.in_folder(folder)


def test_a_trial_that_was_put_back_stays_in_its_bracket_and_is_counted_once(tmp_path):
    search = Search(space=RATES)
    storage = studies.in_folder(tmp_path)
    study = studies.open_study("s", storage, search, epochs=27, direction="minimize", seed=0)
    brackets = []
    with studies.reaching(storage):
        for place in range(20):
            attributes = {"user_attrs": {"place": place}, "system_attrs": {"completed_rung_0": 1.0}}
            study.add_trial(create_trial(state=TrialState.FAIL, **attributes))
            killed = study.trials[-1]
            RetryHeartbeatStaleTrialCallback()(study, killed)
            again = study.trials[-1]
            assert again.state == TrialState.WAITING
            assert again.number == killed.number + 1
            alone = create_trial(value=0.0, user_attrs={"place": place})
            assert studies.bracket(study, again) == studies.bracket(study, alone)
            assert studies.bracket(study, killed) == -1
            brackets.append(studies.bracket(study, again))
        assert [studies.place(trial) for trial in studies.results(study)] == list(range(20))
    assert set(brackets) == {0, 1, 2, 3}


# What people are told.


def test_a_folder_holds_one_search(subject, tmp_path):
    recipe = searched(subject, epochs=1)
    tune(subject, recipe, tmp_path, trials=1)
    with pytest.raises(DataError, match="holds a search of another recipe"):
        tune(subject, searched(subject, epochs=2), tmp_path, trials=1)
    with pytest.raises(DataError, match="holds a search of another seed"):
        tune(subject, recipe, tmp_path, trials=1, seed=5)


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("postgresql://me:secret@localhost:1/x", "postgresql.*cannot be used: .*connection"),
        ("nonsense", "the storage: cannot be used"),
        ("mysql+nodriver://me:secret@localhost/x", "nodriver.*: (needs its driver|cannot be used)"),
        ("sqlite:////no/such/folder/x.db", "sqlite:////no/such/folder/x.db: cannot be used"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_in_a_line(subject, tmp_path, storage, message):
    with pytest.raises(DataError, match=message) as caught:
        tune(subject, searched(subject, epochs=1), tmp_path, storage=storage, trials=1)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_fold_that_is_not_there_is_told(subject, tmp_path):
    with pytest.raises(DataError, match="search.fold is 7; there are 2 folds"):
        tune(subject, searched(subject, fold=7), tmp_path)


def test_the_command_leaves_a_recipe_that_trains_a_page_and_pictures(
    run, made_corpus, tiny_recipe, tmp_path
):
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        f"{tiny_recipe.read_text()}\n[search.space]\n"
        '"training.learning_rate" = [1e-2, 1e-3, 1e-4]\n"training.optimizer" = ["adam", "sgd"]\n'
    )
    data = ["--data", f"folder={made_corpus}", "--speaker", r"/(s\d)-"]
    folder = tmp_path / "out"
    changes = ["--set", "training.epochs=3", "--set", "training.monitor=uar"]
    code, out, err = run("tune", recipe, *data, *changes, "--output", folder, "--quiet")
    assert code == 0, err
    assert out.startswith("UAR ")
    best = Recipe.load(folder / "best.toml")
    assert best.search is None
    assert best.training.epochs == 3
    [*_, line] = out.rstrip("\n").splitlines()
    words = [word for word in line.split() if word != "--set"]
    assert Recipe.load(recipe, [*changes[1::2], *words]).varied({}) == best
    assert f"--set training.learning_rate={best.training.learning_rate}" in line
    drawn = {path.name for path in (folder / "pictures").glob("*.svg")}
    assert {"history.svg", "parallel-coordinates.svg", "brackets.svg"} <= drawn
    page = (folder / "index.html").read_text()
    assert line.split(" --set")[0] in page
    assert run("tune", recipe, *data, *changes, "--output", folder, "-q")[1] == out
