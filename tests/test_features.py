"""Features against librosa, the oracle of their definitions, and against themselves."""

import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pydantic import TypeAdapter, ValidationError

from intone.errors import DataError, IntoneError
from intone.features import (
    FEATURES_VERSION,
    Chroma,
    Energy,
    Feature,
    FrontEnd,
    LogMel,
    Mel,
    Mfcc,
    Rms,
    Samples,
    Scaler,
    Spectrogram,
    Stft,
    ZeroCrossingRate,
    chroma_weights,
    mel_weights,
)

RATE = 16_000
FOLDERS = ("ravdess", "tess", "savee", "emodb", "crema_d/rebuilt")
CLIPS_PER_FOLDER = 41
EVERY_FEATURE = (
    Mel(),
    LogMel(),
    Mfcc(),
    Chroma(),
    Spectrogram(),
    ZeroCrossingRate(),
    Rms(),
    Energy(),
    Samples(),
)
BAG = (LogMel(), Mfcc(), Chroma(), ZeroCrossingRate(), Rms())
GOLDEN = {
    "default": FrontEnd(features=BAG),
    "short_frames": FrontEnd(
        features=(Mel(n_mels=40, fmin=50, fmax=7000), LogMel(n_mels=40, ref="max"), Energy()),
        n_fft=512,
        hop_length=160,
        win_length=400,
        window="hamming",
        center=False,
        pre_emphasis=0.97,
    ),
    "pooled": FrontEnd(
        features=(Spectrogram(power=1), Mfcc(n_mfcc=15), Chroma(n_chroma=24)),
        n_fft=1024,
        hop_length=256,
        level="rms",
        pool=("mean", "std"),
    ),
}


def made_speech(seconds: float = 1.0) -> np.ndarray:
    """A gliding, trembling harmonic sound in noise, with a pause: float32 [T]."""
    rng = np.random.default_rng(7)
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 3 * time)) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 20)) * (np.sin(9 * time) > -0.6)
    return (0.1 * voice + 0.003 * rng.standard_normal(len(time))).astype(np.float32)


