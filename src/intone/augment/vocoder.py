"""The phase vocoder: another speed at the same pitch."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from intone.augment.augmentation import Floats

_N_FFT = 1024  # 64 ms: a few periods of a low voice
_HOP = _N_FFT // 4


def stretch(samples: Floats, rate: float) -> Floats:
    """Play samples `rate` times as fast at the same pitch: [T] -> [T / rate].

    Source: `librosa.effects.time_stretch` with `n_fft=1024`: a phase vocoder, whose magnitudes are
    interpolated and whose phases go on by what they advance from frame to frame.
    """
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)).astype(np.float32)
    padded = np.pad(samples, _N_FFT // 2)
    frames = np.fft.rfft(sliding_window_view(padded, _N_FFT)[::_HOP] * window)

    steps = np.arange(0, len(frames), rate)
    before = steps.astype(int)
    share = (steps - before)[:, np.newaxis]
    frames = np.pad(frames, ((0, 1), (0, 0)))
    magnitude, phase = np.abs(frames), np.angle(frames)
    expected = 2 * np.pi * _HOP / _N_FFT * np.arange(frames.shape[1])
    deviation = phase[before + 1] - phase[before] - expected
    advance = expected + deviation - 2 * np.pi * np.round(deviation / (2 * np.pi))
    phases = phase[0] + np.cumsum(advance, axis=0) - advance
    magnitudes = (1 - share) * magnitude[before] + share * magnitude[before + 1]

    made = np.fft.irfft(magnitudes * np.exp(1j * phases)) * window
    weight = _overlapped(np.broadcast_to(window**2, made.shape))
    whole = _overlapped(made) / np.maximum(weight, np.finfo(np.float32).tiny)
    return fitted(whole[_N_FFT // 2 :].astype(np.float32), round(len(samples) / rate))


def _overlapped(frames: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Add frames [F, n_fft] that follow each other by the hop: [T]."""
    quarters = frames.reshape(len(frames), -1, _HOP)
    total = np.zeros((len(frames) + quarters.shape[1] - 1, _HOP))
    for number in range(quarters.shape[1]):
        total[number : number + len(frames)] += quarters[:, number]
    return total.ravel()


def fitted(samples: Floats, length: int) -> Floats:
    """Cut samples, or pad them with zeros, at their end."""
    return np.pad(samples, (0, max(0, length - len(samples))))[:length]
