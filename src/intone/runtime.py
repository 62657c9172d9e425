"""A model file in, predictions out: what every way of asking a model goes through.

A model file is one ONNX graph from features to logits that carries its own description. A clip's
answer is the mean of the probabilities of its windows, and each window's answer depends on the
samples of that window alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from intone import audio, files
from intone.audio import SAMPLE_RATE, Source
from intone.description import METADATA_KEY, Description
from intone.errors import ModelError
from intone.progress import Track, silent
from intone.recordings import baseline
from intone.recordings.spoken import Window, Windows
from intone.recordings.timeline import WHOLE, Answer, Segment, Smoothing, Timeline, rows
from intone.recordings.vad import NO_SPEECH

Floats = NDArray[np.float32]

LARGE = Path("large")
"""the name of a bigger model, which is made by the recipe default/large"""


@dataclass(frozen=True, kw_only=True)
class Prediction(Answer):
    """What a model hears in one clip."""

    source: str
    timeline: tuple[Segment, ...]
    seconds: float
    model: str
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with what they say; so, too, of every window."""
        return {**super().to_dict(), "timeline": [part.to_dict() for part in self.timeline]}


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model file."""

    description: Description
    path: Path
    _session: onnxruntime.InferenceSession = field(repr=False)
    relative: str | None = None
    """the baseline of a speaker that answers are relative to; see `relative_to`"""
    _factors: NDArray[np.float64] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What the model is called, and what its answers are relative to."""
        name = self.description.name
        return f"{name}, relative to {self.relative}" if self.relative else name

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the probabilities."""
        return self.description.labels

    @property
    def threshold(self) -> float | None:
        """The least probability of a candidate; none is known of relative answers."""
        candidates = self.description.candidates
        return None if candidates is None or self.relative else candidates.threshold

    def predict(self, source: Source, *, sample_rate: int | None = None) -> Prediction:
        """Hear one clip of any length, read in blocks; a warning says where nobody speaks in it.

        If the model's windows are of what is spoken, silence is left out of the answer.

        `source` is a path, bytes, a binary file or an array; an array needs its `sample_rate`.

        Raises:
            AudioError: the clip cannot be used.
        """
        sound = audio.blocks(source, sample_rate=sample_rate)
        windows, speech = self._hear(sound)
        answers = self._answers(np.concatenate([window.logits for window in windows]))
        return Prediction(
            source=sound.name,
            probabilities=self._named(answers.mean(axis=0)),
            threshold=self.threshold,
            timeline=tuple(
                Segment(
                    start=window.start / SAMPLE_RATE,
                    end=window.stop / SAMPLE_RATE,
                    probabilities=self._named(row),
                    threshold=self.threshold,
                )
                for window, row in zip(windows, answers, strict=True)
            ),
            seconds=sound.seconds,
            model=self.name,
            warnings=sound.warnings if speech else (*sound.warnings, NO_SPEECH),
        )

    def hear(self, window: Floats) -> Mapping[str, float]:
        """Hear one window, as `intone.windows` cuts it: its probabilities."""
        return self._named(self._answers(self._run(window)[0])[0])

    def timeline(
        self,
        source: Source,
        *,
        sample_rate: int | None = None,
        hop: float | None = None,
        smoothing: Smoothing = WHOLE,
        first: float | None = None,
        track: Track = silent,
    ) -> Timeline:
        """Hear what is in a recording of any length, and when; `intone.recordings` says how.

        `hop` is in seconds, by default the model's own; `track` may show how far the reading is.
        Where `first` is given, answers are relative to how the speaker sounds in so many seconds.

        Raises:
            AudioError: the recording cannot be used, or nobody speaks in the first seconds; one
                that breaks off is only warned of.
            IntoneError: the hop is not more than 0, or longer than the model's window.
        """
        from intone.recordings import stream

        [timeline] = stream.hear(
            self,
            source,
            sample_rate=sample_rate,
            hop=hop,
            smoothing=smoothing,
            first=first,
            track=track,
        )
        return timeline

    def timelines(
        self,
        source: Source,
        *,
        sample_rate: int | None = None,
        hop: float | None = None,
        smoothing: Smoothing = WHOLE,
        first: float | None = None,
        track: Track = silent,
    ) -> tuple[Timeline, ...]:
        """Hear each channel of a recording by itself, as the two sides of a call; as `timeline`."""
        from intone.recordings import stream

        return stream.hear(
            self,
            source,
            sample_rate=sample_rate,
            separate=True,
            hop=hop,
            smoothing=smoothing,
            first=first,
            track=track,
        )

    def relative_to(self, source: Source, *, sample_rate: int | None = None) -> "Model":
        """Answer relative to how a person usually sounds, as in `source` (`recordings.baseline`).

        Raises:
            AudioError: the baseline cannot be used, or nobody speaks in it.
            ModelError: the model file does not say how the model answers neutral clips.
        """
        usual = self.timeline(source, sample_rate=sample_rate)
        answers = baseline.usual(self.description)
        factors = baseline.factors(answers, rows(usual.windows), audio.printable(usual.source))
        return replace(self, relative=usual.source, _factors=factors)

    def embed(self, source: Source, *, sample_rate: int | None = None) -> Floats:
        """Give the input of the net's last layer, averaged over the clip's windows: `[D]`.

        Raises:
            AudioError: the clip cannot be used.
        """
        windows, _ = self._hear(audio.blocks(source, sample_rate=sample_rate))
        return np.asarray(np.mean([window.embedding[0] for window in windows], axis=0))

    def self_test(self) -> float:
        """Rerun the self-test: how far the farthest probability is from the file's own."""
        prediction = self.predict(self_test_signal(), sample_rate=SAMPLE_RATE)
        expected = self.description.self_test
        heard = prediction.probabilities.values()
        return max(abs(a - b) for a, b in zip(heard, expected, strict=True))

    def _hear(self, blocks: Iterable[Floats]) -> tuple[list["_Heard"], bool]:
        """Run every window that counts; and say whether anybody speaks.

        One by one: on a processor that is faster than in batches, and windows may differ in length.
        """
        passing = Windows(self.description.window)
        heard = [self._hear_window(window) for block in blocks for window in passing.push(block)]
        heard += map(self._hear_window, passing.finish())
        return heard[passing.silent :], passing.found

    def _hear_window(self, window: Window) -> "_Heard":
        return _Heard(window.start, window.stop, *self._run(window.samples))

    def _run(self, window: Floats) -> list[Floats]:
        """Run the graph on one window: its logits `[1, C]` and embedding `[1, D]`."""
        inputs = {name: spec(window)[None] for name, spec in self.description.inputs.items()}
        outputs: list[Floats] = self._session.run(["logits", "embedding"], inputs)
        return outputs

    def _answers(self, logits: Floats) -> NDArray[np.float64]:
        """Logits `[W, C]` -> probabilities."""
        heard = _probabilities(self.description.task, logits / self.description.temperature)
        return heard if self._factors is None else baseline.applied(heard, self._factors)

    def _named(self, row: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(self.labels, row.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class _Heard:
    """A window's place in samples, and what the graph made of it."""

    start: int
    stop: int
    logits: Floats
    """`[1, C]`"""
    embedding: Floats
    """`[1, D]`"""


def load(path: str | Path | None = None, *, threads: int = 1) -> Model:
    """Load a model file; without a path, the model that comes with Intone.

    `large` is a bigger one, which does not come with it: see `located`.

    Raises:
        ModelError: no such file, not a model file of Intone, a newer one, or a damaged one.
    """
    if path is None:
        with resources.as_file(resources.files("intone.models") / "default.onnx") as default:
            return load(default, threads=threads)
    path = located(Path(path))
    if not path.is_file():
        what = "a folder" if path.is_dir() else "there is no such model file"
        made = "intone export makes a model file from a run"
        if path == located(LARGE):
            made = (
                "the large model is made once: intone train default/large --data NAME=DIR, then "
                "intone export runs/large --output large"
            )
        raise ModelError(f"{path}: {what}; {made}")
    session = _session(path, threads)
    metadata = session.get_modelmeta().custom_metadata_map
    if METADATA_KEY not in metadata:
        raise ModelError(
            f"{path}: an ONNX file, but not a model of Intone; intone export makes one"
        )
    description = Description.from_json(metadata[METADATA_KEY], str(path))
    if not _fits(session, description):
        raise ModelError(f"{path}: its graph does not fit its description; export it again")
    return Model(description, path, session)


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Open a graph; whatever it is stored in, it is computed in float32."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # else what is multiplied by weights in int8 is rounded to int8, too
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no public base class
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{path}: not an ONNX file that can be loaded ({reason}); intone export makes a model "
            "file from a run"
        ) from None


def located(path: Path) -> Path:
    """Say where a model file is: `large` is kept in the cache folder, where it is exported to."""
    return files.cache_folder() / "models" / "large.onnx" if path == LARGE else path


def _fits(session: onnxruntime.InferenceSession, description: Description) -> bool:
    """Whether the graph reads what the front ends give, and gives what is read."""
    length = description.window.length
    given = {name: spec.front_end.shape(length) for name, spec in description.inputs.items()}
    read = {node.name: node.shape[1:] for node in session.get_inputs()}
    outputs = {node.name: node.shape for node in session.get_outputs()}
    return (
        given.keys() == read.keys()
        and all(_reads(read[name], shape) for name, shape in given.items())
        and {"logits", "embedding"} <= outputs.keys()
        and outputs["logits"][1:] == [len(description.labels)]
    )


def _reads(axes: list[int | str | None], shape: tuple[int, ...]) -> bool:
    """Whether a graph's input takes arrays of this shape; an axis without a number is free."""
    return len(axes) == len(shape) and all(
        axis == size or not isinstance(axis, int) for axis, size in zip(axes, shape, strict=True)
    )


def predict(source: Source, *, sample_rate: int | None = None) -> Prediction:
    """Hear one clip with the model that comes with Intone.

    Raises:
        AudioError: the clip cannot be used.
    """
    return _default().predict(source, sample_rate=sample_rate)


@lru_cache(maxsize=1)
def _default() -> Model:
    return load()


def self_test_signal() -> Floats:
    """Make 4 s of a gliding, pulsing tone with overtones: speech-like, and the same everywhere."""
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    pitch = 140 + 60 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    voice = sum(np.sin(overtone * phase) / overtone for overtone in range(1, 20))
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * 3.3 * time)
    return (0.1 * syllables * voice).astype(np.float32)


def _probabilities(task: str, logits: Floats) -> NDArray[np.float64]:
    """Logits `[W, C]` -> probabilities that sum to 1, in float64; `intone.tasks` says why."""
    exact = logits.astype(np.float64)
    if task == "one of many":
        own = np.exp(exact - exact.max(axis=1, keepdims=True))
    else:
        own = 1 / (1 + np.exp(-exact))
    return np.asarray(own / own.sum(axis=1, keepdims=True))
