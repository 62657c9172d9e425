"""What the bundled model's card tells beyond the record of its run: kept in results/default.toml.

    python benchmarks/default_model.py runs/default --keep
    intone train default/whisper --data ... --set augment.copies=[] --output runs/no-copies
    python benchmarks/default_model.py runs/default --only training --without runs/no-copies --keep

`groups` and `stress` are of the run's fits, each on clips that it was tested on; so is the UAR in
`weights`, whose agreement is of their validation parts, as all of `training` is: there another run,
without augmented copies, stands beside. `level` compares the bundled model with itself alone.
"""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import onnx

from intone import compression, corpora, evaluation, experiment, export, files, runs, runtime
from intone.assessment import listening
from intone.assessment.breakdowns import breakdown, traits
from intone.assessment.listening import Unchanged
from intone.assessment.stress import Augmented, stress
from intone.audio import SAMPLE_RATE
from intone.augment.sound import Gain
from intone.evaluation import Scores
from intone.experiment import Experiment
from intone.runs import Run
from intone.runtime import Model
from kept import DEFAULT_MODEL, keep
from timeline import fold_model

TRAITS = ("sex", "age", "intensity")
GAINS = (-30, -20, -10, 10, 20)  # dB
FEW = 120  # validation clips of a fold that are played in every condition

Figures = dict[str, Any]


def groups(run: Run, subject: Experiment, every: int) -> Figures:
    """UAR of men and women, of ages and of intensities; all clips."""
    _, [scores, *_] = runs.load_record(run.folder)
    seconds = {id: len(sound) / SAMPLE_RATE for id, sound in subject.data.sounds.samples.items()}
    compared = [
        breakdown(scores, trait)
        for trait in traits(subject.utterances, seconds)
        if trait.name in TRAITS
    ]
    return {"traits": [told(asdict(one)) for one in compared if one]}


