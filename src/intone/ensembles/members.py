"""The runs that an ensemble is made of: what they answered, and whether they go together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone import emotions, runs
from intone.errors import DataError
from intone.recipe import Recipe
from intone.runs import Run

Floats = NDArray[np.float32]
Record = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Answers:
    """What every member answered to the same clips."""

    ids: tuple[str, ...]
    truth: NDArray[np.int64]
    """`[N]`: places among the ensemble's labels"""
    members: tuple[Floats, ...]
    """`[N, C]` of each member; of one that knows a label against the rest, that label's `[N, 1]`"""

    @property
    def stacked(self) -> Floats:
        """`[M, N, C]`, of members that know all labels."""
        return np.stack(self.members)


@dataclass(frozen=True, eq=False)
class Members:
    """Runs that answered the same clips of the same folds."""

    names: tuple[str, ...]
    runs: tuple[Run, ...]
    records: tuple[Record, ...]
    labels: tuple[str, ...]
    one_vs_rest: bool
    """each member knows one label against the rest"""
    speakers: Mapping[str, str]
    """id -> speaker, or nothing where unknown"""

    @property
    def first(self) -> Record:
        """A record whose data, protocol and splits are those of all."""
        return self.records[0]

    def answers(self, part: str, fold: int, seed: int) -> Answers:
        """Read what the fits of a fold and seed answered to a part of it: validation or test."""
        heard = [_scores(run, record, part, fold, seed) for run, record in self._pairs()]
        ids = heard[0].ids
        aligned = [one.of(ids) for one in heard]
        truths = np.stack([one.truth for one in aligned])
        if self.one_vs_rest:
            own = tuple(one.probabilities[:, :1] for one in aligned)
            return Answers(ids, self._label_of(truths == 0, ids), own)
        if (truths != truths[0]).any():
            clip = ids[int((truths != truths[0]).any(axis=0).argmax())]
            raise DataError(f"the members were trained on different labels of {clip}")
        return Answers(ids, truths[0], tuple(one.probabilities for one in aligned))

    def out_of_fold(self, seed: int) -> Answers:
        """What was answered to the test parts of all folds."""
        folds = [self.answers("test", fold, seed) for fold in self.first["folds"]]
        return Answers(
            tuple(id for fold in folds for id in fold.ids),
            np.concatenate([fold.truth for fold in folds]),
            tuple(np.concatenate(own) for own in zip(*(f.members for f in folds), strict=True)),
        )

    def _pairs(self) -> list[tuple[Run, Record]]:
        return list(zip(self.runs, self.records, strict=True))

    def _label_of(self, own: NDArray[np.bool_], ids: Sequence[str]) -> NDArray[np.int64]:
        """The label of each clip, from whether it is each member's own `[M, N]`."""
        if (wrong := own.sum(axis=0) != 1).any():
            raise DataError(
                f"{ids[int(wrong.argmax())]}: is none of {', '.join(self.labels)}; an ensemble of "
                "nets that know one label needs one for each"
            )
        labels: NDArray[np.int64] = own.argmax(axis=0)
        return labels


@dataclass(frozen=True, eq=False)
class _Scores:
    """What one fit answered."""

    ids: tuple[str, ...]
    truth: NDArray[np.int64]
    probabilities: Floats

    def of(self, ids: Sequence[str]) -> "_Scores":
        """The same clips in this order."""
        place = {id: number for number, id in enumerate(self.ids)}
        rows = [place[id] for id in ids]
        return _Scores(tuple(ids), self.truth[rows], self.probabilities[rows])


def read(folders: Sequence[Path]) -> Members:
    """Read runs, and see that they go together.

    Raises:
        DataError: fewer than two, or one that is damaged or not finished, is an ensemble itself,
            or has other labels, clips, folds or seeds than the first.
    """
    if len(folders) < 2:
        raise DataError("an ensemble needs two runs or more")
    names = _names(folders)
    records = [runs.load_record(folder)[0] for folder in folders]
    for folder, record in zip(folders, records, strict=True):
        Recipe.parse(dict(record["recipe"]), str(folder))  # refuses what is none
        if "ensemble" in record:
            raise DataError(f"{folder}: is an ensemble; name its members instead")
        if reason := _difference(record, records[0], names[0]):
            raise DataError(f"{folder}: cannot join {names[0]}: {reason}")
        if not (folder / "run.json").exists():
            raise DataError(f"{folder}: is a record without its run; name the run's folder")
    _, [scores, *_] = runs.load_record(folders[0])
    own = [record["recipe"]["labels"].get("one_vs_rest") for record in records]
    speakers = dict(zip(scores.ids, (name or "" for name in scores.speakers), strict=True))
    order = list(range(len(folders)))
    labels = scores.labels
    if own[0] is not None:
        labels = emotions.as_labelled(own).labels
        if len(labels) < len(own):
            raise DataError(f"two of the members know the same label: {', '.join(own)}")
        order = [own.index(label) for label in labels]
    return Members(
        names=tuple(names[place] for place in order),
        runs=tuple(Run(folders[place]) for place in order),
        records=tuple(records[place] for place in order),
        labels=labels,
        one_vs_rest=own[0] is not None,
        speakers=speakers,
    )


def _names(folders: Sequence[Path]) -> list[str]:
    """Name runs by their folders, and by the folders of these where that is not enough."""
    paths = [folder.resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        raise DataError("a run is named twice")
    short = [path.name for path in paths]
    unique = len(set(short)) == len(short)
    return short if unique else [f"{path.parent.name}/{path.name}" for path in paths]


def _difference(record: Record, first: Record, name: str) -> str | None:
    """Why a run cannot join the first, or None."""
    alone = [one["recipe"]["labels"].get("one_vs_rest") is not None for one in (first, record)]
    if alone[0] != alone[1]:
        return "one of them knows all labels, the other one against the rest"
    if not alone[0] and record["labels"] != first["labels"]:
        return f"its labels are {', '.join(record['labels'])}, not {', '.join(first['labels'])}"
    clips = [one["clips"] for one in (first, record) if "clips" in one]  # not in early records
    if not alone[0] and len(set(clips)) > 1:
        return "its clips or their labels are others"
    if record["splits"] != first["splits"] or record["folds"] != first["folds"]:
        return "its folds are others; train both on the same --data, protocol and --seed"
    for key in ("seeds", "stamp"):
        if record[key] != first[key]:
            return f"its {key}: {record[key]}, not {first[key]}"
    return None


def _scores(run: Run, record: Record, part: str, fold: int, seed: int) -> _Scores:
    folder = run.folder / f"fold-{fold}-seed-{seed}"
    answered = runs.load_answers(folder, len(record["labels"])).get(part)
    if answered is None:
        raise DataError(
            f"{run.folder}: has no validation part to learn from; --method average needs none"
        )
    ids, truth = answered.ids, answered.truth
    if truth is None:  # an early run; its record knows the labels of all clips that it tested
        known = _tested(run)
        if not known.keys() >= set(ids):
            raise DataError(f"{run.folder}: an early run without its {part} labels; train it anew")
        truth = np.array([known[id] for id in ids])
    return _Scores(ids, truth.astype(np.int64), answered.probabilities)


def _tested(run: Run) -> dict[str, int]:
    _, [scores, *_] = runs.load_record(run.folder)
    return dict(zip(scores.ids, scores.truth.tolist(), strict=True))
