"""Whatever a user has becomes the right samples, or one line that says why it cannot."""

import builtins
import io
import itertools
import os
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from broken import RATE, encoded, make_broken, variable_mp3, with_size
from intone.audio import SAMPLE_RATE, Clip, Inlet, Source, blocks, find, load
from intone.errors import AudioError

# container, subtype, sample rates, tolerance of a decoded tone
ALL_RATES = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000)
FORMATS = [
    *[("WAV", subtype, ALL_RATES, 2e-4) for subtype in ("PCM_16", "PCM_24", "PCM_32")],
    *[("WAV", subtype, ALL_RATES, 2e-4) for subtype in ("FLOAT", "DOUBLE")],
    *[("WAV", subtype, ALL_RATES, 2e-2) for subtype in ("PCM_U8", "ULAW", "ALAW")],
    *[("WAV", subtype, ALL_RATES[3:], 2e-2) for subtype in ("IMA_ADPCM", "MS_ADPCM")],
    *[("WAVEX", subtype, ALL_RATES, 2e-4) for subtype in ("PCM_16", "PCM_24", "FLOAT")],
    *[("RF64", "PCM_16", ALL_RATES, 2e-4), ("W64", "PCM_16", ALL_RATES, 2e-4)],
    *[("FLAC", subtype, ALL_RATES, 2e-4) for subtype in ("PCM_16", "PCM_24")],
    *[("AIFF", subtype, ALL_RATES, 2e-4) for subtype in ("PCM_16", "PCM_24", "FLOAT")],
    ("OGG", "VORBIS", ALL_RATES, 2e-2),
    ("OGG", "OPUS", (8_000, 16_000, 24_000, 48_000), 5e-2),
    ("MP3", "MPEG_LAYER_III", ALL_RATES[:6], 4e-2),
]
KINDS = ["WAV", "FLAC", "AIFF", "OGG", "MP3"]


