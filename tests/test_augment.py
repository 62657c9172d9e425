"""Augmentation: exact arrays for given parameters, librosa as the oracle of the phase vocoder."""

import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from conftest import made_voice
from intone.augment import copies, dice, fresh
from intone.augment.frames import Equalizer, Flip, Masks, Rotation, Span, Zoom
from intone.augment.sound import (
    Gain,
    Mp3,
    Noise,
    NoiseParameters,
    PitchShift,
    Reverb,
    ReverbParameters,
    Silence,
    SilenceParameters,
    SoundAugmentation,
    Speed,
    Telephone,
    TimeStretch,
)
from intone.augment.vocoder import stretch

SOUND = (Noise(), Gain(), TimeStretch(), PitchShift(), Telephone(), Mp3(), Reverb(), Silence())
FRAMES = (Masks(), Masks(axis="frequency"), Equalizer())
EVERY = (*SOUND, *FRAMES)


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return made_voice(140.0, 1.5, np.random.default_rng(3))


def pitch(samples) -> float:
    """The median fundamental frequency in Hz."""
    return float(np.median(librosa.yin(samples, fmin=60, fmax=500, sr=16_000)))


# What is true of all.


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.kind)
def test_the_same_parameters_do_the_same_and_leave_the_array_alone(each, rng):
    array = rng.normal(size=(40, 3000) if each in FRAMES else 3000).astype(np.float32)
    before = array.copy()
    parameters = each.draw(rng)
    once = each.apply(array, parameters)
    np.testing.assert_array_equal(each.apply(array, parameters), once)
    np.testing.assert_array_equal(array, before)
    assert once.dtype == np.float32
    assert not np.shares_memory(once, array)
    assert not np.array_equal(once, array)
    called = each(array, np.random.default_rng(5))
    np.testing.assert_array_equal(called, each.apply(array, each.draw(np.random.default_rng(5))))


@pytest.mark.parametrize("each", [Gain(low=-3, high=9), TimeStretch(low=0.7), PitchShift(high=5)])
def test_parameters_fill_their_range(each, rng):
    drawn = [each.draw(rng) for _ in range(500)]
    assert each.low <= min(drawn) < each.low + 0.05 * (each.high - each.low)
    assert each.high - 0.05 * (each.high - each.low) < max(drawn) <= each.high


