"""The cache of decoded sound: the same samples, decoded once, whole or not there."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from intone import audio, cache, corpora, windows
from intone.augment.sound import Noise
from intone.errors import DataError
from intone.features import FrontEnd, LogMel
from intone.windows import WindowRule


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INTONE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def clips(made_corpus):
    return corpora.read("folder", made_corpus)[:10]


def test_gives_the_samples_that_audio_gives(own_cache, clips):
    sounds = cache.decode(clips)
    for clip in clips:
        np.testing.assert_array_equal(sounds.samples[clip.id], audio.load(clip.path).samples)
        assert sounds.digests[clip.id] == cache.digest(sounds.samples[clip.id])


def test_a_second_run_decodes_nothing(own_cache, clips, monkeypatch):
    first = cache.decode(clips)
    monkeypatch.setattr(audio, "load", lambda path: pytest.fail(f"decoded {path} again"))
    again = cache.decode(clips)
    assert again.digests == first.digests


def test_a_changed_file_is_decoded_anew(own_cache, tmp_path):
    path = tmp_path / "angry" / "a.wav"
    path.parent.mkdir()
    soundfile.write(path, np.full(8000, 0.1, np.float32), 16_000)
    [clip] = corpora.read("folder", tmp_path)
    before = cache.decode([clip]).digests
    soundfile.write(path, np.full(9000, 0.2, np.float32), 16_000)
    after = cache.decode([clip])
    assert after.digests != before
    assert len(after.samples[clip.id]) == 9000


def test_a_killed_run_leaves_no_broken_cache(own_cache, clips):
    class KilledError(Exception):
        pass

    def killed(items, label, total):
        yield next(iter(items))
        raise KilledError

    with pytest.raises(KilledError):
        cache.decode(clips, track=killed)
    assert list(own_cache.iterdir()) == []
    assert len(cache.decode(clips).samples) == 10


def test_clips_that_cannot_be_used_are_named(own_cache, clips, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"")
    bad = replace(clips[0], id="folder/bad", path=tmp_path / "bad.wav")
    with pytest.raises(DataError, match=r"1 of 11 clips of folder .*bad\.wav: the file is empty"):
        cache.decode([*clips, bad])
    assert list(own_cache.iterdir()) == []


def test_no_room_is_said_in_a_line(monkeypatch, clips, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("INTONE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match="set INTONE_CACHE to another folder"):
        cache.decode(clips)


def test_a_full_disk_is_said_in_a_line_and_nothing_broken_is_left(own_cache, made_corpus):
    code = f"""
import resource, signal
from pathlib import Path
from intone import cache, corpora
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
cache.decode(corpora.read("folder", Path({str(made_corpus)!r})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "make room, or set INTONE_CACHE to another folder" in done.stderr
    assert list(own_cache.iterdir()) == []


def test_identical_audio_has_one_digest_whatever_its_file(own_cache, tmp_path):
    (tmp_path / "sad").mkdir()
    sound = (np.sin(np.arange(8000) / 20) * 2**14).astype(np.int16)
    soundfile.write(tmp_path / "sad" / "a.wav", sound, 16_000)
    soundfile.write(tmp_path / "sad" / "b.flac", sound, 16_000)
    assert len(set(cache.decode(corpora.read("folder", tmp_path)).digests.values())) == 1


def test_features_are_those_of_the_front_end_and_are_computed_once(own_cache, clips, monkeypatch):
    sounds = cache.decode(clips)
    ids = [clip.id for clip in clips]
    front_end, rule = FrontEnd(features=(LogMel(n_mels=20),)), WindowRule(length=8000, hop=4000)
    first = cache.features(sounds, ids, front_end, rule)
    expected = [front_end(window) for id in ids for window in windows.cut(sounds.samples[id], rule)]
    np.testing.assert_array_equal(first, np.stack(expected))
    monkeypatch.setattr(FrontEnd, "__call__", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(cache.features(sounds, ids, front_end, rule), first)


def test_copies_are_the_same_the_second_time_and_change_with_the_seed(own_cache, clips):
    sounds = cache.decode(clips)
    ids = [clip.id for clip in clips]
    made = cache.copies(sounds, ids, [Noise(), Noise()], seed=1)
    assert list(made.samples) == [f"{id}#copy{n}" for id in ids for n in (1, 2)]
    again = cache.copies(sounds, ids, [Noise(), Noise()], seed=1)
    other = cache.copies(sounds, ids, [Noise(), Noise()], seed=2)
    assert made.digests == again.digests
    assert not set(made.digests.values()) & set(other.digests.values())


@pytest.mark.parametrize(
    ("suffix", "damage"),
    [
        *((suffix, damage) for suffix in (".f32", ".json") for damage in ("cut", "empty", "lost")),
        *((".npy", damage) for damage in ("cut", "empty", "lost", "zeros", "short", "other shape")),
    ],
)
def test_a_damaged_cache_is_made_anew(own_cache, clips, suffix, damage):
    front_end, rule = FrontEnd(features=(LogMel(n_mels=20),)), WindowRule(length=8000, hop=4000)

    def made():
        sounds = cache.decode(clips)
        features = cache.features(sounds, list(sounds.samples), front_end, rule)
        return {id: samples.copy() for id, samples in sounds.samples.items()}, features.copy()

    before, features_before = made()
    [store] = own_cache.glob(f"*{suffix}")
    whole = store.read_bytes()
    store.unlink()
    damaged = {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "zeros": bytes(len(whole)),
        "short": whole[:-10],
        "other shape": whole.replace(b"'shape': (", b"'shape': (1, ", 1),
    }
    if damage != "lost":
        store.write_bytes(damaged[damage])
    after, features_after = made()
    for id, samples in before.items():
        np.testing.assert_array_equal(after[id], samples)
    np.testing.assert_array_equal(features_after, features_before)


def test_what_is_kept_is_told_and_deleted_but_for_what_was_fetched(own_cache, clips, run):
    cache.decode(clips)
    weights = own_cache / "encoders" / "whisper-tiny.en.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"fetched")
    left = own_cache / "features-0.npy.77.part"  # by a run that was killed
    left.write_bytes(b"half")
    size = sum(file.stat().st_size for file in own_cache.glob("sounds-*"))
    code, out, err = run("cache")
    told = {row.split()[0]: row.split()[1:] for row in out.splitlines()[1:]}
    assert (code, told["sounds"]) == (0, ["2", f"{size / 1e6:,.1f}"])
    assert told["features"][0] == "1"
    assert left.exists()
    code, _, err = run("cache", "--clear")
    assert code == 0
    assert "deleted" in err
    assert [file for file in own_cache.rglob("*") if file.is_file()] == [weights]
    assert run("cache", "--quiet")[1].splitlines()[1].split() == ["sounds", "0", "0.0"]