def tone(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def level(samples: np.ndarray) -> float:
    """Root mean square in dB, of the middle, where filters and codecs have settled."""
    middle = samples[len(samples) // 4 : -len(samples) // 4].astype(float)
    return float(10 * np.log10(np.mean(middle**2)))


def error_of(source: Any, **options: Any) -> str:
    with pytest.raises(AudioError) as caught:
        load(source, **options)
    return str(caught.value)


# --- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("container", "subtype", "rates", "tolerance"), FORMATS)
def test_every_format_gives_the_tone_that_was_written(
    tmp_path: Path, container: str, subtype: str, rates: tuple[int, ...], tolerance: float
) -> None:
    path = tmp_path / "sound"
    stereo_at_most = subtype in ("IMA_ADPCM", "MS_ADPCM", "MPEG_LAYER_III")
    levels = [(0.3,), (0.5, 0.1), (0.5, 0.4, 0.3, 0.2, 0.1)][: 2 if stereo_at_most else 3]
    for rate, gains in itertools.product(rates, levels):
        written = tone(440, rate)[:, None] * gains
        soundfile.write(path, written, rate, format=container, subtype=subtype)

        clip = load(path)

        assert clip.warnings == ()
        assert clip.samples.dtype == np.float32
        decoded = soundfile.read(path, dtype="float32", always_2d=True)[0].mean(axis=1)
        oracle = soxr.resample(decoded, rate, SAMPLE_RATE)
        # soundfile seeks between reads, which moves an MP3's samples by a rounding error
        np.testing.assert_allclose(
            clip.samples, oracle, rtol=0, atol=1e-6 if container == "MP3" else 0
        )
        expected = 0.3 * tone(440, SAMPLE_RATE)
        middle = slice(1600, 6400)
        np.testing.assert_allclose(clip.samples[middle], expected[middle], atol=tolerance, rtol=0)


@pytest.mark.parametrize(
    ("container", "subtype", "rate"), [(c, s, r[-1]) for c, s, r, _ in FORMATS]
)
def test_blocks_are_the_samples_of_load_bit_for_bit(
    container: str, subtype: str, rate: int
) -> None:
    sound = encoded(container, subtype, seconds=4.3, rate=rate)
    whole = load(sound).samples
    for seconds in (0.00713, 1 / 3, 1.0, 4.3, 30.0):
        parts = list(blocks(sound, seconds=seconds))
        assert {len(part) for part in parts[:-1]} <= {round(seconds * SAMPLE_RATE)}
        assert 0 < len(parts[-1]) <= round(seconds * SAMPLE_RATE)
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_every_original_is_read(speech: Path) -> None:
    paths = find([speech / "originals"])
    assert len(paths) == 52
    for path in paths:
        clip = load(path)
        info = soundfile.info(path)
        assert len(clip.samples) == round(info.frames * SAMPLE_RATE / info.samplerate)
        assert clip.warnings == ()
        np.testing.assert_array_equal(np.concatenate(list(blocks(path, seconds=0.7))), clip.samples)


def test_path_bytes_file_and_pipe_give_the_same(tmp_path: Path) -> None:
    sound = encoded("FLAC")
    path = tmp_path / "sound.bin"
    path.write_bytes(sound)
    expected = load(path).samples
    read_end, write_end = os.pipe()
    with open(read_end, "rb") as pipe, open(path, "rb") as file:
        with open(write_end, "wb") as sender:
            sender.write(sound)
        file.seek(100)
        sources: list[tuple[Source, str]] = [
            (str(path), str(path)),
            (sound, "bytes"),
            (io.BytesIO(sound), "stream"),
            (file, str(path)),
            (pipe, str(read_end)),
        ]
        for source, name in sources:
            clip = load(source)
            assert clip.name == name
            np.testing.assert_array_equal(clip.samples, expected)
        assert not file.closed


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0xFFFFFFFF])
@pytest.mark.parametrize(("container", "chunk"), [("WAV", b"data"), ("AIFF", b"SSND")])
def test_sizes_that_a_streaming_writer_left_open(container: str, chunk: bytes, size: int) -> None:
    sound = encoded(container)
    streamed = with_size(sound, chunk, size)
    np.testing.assert_array_equal(load(streamed).samples, load(sound).samples)


def test_streamed_flac_without_a_frame_count() -> None:
    sound = bytearray(encoded("FLAC"))
    expected = load(bytes(sound)).samples
    sound[21] &= 0xF0  # the count's 36 bits
    sound[22:26] = bytes(4)
    np.testing.assert_array_equal(load(bytes(sound)).samples, expected)


@pytest.mark.parametrize("size", [5, 12])
def test_foreign_chunks_are_passed_over(size: int) -> None:
    sound = encoded("WAV")
    at = sound.index(b"data")
    chunk = b"FLLR" + struct.pack("<I", size) + bytes(size + size % 2)
    trailing = b"LIST" + struct.pack("<I", 4) + b"INFO"
    with_chunk = sound[:at] + chunk + sound[at:]
    np.testing.assert_array_equal(load(with_chunk + trailing).samples, load(sound).samples)
    assert "truncated" in error_of(with_chunk[:-1])


def test_big_endian_wav_and_aiff_named_wav(tmp_path: Path) -> None:
    samples = 0.3 * tone(440, RATE)
    big = io.BytesIO()
    soundfile.write(big, samples, RATE, format="WAV", subtype="PCM_16", endian="BIG")
    path = tmp_path / "aiff.wav"
    soundfile.write(path, samples, RATE, format="AIFF", subtype="PCM_16")
    expected = np.round(samples * 2**15) / 2**15
    for source in (big.getvalue(), path):
        np.testing.assert_allclose(load(source).samples, expected, atol=2**-15, rtol=0)
    assert "truncated" in error_of(big.getvalue()[:-10])