@pytest.mark.parametrize("each", SOUND, ids=lambda each: each.kind)
def test_silence_stays_silence(each, rng):
    silence = np.zeros(4000, np.float32)
    assert not each(silence, rng).any()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Noise(low=30, high=15), "low=30 is more than high=15"),
        (lambda: Gain(low=1, high=0), "low=1 is more than high=0"),
        (lambda: PitchShift(low=3), "low=3 is more than high=2"),
        (lambda: TimeStretch(low=0, high=1), "low must be 0.1 or more, not 0"),
        (lambda: Speed(low=1, high=1e9), "high must be 10 or less"),
        (lambda: Zoom(low=1e-9), "low must be 0.1 or more"),
        (lambda: Noise(high=np.inf), "high must be 100 or less, not inf"),
        (lambda: Noise(low=np.nan, high=np.nan), "low must be -100 or more, not nan"),
        (lambda: Gain(low=-1e6), "low must be -100 or more"),
        (lambda: PitchShift(high=100), "high must be 36 or less"),
        (lambda: Rotation(high=np.inf), "high must be 360 or less"),
        (lambda: Silence(low=-1), "low must be 0 or more"),
        (lambda: Silence(high=1e9), "high must be 60 or less"),
        (lambda: Reverb(high=1e9), "high must be 10 or less"),
        (lambda: Mp3(low=8), "low must be 16 or more"),
        (lambda: Mp3(high=320), "high must be 160 or less"),
        (lambda: Reverb(low=0), "low must be 0.01 or more"),
        (lambda: Masks(count=0), "count must be 1 or more"),
        (lambda: Equalizer(count=0), "count must be 1 or more"),
        (lambda: Masks(count=10**9), "count must be 1 or more and at most 1000"),
        (lambda: Equalizer(strength=0), "strength must be above 0"),
        (lambda: Equalizer(strength=np.inf), "strength must be above 0 and at most 100"),
        (lambda: Masks(largest=1.5), "largest must be above 0 and at most 1"),
        (lambda: Masks(axis="rows"), "axis is time or frequency, not rows"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("kind", [Noise, Gain, TimeStretch, PitchShift, Speed, Reverb, Silence])
@pytest.mark.parametrize("end", ["least", "most"])
def test_at_its_limits_each_gives_finite_sound(kind, end, voice, rng):
    limit = getattr(kind, end)
    heard = kind(low=limit, high=limit)(voice, rng)
    assert heard.dtype == np.float32
    assert len(heard) > 0
    assert np.isfinite(heard).all()


def test_a_recipe_names_them_by_kind():
    adapter = TypeAdapter(SoundAugmentation)
    assert adapter.validate_python({"kind": "noise", "low": 10.0}) == Noise(low=10.0)
    assert adapter.validate_python({"kind": "time_stretch"}) == TimeStretch()
    with pytest.raises(ValidationError):
        adapter.validate_python({"kind": "noise", "snr": 10.0})


# Worse channels and rooms.


def bands(samples) -> tuple[float, float]:
    """The power below and above 4 kHz."""
    power = np.abs(np.fft.rfft(samples.astype(np.float64))) ** 2
    return power[: len(power) // 2].sum(), power[len(power) // 2 :].sum()


def test_a_telephone_carries_nothing_above_4_khz_and_8_bits_of_the_rest(rng):
    noise = rng.normal(scale=0.1, size=16_000).astype(np.float32)
    heard = Telephone().apply(noise, None)
    assert len(heard) == len(noise)
    low, high = bands(heard)
    assert high < 0.02 * low
    assert low == pytest.approx(bands(noise)[0], rel=0.1)
    tone = (0.2 * np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)).astype(np.float32)
    error = (Telephone().apply(tone, None) - tone)[500:-500]
    ratio = 10 * np.log10(np.mean(tone**2) / np.mean(error**2))
    assert 33 < ratio < 45  # mu-law's quantisation noise, dB


@pytest.mark.parametrize("rate", [16.0, 32.0, 64.0, 128.0])
def test_mp3_is_in_step_with_the_sound_and_better_at_higher_rates(voice, rate):
    heard = Mp3().apply(voice, rate)
    assert len(heard) == len(voice)
    inside = voice[2000:-2000]
    fits = [np.corrcoef(inside, heard[2000 + k : len(heard) - 2000 + k])[0, 1] for k in (-8, 0, 8)]
    assert np.argmax(fits) == 1
    assert fits[1] > 0.97
    better = Mp3().apply(voice, 160.0)
    assert np.mean((better - voice) ** 2) <= np.mean((heard - voice) ** 2) * 1.05


def test_a_room_rings_for_its_time_and_keeps_the_level(voice):
    parameters = ReverbParameters(0.5, 7)
    click = np.zeros(16_000, np.float32)
    click[100] = 1
    heard = Reverb().apply(click, parameters).astype(np.float64)
    assert not np.abs(heard[:100]).max() > 1e-6
    direct, tail = heard[100] ** 2, np.sum(heard[101:] ** 2)
    assert tail / direct == pytest.approx(1, rel=0.01)
    early, late = (np.sum(heard[start : start + 800] ** 2) for start in (900, 4100))
    decay = 10 * np.log10(early / late)  # over 0.2 s of 0.5 s for 60 dB
    assert decay == pytest.approx(24, abs=2)
    spoken = Reverb().apply(voice, parameters)
    assert np.mean(spoken**2) == pytest.approx(np.mean(voice**2), rel=1e-3)
    other = Reverb().apply(voice, ReverbParameters(0.5, 8))
    assert not np.array_equal(other, spoken)


# Noise and gain.


@given(st.floats(-20, 60), st.integers(0, 2**32 - 1), st.floats(1e-4, 1.0))
def test_the_measured_ratio_is_the_drawn_one(snr, seed, level):
    signal = (level * np.sin(np.arange(8000) / 7)).astype(np.float32)
    noise = Noise().apply(signal, NoiseParameters(snr, seed)).astype(np.float64) - signal
    measured = 10 * np.log10(np.mean(signal.astype(np.float64) ** 2) / np.mean(noise**2))
    assert measured == pytest.approx(snr, abs=0.01)


def test_noise_is_white_and_gaussian_and_of_its_seed():
    signal = np.ones(64_000, np.float32)
    noise = Noise().apply(signal, NoiseParameters(20.0, 1)).astype(np.float64) - 1
    assert noise.std() == pytest.approx(0.1, rel=1e-3)
    assert np.mean(np.abs(noise) < noise.std()) == pytest.approx(0.6827, abs=0.01)
    quarters = np.square(np.abs(np.fft.rfft(noise))[1:]).reshape(4, -1).mean(axis=1)
    assert quarters / quarters.mean() == pytest.approx(np.ones(4), abs=0.05)
    other = Noise().apply(signal, NoiseParameters(20.0, 2)) - 1
    assert abs(np.corrcoef(noise, other)[0, 1]) < 0.02


def test_drawn_ratios_fill_their_range_and_no_noise_comes_twice(rng):
    drawn = [Noise(low=15, high=30).draw(rng) for _ in range(500)]
    assert 15 <= min(drawn).snr < 16
    assert 29 < max(drawn).snr <= 30
    assert len({each.seed for each in drawn}) == 500


def test_exact_arrays():
    ramp = np.array([0.0, 0.25, -0.5, 1.0], np.float32)
    np.testing.assert_array_equal(Gain().apply(ramp, 20.0), 10 * ramp)
    np.testing.assert_allclose(Gain().apply(ramp, -6.0), ramp * 0.5011872, rtol=1e-6)
    noisy = Noise().apply(ramp, NoiseParameters(10.0, 0))
    unit = np.random.default_rng(0).standard_normal(4)
    scale = np.sqrt(1.3125 / np.sum(unit**2) / 10)
    np.testing.assert_allclose(noisy, ramp + scale * unit, rtol=1e-6)


# Time and pitch.


@pytest.mark.parametrize("rate", [0.5, 0.8, 0.93, 1.1, 1.37, 2.0])
def test_stretching_equals_librosa(voice, rate):
    expected = librosa.effects.time_stretch(
        voice.astype(np.float64), rate=rate, n_fft=1024, hop_length=256
    )
    made = TimeStretch().apply(voice, rate)
    assert len(made) == round(len(voice) / rate)
    np.testing.assert_allclose(made, expected, atol=5e-6)


@pytest.mark.parametrize("semitones", [-3.0, -0.4, 1.5, 4.0])
def test_shifting_equals_librosa(voice, semitones):
    expected = librosa.effects.pitch_shift(
        voice.astype(np.float64), sr=16_000, n_steps=semitones, n_fft=1024, hop_length=256
    )
    np.testing.assert_allclose(PitchShift().apply(voice, semitones), expected, atol=5e-6)


@pytest.mark.parametrize("length", [1, 100, 513, 1600])
def test_short_sounds_are_stretched_too(voice, length):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # librosa's, that the sound is short
        expected = librosa.effects.time_stretch(
            voice[:length].astype(np.float64), rate=0.7, n_fft=1024, hop_length=256
        )
    np.testing.assert_allclose(stretch(voice[:length], 0.7), expected, atol=5e-6)


def test_at_its_own_rate_and_pitch_a_sound_stays_what_it_is(voice):
    np.testing.assert_allclose(TimeStretch().apply(voice, 1.0), voice, atol=1e-6)
    np.testing.assert_allclose(PitchShift().apply(voice, 0.0), voice, atol=1e-6)


def test_stretching_keeps_the_pitch_and_shifting_moves_it(voice):
    assert pitch(TimeStretch().apply(voice, 0.8)) == pytest.approx(pitch(voice), rel=0.02)
    shifted = PitchShift().apply(voice, 3.0)
    assert len(shifted) == len(voice)
    assert pitch(shifted) == pytest.approx(pitch(voice) * 2 ** (3 / 12), rel=0.02)


# Masks.


def test_masks_stand_where_their_parameters_say():
    array = np.arange(20, dtype=np.float32).reshape(4, 5)
    masked = Masks(axis="time").apply(array, (Span(0.4, 0.0), Span(0.2, 1.0)))
    expected = array.copy()
    expected[:, [0, 1, 4]] = 9.5
    np.testing.assert_array_equal(masked, expected)
    masked = Masks(axis="frequency").apply(array, (Span(0.25, 0.5),))
    expected = array.copy()
    expected[2] = 9.5
    np.testing.assert_array_equal(masked, expected)
    np.testing.assert_array_equal(Masks().apply(array, (Span(0.0, 0.5),)), array)


@given(st.integers(0, 999), st.floats(0.01, 1.0), st.integers(1, 4))
def test_masks_are_within_their_limits(seed, largest, count):
    masks = Masks(axis="time", count=count, largest=largest)
    array = np.arange(1.0, 201.0, dtype=np.float32)[np.newaxis].repeat(3, axis=0)
    changed = np.any(masks(array, np.random.default_rng(seed)) != array, axis=0)
    assert np.count_nonzero(changed) <= count * round(200 * largest + 0.5)
    drawn = masks.draw(np.random.default_rng(seed))
    assert len(drawn) == count
    assert all(0 <= span.share <= largest and 0 <= span.place <= 1 for span in drawn)


# Equalizer.


def test_an_equalizer_adds_its_cosines_to_every_frame():
    flat = np.zeros((4, 3), np.float32)
    half = np.cos(np.pi / 8), np.cos(3 * np.pi / 8)
    slope = np.array([half[0], half[1], -half[1], -half[0]])
    made = Equalizer().apply(flat, (2.0,))
    np.testing.assert_allclose(made, np.repeat(2 * slope[:, np.newaxis], 3, axis=1), rtol=1e-6)
    hill = np.array([1, -1, -1, 1]) * np.sqrt(0.5)
    both = Equalizer().apply(flat + 7, (1.0, 3.0))
    np.testing.assert_allclose(both[:, 2], 7 + slope + 3 * hill, rtol=1e-6)


def test_an_equalizers_heights_fall_as_its_cosines_quicken(rng):
    drawn = np.array([Equalizer(count=3, strength=0.6).draw(rng) for _ in range(4000)])
    np.testing.assert_allclose(drawn.std(axis=0), [0.6, 0.3, 0.2], rtol=0.05)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.04)


