"""A trained run -> a model file: refitted on everything, checked against torch, described."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median_low
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from intone import corpora, experiment, files, nets, runtime, tasks
from intone.audio import SAMPLE_RATE
from intone.errors import ModelError
from intone.experiment import Experiment, Fitted
from intone.progress import Track, silent
from intone.runtime import Description, InputDescription, Model

TOLERANCE = 1e-5
DIGEST_LENGTH = 16


class _WithEmbedding(nn.Module):
    """A net that also gives the input of its head: `[B, classes]` and `[B, D]`."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
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
    subject: Experiment, fitted: Fitted, record: Mapping[str, Any], output: Path, *, name: str
) -> Model:
    """Write the model file and verify it.

    Raises:
        ModelError: the file's probabilities differ from torch's by more than the tolerance.
    """
    net = fitted.net.cpu().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    graph = to_onnx(net, subject.data.shapes)
    task = nets.task(net)
    assert task != "reconstruction"  # `nets.build` makes no such net for labels
    description = Description(
        name=name,
        labels=subject.mapping.labels,
        window=subject.recipe.window,
        inputs={
            key: InputDescription(front_end=spec.front_end, scaler=fitted.scalers[key])
            for key, spec in subject.recipe.inputs.items()
        },
        task=task,
        temperature=1.0,
        training=_training(subject, record),
        expected=record["report"],
        tolerance=TOLERANCE,
    )
    files.check_writable(output)
    aside = output.with_name(output.name + ".part")
    _write(graph, description, aside)
    heard = runtime.load(aside).predict(runtime.self_test_signal(), sample_rate=SAMPLE_RATE)
    description = replace(description, self_test=tuple(heard.probabilities.values()))
    _write(graph, description, aside)
    difference = _difference_from_torch(net, runtime.load(aside))
    if difference > TOLERANCE:
        aside.unlink()
        raise ModelError(
            f"{output}: not written, its probabilities differ from torch's by {difference:.1e}"
        )
    aside.replace(output)
    return runtime.load(output)


def to_onnx(net: nn.Module, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """Turn a net into a graph with a free batch axis and the outputs `logits` and `embedding`."""
    names = nets.inputs(net)
    batch = torch.export.Dim("batch")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, about its own insides
        program = torch.onnx.export(
            _WithEmbedding(net).eval(),
            tuple(torch.zeros(2, *shapes[name]) for name in names),
            dynamo=True,
            input_names=names,
            output_names=["logits", "embedding"],
            dynamic_shapes=(tuple({0: batch} for _ in names),),
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def _median_best(fits: Sequence[Mapping[str, Any]]) -> int:
    return median_low([int(fit["best_epoch"]) for fit in fits])


def _write(graph: onnx.ModelProto, description: Description, path: Path) -> None:
    del graph.metadata_props[:]
    entry = graph.metadata_props.add()
    entry.key, entry.value = runtime.METADATA_KEY, description.to_json()
    graph.producer_name, graph.doc_string = "intone", ""
    onnx.save(graph, path)


def _difference_from_torch(net: nn.Module, model: Model) -> float:
    """The largest difference of a probability on the self-test signal, over its windows."""
    description = model.description
    prediction = model.predict(runtime.self_test_signal(), sample_rate=SAMPLE_RATE)
    heard = np.array([list(segment.probabilities.values()) for segment in prediction.timeline])
    cuts = runtime.windows_of([runtime.self_test_signal()], description.window)
    windows = [window for _, window in cuts]
    batch = {
        key: torch.from_numpy(np.stack([spec(window) for window in windows]))
        for key, spec in description.inputs.items()
    }
    with torch.inference_mode():
        expected = tasks.probabilities(nets.task(net), net(**batch)).numpy()
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