def stressed(run: Run, subject: Experiment, every: int) -> Figures:
    """UAR under worse sound, of one clip in so many."""
    _, [scores, *_] = runs.load_record(run.folder)
    listener = listening.of_run(run, subject)
    clips = subject.data.sounds.samples
    found = stress(listener, scores, clips, most=len(scores.ids) // every)
    return told(asdict(found))


def level(run: Run, subject: Experiment, every: int) -> Figures:
    """How many answers of the bundled model are others at other levels, and how many are angry."""
    [chosen] = drawn([[clip.id for clip in subject.utterances]], every)
    model = runtime.load()
    clips = {id: subject.data.sounds.samples[id] for id in chosen}
    changes = {f"{gain:+d}": Augmented(Gain(low=gain, high=gain)) for gain in GAINS}
    heard = listening.of_model(model).hear(clips, {"0": Unchanged(), **changes})
    answers = {gain: rows.argmax(axis=1) for gain, rows in heard.items()}
    angry = model.labels.index("angry")
    return {
        "clips": len(clips),
        "gains": [
            {
                "gain": int(gain),
                "changed": float(np.mean(own != answers["0"])),
                "angry": float(np.mean(own == angry)),
            }
            for gain, own in answers.items()
        ],
    }


def weights(run: Run, subject: Experiment, every: int) -> Figures:
    """Agreement of a fit's file of smaller weights with that in float32, and the UAR of both."""
    alike: dict[str, list[bool]] = {}
    tested: dict[str, list[Scores]] = {}
    sizes: dict[str, int] = {}
    for split in subject.splits:
        parts = drawn([split.validation, split.test], every)
        answers = {}
        with TemporaryDirectory() as folder:
            whole = fold_model(subject, run, split.fold, Path(folder) / "float32.onnx")
            for kind in compression.WEIGHTS:
                path = Path(folder) / f"{kind}.onnx"
                if kind != "float32":
                    graph = compression.compress(onnx.load(whole.path), kind)
                    export.write(graph, whole.description, path, lambda _: 0.0)
                sizes[kind] = path.stat().st_size
                answers[kind] = [answered(runtime.load(path), subject, part) for part in parts]
        labels = {kind: own[0].probabilities.argmax(axis=1) for kind, own in answers.items()}
        for kind, (_, test) in answers.items():
            alike.setdefault(kind, []).extend((labels[kind] == labels["float32"]).tolist())
            tested.setdefault(kind, []).append(test)
    kinds = [
        {
            "weights": kind,
            "megabytes": sizes[kind] / 1e6,
            "agreement": float(np.mean(alike[kind])),
            "uar": asdict(evaluation.evaluate(runs.pooled(own), protocol="", stamp="").uar),
        }
        for kind, own in tested.items()
    ]
    clips = {"validation": len(alike["int8"]), "test": sum(len(s.ids) for s in tested["int8"])}
    return {"clips": clips, "kinds": kinds}


def training(run: Run, subject: Experiment, every: int, without: Run) -> Figures:
    """UAR under worse sound on validation clips, trained with augmented copies and without."""
    found: dict[str, dict[str, list[float]]] = {}
    for name, trained in (("with copies", run), ("without", without)):
        for split in subject.splits:
            scores = validation(trained, subject, split.fold)
            with TemporaryDirectory() as folder:
                model = fold_model(subject, trained, split.fold, Path(folder) / "fold.onnx")
                listener = listening.of_model(model)
            judged = stress(listener, scores, subject.data.sounds.samples, most=FEW)
            rates = {"as it is": judged.clean, **{one.name: one.uar for one in judged.conditions}}
            for condition, uar in rates.items():
                found.setdefault(condition, {}).setdefault(name, []).append(uar.value)
    rows = [
        {"condition": condition, **{name: float(np.mean(uars)) for name, uars in own.items()}}
        for condition, own in found.items()
    ]
    return {"clips": FEW * len(subject.splits), "conditions": rows}


def validation(run: Run, subject: Experiment, fold: int) -> Scores:
    """What a fit answered to its validation part."""
    stored = files.read_arrays(run.fit_folder(subject.splits[fold], 0) / "scores.npz")
    speakers = {clip.id: clip.speaker for clip in subject.utterances}
    ids = tuple(map(str, stored["validation_ids"]))
    return Scores(
        ids=ids,
        labels=subject.mapping.labels,
        truth=stored["validation_truth"],
        probabilities=stored["validation_probabilities"],
        speakers=tuple(speakers[id] for id in ids),
    )


def drawn(parts: Sequence[Sequence[str]], every: int) -> list[list[str]]:
    """Draw one clip in so many of each part."""
    rng = np.random.default_rng(0)
    return [sorted(rng.choice(part, len(part) // every, replace=False)) for part in parts]


def answered(model: Model, subject: Experiment, ids: Sequence[str]) -> Scores:
    """What a model answers to these clips."""
    heard = listening.of_model(model).hear(
        {id: subject.data.sounds.samples[id] for id in ids}, {"": Unchanged()}
    )
    known = {clip.id: clip for clip in subject.utterances}
    return Scores(
        ids=tuple(ids),
        labels=subject.mapping.labels,
        truth=subject.data.targets[subject.places(ids)],
        probabilities=heard[""],
        speakers=tuple(known[id].speaker for id in ids),
    )


def told(figures: Any) -> Any:
    """Plain values without what is None, rounded."""
    if isinstance(figures, Mapping):
        return {key: told(value) for key, value in figures.items() if value is not None}
    if isinstance(figures, list | tuple):
        return [told(value) for value in figures]
    return round(figures, 4) if isinstance(figures, float) else figures


MEASURES: dict[str, Callable[..., Figures]] = {
    "groups": groups,
    "stress": stressed,
    "level": level,
    "weights": weights,
    "training": training,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--only", action="append", choices=MEASURES, help="measure only this")
    parser.add_argument("--without", type=Path, help="the run without copies, for training")
    parser.add_argument("--every", type=int, default=8, help="one clip in so many is played")
    parser.add_argument("--keep", action="store_true", help="write the figures to results/")
    options = parser.parse_args()
    run = Run(options.run)
    subject = experiment.prepare(
        run.recipe,
        corpora.read_all(map(corpora.parse_data, run.manifest["sources"]["data"])),
        allow_leak=True,
    )
    for name in options.only or [name for name in MEASURES if name != "training"]:
        others = {"without": Run(options.without)} if name == "training" else {}
        figures = told(MEASURES[name](run, subject, options.every, **others))
        print(name, figures, flush=True)
        if options.keep:
            keep(DEFAULT_MODEL, name, {"stamp": subject.stamp, **figures})


if __name__ == "__main__":
    main()
