"""What all tests share: the real corpora, where they are, and made speech-like signals."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from intone import cli

SPEECH = Path(
    os.environ.get("INTONE_SPEECH", Path(__file__).parent.parent.parent / "shared" / "speech")
)


@pytest.fixture(scope="session")
def speech() -> Path:
    """The folder of real corpora; without it the test is skipped, by name."""
    if not SPEECH.is_dir():
        pytest.skip(f"needs the real corpora in {SPEECH} (set INTONE_SPEECH)")
    return SPEECH


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def random_encoders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Encoders with drawn weights: the published ones are not on every machine."""
    import torch

    from intone import encoders

    def drawn(name: str, blocks: tuple[int, ...]) -> torch.nn.Module:
        torch.manual_seed(0)
        return encoders.build(name, blocks).eval().requires_grad_(False)

    monkeypatch.setattr(encoders, "load", drawn)
    encoders.pooled.cache_clear()
    yield
    encoders.pooled.cache_clear()


PITCHES = {"angry": 330.0, "neutral": 140.0, "sad": 90.0}
SPEAKERS = 8


def made_voice(pitch: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A pulsing tone with overtones and a little noise, peak 0.5: float32 [T] at 16 kHz."""
    time = np.arange(round(seconds * 16_000)) / 16_000
    glide = pitch * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(1, 3) * time))
    phase = 2 * np.pi * np.cumsum(glide) / 16_000
    voice = sum(np.sin(overtone * phase) / overtone for overtone in range(1, 9))
    voice *= 0.6 - 0.4 * np.cos(2 * np.pi * 3 * time)
    voice += rng.normal(scale=0.02, size=len(voice))
    return (0.5 * voice / np.abs(voice).max()).astype(np.float32)


@pytest.fixture(scope="session")
def made_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder an emotion, four clips from each of eight speakers: `angry/s3-1.wav`."""
    root = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(7)
    for emotion, pitch in PITCHES.items():
        (root / emotion).mkdir()
        for speaker in range(SPEAKERS):
            for take in range(4):
                voice = made_voice(pitch * rng.uniform(0.9, 1.1), rng.uniform(0.4, 1.3), rng)
                soundfile.write(root / emotion / f"s{speaker}-{take}.wav", voice, 16_000)
    return root


TINY_RECIPE = """
title = "a tiny net on a made corpus"
window = { length = 16_000, hop = 8_000 }
protocol = { name = "unseen-speakers", folds = 2 }
inputs.frames = { features = [{ kind = "log_mel", n_mels = 32 }], n_fft = 1024, hop_length = 480 }
net.name = "SingleCNN"
training = { epochs = 6, learning_rate = 1e-2, batch_size = 8 }
"""


@pytest.fixture(scope="session")
def tiny_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(TINY_RECIPE)
    return path


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what tests decode out of the user's cache."""
    os.environ["INTONE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a command; gives its exit code, standard output and standard error."""

    def run(*arguments) -> tuple[int, str, str]:
        words = [str(argument) for argument in arguments]
        monkeypatch.setattr(sys, "argv", ["intone", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run