# For training.


def test_copies_are_named_for_the_guard_and_depend_on_seed_and_id_alone(voice):
    made = copies(voice, "a/1", (Noise(), Noise(), PitchShift()), seed=3)
    assert list(made) == ["a/1#copy1", "a/1#copy2", "a/1#copy3"]
    assert not np.array_equal(made["a/1#copy1"], made["a/1#copy2"])
    again = copies(voice, "a/1", (Noise(), Noise()), seed=3)
    np.testing.assert_array_equal(again["a/1#copy2"], made["a/1#copy2"])
    for other in (
        copies(voice, "a/2", (Noise(),), seed=3),
        copies(voice, "a/1", (Noise(),), seed=4),
    ):
        assert not np.array_equal(*other.values(), made["a/1#copy1"])


def test_dice_depend_on_seed_epoch_and_id():
    throws = {
        dice(id, seed=seed, epoch=epoch).uniform()
        for id in ("a", "b")
        for seed in (0, 1)
        for epoch in (0, 1, 2)
    }
    assert len(throws) == 12
    assert dice("a", seed=1, epoch=2).uniform() == dice("a", seed=1, epoch=2).uniform()


def test_fresh_applies_each_with_its_probability():
    ones = np.ones(4, np.float32)
    gains = (Gain(low=20, high=20), Gain(low=40, high=40))
    np.testing.assert_array_equal(fresh(ones, gains, dice("a", seed=0), probability=1), 1000 * ones)
    np.testing.assert_array_equal(fresh(ones, gains, dice("a", seed=0), probability=0), ones)
    made = [float(fresh(ones, gains, dice("a", seed=0, epoch=epoch))[0]) for epoch in range(400)]
    counts = np.array([made.count(value) for value in (1, 10, 100, 1000)])
    assert counts.sum() == 400
    assert np.all(abs(counts - 100) < 35)


