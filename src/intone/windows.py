"""The one rule that cuts sound into windows, for training, files and streams alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

LONGEST = 600 * 16_000


@dataclass(frozen=True, kw_only=True)
class WindowRule:
    """Windows of `length` samples at multiples of `hop`; the last one is right-aligned.

    A sound shorter than a window is padded with zeros to `shortest` samples, which is the whole
    window unless the rule says otherwise: where time is pooled, a short window may stay short.

    Raises:
        ValueError: not 0 < hop <= length, which would leave samples unheard; a `shortest` beyond
            the length; or a window of over ten minutes.
    """

    length: int = 48_000
    hop: int = 24_000
    shortest: int | None = None
    spoken: bool = False
    """whether only what is spoken is heard (`recordings.spoken`)"""

    def __post_init__(self) -> None:
        if type(self.length) is not int or type(self.hop) is not int:
            raise ValueError(f"length and hop are whole numbers, not {self.length}, {self.hop}")
        if not 0 < self.hop <= self.length:
            raise ValueError(f"hop is {self.hop}; it must be 1 to length, {self.length}")
        if self.shortest is not None and not 0 < self.shortest <= self.length:
            raise ValueError(f"shortest is {self.shortest}; it must be 1 to length, {self.length}")
        if self.length > LONGEST:
            raise ValueError(f"length is {self.length} samples; at most {LONGEST} are")


def starts(total: int, rule: WindowRule) -> list[int]:
    """Where the windows of `total` samples begin; one at 0 when they do not fill a window.

    >>> starts(100, WindowRule(length=40, hop=25))
    [0, 25, 50, 60]
    """
    last = max(0, total - rule.length)
    return [*range(0, last, rule.hop), last]


def cut(samples: Samples, rule: WindowRule) -> Samples:
    """[T] -> [W, length], at `starts`; a shorter sound gives one window, see `WindowRule`."""
    cutter = Cutter(rule)
    windows = cutter.push(samples) + cutter.finish()
    return np.stack([window for _, window in windows])


def at(samples: Samples, start: int, rule: WindowRule) -> Samples:
    """[T] -> [length]: a copy of the window at `start`; a shorter one is padded at its end."""
    window = samples[start : start + rule.length]
    return np.pad(window, (0, max(0, (rule.shortest or rule.length) - len(window))))


def random_start(total: int, rule: WindowRule, rng: np.random.Generator) -> int:
    """A start for training, uniform over all that keep the window inside `total` samples."""
    return int(rng.integers(0, max(0, total - rule.length), endpoint=True))


class Cutter:
    """Gives the windows of one sound that arrives in pieces of any size.

    It holds at most the last window, the hop after it and the newest piece.
    """

    def __init__(self, rule: WindowRule) -> None:
        self._rule = rule
        self._held = np.zeros(0, np.float32)
        self._offset = 0  # of the first held sample
        self._next = 0  # start of the next window

    def push(self, samples: Samples) -> list[tuple[int, Samples]]:
        """[n] -> the windows that these samples complete, each with its start."""
        self._held = np.concatenate([self._held, samples])
        windows = []
        while self._next + self._rule.length <= self._offset + len(self._held):
            windows.append((self._next, self._window(self._next)))
            self._next += self._rule.hop
        done = max(0, self._next - self._rule.hop - self._offset)
        self._held = self._held[done:]
        self._offset += done
        return windows

    def finish(self) -> list[tuple[int, Samples]]:
        """The last window, right-aligned or padded, unless `push` has given it."""
        last = max(0, self._offset + len(self._held) - self._rule.length)
        if last == self._next - self._rule.hop:
            return []
        return [(last, self._window(last))]

    def _window(self, start: int) -> Samples:
        return at(self._held, start - self._offset, self._rule)