def test_an_mp3_with_a_picture_in_front_is_measured() -> None:
    sound = encoded("MP3", seconds=2)
    tag = b"ID3\4\0\0" + bytes([0, 2, 0, 0]) + b"\xff\xfb" * 0x4000
    assert len(load(tag + sound).samples) == 2 * SAMPLE_RATE
    assert "truncated" in error_of((tag + sound)[: -len(sound) // 2])


def test_a_guessed_mp3_length_that_is_too_long_is_no_truncation() -> None:
    assert load(variable_mp3(loud_first=False)).seconds == pytest.approx(8, abs=0.2)


# --- arrays ---------------------------------------------------------------------------------------


def test_arrays_are_taken_as_soundfile_gives_them() -> None:
    stereo = np.stack([tone(300, RATE), 0.5 * tone(300, RATE)], axis=1)
    clip = load(stereo, sample_rate=RATE)
    assert (clip.name, clip.seconds) == ("array", 0.5)
    np.testing.assert_array_equal(clip.samples, stereo.astype(np.float32).mean(axis=1))
    mono = stereo[:, 0].astype(np.float32)
    np.testing.assert_array_equal(load(mono, sample_rate=RATE).samples, mono)
    np.testing.assert_array_equal(
        load(mono, sample_rate=44_100).samples, soxr.resample(mono, 44_100, SAMPLE_RATE)
    )


def test_a_clip_does_not_share_memory_with_its_array() -> None:
    mono = tone(300, RATE).astype(np.float32)
    assert not np.shares_memory(load(mono, sample_rate=RATE).samples, mono)


@pytest.mark.parametrize(
    ("dtype", "low", "middle", "high"),
    [
        ("int8", -128, 0, 64),
        ("uint8", 0, 128, 192),
        ("int16", -(2**15), 0, 2**14),
        (">i2", -(2**15), 0, 2**14),
        ("int32", -(2**31), 0, 2**30),
    ],
)
def test_integers_are_scaled(dtype: str, low: int, middle: int, high: int) -> None:
    samples = np.resize(np.array([low, middle, high, middle], dtype), RATE)
    expected = np.resize(np.float32([-1, 0, 0.5, 0]), RATE)
    np.testing.assert_array_equal(load(samples, sample_rate=RATE).samples, expected)


@pytest.mark.parametrize(
    ("array", "rate", "word"),
    [
        (np.zeros(RATE), None, "sample_rate"),
        (np.zeros(RATE), 0, "sample rate"),
        (np.zeros(RATE), -16_000, "sample rate"),
        (np.zeros((2, RATE)), RATE, "transpose"),
        (np.zeros((1, RATE)), RATE, "transpose"),
        (np.zeros((RATE, 1, 1)), RATE, "shape"),
        (np.float32(1.0) * np.zeros(()), RATE, "shape"),
        (np.zeros(0), RATE, "no samples"),
        (np.zeros((0, 2)), RATE, "no samples"),
        (np.zeros((RATE, 0)), RATE, "no samples"),
        (np.zeros(1599), RATE, "too short"),
        (np.zeros(RATE, np.int64), RATE, "int64"),
        (np.zeros(RATE, complex), RATE, "complex"),
        (np.zeros(RATE, bool), RATE, "bool"),
        (np.array(["a"] * RATE), RATE, "scale"),
        (np.full(RATE, np.nan), RATE, "NaN"),
        (np.full(RATE, 1e300), RATE, "infinite"),
        (np.full(RATE, 101.0), RATE, "scale"),
    ],
)
def test_arrays_that_are_no_sound(array: Any, rate: int | None, word: str) -> None:
    message = error_of(np.asarray(array), sample_rate=rate)
    assert message.startswith("array: ")
    assert word in message


def test_a_rate_is_for_arrays_only() -> None:
    assert "arrays only" in error_of(encoded("WAV"), sample_rate=RATE)


@pytest.mark.parametrize("source", [None, 3, [0.0, 0.1], io.StringIO("text")])
def test_other_types_are_the_programmers_mistake(source: Any) -> None:
    with pytest.raises(TypeError):
        load(source)


# --- resampling -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 24_414, 44_100, 48_000, 192_000])
def test_a_tone_keeps_its_frequency_and_level(rate: int) -> None:
    samples = load(0.3 * tone(1000, rate, seconds=2), sample_rate=rate).samples
    assert abs(len(samples) - 2 * SAMPLE_RATE) <= 1
    middle = samples[8_000:24_000]  # one second: a bin is one hertz
    assert np.abs(np.fft.rfft(middle)).argmax() == 1000
    assert level(samples) == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.01)


@pytest.mark.parametrize("hertz", [9_000, 10_000, 20_000])
def test_what_16_khz_cannot_hold_does_not_alias(hertz: int) -> None:
    before = 0.5 * tone(hertz, 48_000, seconds=1)
    assert level(load(before, sample_rate=48_000).samples) < level(before) - 60


# --- long sounds ----------------------------------------------------------------------------------


def test_blocks_read_a_long_file_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    minute = (1000 * tone(440, 48_000, seconds=60)).astype(np.int16)
    with soundfile.SoundFile(path, "w", 48_000, 1) as file:
        for _ in range(10):
            file.write(minute)
    tracemalloc.start()
    total = sum(len(block) for block in blocks(path, seconds=2.0))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 600 * SAMPLE_RATE
    assert peak < 2_000_000  # bytes; the file decodes to 115 million


def test_blocks_come_until_the_fault_and_header_faults_come_first(tmp_path: Path) -> None:
    samples = 0.3 * tone(440, RATE, seconds=10)
    samples[-1] = np.nan
    parts = blocks(samples, sample_rate=RATE, seconds=1.0)
    assert len(next(parts)) == SAMPLE_RATE
    with pytest.raises(AudioError, match=r"NaN or infinite samples at 10\.00 s"):
        list(parts)
    with pytest.raises(AudioError, match="truncated"):
        next(blocks(encoded("WAV", seconds=10)[:-2], seconds=1.0))
    with pytest.raises(ValueError, match="no sample"):
        next(blocks(samples, sample_rate=RATE, seconds=0))


def test_an_abandoned_reading_closes_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(encoded("WAV"))
    opened: list[Any] = []
    real_open = builtins.open

    def spying_open(*args: Any, **kwargs: Any) -> Any:
        opened.append(real_open(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(builtins, "open", spying_open)
    parts = blocks(path, seconds=0.1)
    next(parts)
    del parts
    assert [file.closed for file in opened] == [True]


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_channels_that_are_kept_apart_are_each_as_if_alone(rate: int) -> None:
    both = np.stack([0.3 * tone(440, rate, 2), 0.2 * tone(700, rate, 2)], axis=1)
    parts = list(blocks(both, sample_rate=rate, seconds=0.7, separate=True))
    assert [part.shape[1] for part in parts] == [2, 2, 2]
    for channel in range(2):
        alone = load(np.ascontiguousarray(both[:, channel]), sample_rate=rate).samples
        np.testing.assert_array_equal(np.concatenate(parts)[:, channel], alone)


def test_blocks_say_how_many_the_header_promises() -> None:
    wav = blocks(encoded("WAV", seconds=2.5, rate=8_000), seconds=1.0)
    next(wav)
    assert wav.expected == 3
    assert len(list(wav)) == 2
    silent = blocks(variable_mp3(loud_first=False), seconds=1.0, partial=True)
    next(silent)
    assert silent.expected == 0


@pytest.mark.parametrize("container", KINDS)
def test_of_a_sound_that_breaks_off_a_part_is_given_where_a_part_will_do(container: str) -> None:
    whole = encoded(container, seconds=20)
    cut = whole[: len(whole) // 2]
    parts = blocks(cut, seconds=1.0, partial=True)
    samples = np.concatenate(list(parts))
    assert 8 < parts.seconds < 10.1
    np.testing.assert_array_equal(samples, load(whole).samples[: len(samples)])
    [warning] = parts.warnings
    assert warning.startswith(f"breaks off at {parts.seconds:.2f} s (")
    assert "truncated" in error_of(cut)


def test_only_what_breaks_off_is_given_in_part(tmp_path: Path) -> None:
    good = {}
    for name in make_broken(tmp_path):
        parts = blocks(tmp_path / name, partial=True)
        with suppress(AudioError):
            list(parts)
            good[name] = parts.warnings[-1]
    cut = ["cut.wav", "cut by one byte.wav", "cut.ogg", "cut.opus", "cut.aiff", "cut.mp3"]
    assert good.keys() == {*cut, "aiff cut.wav", "huge.wav", "huge.aiff"}
    assert all("breaks off at 0." in warning for warning in good.values())


# --- what arrives in pieces -----------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(
    rate=st.sampled_from([8_000, 16_000, 44_100, 48_000]),
    sizes=st.lists(st.integers(0, 9_000), max_size=9),
    channels=st.integers(1, 3),
)
def test_an_inlet_gives_the_samples_of_the_whole(rate: int, sizes: list[int], channels: int):
    noise = np.random.default_rng(0).integers(-20_000, 20_000, (rate, channels), dtype=np.int16)
    inlet = Inlet(rate)
    cuts = np.cumsum([0, *sizes, rate])
    pieces = [inlet.push(noise[a:b]) for a, b in itertools.pairwise(cuts)]
    np.testing.assert_array_equal(
        np.concatenate([*pieces, inlet.finish()]), load(noise, sample_rate=rate).samples
    )


def test_an_inlet_refuses_what_a_file_may_not_hold() -> None:
    with pytest.raises(AudioError, match=r"microphone: sample rate 1000 Hz is outside"):
        Inlet(1_000, name="microphone")
    inlet = Inlet(8_000)
    inlet.push(np.zeros(8_000, np.float32))
    with pytest.raises(AudioError, match=r"stream: NaN or infinite samples at 1\.00 s"):
        inlet.push(np.float32([np.inf]))
    with pytest.raises(AudioError, match="transpose or index it"):
        inlet.push(np.zeros((1, 2, 3), np.float32))


# --- what is refused ------------------------------------------------------------------------------


def test_every_broken_file_has_one_line_that_names_it(tmp_path: Path) -> None:
    broken = make_broken(tmp_path)
    assert len(broken) >= 50
    for name, word in broken.items():
        message = error_of(tmp_path / name)
        shown = str(tmp_path / name).replace("\n", "\\n")
        assert message.startswith(f"{shown}: "), name
        assert word in message
        assert message.isprintable()
        with pytest.raises(AudioError) as caught:
            list(blocks(str(tmp_path / name), seconds=0.05))
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("missing.wav", "no such file"),
        ("", "'': no such file"),
        ("no\0such.wav", r"no\x00such.wav: cannot be opened"),
        ("\udcff.wav", r"\udcff.wav: no such file"),
        ("long" * 2000, "cannot be opened"),
    ],
)
def test_paths_that_lead_nowhere(path: str, word: str) -> None:
    message = error_of(path)
    assert word in message
    assert message.isprintable()


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(builtins, "open", refuse)  # root may read everything
    assert "permissions" in error_of(tmp_path / "x.wav")


def test_a_closed_file_is_refused() -> None:
    file = io.BytesIO(encoded("WAV"))
    file.close()
    assert error_of(file).startswith("stream: cannot be opened")


def test_silence_and_clipping_are_worth_a_word() -> None:
    loud = np.clip(1.5 * tone(200, RATE), -1, 1)
    flat = np.mean(np.abs(loud) == 1)

    def warnings(samples: np.ndarray) -> tuple[str, ...]:
        return load(samples, sample_rate=RATE).warnings

    assert warnings(np.zeros(RATE)) == ("digital silence",)
    assert warnings(np.full(RATE, 1e-5)) == ("digital silence",)
    assert warnings(np.full(RATE, 1e-4)) == ()
    assert warnings(tone(200, RATE)) == ()
    assert warnings(1.5 * tone(200, RATE)) == ()  # floats have room above 1
    (text,) = warnings(loud)
    share = float(text.removeprefix("clipping in ").removesuffix(" % of samples")) / 100
    assert flat - 0.03 < share < flat  # all but the first sample of each flat top
    (one_of_two,) = warnings(np.stack([loud, 0.1 * loud], axis=1))
    assert one_of_two == f"clipping in {50 * share:.1f} % of samples"


# --- fuzz -----------------------------------------------------------------------------------------

SOUNDS = [encoded(kind, seconds=0.3) for kind in KINDS]
EDITS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 120), st.integers(0, 2**16)),
        st.one_of(st.integers(0, 255), st.sampled_from([0, 0x7F, 0x80, 0xFF])),
    ),
    max_size=8,
)


