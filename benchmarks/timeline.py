"""A made recording of hours, heard as a timeline: what is found, how fast, in what memory.

    python benchmarks/timeline.py --run runs/default

The clips of RAVDESS, SAVEE and EMO-DB stand in it once each (`made_recording`), fold after fold.
`intone predict --timeline` hears the whole with the bundled model, in a process of its own, on one
thread: speech found, speed, memory. The bundled model has learned from these clips, so what
emotions are found is said of the run's fits, each on the clips that it was tested on. TESS is left
out, for its two speakers would be half of all, and so is CREMA-D, rebuilt audio.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import soundfile
from numpy.typing import NDArray

from intone import calibration, corpora, evaluation, experiment, export, files, runs
from intone.audio import SAMPLE_RATE
from intone.corpora import Utterance
from intone.evaluation import Scores
from intone.experiment import Experiment
from intone.recordings.stream import Stream
from intone.recordings.timeline import KINDS, Segment, Smoothing
from intone.runs import Run
from intone.runtime import Model
from kept import RECORDINGS, keep
from made_recording import MUSIC, NOISE, QUIET, SPEECH, Stretch, make

CORPORA = ("ravdess", "savee", "emodb")
FRAME = 0.01  # seconds, of what detection is scored by
POINTS = 10  # at which memory is told

Floats = NDArray[np.float64]


def fold_model(subject: Experiment, run: Run, fold: int, output: Path) -> Model:
    """Export one fit of a run as a model file that says what this fit has heard."""
    record, _ = runs.load_record(run.folder)
    [seed, *_] = record["seeds"]
    split = subject.splits[fold]
    folder = run.fit_folder(split, seed)
    answers = files.read_arrays(folder / "scores.npz")
    heard = set(split.train) | set(split.validation)
    trained = tuple(clip for clip in subject.utterances if clip.id in heard)
    told = {
        **record,
        "data": runs.describe_data(trained),
        "temperature": calibration.temperature(
            answers["validation_probabilities"], answers["validation_truth"]
        ),
    }
    fitted = runs.load_fitted(folder, subject, seed)
    return export.export(
        replace(subject, utterances=trained), fitted, told, output, name=f"fold {fold}"
    )


def spoken(truth: Sequence[Stretch]) -> list[tuple[Stretch, Utterance]]:
    """The stretches in which a clip is heard."""
    return [(stretch, stretch.clip) for stretch in truth if stretch.clip]


def hear(model: Model, path: Path, truth: Sequence[Stretch]) -> dict[str, list[Segment]]:
    """Hear one part of a recording: its segments for each smoothing, and its utterances."""
    start, stop = (round(at * SAMPLE_RATE) for at in (truth[0].start, truth[-1].end))
    stream = Stream(model)
    for block in soundfile.blocks(path, SAMPLE_RATE, start=start, stop=stop, dtype="float32"):
        stream.push(block)
    stream.finish()
    told = {kind: stream.timeline(smoothing=Smoothing(kind=kind)) for kind in KINDS}
    heard = {f"segments, {kind}": told[kind].segments for kind in KINDS}
    heard["utterances"] = told["none"].utterances
    offset = truth[0].start
    return {
        name: [replace(one, start=one.start + offset, end=one.end + offset) for one in parts]
        for name, parts in heard.items()
    }


def by_clip(
    truth: Sequence[Stretch], parts: Sequence[Segment], labels: Sequence[str], targets: list[int]
) -> tuple[Floats, int]:
    """What each clip is answered, as shares of its time `[N, C]`; and how many are not heard.

    A clip that is not heard at all is answered wrong.
    """
    shares = np.zeros((len(targets), len(labels)))
    for row, (stretch, _) in zip(shares, spoken(truth), strict=True):
        for part in parts:
            shared = min(part.end, stretch.end) - max(part.start, stretch.start)
            row[labels.index(part.emotion)] += max(shared, 0)
    unheard = shares.sum(axis=1) == 0
    shares[unheard] = 1 - np.eye(len(labels))[targets][unheard]
    return shares / shares.sum(axis=1, keepdims=True), int(unheard.sum())


def emotions(
    run: Run, subject: Experiment, recording: Path, truth: Sequence[Sequence[Stretch]]
) -> dict[str, Any]:
    """UAR of the segments and utterances, part by part, each heard by the fit of its fold."""
    record, [alone, *_] = runs.load_record(run.folder)
    labels = subject.mapping.labels
    clips = [clip for part in truth for _, clip in spoken(part)]
    target = dict(zip(alone.ids, alone.truth.tolist(), strict=True))
    rows: dict[str, list[Floats]] = {}
    unheard = 0
    for fold, part in enumerate(truth):
        model = fold_model(subject, run, fold, recording.with_name(f"fold-{fold}.onnx"))
        targets = [target[clip.id] for _, clip in spoken(part)]
        for name, parts in hear(model, recording, part).items():
            shares, missed = by_clip(part, parts, labels, targets)
            rows.setdefault(name, []).append(shares)
        unheard += missed
    answers = {"clips alone": alone.where([id in {c.id for c in clips} for id in alone.ids])}
    for name, shares in rows.items():
        answers[name] = Scores(
            ids=tuple(clip.id for clip in clips),
            labels=labels,
            truth=np.array([target[clip.id] for clip in clips]),
            probabilities=np.concatenate(shares).astype(np.float32),
            speakers=tuple(clip.speaker for clip in clips),
        )
    figures: dict[str, Any] = {"clips_unheard": unheard, "stamp": record["stamp"], "uar": {}}
    for name, scores in answers.items():
        report = evaluation.evaluate(scores, protocol=record["protocol"], stamp=record["stamp"])
        figures["uar"][name] = [round(value, 4) for value in vars(report.uar).values()]
        figures["chance"] = round(report.chance, 4)
    return figures


def listen(recording: Path) -> tuple[dict[str, Any], float, list[float], float]:
    """Run the command: the timeline, CPU seconds, memory in MiB on the way, and at most."""
    output = recording.with_suffix(".json")
    command = [sys.executable, "-m", "intone", "predict", str(recording), "--timeline", "--quiet"]
    process = subprocess.Popen([*command, "--output", str(output)])
    memory, most = [], 0.0
    while True:
        status = Path(f"/proc/{process.pid}/status").read_text()
        held = {key: text.split()[0] for key, _, text in _lines(status) if key.startswith("Vm")}
        if held:
            memory.append(int(held["VmRSS"]) / 1024)
            most = int(held["VmHWM"]) / 1024
        pid, failed, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.05)
    if failed:
        sys.exit(f"{' '.join(command)} failed")
    [timeline] = json.loads(output.read_text())
    return timeline, usage.ru_utime + usage.ru_stime, memory, most


def _lines(status: str) -> Iterator[tuple[str, str, str]]:
    return (line.partition(":") for line in status.splitlines())


def detection(truth: Sequence[Stretch], parts: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Shares of frames: of speech that is missed, and of all else that is taken for speech."""
    kinds = np.full(round(truth[-1].end / FRAME), SPEECH, dtype=object)
    for stretch in truth:
        kinds[round(stretch.start / FRAME) : round(stretch.end / FRAME)] = stretch.kind
    heard = np.zeros(len(kinds), bool)
    for part in parts:
        heard[round(part["start"] / FRAME) : round(part["end"] / FRAME)] = True
    speech = kinds == SPEECH
    shares = {kind: heard[kinds == kind].mean() for kind in (QUIET, NOISE, MUSIC)}
    shares |= {"missed": (~heard[speech]).mean(), "error": (heard != speech).sum() / speech.sum()}
    return {name: round(float(share), 4) for name, share in shares.items()}