def impulse() -> np.ndarray:
    sound = np.zeros(RATE // 2, np.float32)
    sound[3001] = 1
    return sound


SIGNALS = {
    "speech": made_speech(),
    "silence": np.zeros(RATE // 2, np.float32),
    "offset": np.full(RATE // 2, 0.25, np.float32),
    "impulse": impulse(),
    "tone": np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE).astype(np.float32),
    "nearly zero": np.resize(np.float32([1e-10, -1e-10, 2e-10, -2e-10, 0.0, -0.0]), 5000),
    "short": made_speech(0.05),
}
SETTINGS = {
    "default": {},
    "uncentred": {"n_fft": 1024, "hop_length": 256, "center": False},
    "narrow window": {"n_fft": 1024, "hop_length": 200, "win_length": 401},
    "hamming": {"n_fft": 512, "hop_length": 160, "win_length": 400, "window": "hamming"},
    "odd": {"n_fft": 999, "hop_length": 333},
    "sparse": {"n_fft": 512, "hop_length": 700},
}
FEATURES = {
    "default": EVERY_FEATURE,
    "narrow band": (
        Mel(n_mels=60, fmin=80, fmax=7600),
        LogMel(n_mels=60, fmin=80, fmax=7600, ref="max"),
        Mfcc(n_mfcc=15, n_mels=60, fmin=80, fmax=7600),
        Chroma(n_chroma=24),
        Spectrogram(power=1),
    ),
    "all coefficients": (LogMel(top_db=30), Mfcc(n_mfcc=128), Chroma(n_chroma=7)),
}


def oracle(feature: Feature, y: np.ndarray, **stft) -> np.ndarray:
    """What librosa says the feature is."""
    bands = {k: getattr(feature, k) for k in ("n_mels", "fmin", "fmax") if hasattr(feature, k)}
    frames = {
        "frame_length": stft.get("n_fft", 2048),
        "hop_length": stft.get("hop_length", 512),
        "center": stft.get("center", True),
    }
    match feature:
        case Mel():
            return librosa.feature.melspectrogram(y=y, sr=RATE, **stft, **bands)
        case LogMel():
            power = librosa.feature.melspectrogram(y=y, sr=RATE, **stft, **bands)
            ref = np.max if feature.ref == "max" else 1.0
            return librosa.power_to_db(power, ref=ref, top_db=feature.top_db)
        case Mfcc():
            return librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=feature.n_mfcc, **stft, **bands)
        case Chroma():
            return librosa.feature.chroma_stft(
                y=y, sr=RATE, tuning=0, n_chroma=feature.n_chroma, **stft
            )
        case Spectrogram():
            return np.abs(librosa.stft(y, **{"hop_length": 512} | stft)) ** feature.power
        case ZeroCrossingRate():
            return librosa.feature.zero_crossing_rate(y, **frames).astype(np.float32)
        case Rms():
            return librosa.feature.rms(y=y, **frames)
        case Energy():
            return librosa.feature.rms(y=y, **frames) ** 2
        case Samples():
            length, hop = frames["frame_length"], frames["hop_length"]
            padded = np.pad(y, length // 2) if frames["center"] else y
            return librosa.util.frame(padded, frame_length=length, hop_length=hop)
    raise AssertionError(f"no oracle for {feature}")


def assert_equals_librosa(feature: Feature, y: np.ndarray, **stft) -> None:
    """Hold a feature to its tolerance, which for power is relative, above the rounding noise."""
    actual, expected = hear(feature, y, **stft), oracle(feature, y, **stft)
    assert actual.dtype == np.float32
    assert actual.shape == expected.shape
    match feature:
        case LogMel():
            assert_allclose(actual, expected, rtol=0, atol=1e-3)
        case Mfcc():
            assert_allclose(actual, expected, rtol=0, atol=2e-3)
        case Chroma():
            assert_allclose(actual, expected, rtol=0, atol=1e-5)
        case ZeroCrossingRate() | Samples():
            assert_array_equal(actual, expected)
        case Rms() | Energy():
            assert_allclose(actual, expected, rtol=1e-6, atol=1e-6)
        case Mel() | Spectrogram():
            noise = 1e-8 if getattr(feature, "power", 2) == 2 else 1e-4
            floor = noise * expected.max() + 1e-15 * np.square(y).sum()
            assert_allclose(actual, expected, rtol=3e-4, atol=floor)


def hear(feature: Feature, y: np.ndarray, **stft) -> np.ndarray:
    return FrontEnd(features=(feature,), **stft)(y)


@pytest.mark.parametrize("folder", FOLDERS)
def test_real_speech_equals_librosa(speech, folder):
    paths = sorted(p for p in (speech / folder).rglob("*") if p.suffix in {".flac", ".opus"})
    for path in random.Random(0).sample(paths, CLIPS_PER_FOLDER):
        y = soundfile.read(path, dtype="float32")[0]
        for feature in EVERY_FEATURE:
            assert_equals_librosa(feature, y)


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large", "ignore:Empty filters")
@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("signal", SIGNALS)
def test_every_setting_equals_librosa(signal, settings, features):
    y, stft = SIGNALS[signal], SETTINGS[settings]
    if not stft.get("center", True) and len(y) < stft["n_fft"]:
        with pytest.raises(DataError, match=r"800 samples is too short .* give 1024"):
            hear(LogMel(), y, **stft)
        return
    for feature in FEATURES[features]:
        assert_equals_librosa(feature, y, **stft)


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize("n_fft", [2048, 512, 999])
@pytest.mark.parametrize(("n_mels", "fmin", "fmax"), [(128, 0, None), (60, 80, 7600), (3, 0, 900)])
def test_mel_filters_equal_librosas(n_fft, n_mels, fmin, fmax):
    settings = {"n_fft": n_fft, "n_mels": n_mels, "fmin": fmin, "fmax": fmax}
    expected = librosa.filters.mel(sr=RATE, dtype=np.float64, **settings)
    assert_allclose(mel_weights(**settings), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("n_fft", [2048, 512, 999])
@pytest.mark.parametrize("n_chroma", [12, 24, 7])
def test_chroma_filters_equal_librosas(n_fft, n_chroma):
    expected = librosa.filters.chroma(sr=RATE, n_fft=n_fft, n_chroma=n_chroma, dtype=np.float64)
    assert_allclose(chroma_weights(n_fft=n_fft, n_chroma=n_chroma), expected, rtol=1e-9)


def test_mel_bands_between_two_bins_are_empty():
    front_end = FrontEnd(features=(Mel(n_mels=33, fmax=100),), n_fft=64, hop_length=64)
    heard = front_end(made_speech(0.1))
    assert heard.shape == (33, 26)
    assert_array_equal(heard, 0)


@pytest.mark.parametrize("length", [2, 800, 16_000])
def test_pre_emphasis_equals_librosas_first_sample_included(length):
    y = made_speech()[5000 : 5000 + length]
    heard = hear(Spectrogram(power=1), y, pre_emphasis=0.97)
    expected = hear(Spectrogram(power=1), librosa.effects.preemphasis(y, coef=0.97))
    assert_array_equal(heard, expected)


def test_pre_emphasis_of_one_sample():
    heard = hear(Energy(), np.float32([0.5]), pre_emphasis=0.97, n_fft=2, hop_length=2)
    assert_array_equal(heard, [[0.5]])  # twice the sample, squared, over two


@pytest.mark.parametrize("feature", EVERY_FEATURE, ids=lambda feature: feature.kind)
@pytest.mark.parametrize("level", ["peak", "rms"])
def test_level_makes_loud_and_soft_the_same(feature, level):
    loud = hear(feature, made_speech(), level=level)
    assert_array_equal(hear(feature, made_speech() / 1024, level=level), loud)
    assert_allclose(hear(feature, made_speech() * 0.3, level=level), loud, rtol=1e-3, atol=1e-4)


def test_level_is_the_windows_own():
    y = made_speech()
    assert_allclose(hear(Rms(), y, level="peak"), hear(Rms(), y) / np.abs(y).max(), rtol=1e-6)
    root = np.sqrt(np.mean(y.astype(np.float64) ** 2))
    assert_allclose(hear(Rms(), y, level="rms"), hear(Rms(), y) / root, rtol=1e-5)


@pytest.mark.parametrize("level", ["peak", "rms"])
def test_silence_stays_silence(level):
    heard = FrontEnd(features=EVERY_FEATURE, level=level)(np.zeros(4000, np.float32))
    silence = [np.full((128, 8), -100)]  # log-mel
    silence += [np.full((1, 8), -100 * np.sqrt(128)), np.zeros((39, 8))]  # MFCC
    assert_allclose(heard[128 : 128 + 168], np.vstack(silence), atol=1e-3)
    assert_array_equal(np.delete(heard, np.s_[128 : 128 + 168], axis=0), 0)


def test_samples_of_frames_of_one_are_the_sound_itself():
    itself = FrontEnd(features=(Samples(),), n_fft=1, hop_length=1, center=False)
    assert_array_equal(itself(made_speech(0.1)), made_speech(0.1)[None])
    assert itself.shape(1600) == (1, 1600)


def test_features_stand_one_above_the_other():
    y = made_speech()
    heard = FrontEnd(features=EVERY_FEATURE)(y)
    assert_array_equal(heard, np.vstack([hear(feature, y) for feature in EVERY_FEATURE]))


def test_pooling_stacks_statistics_over_time():
    y = made_speech()
    frames = FrontEnd(features=BAG)(y).astype(np.float64)
    pooled = FrontEnd(features=BAG, pool=("std", "mean"))(y)
    assert pooled.dtype == np.float32
    assert_allclose(pooled[:182], frames.std(axis=1), rtol=1e-4, atol=1e-5)
    assert_allclose(pooled[182:], frames.mean(axis=1), rtol=1e-4, atol=1e-5)


def test_a_window_is_left_as_it_was_and_heard_the_same_again():
    front_end = FrontEnd(features=EVERY_FEATURE, level="peak", pre_emphasis=0.97)
    y = made_speech()
    kept = y.copy()
    first = front_end(y)
    FrontEnd(features=EVERY_FEATURE)(impulse())
    assert_array_equal(front_end(y), first)
    assert_array_equal(y, kept)


def test_one_stft_serves_all_features(monkeypatch):
    transformed = []
    rfft = np.fft.rfft
    monkeypatch.setattr(np.fft, "rfft", lambda x: transformed.append(len(x)) or rfft(x))
    FrontEnd(features=EVERY_FEATURE)(made_speech())
    assert sum(transformed) == 1 + RATE // 512
    stft = Stft(made_speech())
    assert stft.of(LogMel(n_mels=60)) is stft.of(LogMel(n_mels=60))
    assert stft.of(LogMel(n_mels=60)) is not stft.of(LogMel(n_mels=61))


@given(
    length=st.integers(1, 4000),
    n_fft=st.integers(2, 600),
    hop_length=st.integers(1, 700),
    center=st.booleans(),
    pool=st.sampled_from([(), ("mean",), ("mean", "std")]),
)
def test_shape_tells_what_a_window_gives(length, n_fft, hop_length, center, pool):
    features = (Mel(n_mels=2), Mfcc(n_mfcc=1, n_mels=2), Spectrogram(), ZeroCrossingRate())
    front_end = FrontEnd(
        features=features, n_fft=n_fft, hop_length=hop_length, center=center, pool=pool
    )
    window = np.ones(length, np.float32)
    if not center and length < n_fft:
        with pytest.raises(DataError, match="too short"):
            front_end.shape(length)
        with pytest.raises(DataError, match="too short"):
            front_end(window)
        return
    assert front_end(window).shape == front_end.shape(length)
    if center and n_fft % 2 == 0 and not pool:
        assert front_end.shape(length)[1] == 1 + length // hop_length


def test_an_empty_window_is_refused():
    with pytest.raises(DataError, match=r"0 samples is too short .* give 1 or more"):
        FrontEnd(features=(Rms(),))(np.zeros(0, np.float32))


@pytest.mark.parametrize("front_end", GOLDEN.values(), ids=GOLDEN)
def test_plain_data_and_back(front_end):
    data = front_end.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert FrontEnd.from_dict(data, "here") == front_end
    assert TypeAdapter(FrontEnd).validate_python(data) == front_end


def test_plain_data_says_what_it_means():
    assert FrontEnd(features=(Mfcc(n_mfcc=13), Rms()), pool=("mean",)).to_dict() == {
        "features": [
            {"kind": "mfcc", "n_mfcc": 13, "n_mels": 128, "fmin": 0.0, "fmax": None},
            {"kind": "rms"},
        ],
        "n_fft": 2048,
        "hop_length": 512,
        "win_length": None,
        "window": "hann",
        "center": True,
        "edges": "zeros",
        "pre_emphasis": 0.0,
        "level": "as is",
        "pool": ["mean"],
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"features": [{"kind": "rms"}], "hop": 1},
            "a.toml: unknown setting hop; known are .*n_fft",
        ),
        ({"features": [{"kind": "mfcc", "mfcc": 1}]}, "a.toml, mfcc: unknown setting mfcc; known"),
        ({"features": [{"kind": "mfc"}]}, "a.toml: unknown kind of feature 'mfc'; known are mel,"),
        ({"features": [{"n_mfcc": 1}]}, "a.toml: unknown kind of feature None"),
        ({"features": ["mfcc"]}, "a.toml: unknown kind of feature 'mfcc'"),
        ({"features": [{"kind": ["mel"]}]}, r"a.toml: unknown kind of feature \['mel'\]"),
        ({"features": "mfcc"}, "a.toml: features must be a list, not 'mfcc'"),
        ({}, "a.toml: features is empty"),
        (
            {"features": [{"kind": "mel", "n_mels": 0}]},
            "a.toml, mel: n_mels must be a whole number",
        ),
        ({"features": [{"kind": "mel", "fmin": "low"}]}, "a.toml, mel: "),
    ],
)
def test_strange_plain_data_is_refused_by_name(data, message):
    with pytest.raises(IntoneError, match=message) as caught:
        FrontEnd.from_dict(data, "a.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ({"n_mfcc": 13}, "Unable to extract tag using discriminator 'kind'"),
        ({"kind": "mfc"}, "Input tag 'mfc' found using 'kind' does not match"),
        ({"kind": "mfcc", "mfcc": 13}, "features.0.mfcc.mfcc\n  Unexpected keyword argument"),
        (
            {"kind": "mfcc", "n_mfcc": "many"},
            "features.0.mfcc.n_mfcc\n  Input should be a valid int",
        ),
        ({"kind": "mfcc", "n_mfcc": 200}, "n_mfcc=200 is more than n_mels=128"),
    ],
)
def test_pydantic_chooses_by_kind_and_refuses_the_rest(feature, message):
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(FrontEnd).validate_python({"features": [feature]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Mel(n_mels=2.5), "n_mels must be a whole number above 0, not 2.5"),
        (lambda: Mel(n_mels=True), "n_mels must be a whole number above 0, not True"),
        (lambda: LogMel(fmin=-1), "fmin=-1 and fmax=None must rise within 0 to 8000 Hz"),
        (lambda: LogMel(fmin=500, fmax=500), "fmin=500 and fmax=500 must rise"),
        (lambda: LogMel(fmax=8001), "fmax=8001 must rise within 0 to 8000 Hz"),
        (lambda: LogMel(fmin=float("nan")), "fmin=nan"),
        (lambda: LogMel(ref="peak"), "ref must be one of 'one', 'max', not 'peak'"),
        (lambda: LogMel(top_db=0), "top_db must be above 0, not 0"),
        (lambda: Mfcc(n_mfcc=41, n_mels=40), "n_mfcc=41 is more than n_mels=40"),
        (lambda: Mfcc(n_mfcc=0), "n_mfcc must be"),
        (lambda: Chroma(n_chroma=0), "n_chroma must be"),
        (lambda: Chroma(n_chroma=10**11), "n_chroma must be 120 or less, not 100000000000"),
        (lambda: Spectrogram(power=3), "power must be one of 1, 2, not 3"),
        (lambda: FrontEnd(features=()), "features is empty"),
        (lambda: FrontEnd(features=(Rms(),), n_fft=0), "n_fft must be"),
        (lambda: FrontEnd(features=(Rms(),), hop_length=-1), "hop_length must be"),
        (lambda: FrontEnd(features=(Rms(),), win_length=0), "win_length must be"),
        (
            lambda: FrontEnd(features=(Rms(),), win_length=2049),
            "win_length=2049 is more than n_fft",
        ),
        (lambda: FrontEnd(features=(Rms(),), window="blackman"), "one of 'hann', 'hamming', not"),
        (lambda: FrontEnd(features=(Rms(),), center="no"), "center must be one of True, False"),
        (lambda: FrontEnd(features=(Rms(),), pre_emphasis=97), "pre_emphasis must be 0 to 1"),
        (lambda: FrontEnd(features=(Rms(),), level="loud"), "level must be one of 'as is', 'peak'"),
        (lambda: FrontEnd(features=(Rms(),), pool=("max",)), "pool must be one of 'mean', 'std'"),
        (lambda: FrontEnd(features=(Mel(),), n_fft=128), "n_mels=128 is more than the 65 bins"),
        (lambda: FrontEnd(features=(Mfcc(),), n_fft=128), "n_mels=128 is more than the 65 bins"),
        (lambda: Scaler(np.zeros(2), np.ones(3)), "one mean and one standard deviation"),
        (lambda: Scaler(np.zeros(2), np.float32([1, 0])), "standard deviation above 0"),
    ],
)
def test_values_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_feature_is_one_class():
    @dataclass(frozen=True, kw_only=True)
    class Peak(Feature):
        kind: Literal["peak"] = "peak"
        power: int = 1

        def rows(self, stft):
            return 1

        def compute(self, stft):
            return np.abs(stft.frames).max(axis=1)[np.newaxis] ** self.power

    data = {"features": [{"kind": "peak", "power": 2}], "hop_length": 1000, "center": False}
    front_end = FrontEnd.from_dict(data, "here")
    y = made_speech()
    expected = [[np.abs(y[i : i + 2048]).max() ** 2 for i in range(0, len(y) - 2047, 1000)]]
    assert_array_equal(front_end(y), np.float32(expected))
    assert TypeAdapter(FrontEnd).validate_python(data) == front_end