@settings(max_examples=600, deadline=None)
@given(sound=st.sampled_from(SOUNDS), edits=EDITS, cut=st.integers(0, 2**16), keep=st.booleans())
def test_any_bytes_give_a_finite_clip_or_one_line(
    sound: bytes, edits: list[tuple[int, int]], cut: int, keep: bool
) -> None:
    mutant = bytearray(sound)
    for at, value in edits:
        mutant[at % len(mutant)] = value
    mutant = mutant if keep else mutant[: cut % len(mutant)]
    try:
        result: Clip | str = load(bytes(mutant))
    except AudioError as error:
        result = str(error)
    if isinstance(result, str):
        assert result.startswith("bytes: ")
        assert result.isprintable()
    else:
        assert np.isfinite(result.samples).all()
        assert result.seconds >= 0.099


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_no_fault_is_printed_from_inside_the_decoder() -> None:
    """A header that points before the start of the file makes libsndfile seek there."""
    rng = np.random.default_rng(0)
    sound = encoded("AIFF", seconds=0.2)
    refused = 0
    for _ in range(300):
        mutant = bytearray(sound)
        mutant[rng.integers(12, 60)] = rng.integers(256)
        try:
            load(bytes(mutant))
        except AudioError:
            refused += 1
    assert 0 < refused < 300


