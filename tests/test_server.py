"""The service over HTTP gives the answers that the library and the command line give."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import numpy as np
import pytest
import soundfile

import intone
from broken import encoded, float_wav
from intone import audio
from intone.batch import Question
from intone.calibration import Candidates
from intone.recordings.timeline import Smoothing
from intone.report import answers, timeline_text
from intone.runtime import Model
from made_model import RATE, example, made_model, talk
from made_service import served, until

MODEL = made_model(candidates=Candidates(threshold=0.3, coverage=0.9))


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()


CLIP = wav(example("calm"))
TALK = wav(talk())


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(MODEL, seconds=60.0) as address, httpx.Client(base_url=address) as client:
        yield client


def post(client: httpx.Client, path: str, body: bytes, kind: str = "audio/wav", **params: object):
    return client.post(path, content=body, params=params or None, headers={"Content-Type": kind})


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and the line of a problem, which is what it says it is."""
    assert answer.headers["content-type"] == "application/problem+json"
    content = answer.json()
    assert content.keys() == {"type", "title", "status", "detail"}
    assert content["status"] == answer.status_code
    assert "\n" not in content["detail"]
    return answer.status_code, content["detail"]


def recorded(question: Question, body: bytes, name: str, model: Model = MODEL) -> dict:
    """What the command line would write as JSON, of a file with this name."""
    file = io.BytesIO(body)
    file.name = name
    [record] = question.answer(model, file).records
    return json.loads(json.dumps(record))


@pytest.mark.parametrize("kind", ["audio/wav", "application/octet-stream", "audio/x-anything"])
def test_a_body_is_a_clip(client, kind):
    answer = post(client, "/v1/predict", CLIP, kind, name="calm.wav")
    assert answer.status_code == 200
    [prediction] = answer.json()["predictions"]
    assert prediction == recorded(Question(), CLIP, "calm.wav")
    assert prediction["unsure"] == (len(prediction["candidates"]) > 1)


def test_a_form_holds_several_and_one_that_is_broken_does_not_stop_the_others(client):
    files = [
        ("file", ("a.wav", CLIP)),
        ("file", ("notes.txt", b"no sound")),
        ("file", ("b.flac", encoded("FLAC"))),
    ]
    answer = client.post("/v1/predict", files=files)
    first, second, third = answer.json()["predictions"]
    assert first == recorded(Question(), CLIP, "a.wav")
    assert second["source"] == "notes.txt"
    assert second["error"].startswith("notes.txt: not readable as audio")
    assert third == recorded(Question(), encoded("FLAC"), "b.flac")


@pytest.mark.parametrize(
    ("params", "question"),
    [
        ({}, Question(timeline=True)),
        (
            {"smoothing": "causal", "hop": 0.5},
            Question(timeline=True, hop=0.5, smoothing=Smoothing(kind="causal")),
        ),
        (
            {"smoothing": "none", "first": 5},
            Question(timeline=True, first=5.0, smoothing=Smoothing(kind="none")),
        ),
    ],
)
def test_a_timeline_is_that_of_the_command_line(client, params, question):
    expected = recorded(question, TALK, "talk.wav")
    answer = post(client, "/v1/timeline", TALK, name="talk.wav", **params)
    assert answer.json() == expected
    assert len(expected["segments"]) > 2
    table = post(client, "/v1/timeline", TALK, name="talk.wav", format="csv", **params)
    names = answers.names(MODEL.labels, timeline=True)
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text == "".join(answers.csv([expected], names))
    captions = post(client, "/v1/timeline", TALK, name="talk.wav", format="vtt", **params)
    assert captions.headers["content-type"].startswith("text/vtt")
    assert captions.text == timeline_text.webvtt([expected])


