"""File, blocks and live stream are one: the same windows and utterances, whatever the pieces."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import intone
from intone import audio
from intone.errors import AudioError, IntoneError, ModelError
from intone.recordings import baseline
from intone.recordings.stream import Stream, hear
from intone.recordings.timeline import Smoothing, rows
from made_model import RATE, example, made_model, quiet, talk

MODEL = made_model()
TALK = talk()
HEARD = MODEL.timeline(TALK, sample_rate=RATE)


def live(samples: np.ndarray, sizes: list[int], rate: int = RATE):
    """Push samples in pieces of these sizes, over and over; gives answers and stream."""
    stream = Stream(MODEL, sample_rate=rate)
    windows, position, count = [], 0, 0
    while position < len(samples):
        size = sizes[count % len(sizes)]
        windows += stream.push(samples[position : position + size])
        position, count = position + size, count + 1
    return windows + stream.finish(), stream


def test_speech_is_found_and_pauses_are_not_judged():
    found = [(u.start, u.end) for u in HEARD.utterances]
    expected = [(1, 4.2), (5.1, 13.7), (15.2, 17.4)]
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert len(HEARD.segments) >= 3
    for segment in HEARD.segments:
        assert any(a <= segment.start < segment.end <= b for a, b in found)
    assert HEARD.warnings == ()


def test_an_utterance_is_answered_as_its_cut_out_sound_is():
    assert len(HEARD.windows) == 14  # at 0, 1 and the end of 3.8 s; at 0 to 7 and the end; at 0, 1
    for utterance in HEARD.utterances:
        start, stop = (round(at * RATE) for at in (utterance.start - 0.3, utterance.end + 0.3))
        alone = MODEL.predict(TALK[start:stop], sample_rate=RATE)
        assert utterance.probabilities == pytest.approx(alone.probabilities, abs=1e-12)


def test_the_bundled_model_is_heard_live_as_in_a_file():
    bundled = intone.load()
    whole = bundled.timeline(TALK, sample_rate=RATE)
    stream = Stream(bundled)
    windows = stream.push(TALK[:99_999]) + stream.push(TALK[99_999:]) + stream.finish()
    assert tuple(windows) == whole.windows
    assert {segment.emotion for segment in whole.segments} <= set(bundled.labels)


@settings(max_examples=12, deadline=None)
@given(sizes=st.lists(st.integers(1, 30_000), min_size=1, max_size=5).filter(lambda s: sum(s) > 99))
def test_pieces_of_any_size_give_the_answers_of_the_file(sizes):
    windows, stream = live(TALK, sizes)
    assert tuple(windows) == HEARD.windows
    timeline = stream.timeline()
    assert timeline.utterances == HEARD.utterances
    assert timeline.segments == HEARD.segments
    np.testing.assert_array_equal(timeline.peaks, HEARD.peaks)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_a_stream_at_another_rate_and_in_stereo_gives_the_answers_of_its_file(rate, rng):
    mono = np.repeat(TALK, 3)[: 3 * len(TALK)]
    samples = np.stack([mono, 0.5 * mono], axis=1)
    samples = np.int16(np.clip(32_767 * samples, -32_768, 32_767))
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
    whole = MODEL.timeline(file.getvalue())
    windows, _ = live(samples, [977, 12_345], rate)
    assert tuple(windows) == whole.windows


def test_real_clips_and_minutes_of_them_are_heard_alike_live(speech, rng):
    clips = audio.find([speech / "ravdess" / "Actor_01", speech / "emodb"])
    sounds = [audio.load(clips[i]).samples for i in rng.permutation(len(clips))[:40]]
    minute = np.concatenate([part for sound in sounds[:20] for part in (sound, quiet(1))])
    for sound in (*sounds, minute):
        whole = MODEL.timeline(sound, sample_rate=RATE)
        assert tuple(live(sound, [1_600, 333, 20_000])[0]) == whole.windows


def test_an_answer_comes_within_a_fifth_of_a_second_of_sound():
    stream, position, waits = Stream(MODEL), 0, []
    while position < len(TALK):
        heard = stream.push(TALK[position : position + 160])
        position += 160
        waits += [position / RATE - window.end for window in heard]
    assert len(waits) >= len(HEARD.windows) - 1
    assert max(waits) < 0.16


def test_causal_smoothing_is_the_same_live_and_whole_smoothing_is_said():
    _, stream = live(TALK, [5_000])
    causal = Smoothing(kind="causal")
    filed = MODEL.timeline(TALK, sample_rate=RATE, smoothing=causal)
    assert stream.timeline(smoothing=causal).segments == filed.segments
    assert filed.smoothing.kind == "causal"
    assert HEARD.smoothing.kind == "whole"
    assert filed.windows == HEARD.windows


def test_a_smaller_hop_gives_more_windows():
    finer = MODEL.timeline(TALK, sample_rate=RATE, hop=0.5)
    assert finer.hop == 0.5
    assert len(finer.windows) > 1.5 * len(HEARD.windows)
    [first, second, *_] = finer.windows
    assert second.start - first.start == pytest.approx(0.5)


@pytest.mark.parametrize("hop", [0, -1, 0.009, 2.01, float("nan")])
def test_a_hop_that_would_leave_speech_unheard_or_never_end_is_refused(hop):
    with pytest.raises(IntoneError, match="give 0.01 to 2 s"):
        MODEL.timeline(TALK, sample_rate=RATE, hop=hop)


def test_where_nobody_speaks_nothing_is_heard():
    timeline = MODEL.timeline(quiet(5), sample_rate=RATE)
    assert timeline.windows == timeline.utterances == timeline.segments == ()
    assert timeline.warnings == ("no speech found",)
    assert timeline.seconds == 5
    assert len(timeline.peaks) == 50


def test_channels_are_heard_apart():
    other = np.roll(TALK, 40_000)
    both = np.stack([TALK, other], axis=1)
    one, two = MODEL.timelines(both, sample_rate=RATE)
    assert (one.channel, two.channel) == (1, 2)
    assert one.windows == HEARD.windows
    assert two.windows == MODEL.timeline(other, sample_rate=RATE).windows
    [alone] = MODEL.timelines(TALK, sample_rate=RATE)
    assert alone.windows == HEARD.windows


def test_channels_at_another_rate_are_heard_as_alone():
    both = np.stack([TALK, np.roll(TALK, 40_000)], axis=1)
    one, two = MODEL.timelines(both, sample_rate=22_050)
    for timeline, samples in ((one, both[:, 0]), (two, both[:, 1])):
        alone = MODEL.timeline(np.ascontiguousarray(samples), sample_rate=22_050)
        assert timeline.windows == alone.windows


def test_a_recording_that_breaks_off_gives_what_was_good_and_says_where():
    file = io.BytesIO()
    soundfile.write(file, TALK, RATE, format="WAV")
    cut = file.getvalue()[: 44 + 2 * 10 * RATE]
    timeline = MODEL.timeline(cut)
    assert timeline.seconds == 10
    assert timeline.warnings[0].startswith("breaks off at 10.00 s (truncated")
    whole = MODEL.timeline(audio.load(file.getvalue()).samples[: 10 * RATE], sample_rate=RATE)
    assert timeline.windows == whole.windows
    with pytest.raises(AudioError, match="truncated"):
        MODEL.predict(cut)


def test_progress_counts_the_blocks_that_the_file_promises():
    told = []

    def track(items, label, total):
        told.append((label, total))
        for item in items:
            told.append(len(item))
            yield item

    hear(MODEL, np.resize(TALK, 70 * RATE), sample_rate=RATE, track=track)
    assert told == [("listening", 3), 30 * RATE, 30 * RATE, 10 * RATE]


def test_what_no_sound_has_is_refused_as_in_a_file():
    stream = Stream(MODEL, sample_rate=48_000)
    with pytest.raises(AudioError, match="stream: NaN"):
        stream.push(np.float32([0.1, np.nan]))
    with pytest.raises(AudioError, match="no agreed scale"):
        stream.push(np.zeros(3, np.int64))
    with pytest.raises(AudioError, match="sample rate 100 Hz"):
        Stream(MODEL, sample_rate=100)
    with pytest.raises(AudioError, match=r"shape \(2, 960\) is not .* transpose"):
        stream.push(np.zeros((2, 960), np.float32))
    assert stream.push(np.zeros(0, np.float32)) == []


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_stream_that_was_refused_a_piece_goes_on_and_one_that_ended_does_not(rate):
    expected, _ = live(TALK, [5_000], rate)
    stream = Stream(MODEL, sample_rate=rate)
    windows = stream.push(TALK[:70_000])
    with pytest.raises(AudioError, match="NaN"):
        stream.push(np.float32([np.nan]))
    assert windows + stream.push(TALK[70_000:]) + stream.finish() == expected
    for more in (lambda: stream.push(TALK), stream.finish):
        with pytest.raises(IntoneError, match="the stream has ended"):
            more()
    assert stream.timeline().windows == tuple(expected)


# --- relative to a speaker's own baseline ---------------------------------------------------------


def test_a_baseline_shifts_every_answer_by_the_same_factors():
    calm = example("calm")
    relative = MODEL.relative_to(calm, sample_rate=RATE)
    usual = rows(MODEL.timeline(calm, sample_rate=RATE).windows)
    factors = baseline.factors(np.array([6, 3, 1]), usual, "calm")
    plain, shifted = (rows(m.predict(TALK, sample_rate=RATE).timeline) for m in (MODEL, relative))
    expected = plain * factors
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shifted, expected)
    assert np.abs(shifted - plain).max() > 0.01
    assert relative.predict(calm, sample_rate=RATE).model == "made, relative to array"


def test_the_first_seconds_of_a_recording_are_its_baseline():
    first = MODEL.timeline(TALK, sample_rate=RATE, first=5)
    relative = MODEL.relative_to(TALK[: 5 * RATE], sample_rate=RATE)
    filed = relative.timeline(TALK, sample_rate=RATE)
    for mine, theirs in zip(first.windows, filed.windows, strict=True):
        assert mine.probabilities == pytest.approx(theirs.probabilities, abs=1e-9)
    assert first.model.endswith(", relative to the first 5 s")
    assert first.windows != HEARD.windows


def test_a_baseline_without_speech_is_refused():
    with pytest.raises(AudioError, match="no speech found"):
        MODEL.relative_to(quiet(2), sample_rate=RATE)
    with pytest.raises(AudioError, match="first 0.5 s: no speech found"):
        MODEL.timeline(TALK, sample_rate=RATE, first=0.5)


def test_a_model_without_a_neutral_label_has_no_baseline():
    model = made_model(labels=("calm", "happy", "angry"))
    with pytest.raises(ModelError, match="a baseline needs the label neutral"):
        model.relative_to(example("calm"), sample_rate=RATE)
