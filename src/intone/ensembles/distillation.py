"""One small net that learns what an ensemble answers (Hinton et al., 2015).

In each fold the student learns the answers of that fold's own members to their training clips, so
no clip of the test part had a say in what it learned: out-of-fold answers would come from members
that trained on the speakers that it is tested on.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from intone import experiment, files, runs, training
from intone.augment import original
from intone.ensembles import Ensemble
from intone.ensembles.members import Floats
from intone.errors import DataError
from intone.experiment import Experiment
from intone.progress import Track, silent
from intone.recipe import Recipe
from intone.runs import Run
from intone.splits import Split

TEACHER = "teacher.npz"
"""in a student's folder: what it would be taught of each clip, were it trained on all"""


def distill(
    ensemble: Ensemble,
    recipe: Recipe,
    prepare: Callable[[Recipe], Experiment],
    run: Run,
    *,
    sources: Mapping[str, Any],
    command: str = "",
    resume: bool = False,
    track: Track = silent,
) -> dict[str, Any]:
    """Train a recipe's net on an ensemble's answers, with its labels and folds.

    Raises:
        DataError: the clips are not those of the members, or are split otherwise.
    """
    joined = ensemble.members
    first = Recipe.parse(dict(joined.first["recipe"]), joined.names[0])
    labels = first.labels.model_copy(update={"one_vs_rest": None})
    title = f"{recipe.title}, taught by: {ensemble.title}"
    own = {"title": title, "labels": labels, "protocol": first.protocol, "search": None}
    student = prepare(recipe.model_copy(update=own))
    if [split.digest for split in student.splits] != joined.first["splits"]:
        raise DataError(
            "the clips are split otherwise than the members'; give their --data, --seed"
        )
    heard = [
        prepare(Recipe.parse(dict(record["recipe"]), name))
        for name, record in zip(joined.names, joined.records, strict=True)
    ]
    folds = joined.first["folds"]
    options: dict[str, Any] = {"sources": sources, "command": command, "track": track}
    taught: dict[str, list[Floats]] = {}
    for place, split in enumerate(student.splits[fold] for fold in folds):
        answers = _answers(ensemble, heard, split)
        for id, row in zip(split.train, answers, strict=True):
            taught.setdefault(id, []).append(row)
        pupil = teach(student, dict(zip(split.train, answers, strict=True)))
        runs.train(pupil, run, folds=[split.fold], resume=resume or place > 0, **options)
    means = {id: np.mean(rows, axis=0) for id, rows in taught.items()}
    arrays = {"ids": np.array([*means]), "answers": np.stack([*means.values()])}
    files.write_arrays(run.folder / TEACHER, arrays)
    return runs.train(student, run, folds=folds, resume=True, **options)


def teach(student: Experiment, answers: Mapping[str, Floats]) -> Experiment:
    """Let a net learn answers `[C]` instead of labels, of clips and their copies."""
    shares = student.data.shares.copy()
    for place, id in enumerate(student.data.ids):
        answer = answers.get(id, answers.get(original(id)))
        if answer is not None:
            shares[place] = answer
    return replace(student, data=replace(student.data, shares=shares))


def taught(student: Experiment, folder: Path) -> Experiment:
    """Teach a student of this folder for its last training, on all clips; others learn labels."""
    if not (folder / TEACHER).exists():
        return student
    stored = files.read_arrays(folder / TEACHER)
    return teach(student, dict(zip(map(str, stored["ids"]), stored["answers"], strict=True)))


def _answers(ensemble: Ensemble, heard: list[Experiment], split: Split) -> Floats:
    """What a fold's members answer together to its training clips: the mean over the seeds."""
    joined = ensemble.members
    together = []
    for seed in joined.first["seeds"]:
        answers = []
        for run, subject in zip(joined.runs, heard, strict=True):
            fitted = runs.load_fitted(run.fit_folder(split, seed), subject, seed)
            part = experiment.part(subject, split.train, fitted.scalers)
            own = training.predict(fitted.net, part)
            answers.append(own[:, :1] if joined.one_vs_rest else own)
        together.append(ensemble.learned[split.fold, seed](answers))
    mean: Floats = np.mean(together, axis=0)
    return mean