# Pictures.


def picture() -> np.ndarray:
    """Two channels of 5 x 5, every pixel another value."""
    return np.arange(50, dtype=np.float32).reshape(2, 5, 5)


def test_a_flip_is_left_for_right_every_other_time(rng):
    np.testing.assert_array_equal(Flip().apply(picture(), True), picture()[:, :, ::-1])
    np.testing.assert_array_equal(Flip().apply(picture(), False), picture())
    assert 40 < sum(Flip().draw(rng) for _ in range(100)) < 60


def test_a_quarter_turn_is_rot90_and_no_turn_is_nothing():
    turned = Rotation().apply(picture(), 90.0)
    np.testing.assert_allclose(turned, np.rot90(picture(), axes=(1, 2)), atol=1e-4)
    np.testing.assert_array_equal(Rotation().apply(picture(), 0.0), picture())


def test_a_zoom_of_two_shows_the_middle_at_twice_the_size():
    zoomed = Zoom().apply(picture(), 2.0)
    np.testing.assert_allclose(zoomed[:, ::2, ::2], picture()[:, 1:4, 1:4], atol=1e-5)
    np.testing.assert_allclose(Zoom().apply(picture(), 1.0), picture(), atol=1e-6)
    assert zoomed.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "parameters"), [(Flip(), True), (Rotation(), 10.0), (Zoom(), 1.1)]
)
def test_features_are_changed_as_a_picture_of_one_plane(change, parameters):
    whole, plane = change.apply(picture(), parameters), change.apply(picture()[1], parameters)
    np.testing.assert_array_equal(plane, whole[1])


def test_pictures_are_drawn_within_their_ranges(rng):
    turns = [Rotation(low=-5, high=7).draw(rng) for _ in range(200)]
    assert -5 <= min(turns) < -4
    assert 6 < max(turns) <= 7
    with pytest.raises(ValueError, match="low must be 0.1 or more"):
        Zoom(low=0.0)


def test_silence_stands_at_both_ends_40_db_below_the_clip(voice):
    heard = Silence().apply(voice, SilenceParameters(before=0.5, after=1.0, seed=1))
    np.testing.assert_array_equal(heard[8_000:-16_000], voice)
    level = np.sqrt(np.mean(np.square(voice)))
    for end in (heard[:8_000], heard[-16_000:]):
        assert 20 * np.log10(np.sqrt(np.mean(np.square(end))) / level) == pytest.approx(
            -40, abs=0.3
        )
    drawn = [Silence(low=0.1, high=0.3).draw(np.random.default_rng(seed)) for seed in range(50)]
    assert all(0.1 <= one.before <= 0.3 and 0.1 <= one.after <= 0.3 for one in drawn)
