"""Where speech is: a Silero model hears every frame, and a rule makes utterances of its answers.

The model is Silero VAD 6.2 (MIT; `models/LICENSE-silero-vad.txt`), in its form that reads many
frames at once. What it remembers is carried on, so the size of the pieces changes nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import accumulate

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from intone.audio import SAMPLE_RATE

NO_SPEECH = "no speech found"
"""the warning that stands at answers to music, noise or silence"""
FRAME = 512  # samples: 32 ms
_CONTEXT = 64  # samples of the frame before, which the model wants to see again
_LOUDEST = -20.0  # dB of full scale, root mean square: speech near a microphone
_FORGETTING = FRAME / SAMPLE_RATE  # dB in each frame

Floats = NDArray[np.float32]


class Detector:
    """Gives the probability of speech in each frame of one sound, mono at 16 kHz.

    The model hears each frame relative to the loudest so far, which is forgotten by 1 dB a second:
    so a recording's level changes nothing.
    """

    def __init__(self) -> None:
        self._session = _session()
        self._held = np.zeros(_CONTEXT, np.float32)  # the context, and what fills no frame yet
        self._h = self._c = np.zeros((1, 1, 128), np.float32)
        self._loudest = -np.inf  # dB

    def push(self, samples: Floats) -> Floats:
        """[n] -> the probabilities of the frames that these samples complete: [F]."""
        self._held = np.concatenate([self._held, samples])
        count = (len(self._held) - _CONTEXT) // FRAME
        if not count:
            return np.zeros(0, np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(self._held, _CONTEXT + FRAME)[::FRAME]
        inputs = {"input": self._levelled(frames), "h": self._h, "c": self._c}
        heard, self._h, self._c = self._session.run(["speech_probs", "hn", "cn"], inputs)
        self._held = self._held[count * FRAME :]
        return np.asarray(heard)

    def _levelled(self, frames: Floats) -> Floats:
        """[F, context and frame] -> the same, as loud as speech is."""
        power = np.square(frames[:, _CONTEXT:], dtype=np.float64).mean(axis=1)
        with np.errstate(divide="ignore"):
            levels = 10 * np.log10(power)
        loudest = np.array(list(accumulate(levels, _louder, initial=self._loudest)))[1:]
        self._loudest = loudest[-1]
        # of digital silence nothing can be made
        gains = np.where(np.isfinite(loudest), 10 ** ((_LOUDEST - loudest) / 20), 0)
        return (frames * gains[:, None]).astype(np.float32)

    def finish(self) -> Floats:
        """The probability of the last frame, padded with zeros, unless the sound ended with one."""
        rest = len(self._held) - _CONTEXT
        return self.push(np.zeros(-rest % FRAME, np.float32))


def _louder(loudest: float, level: float) -> float:
    return max(loudest - _FORGETTING, level)


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = (files("intone.models") / "silero_vad.onnx").read_bytes()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True, kw_only=True)
class SpeechRule:
    """When frames of speech are an utterance.

    Raises:
        ValueError: the margin is longer than the pause, so that utterances would overlap.
    """

    threshold: float = 0.5
    """a frame at least as probable is speech"""
    release: float = 0.35
    """a pause begins with a frame less probable, and ends with the next speech"""
    shortest: float = 0.25
    """seconds; speech that is shorter is no utterance"""
    pause: float = 0.4
    """seconds; a pause as long ends the utterance"""
    margin: float = 0.3
    """seconds around an utterance that are heard with it: breath, and the sound dying away"""

    def __post_init__(self) -> None:
        if self.margin > self.pause:
            raise ValueError(f"margin is {self.margin}; it must be at most the pause, {self.pause}")


@dataclass(frozen=True)
class Part:
    """Samples `start` to `stop` of the sound, which are to be heard as part of an utterance.

    The parts of an utterance follow each other without a gap. The last one knows, as `speech`,
    from which to which sample the utterance is spoken, without its margins.
    """

    start: int
    stop: int
    speech: tuple[int, int] | None = None


class Utterances:
    """Makes utterances of the probabilities of one sound's frames, as early as they are certain."""

    def __init__(self, rule: SpeechRule) -> None:
        self._rule = rule
        self._shortest, self._pause, self._margin = (
            round(seconds * SAMPLE_RATE) for seconds in (rule.shortest, rule.pause, rule.margin)
        )
        self._now = 0  # samples heard
        self._given = 0  # samples that are parts already, or lie before a part
        self._onset: int | None = None
        self._pausing: int | None = None  # where the pause began

    @property
    def needed(self) -> int:
        """The first sample that a part to come may begin with."""
        if self._onset is None:
            return max(self._given, self._now - self._margin)
        return max(self._given, self._onset - self._margin)

    def push(self, probabilities: Floats) -> list[Part]:
        """[F] -> the parts that are certain now."""
        parts = []
        for probability in probabilities.tolist():
            self._hear(probability)
            if self._pausing is not None and self._now - self._pausing >= self._pause:
                parts += self._close()
        return parts + self._certain()

    def finish(self, probabilities: Floats, total: int) -> list[Part]:
        """The last, incomplete frame [0 or 1] -> the utterance that the end of the sound cuts off.

        `total` is the number of samples of the sound.
        """
        for probability in probabilities.tolist():
            self._hear(probability)
        self._now = total
        return self._close()

    def _hear(self, probability: float) -> None:
        if probability >= self._rule.threshold:
            self._pausing = None
            if self._onset is None:
                self._onset = self._now
        elif probability < self._rule.release and self._onset is not None:
            self._pausing = self._now if self._pausing is None else self._pausing
        self._now += FRAME

    def _certain(self) -> list[Part]:
        """What belongs to the present utterance however it goes on."""
        if self._onset is None:
            return []
        spoken = self._now if self._pausing is None else self._pausing
        start, stop = self.needed, min(self._now, spoken + self._margin)
        if spoken - self._onset < self._shortest or start >= stop:
            return []
        self._given = stop
        return [Part(start, stop)]

    def _close(self) -> list[Part]:
        """End the present utterance, if there is one and it was long enough."""
        if self._onset is None:
            return []
        spoken = self._now if self._pausing is None else self._pausing
        onset, start = self._onset, self.needed
        self._onset = self._pausing = None
        if spoken - onset < self._shortest:
            return []
        self._given = min(self._now, spoken + self._margin)
        return [Part(start, self._given, (onset, spoken))]