@given(
    rows=st.integers(1, 4),
    frames=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    offset=st.sampled_from([0.0, -80.0, 1000.0]),
    seed=st.integers(0, 99),
)
def test_scaler_measures_all_frames(rows, frames, offset, seed):
    rng = np.random.default_rng(seed)
    arrays = [(offset + rng.normal(size=(rows, n))).astype(np.float32) for n in frames]
    joined = np.concatenate(arrays, axis=1).astype(np.float64)
    scaler = Scaler.fit(iter(arrays))
    std = joined.std(axis=1)
    assert_allclose(scaler.mean, joined.mean(axis=1), rtol=1e-6, atol=1e-6)
    assert_allclose(scaler.std, np.where(std > 0, std, 1), rtol=1e-5)
    scaled = scaler(arrays[0])
    assert scaled.dtype == np.float32
    expected = (arrays[0] - scaler.mean[:, None]) / scaler.std[:, None]
    assert_array_equal(scaled, expected)


def test_scaler_of_pooled_windows_scales_value_by_value():
    windows = np.float32([[1, 10, 0.1], [3, 30, 0.1]])
    scaler = Scaler.fit(windows)
    assert_allclose(scaler.mean, [2, 20, 0.1], rtol=1e-6)
    assert_array_equal(scaler.std, [1, 10, 1])  # what never varies is left alone
    assert_array_equal(scaler(windows[1]), [1, 1, 0])


