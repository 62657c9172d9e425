"""Many files: each is answered once, in order, wherever it is heard, and none stops the others."""

import json
import os
from pathlib import Path

import pytest
import soundfile

import intone
from intone import batch
from intone.batch import Question, answers
from intone.errors import IntoneError
from intone.recordings.timeline import Smoothing
from made_model import RATE, example, quiet, talk


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[str]:
    """A clip, one that is cut, none, and another clip."""
    folder = tmp_path_factory.mktemp("clips")
    calm, cut, agitated = (str(folder / f"{name}.wav") for name in ("calm", "cut", "agitated"))
    soundfile.write(calm, example("calm"), RATE)
    soundfile.write(agitated, example("agitated"), RATE)
    Path(cut).write_bytes(Path(calm).read_bytes()[:9_000])
    return [calm, cut, str(folder / "no\n.wav"), agitated]


def asked(question: Question, sources: list[str], **options) -> list[batch.Entry]:
    return list(answers(question, question.load(), sources, **options))


def test_every_file_has_one_entry_in_order_a_prediction_or_an_error(clips):
    entries = asked(Question(), clips)
    assert [entry.source for entry in entries] == clips
    for entry in (entries[0], entries[3]):
        assert entry.records == (intone.predict(entry.source).to_dict(),)
        assert entry.error is None
    assert [entry.records for entry in entries[1:3]] == [(), ()]
    assert entries[1].error.startswith(f"{clips[1]}: truncated: ")
    assert entries[2].error.endswith("/no\\n.wav: no such file; check the path")


def test_other_processes_answer_the_same(clips):
    question = Question(baseline=clips[0])
    heard = asked(question, clips, jobs=2)
    assert heard == asked(question, clips, jobs=1)
    assert heard[3].records[0]["model"].endswith(f"relative to {clips[0]}")


def test_a_timeline_for_each_channel_is_what_was_asked(tmp_path):
    call = tmp_path / "call.wav"
    soundfile.write(call, [[a, b] for a, b in zip(talk(), quiet(18), strict=False)], RATE)
    question = Question(timeline=True, separate=True, hop=1.0, smoothing=Smoothing(kind="none"))
    [entry] = asked(question, [str(call)])
    one, two = entry.records
    assert (one["channel"], two["channel"]) == (1, 2)
    assert (one["hop"], one["smoothing"]["kind"]) == (1.0, "none")
    assert len(one["utterances"]) == 3
    assert two["warnings"] == ["no speech found"]
    assert json.loads(json.dumps(entry.records)) == [one, two]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (Question(hop=9.0), "a hop of 9 s"),
        (Question(baseline="no.wav"), "no.wav: no such file"),
        (Question(model=Path("no.onnx")), "no.onnx: there is no such model file"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_file(question, message):
    with pytest.raises(IntoneError, match=message):
        question.load()


@pytest.mark.parametrize(("count", "jobs"), [(99, None), (100, os.cpu_count())])
def test_from_many_files_on_each_processor_has_a_process(monkeypatch, clips, count, jobs):
    started = []

    def in_processes(prepare, items, *, jobs, lost):
        started.append(jobs)
        return map(lost, items)

    monkeypatch.setattr(batch, "in_processes", in_processes)
    monkeypatch.setattr(Question, "answer", lambda self, model, source: None)
    entries = list(answers(Question(), None, ["two\nlines.wav"] * count))
    assert len(entries) == count
    assert started == ([jobs] if jobs and jobs > 1 else [])
    if started:
        assert entries[0].source == "two\nlines.wav"
        assert entries[0].error.startswith("two\\nlines.wav: the process that heard it died")


def test_progress_is_of_files_or_of_the_only_file(clips):
    told = []

    def track(items, label, total):
        told.append(total)
        yield from items

    asked(Question(timeline=True), clips[:1], track=track)
    asked(Question(), clips, track=track)
    assert told == [1, 4]
