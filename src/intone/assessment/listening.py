"""A run or a model file as something that hears changed sound, and answers.

A run answers a clip by the net of the fold that tests it, so never by one that trained on it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from intone import __version__, cache, files, training
from intone.audio import MIN_SECONDS, SAMPLE_RATE
from intone.dataset import Dataset, Part
from intone.experiment import Experiment, Fitted
from intone.progress import Track, silent
from intone.recordings import spoken
from intone.runs import Run, load_fitted
from intone.runtime import Model
from intone.splits import Split

VERSION = 1
TIMED = 12  # clips that speed is measured on
SHORTEST = round(MIN_SECONDS * SAMPLE_RATE)

Floats = NDArray[np.float32]
Clips = Mapping[str, Floats]
"""clip id -> samples [T]"""


class Change(Protocol):
    """A change of sound whose `repr` tells all of it."""

    def __call__(self, id: str, samples: Floats) -> Floats:
        """Give the samples [T] of the clip as they are to be heard."""


@dataclass(frozen=True)
class Unchanged:
    """No change."""

    def __call__(self, id: str, samples: Floats) -> Floats:
        """Give the samples as they are."""
        return samples


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How long an answer takes, from samples to probabilities."""

    milliseconds: float
    """of a clip, the median"""
    threads: int


@dataclass(frozen=True, eq=False)
class Listener:
    """What answers sound."""

    name: str
    """a digest of its weights and settings"""
    threads: int
    answer: Callable[[str, Floats], Floats]
    """clip id and samples [T] -> probabilities [C]"""

    def hear(
        self,
        clips: Clips,
        changes: Mapping[str, Change],
        *,
        track: Track = silent,
        label: str = "listening",
    ) -> dict[str, Floats]:
        """Give the answers to all clips in each change: its name -> `[N, C]`.

        They are kept in the cache: what was heard once is known.
        """
        heard = [cache.digest(samples) for samples in clips.values()]
        store = cache.folder() / f"answers-{self._digest(heard, changes)}.npz"
        if not store.exists():
            shape = (len(changes), len(clips))
            asked = [(change, id) for change in changes.values() for id in clips]
            rows = [
                self.answer(id, _long_enough(change(id, clips[id])))
                for change, id in track(asked, label, len(asked))
            ]
            store.parent.mkdir(parents=True, exist_ok=True)
            files.write_arrays(store, {"answers": np.reshape(rows, (*shape, -1))})
        return dict(zip(changes, files.read_arrays(store)["answers"], strict=True))

    def speed(self, clips: Clips) -> Speed:
        """Time the answers to a few clips, after one that is not counted."""
        timed = [*clips.items()][: TIMED + 1]
        self.answer(*timed[0])
        spent = []
        for id, samples in timed[1:] or timed:
            began = time.perf_counter()
            self.answer(id, samples)
            spent.append(time.perf_counter() - began)
        return Speed(milliseconds=1000 * float(np.median(spent)), threads=self.threads)

    def _digest(self, heard: list[str], changes: Mapping[str, Change]) -> str:
        told = [
            VERSION,
            __version__,
            self.name,
            heard,
            [repr(change) for change in changes.values()],
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def of_model(model: Model) -> Listener:
    """Let a model file listen."""

    def answer(id: str, samples: Floats) -> Floats:
        given = model.predict(samples, sample_rate=SAMPLE_RATE).probabilities
        return np.array([*given.values()], np.float32)

    return Listener(hashlib.sha256(model.path.read_bytes()).hexdigest(), 1, answer)


def of_run(run: Run, subject: Experiment) -> Listener:
    """Let the fits of a run's first seed listen, each to the clips that it was tested on.

    Raises:
        DataError: a fit is missing or damaged.
    """
    seed = subject.recipe.training.seeds[0]
    fits = sorted(run.folder.glob(f"fold-*-seed-{seed}"))
    ears = [_Ear.load(fit, subject, seed) for fit in fits]
    of_clip = {id: ear for ear in ears for id in ear.tested}

    def answer(id: str, samples: Floats) -> Floats:
        return of_clip[id].answer(samples)

    settings = json.dumps(run.manifest["recipe"], sort_keys=True).encode()
    weights = b"".join((fit / "net.pt").read_bytes() for fit in fits)
    name = hashlib.sha256(settings + weights).hexdigest()
    return Listener(name, torch.get_num_threads(), answer)


@dataclass(frozen=True, eq=False)
class _Ear:
    """The net of one fit, with what its inputs are made of."""

    fitted: Fitted
    data: Dataset
    tested: tuple[str, ...]

    @classmethod
    def load(cls, folder: Path, subject: Experiment, seed: int) -> "_Ear":
        """Read what the fit left."""
        split = Split.from_dict(files.read_json(folder / "split.json"))
        return cls(load_fitted(folder, subject, seed), subject.data, split.test)

    def answer(self, samples: Floats) -> Floats:
        """Answer samples [T]: `[C]`."""
        cuts = spoken.cut(samples, self.data.rule)
        inputs = {}
        for name, front_end in self.data.front_ends.items():
            scaler = self.fitted.scalers[name]
            heard = [front_end(cut) for cut in cuts]
            inputs[name] = np.stack(heard if scaler is None else [*map(scaler, heard)])
        alone = Part(
            owner=np.zeros(len(cuts), np.int64),
            targets=np.zeros(1, np.int64),
            shares=np.zeros((1, 1), np.float32),
            inputs=lambda chosen: {name: array[chosen] for name, array in inputs.items()},
        )
        [answer] = training.predict(self.fitted.net, alone)
        return np.asarray(answer, np.float32)


def _long_enough(samples: Floats) -> Floats:
    """Pad what a change made shorter than any sound may be."""
    return np.pad(samples, (0, max(0, SHORTEST - len(samples))))