def test_a_constant_far_from_zero_has_no_spread():
    arrays = np.full((1000, 1, 50), -123.456, np.float32)
    scaler = Scaler.fit(arrays)
    assert_array_equal(scaler.std, [1])
    assert_array_equal(scaler(arrays[0]), np.zeros((1, 50)))


def test_a_scaler_read_from_a_file_is_the_fitted_one():
    array = FrontEnd(features=BAG)(made_speech())
    fitted = Scaler.fit([array])
    text = json.dumps({"mean": fitted.mean.tolist(), "std": fitted.std.tolist()})
    read = Scaler(**{name: np.asarray(values) for name, values in json.loads(text).items()})
    assert_array_equal(read(array), fitted(array))


def test_a_scaler_needs_windows():
    with pytest.raises(DataError, match="no windows to fit the scaler on"):
        Scaler.fit([])


def golden_path() -> Path:
    return Path(__file__).parent / "golden" / f"features_v{FEATURES_VERSION}.npz"


def write_golden() -> None:
    """Write the golden arrays of a new FEATURES_VERSION: `python tests/test_features.py`."""
    signal = np.round(made_speech(0.5) * 32768).astype(np.int16)
    heard = {name: end(np.float32(signal) / 32768) for name, end in GOLDEN.items()}
    np.savez_compressed(golden_path(), signal=signal, **heard)


@pytest.mark.parametrize("name", GOLDEN)
def test_definitions_stand_still(name):
    with np.load(golden_path()) as golden:
        heard = GOLDEN[name](np.float32(golden["signal"]) / 32768)
        assert_allclose(heard, golden[name], rtol=1e-4, atol=1e-4)


def test_hearing_imports_no_heavy_library():
    code = "import sys, intone.features; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "scipy", "sklearn", "librosa", "pydantic"}
    assert not heavy & set(run.stdout.split())


if __name__ == "__main__":
    write_golden()
