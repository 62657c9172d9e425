"""Live speech over a WebSocket: the answers of the file, in time, and an end to everything."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from intone.recordings.stream import Stream
from made_model import RATE, made_model, talk
from made_service import served, until
from test_server_guard import raw

MODEL = made_model()
TALK = talk()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    limits = {"stream_seconds": 20.0, "idle_seconds": 1.0, "streams": 3, "message_bytes": 500_000}
    with served(MODEL, **limits) as address:
        yield address


@contextmanager
def stream(address: str, **params: object) -> Iterator[ClientConnection]:
    query = "&".join(f"{name}={value}" for name, value in ({"rate": RATE} | params).items())
    with connect(f"ws{address[4:]}/v1/stream?{query}") as talk:
        yield talk


def messages(talk: ClientConnection) -> tuple[list[dict], int]:
    """Everything that is said until the end, and how it is closed."""
    found = []
    try:
        while True:
            found.append(json.loads(talk.recv(timeout=20)))
    except ConnectionClosed as closed:
        return found, closed.rcvd.code


def of(found: list[dict], kind: str) -> list[dict]:
    return [{**message, "type": None} for message in found if message["type"] == kind]


def expected(samples: np.ndarray, sizes: list[int], rate: int = RATE) -> tuple[list[dict], dict]:
    """The windows and the timeline that the library gives."""
    live, windows, start = Stream(MODEL, sample_rate=rate), [], 0
    for size in sizes:
        windows += live.push(samples[start : start + size])
        start += size
    windows += live.finish()
    plain = json.loads(json.dumps([window.to_dict() for window in windows]))
    return plain, json.loads(json.dumps(live.timeline().to_dict()))


@pytest.mark.parametrize(
    ("format", "rate"), [("f32le", RATE), ("s16le", RATE), ("f32le", 48_000), ("s16le", 44_100)]
)
def test_live_answers_are_those_of_the_library(address, format, rate):
    samples = np.interp(np.arange(0, len(TALK), RATE / rate), np.arange(len(TALK)), TALK)
    sent = samples.astype("<f4") if format == "f32le" else (samples * 32_767).astype("<i2")
    sizes = [*np.random.default_rng(0).integers(0, rate // 2, 200)]
    with stream(address, format=format, rate=rate) as talk:
        start = 0
        for size in sizes:
            talk.send(sent[start : start + size].tobytes())
            start += size
        talk.send('{"type": "end"}')
        found, code = messages(talk)
    windows, timeline = expected(sent, sizes, rate)
    assert code == 1000
    assert found[0] == {"type": "ready", "labels": ["neutral", "happy", "angry"], "model": "made"}
    assert of(found, "window") == [{"type": None, **window} for window in windows]
    assert of(found, "timeline") == [{"type": None, **timeline}]
    assert len(timeline["utterances"]) == 3
    levels = of(found, "level")
    assert max(level["peak"] for level in levels) <= np.abs(TALK).max() + 1e-3
    assert levels[-1]["seconds"] <= len(TALK) / RATE


def test_a_window_is_there_as_soon_as_it_is_complete(address):
    with stream(address) as talk:
        talk.send(TALK[: 4 * RATE].astype("<f4").tobytes())  # speech from 1 s on, and going on
        while (message := json.loads(talk.recv(timeout=20)))["type"] != "window":
            pass
        assert message["end"] - message["start"] == 2.0
        assert message["end"] < 4


@pytest.mark.parametrize(
    ("sent", "status", "code", "words"),
    [
        ([b"abc"], 400, 1007, "3 bytes are no whole number of samples"),
        (["hello"], 400, 1007, '{"type": "end"}'),
        (['{"type": "stop"}'], 400, 1007, '{"type": "end"}'),
        (["[" * 100_000], 400, 1007, '{"type": "end"}'),
        ([np.full(99, np.nan, "<f4").tobytes()], 422, 1007, "NaN"),
        ([np.full(99, 1e6, "<f4").tobytes()], 422, 1007, "scale them"),
        (["", ""], 400, 1007, '{"type": "end"}'),
        (21 * [bytes(4 * RATE)], 413, 1009, "at most 20 s"),
        ([], 408, 1008, "nothing came"),
    ],
)
def test_what_cannot_be_heard_is_a_problem_after_which_the_rest_is_answered(
    address, sent, status, code, words
):
    with stream(address) as talk:
        try:
            for message in sent:
                talk.send(message)
        except ConnectionClosed:
            pass
        found, closed = messages(talk)
    assert closed == code
    [problem] = of(found, "problem")
    assert problem["status"] == status
    assert words in problem["detail"]
    assert found[-1]["type"] == "timeline"


@pytest.mark.parametrize(
    "params", [{"rate": 1}, {"rate": "x"}, {"rate": ""}, {"rate": 10**9}, {"format": "mp3"}]
)
def test_a_stream_of_what_there_is_not_is_a_problem(address, params):
    with stream(address, **params) as talk:
        [problem], code = messages(talk)
    assert (problem["type"], problem["status"], code) == ("problem", 400, 1008)


def test_a_message_is_no_larger_than_is_taken(address):
    with stream(address) as talk:
        talk.send(bytes(500_001))
        _, code = messages(talk)
    assert code == 1009


def test_there_are_only_so_many_streams_and_those_who_leave_make_room(address):
    with stream(address) as one, stream(address), stream(address):
        with pytest.raises(InvalidStatus) as refused, stream(address):
            pass
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["retry-after"] == "1"
        one.close()
        until(lambda: 'in_progress{kind="streams"} 2.0' in httpx.get(f"{address}/metrics").text)
        with stream(address) as another:
            assert json.loads(another.recv())["type"] == "ready"
    until(lambda: 'in_progress{kind="streams"} 0.0' in httpx.get(f"{address}/metrics").text)


def test_a_fault_of_ours_ends_the_stream_with_a_problem(caplog):
    class Faulty:
        def run(self, names, inputs):
            raise ZeroDivisionError("secret")

    with served(replace(MODEL, _session=Faulty())) as address:
        with stream(address) as talk:
            talk.send(TALK[: 5 * RATE].astype("<f4").tobytes())
            found, code = messages(talk)
        assert (found[-1]["type"], found[-1]["status"], code) == ("problem", 500, 1011)
    assert "ZeroDivisionError at" in caplog.text
    assert "secret" not in caplog.text


HANDSHAKE = (
    b"GET /v1/stream?rate=16000 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x82\x05hello",  # not masked
        b"\xf2\x80abcd",  # bits that nobody agreed on
        b"\x83\x80abcd",  # no such kind of frame
        b"\x80\x80abcd",  # goes on with nothing
        b"\x89\xfe\x01\x00abcd" + bytes(256),  # a ping of 256 bytes
        b"\x81\x81\0\0\0\0\xff",  # text that is none
        b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffabcd",  # nine exabytes
        b"\x82\xfe",  # and no more
    ],
)
def test_a_broken_frame_ends_its_stream_and_nothing_else(address, frame):
    client = httpx.Client(base_url=address)
    answer = raw(client, HANDSHAKE, frame, until=b"\x88")  # the head of a frame that closes
    assert answer.startswith(b"HTTP/1.1 101")
    assert b"Traceback" not in answer
    assert client.get("/healthz").status_code == 200
    until(lambda: 'in_progress{kind="streams"} 0.0' in client.get("/metrics").text)