# --- find -----------------------------------------------------------------------------------------


def test_find_expands_folders_and_keeps_what_is_named(tmp_path: Path) -> None:
    names = ["b/2.wav", "b/10.FLAC", "a.Mp3", "b/notes.txt", ".hidden.wav", "._a.wav", "b/.x/3.wav"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    (tmp_path / "c" / "folder.wav").mkdir(parents=True)
    (tmp_path / "empty").mkdir()

    def relative(*paths: str) -> list[str]:
        return [str(p.relative_to(tmp_path)) for p in find(tmp_path / path for path in paths)]

    inside = ["a.Mp3", "b/10.FLAC", "b/2.wav", "c/folder.wav"]
    assert relative(".") == inside
    assert relative("c") == ["c/folder.wav"]
    assert relative("b/notes.txt", "missing.wav", ".hidden.wav") == [
        "b/notes.txt",
        "missing.wav",
        ".hidden.wav",
    ]
    assert relative("b", "a.Mp3") == ["b/10.FLAC", "b/2.wav", "a.Mp3"]
    assert relative("empty") == ["empty"]
    assert "without audio files" in error_of(tmp_path / "empty")
    assert relative("c/folder.wav") == ["c/folder.wav"]
    assert "name the files" in error_of(tmp_path / "b")


def test_find_goes_into_a_folder_named_like_a_sound_when_it_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "session.wav"
    folder.mkdir()
    (folder / "1.wav").touch()
    assert find([folder]) == [folder / "1.wav"]
    assert find([tmp_path]) == [folder]


def test_find_leaves_out_pipes_in_folders(tmp_path: Path) -> None:
    (tmp_path / "1.wav").touch()
    os.mkfifo(tmp_path / "2.wav")
    assert find([tmp_path]) == [tmp_path / "1.wav"]


def test_find_does_not_follow_links_to_folders(tmp_path: Path) -> None:
    (tmp_path / "1.wav").touch()
    (tmp_path / "round").symlink_to(tmp_path)
    assert find([tmp_path]) == [tmp_path / "1.wav"]
    assert find([tmp_path / "round"]) == [tmp_path / "round" / "1.wav"]
