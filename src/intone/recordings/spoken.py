"""What is spoken in a sound, with a little of what is around it; silence is never heard by a model.

A model whose windows are cut from what is spoken (`WindowRule.spoken`) hears a clip without the
silence at its ends and without long pauses, in training as in use. Where nobody speaks, all is
heard.
"""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from intone import windows
from intone.recordings.vad import Detector, Part, SpeechRule, Utterances
from intone.windows import Cutter, WindowRule

VERSION = 1
"""counts up when other samples are kept of a sound: caches know by it"""

Floats = NDArray[np.float32]


class Spoken:
    """Cuts the utterances out of one sound, mono at 16 kHz, that arrives in pieces of any size."""

    def __init__(self) -> None:
        self._detector, self._utterances = Detector(), Utterances(SpeechRule())
        self._held = np.zeros(0, np.float32)
        self._offset = 0  # of the first held sample

    def push(self, samples: Floats) -> list[tuple[Part, Floats]]:
        """[n] -> the parts of utterances that these samples make certain."""
        self._held = np.concatenate([self._held, samples])
        parts = self._cut(self._utterances.push(self._detector.push(samples)))
        done = self._utterances.needed - self._offset
        self._held = self._held[done:]
        self._offset += done
        return parts

    def finish(self) -> list[tuple[Part, Floats]]:
        """The rest of the utterance that the end of the sound cuts off."""
        total = self._offset + len(self._held)
        return self._cut(self._utterances.finish(self._detector.finish(), total))

    def _cut(self, parts: list[Part]) -> list[tuple[Part, Floats]]:
        return [
            (part, self._held[part.start - self._offset : part.stop - self._offset])
            for part in parts
        ]


def only(samples: Floats) -> Floats:
    """[T] -> what is spoken, one utterance after the other; all, where nobody speaks."""
    spoken = Spoken()
    parts = [cut for _, cut in spoken.push(samples) + spoken.finish()]
    return np.concatenate(parts) if parts else samples


def cut(samples: Floats, rule: WindowRule) -> Floats:
    """[T] -> [W, length]: the windows of a whole clip, as a model hears it."""
    return windows.cut(only(samples) if rule.spoken else samples, rule)


@dataclass(frozen=True, eq=False)
class Window:
    """A window, and the samples of the sound where it starts and stops."""

    start: int
    stop: int
    samples: Floats


class Windows:
    """Cuts the windows of one sound that arrives in pieces: of what is spoken, if the rule says so.

    Until somebody speaks they are windows of all there is. `silent` of them, the first, do not
    count once somebody has.
    """

    def __init__(self, rule: WindowRule) -> None:
        self._rule = rule
        self._spoken, self._cutter = Spoken(), Cutter(rule)
        self._places: list[tuple[int, int]] = []  # from how much was cut on, and where that stands
        self._cut = self._total = self._given = 0
        self.silent = 0
        self.found = False
        """whether anybody has spoken so far"""

    def push(self, samples: Floats) -> list[Window]:
        """[n] -> the windows that these samples complete."""
        certain = self.found and not self._rule.spoken
        found = self._take(samples, [] if certain else self._spoken.push(samples))
        self._total += len(samples)
        return found

    def finish(self) -> list[Window]:
        """The last windows."""
        found = self._take(np.zeros(0, np.float32), self._spoken.finish())
        return found + self._placed(self._cutter.finish())

    def _take(self, samples: Floats, parts: list[tuple[Part, Floats]]) -> list[Window]:
        if parts and not self.found:
            self.found = True
            if self._rule.spoken:
                self._cutter, self._places, self._cut = Cutter(self._rule), [], 0
                self.silent = self._given
        if self.found and self._rule.spoken:
            pieces = [(part.start, piece) for part, piece in parts]
        else:
            pieces = [(self._total, samples)]
        found = []
        for start, piece in pieces:
            if not self._places or start != self._place(self._cut):
                self._places.append((self._cut, start))
            self._cut += len(piece)
            found += self._placed(self._cutter.push(piece))
        return found

    def _placed(self, cuts: list[tuple[int, Floats]]) -> list[Window]:
        self._given += len(cuts)
        stops = [min(start + self._rule.length, self._cut) for start, _ in cuts]
        return [
            Window(self._place(start), self._place(stop - 1) + 1, window)
            for (start, window), stop in zip(cuts, stops, strict=True)
        ]

    def _place(self, sample: int) -> int:
        """Where a sample of what was cut stands in the sound."""
        cut, start = self._places[bisect_right(self._places, (sample, float("inf"))) - 1]
        return start + sample - cut