def events(client: httpx.Client, body: bytes) -> list[tuple[str, dict]]:
    headers = {"Accept": "text/event-stream", "Content-Type": "audio/wav"}
    answer = client.post("/v1/timeline", content=body, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.removesuffix("\n\n").split("\n\n"):
        event, data = block.split("\n")
        found.append((event.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_long_recording_tells_how_far_it_is(client):
    long = wav(np.tile(talk(), 3)[: 50 * RATE])
    *progress, (last, timeline) = events(client, long)
    assert progress == [
        ("progress", {"seconds": 30.0, "of": 50.0}),
        ("progress", {"seconds": 50.0, "of": 50.0}),
    ]
    assert last == "timeline"
    assert timeline == recorded(Question(timeline=True), long, "sound")


def test_what_is_wrong_on_the_way_is_the_last_event(client):
    [(event, content)] = events(client, float_wav([0.1, float("nan")]))
    assert (event, content["status"]) == ("problem", 422)
    assert "NaN" in content["detail"]


FLAC = encoded("FLAC")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "the file is empty"),
        (b"This is no sound.", 415, "not readable as audio"),
        (b"\x1aE\xdf\xa3" + bytes(500), 415, "Matroska"),
        (CLIP[:20], 415, "not readable"),
        (CLIP[: len(CLIP) // 2], 422, "truncated"),
        (FLAC[:8000] + b"\xff" * 50 + FLAC[8050:], 422, "damaged"),
        (float_wav([0.1, float("nan")]), 422, "NaN"),
        (encoded("WAV", seconds=0.05), 422, "too short"),
        (wav(np.zeros(61 * RATE)), 422, "longer than 60 s"),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem(client, body, status, words):
    found, detail = problem(post(client, "/v1/predict", body, name="it"))
    assert found == status
    assert words in detail
    assert detail.startswith("it: ")


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "words"),
    [
        ("/v1/predict", CLIP, "text/html", 415, "send audio/*"),
        ("/v1/predict", CLIP, "multipart/form-data", 400, "boundary"),
        ("/v1/predict", CLIP, "multipart/form-data; boundary=x", 400, "multipart"),
        ("/v1/timeline?hop=9", CLIP, "audio/wav", 400, "a hop of 9 s"),
        ("/v1/timeline?hop=0", CLIP, "audio/wav", 400, "hop: "),
        ("/v1/timeline?hop=a%0Ab", CLIP, "audio/wav", 400, "hop: "),
        ("/v1/timeline?smoothing=much", CLIP, "audio/wav", 400, "smoothing: "),
        ("/v1/timeline?format=xml", CLIP, "audio/wav", 400, "format: "),
        ("/v1/predict?name=" + 300 * "a", CLIP, "audio/wav", 400, "name: "),
        ("/v1/timeline?first=9", wav(np.zeros(2 * RATE)), "audio/wav", 422, "no speech"),
        ("/v1/nothing", CLIP, "audio/wav", 404, "openapi.json"),
        ("/v1/models", CLIP, "audio/wav", 405, "openapi.json"),
    ],
)
def test_a_request_that_is_wrong_is_a_problem(client, path, body, kind, status, words):
    found, detail = problem(post(client, path, body, kind))
    assert found == status
    assert words in detail.lower()


@pytest.mark.parametrize(
    ("path", "files", "words"),
    [
        ("/v1/predict", [("sound", ("a.wav", CLIP))], "parts named file"),
        ("/v1/predict", [("file", (None, CLIP))], "many fields"),
        ("/v1/predict", 101 * [("file", ("a.wav", b""))], "many files"),
        ("/v1/timeline", 2 * [("file", ("a.wav", CLIP))], "one file"),
    ],
)
def test_a_form_that_is_wrong_is_a_problem(client, path, files, words):
    status, detail = problem(client.post(path, files=files))
    assert status == 400
    assert words in detail


def test_the_model_says_what_it_is_and_the_service_what_it_takes(client):
    content = client.get("/v1/models").json()
    [model] = content["models"]
    assert model["name"] == "made"
    assert model["labels"] == ["neutral", "happy", "angry"]
    assert (model["window_seconds"], model["hop_seconds"], model["coverage"]) == (2.0, 1.0, 0.9)
    assert model["expected"]["stamp"] == "unseen speakers"
    assert {row["corpus"]: row["title"] for row in model["training"]}["crema_d_rebuilt"] == (
        "CREMA-D, rebuilt audio"
    )
    limits = content["limits"]
    assert limits == {"body_bytes": 100 * 2**20, "seconds": 60.0, "stream_seconds": 3600.0}


def test_a_model_of_a_corpus_that_is_not_here_is_described_too():
    data = {"mine": {"clips": 3, "speakers": 0, "licence": None}}
    training = {**MODEL.description.training, "data": data}
    with served(made_model(training=training)) as address:
        [model] = httpx.get(f"{address}/v1/models").json()["models"]
    assert model["training"] == [{"corpus": "mine", "title": "mine", **data["mine"]}]
    assert model["coverage"] is None


def test_it_says_that_it_lives_and_counts_without_saying_what_it_heard(client):
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    client.get("/secret-name.wav")
    post(client, "/v1/predict", CLIP, name="secret-name.wav")
    until(lambda: 'intone_in_progress{kind="requests"} 0.0' in client.get("/metrics").text)
    text = client.get("/metrics").text
    assert 'intone_requests_total{method="POST",route="/v1/predict",status="200"}' in text
    assert 'intone_requests_total{method="GET",route="other",status="404"}' in text
    heard = float(text.split("\nintone_sound_seconds_total ")[1].split()[0])
    assert heard >= len(example("calm")) / RATE
    assert "secret" not in text


def test_a_log_has_no_names(client, caplog):
    caplog.set_level("INFO", "intone.server")
    post(client, "/v1/predict", CLIP, name="secret-name.wav")
    post(client, "/v1/predict", b"no sound", name="secret-name.wav")
    client.post("/v1/timeline", files={"file": ("secret-name.wav", b"no sound")})
    lines = {"POST /v1/predict 200", "POST /v1/predict 415", "POST /v1/timeline 415"}
    until(lambda: lines <= {one.getMessage().rsplit(" ", 2)[0] for one in caplog.records})
    assert "secret" not in caplog.text


def test_a_fault_of_ours_is_a_problem_without_a_trace(caplog):
    class Faulty:
        def run(self, names, inputs):
            raise ZeroDivisionError("secret")

    with served(replace(MODEL, _session=Faulty())) as address:
        for path in ("/v1/predict", "/v1/timeline"):
            answer = httpx.post(f"{address}{path}", content=TALK)
            assert problem(answer) == (500, "a fault of the service; its log says where")
        assert httpx.get(f"{address}/healthz").status_code == 200
    [first, _] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert first.startswith("ZeroDivisionError at ")
    assert "test_server.py" in first
    assert "secret" not in caplog.text


def test_many_at_once_have_each_their_own_answer(client):
    clips = [wav(example("calm")[: round(seconds * RATE)]) for seconds in np.linspace(0.5, 3, 24)]
    expected = [recorded(Question(), clip, "sound") for clip in clips]
    with ThreadPoolExecutor(12) as pool:
        found = [*pool.map(lambda clip: post(client, "/v1/predict", clip).json(), clips)]
    assert [one["predictions"] for one in found] == [[one] for one in expected]


def test_real_clips_have_the_same_numbers_by_every_way(speech):
    """By file, bytes, array and the service; live and as a file, of the same samples."""
    bundled = intone.load()
    every = audio.find([speech / name for name in ("ravdess", "savee", "emodb")])
    chosen = [every[i] for i in np.random.default_rng(0).permutation(len(every))[:8]]
    with served(bundled) as address, httpx.Client(base_url=address) as client:
        for path in chosen:
            body = path.read_bytes()
            [prediction] = post(client, "/v1/predict", body, name="a").json()["predictions"]
            assert prediction == recorded(Question(), body, "a", bundled)
            alone = bundled.predict(path).probabilities
            assert prediction["probabilities"] == pytest.approx(alone, abs=1e-12)
            timeline = post(client, "/v1/timeline", body, name="a").json()
            assert timeline == recorded(Question(timeline=True), body, "a", bundled)
