"""A trained run -> a model file: refitted on everything, checked against torch, described."""

import logging
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median_low
from typing import Any, BinaryIO

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from intone import compression, corpora, experiment, files, nets, runtime, tasks
from intone.audio import SAMPLE_RATE
from intone.calibration import Candidates
from intone.compression import Weights
from intone.corpora import Utterance
from intone.description import METADATA_KEY, Description, InputDescription
from intone.encoders import Encoding
from intone.errors import ModelError
from intone.experiment import Experiment, Fitted
from intone.features import Scaler
from intone.progress import Track, silent
from intone.recordings import spoken
from intone.runtime import Model

TOLERANCE = 1e-5
AGREEMENT = 0.99
"""the least share of clips that a compressed model answers as the whole one does"""
DIGEST_LENGTH = 16
_OUTPUTS = ("logits", "embedding")


class Graph(nn.Module):
    """What a model file computes: a net and the frozen encoders before it.

    From features to logits `[B, classes]` and the input of the net's head `[B, D]`.
    """

    def __init__(self, net: nn.Module, encoders: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.net = net
        self.names = nets.inputs(net)
        self.encoders = nn.ModuleDict(encoders)

    def forward(self, *features: Tensor) -> tuple[Tensor, Tensor]:
        inputs = [
            self.encoders[name](heard) if name in self.encoders else heard
            for name, heard in zip(self.names, features, strict=True)
        ]
        seen: list[Tensor] = []
        handle = self.net.head.register_forward_pre_hook(lambda _, args: seen.append(args[0]))  # type: ignore[union-attr]
        logits = self.net(*inputs)
        handle.remove()
        return logits, seen[0]


def refit(subject: Experiment, record: Mapping[str, Any], *, track: Track = silent) -> Fitted:
    """Train once more on every clip, for the median best epoch of the run's fits."""
    before = [fit["pretraining"] for fit in record["fits"] if fit.get("pretraining")]
    return experiment.fit(
        subject,
        [utterance.id for utterance in subject.utterances],
        seed=record["seeds"][0],
        last_epoch=_median_best(record["fits"]),
        last_pretraining_epoch=_median_best(before) if before else None,
        track=track,
        label="refitting on all clips",
    )


def export(
    subject: Experiment,
    fitted: Fitted,
    record: Mapping[str, Any],
    output: Path,
    *,
    name: str,
    candidates: Candidates | None = None,
) -> Model:
    """Write the model file and verify it; `candidates` are those of calibrated answers.

    Raises:
        ModelError: the file's probabilities differ from torch's by more than the tolerance.
    """
    net = fitted.net.cpu().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    encoders = _encoders(subject, fitted)
    graph = Graph(net, encoders)
    inputs = _inputs(subject, fitted)
    window = subject.recipe.window
    shapes = {key: spec.front_end.shape(window.length) for key, spec in inputs.items()}
    program = to_onnx(graph, shapes, free=encoders if window.shortest else ())
    task = nets.task(net)
    calibrated = task == "one of many"
    assert task != "reconstruction"  # `nets.build` makes no such net for labels
    description = Description(
        name=name,
        labels=subject.mapping.labels,
        window=window,
        inputs=inputs,
        task=task,
        temperature=record.get("temperature", 1.0) if calibrated else 1.0,
        training=_training(subject, record),
        expected=record["report"],
        tolerance=TOLERANCE,
        candidates=candidates if calibrated else None,
    )
    return write(program, description, output, lambda model: _difference_from_torch(graph, model))


def compress(model: Model, weights: Weights, clips: Sequence[Utterance], output: Path) -> float:
    """Write a model file again with smaller weights; gives the share of clips it answers alike.

    Raises:
        ModelError: the most probable label of too many of the clips is another; nothing is written.
    """
    agreed: list[float] = []

    def disagreement(small: Model) -> float:
        same = [model.predict(u.path).emotion == small.predict(u.path).emotion for u in clips]
        agreed.append(float(np.mean(same)))
        return 1 - agreed[0]

    graph = compression.compress(onnx.load(model.path), weights)
    write(graph, model.description, output, disagreement, most=1 - AGREEMENT)
    return agreed[0]


def write(
    graph: onnx.ModelProto,
    description: Description,
    output: Path,
    difference: Callable[[Model], float],
    *,
    most: float = TOLERANCE,
) -> Model:
    """Write a model file with its self-test; it has its name only once it is verified.

    `difference` says how far it is from what it should be, and `most` how far it may be.

    Raises:
        ModelError: it is farther.
        IntoneError: there is no room for it.
    """
    files.check_writable(output)
    with files.writing(output) as file:
        aside = Path(file.name)
        _write(graph, description, file)
        heard = runtime.load(aside).predict(runtime.self_test_signal(), sample_rate=SAMPLE_RATE)
        description = replace(description, self_test=tuple(heard.probabilities.values()))
        _write(graph, description, file)
        off = difference(runtime.load(aside))
        if off > most:
            raise ModelError(
                f"{output}: not written, its answers are off by {off:.1e}; {most:.0e} is allowed"
            )
    return runtime.load(output)


def _inputs(subject: Experiment, fitted: Fitted) -> dict[str, InputDescription]:
    """How the graph's inputs are made: the net's own, or what its frozen encoders hear."""
    made = {}
    for name, spec in subject.recipe.inputs.items():
        ear = spec.front_end
        scaler = fitted.scalers[name]
        made[name] = (
            InputDescription(front_end=ear.hears, scaler=None)
            if isinstance(ear, Encoding)
            else InputDescription(front_end=ear, scaler=scaler)
        )
    return made


def _encoders(subject: Experiment, fitted: Fitted) -> dict[str, nn.Module]:
    """The frozen encoders before the net, each with the scaling of what it gives."""
    return {
        name: nn.Sequential(spec.front_end.module(), _Scaled(fitted.scalers[name]))
        for name, spec in subject.recipe.inputs.items()
        if isinstance(spec.front_end, Encoding)
    }


class _Scaled(nn.Module):
    """A scaler as a part of the graph: `[B, rows, T]` or `[B, rows]`; None changes nothing."""

    def __init__(self, scaler: Scaler | None) -> None:
        super().__init__()
        mean, std = (scaler.mean, scaler.std) if scaler else (np.zeros(1), np.ones(1))
        self.register_buffer("mean", torch.from_numpy(mean).float())
        self.register_buffer("std", torch.from_numpy(std).float())

    def forward(self, given: Tensor) -> Tensor:
        trailing = (1,) * (given.ndim - 2)
        return (given - self.mean.view(-1, *trailing)) / self.std.view(-1, *trailing)  # type: ignore[operator]


def to_onnx(
    graph: Graph, shapes: Mapping[str, tuple[int, ...]], *, free: Collection[str] = ()
) -> onnx.ModelProto:
    """Turn a graph into ONNX with a free batch axis and the outputs `logits` and `embedding`.

    The inputs that `free` names have a free last axis, too: a short window stays short.
    """
    names = graph.names
    batch = torch.export.Dim.DYNAMIC
    axes = [
        {0: batch, len(shapes[name]): torch.export.Dim.DYNAMIC} if name in free else {0: batch}
        for name in names
    ]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, about its own insides
        program = torch.onnx.export(
            graph.eval(),
            tuple(torch.zeros(2, *shapes[name]) for name in names),
            dynamo=True,
            input_names=names,
            output_names=_OUTPUTS,
            dynamic_shapes=(tuple(axes),),
            verbose=False,
        )
    assert program is not None
    for node in program.model.graph:
        for value in node.outputs:
            if value.name in _OUTPUTS and not value.is_graph_output():
                value.name += "_within"  # an operation's own name, as "embedding" may be
    return program.model_proto


def _median_best(fits: Sequence[Mapping[str, Any]]) -> int:
    return median_low([int(fit["best_epoch"]) for fit in fits])


def _write(graph: onnx.ModelProto, description: Description, file: BinaryIO) -> None:
    """Write a model in place of what the file held; it can then be loaded by its name."""
    del graph.metadata_props[:]
    entry = graph.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, description.to_json()
    graph.producer_name, graph.doc_string = "intone", ""
    file.seek(0)
    file.truncate()
    file.write(graph.SerializeToString())
    file.flush()


def _difference_from_torch(graph: Graph, model: Model) -> float:
    """The largest difference of a probability on the self-test signal, over its windows."""
    description = model.description
    prediction = model.predict(runtime.self_test_signal(), sample_rate=SAMPLE_RATE)
    heard = np.array([list(segment.probabilities.values()) for segment in prediction.timeline])
    windows = spoken.cut(runtime.self_test_signal(), description.window)
    batch = [
        torch.from_numpy(np.stack([description.inputs[name](window) for window in windows]))
        for name in graph.names
    ]
    with torch.inference_mode():
        logits, _ = graph(*batch)
        logits = logits / description.temperature
        expected = tasks.probabilities(nets.task(graph.net), logits).numpy()
    return float(np.abs(heard - expected).max())


def _training(subject: Experiment, record: Mapping[str, Any]) -> dict[str, Any]:
    """What the model was made from; digests let a scorer refuse its own training clips."""
    kept = ("recipe", "mapping", "data", "splits", "seeds", "parameters", "command", "environment")
    unlabelled = record.get("unlabelled", {})  # which early records do not tell
    known = [name for name in {**record["data"], **unlabelled} if name in corpora.names()]
    heard = (*subject.utterances, *subject.unlabelled)
    return {
        **{key: record[key] for key in kept},
        "unlabelled": unlabelled,
        "citations": {name: corpora.info(name).citation for name in known},
        "speakers": sorted({u.speaker for u in subject.utterances if u.speaker}),
        "clips": sorted({subject.digests[u.id][:DIGEST_LENGTH] for u in heard}),
    }