def cost(recording: Path, truth: Sequence[Stretch]) -> dict[str, Any]:
    """What the whole recording costs, and where speech is found in it."""
    timeline, seconds, memory, most = listen(recording)
    places = np.linspace(0, len(memory) - 1, POINTS + 1)[1:-1].astype(int)
    return {
        "minutes": round(truth[-1].end / 60, 1),
        "minutes_of_speech": round(sum(s.end - s.start for s, _ in spoken(truth)) / 60, 1),
        "clips": len(spoken(truth)),
        "hop": timeline["hop"],
        "times_real_time": round(truth[-1].end / seconds),
        "memory": [round(memory[place]) for place in places],
        "memory_at_most": round(most),
        "detection": detection(truth, timeline["utterances"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the bundled model's run")
    parser.add_argument("--clips", type=int, help="about so many of each fold")
    parser.add_argument("--keep", action="store_true", help=f"write into {RECORDINGS.name}")
    options = parser.parse_args()
    run = Run(options.run)
    record, _ = runs.load_record(run.folder)
    utterances = corpora.read_all(map(corpora.parse_data, run.manifest["sources"]["data"]))
    subject = experiment.prepare(run.recipe, utterances)
    runs.check_clips(subject, record)
    parts = []
    for split in subject.splits:
        tested = set(split.test)
        own = [c for c in subject.utterances if c.id in tested and c.corpus in CORPORA]
        parts.append(own[:: max(1, len(own) // (options.clips or len(own)))])
    with TemporaryDirectory() as folder:
        recording = Path(folder) / "recording.wav"
        truth = make(recording, parts, np.random.default_rng(0))
        figures = cost(recording, [stretch for part in truth for stretch in part])
        figures |= emotions(run, subject, recording, truth)
    print(json.dumps(figures, indent=1))
    if options.keep:
        keep(RECORDINGS, "timeline", figures)


if __name__ == "__main__":
    main()
