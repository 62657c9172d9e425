"""Who may ask, how much and how fast, and what every answer says to browsers."""

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from select import select
from threading import Event, Thread

import httpx
import numpy as np
import pytest
from starlette.requests import ClientDisconnect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from broken import encoded
from intone.server.guard import Guard
from intone.server.limits import Limits
from made_model import RATE, made_model, talk
from made_service import served, until
from test_server import CLIP, MODEL, TALK, post, problem, wav

TOKEN = "a-token.of_ours~1"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    small = {"body_bytes": 200_000, "patience": 0.3, "pace": 100_000.0, "files": 3}
    with served(MODEL, **small) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture(scope="module")
def closed() -> Iterator[httpx.Client]:
    with served(MODEL, token=TOKEN) as address, httpx.Client(base_url=address) as client:
        yield client


def raw(client: httpx.Client, *pieces: bytes, pause: float = 0.0, until: bytes = b"\0") -> bytes:
    """Send bytes as they are, with pauses; give what is answered, up to some bytes or the end."""
    with socket.create_connection((client.base_url.host, client.base_url.port)) as sender:
        sender.settimeout(20)
        answer = b""
        for piece in pieces:
            sender.sendall(piece)
            if select([sender], [], [], pause)[0]:
                break
        while until not in answer and (data := sender.recv(65_536)):
            answer += data
        return answer


HEAD = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\n"


def refused_stream(client: httpx.Client, **options) -> int:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{client.base_url.netloc.decode()}/v1/stream?rate=16000", **options)
    response = refused.value.response
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.2:1", "[::1]:8000"]
)
def test_this_machine_is_asked_by_its_own_name(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.x", "[::1", ""]
)
@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/models", "/openapi.json", "/static/x"])
def test_another_name_for_it_is_a_page_that_had_it_resolved(client, host, path):
    status, detail = problem(client.get(path, headers={"Host": host}))
    assert status == 421
    assert "localhost" in detail


def test_a_stream_is_asked_for_by_its_own_name_and_page(client):
    assert refused_stream(client, additional_headers={"Origin": "http://evil.example"}) == 403
    assert refused_stream(client, additional_headers={"Origin": "null"}) == 403
    own = f"http://{client.base_url.netloc.decode()}"
    with connect(f"ws{own[4:]}/v1/stream?rate=16000", origin=own) as stream:
        assert '"ready"' in stream.recv()
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    evil = b"GET /v1/stream?rate=16000 HTTP/1.1\r\nHost: evil.example\r\n" + upgrade + key
    assert raw(client, evil).startswith(b"HTTP/1.1 421")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "http://["]
)
def test_a_page_from_elsewhere_may_not_ask(client, origin):
    answer = client.post("/v1/predict", content=CLIP, headers={"Origin": origin})
    assert problem(answer)[0] == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_its_own_page_may_ask(client):
    origin = f"http://{client.base_url.netloc.decode()}"
    clip = encoded("WAV")
    assert client.post("/v1/predict", content=clip, headers={"Origin": origin}).status_code == 200


def test_the_token_is_asked_for_where_sound_is_heard_or_counted(closed):
    for path in ("/v1/models", "/v1/nothing", "/metrics"):
        answer = closed.get(path)
        assert problem(answer)[0] == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert problem(post(closed, "/v1/predict", CLIP))[0] == 401
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert closed.get(path).status_code == 200
    for wrong in (f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", "Bearer \xe9".encode("latin-1")):
        assert closed.get("/v1/models", headers={"Authorization": wrong}).status_code == 401
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert closed.get("/v1/models", headers=right).status_code == 200
    assert closed.get("/metrics", headers=right).status_code == 200
    assert "security" in closed.get("/openapi.json").json()["paths"]["/v1/predict"]["post"]


def test_a_stream_gives_the_token_as_a_subprotocol_or_a_header(closed):
    url = f"ws://{closed.base_url.netloc.decode()}/v1/stream?rate=16000"
    assert refused_stream(closed) == 401
    assert refused_stream(closed, subprotocols=["intone.v1", "bearer.wrong"]) == 401
    with connect(url, subprotocols=["intone.v1", f"bearer.{TOKEN}"]) as stream:
        assert stream.subprotocol == "intone.v1"
    with connect(url, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as stream:
        assert stream.subprotocol is None


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/v1/models", "/static/nothing"])
def test_every_answer_says_what_browsers_may_do_with_it(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"].startswith("microphone=(self)")
    assert headers["cross-origin-opener-policy"] == "same-origin"
    page = path == "/" or path.startswith("/static")
    assert headers["cache-control"] == ("no-cache" if page else "no-store")
    assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"),
        *("/static/..%2fapp.py", "/docs", "/redoc", "/v1/models/"),
    ],
)
def test_nothing_else_of_the_disk_is_served(client, path):
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert raw(client, head.encode()).startswith(b"HTTP/1.1 404")


def test_a_body_is_no_larger_than_is_taken(client):
    large = bytes(200_001)
    for answer in (
        post(client, "/v1/predict", large),
        client.post(
            "/v1/predict", content=(large[i : i + 50_000] for i in range(0, 200_001, 50_000))
        ),
        client.post("/v1/predict", files={"file": ("a.wav", large)}),
        post(client, "/v1/timeline", large),
    ):
        status, detail = problem(answer)
        assert status == 413
        assert "200000 bytes" in detail


def test_who_asks_before_sending_is_told_before_sending(client):
    answer = raw(client, HEAD + b"Expect: 100-continue\r\nContent-Length: 999999999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer


def test_a_slow_sender_is_given_up(client):
    began = time.monotonic()
    answer = raw(client, HEAD + b"Content-Length: 1000\r\n\r\n", *(20 * [b"x"]), pause=0.05)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"too slowly" in answer
    assert time.monotonic() - began < 10


def test_a_head_that_does_not_end_is_given_up(client):
    assert raw(client) == b""
    assert raw(client, HEAD, b"X-Slow: ") == b""
    with socket.create_connection((client.base_url.host, client.base_url.port)) as sender:
        sender.settimeout(4)  # a connection that is kept alive is closed after 5
        sender.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while not answer.endswith(b'{"status":"alive"}'):
            answer += sender.recv(65_536)
        sender.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert sender.recv(65_536) == b""


def test_a_head_that_is_too_long_or_no_http_is_refused(client):
    assert raw(client, HEAD + b"X-Long: " + 100_000 * b"x").startswith(b"HTTP/1.1 400")
    assert raw(client, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400")


class Held:
    """A model that hears nothing before it is let go."""

    def __init__(self) -> None:
        self.model, self._inner = made_model(), made_model()._session
        self.go, self.calls = Event(), 0
        object.__setattr__(self.model, "_session", self)

    def run(self, names, inputs):
        self.calls += 1
        assert self.go.wait(20)
        return self._inner.run(names, inputs)


def test_when_all_places_are_held_others_are_told_to_come_again():
    held = Held()
    with (
        served(held.model, requests=3, threads=1) as address,
        httpx.Client(base_url=address) as client,
        ThreadPoolExecutor(3) as pool,
    ):
        waiting = [pool.submit(post, client, "/v1/predict", CLIP) for _ in range(3)]
        until(lambda: 'intone_in_progress{kind="requests"} 3.0' in client.get("/metrics").text)
        answer = post(client, "/v1/predict", CLIP)
        assert problem(answer)[0] == 429
        assert answer.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        held.go.set()
        assert [one.result().status_code for one in waiting] == [200, 200, 200]
        until(lambda: 'intone_in_progress{kind="requests"} 0.0' in client.get("/metrics").text)
        assert post(client, "/v1/predict", CLIP).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up_and_its_place_kept_until_the_work_ends():
    held = Held()
    with (
        served(held.model, answer_seconds=0.2, requests=1) as address,
        httpx.Client(base_url=address) as client,
    ):
        assert problem(post(client, "/v1/timeline", TALK))[0] == 504
        assert problem(post(client, "/v1/predict", CLIP))[0] == 429
        held.go.set()
        until(lambda: 'intone_in_progress{kind="requests"} 0.0' in client.get("/metrics").text)
        assert post(client, "/v1/predict", CLIP).status_code == 200


def test_work_for_those_who_left_is_not_begun():
    held = Held()
    with served(held.model, threads=1) as address, httpx.Client(base_url=address) as client:
        first = Thread(target=lambda: post(client, "/v1/predict", CLIP))
        first.start()
        until(lambda: held.calls == 1)
        for _ in range(5):
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{address}/v1/predict", content=CLIP, timeout=0.2)
        until(lambda: 'status="499"} 5.0' in client.get("/metrics").text)
        held.go.set()
        first.join()
        windows = held.calls
        assert post(client, "/v1/predict", CLIP).status_code == 200
        assert held.calls == 2 * windows


def test_a_timeline_for_someone_who_left_is_given_up(caplog):
    held = Held()
    long = wav(np.tile(talk(), 5))
    headers = {"Accept": "text/event-stream"}
    with served(held.model) as address, httpx.Client(base_url=address) as client:
        with client.stream("POST", "/v1/timeline", content=long, headers=headers) as answer:
            assert answer.status_code == 200
            until(lambda: held.calls == 1)
        held.go.set()
        until(lambda: 'intone_in_progress{kind="requests"} 0.0' in client.get("/metrics").text)
    assert 0 < held.calls < len(MODEL.timeline(np.tile(talk(), 5), sample_rate=RATE).windows)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_who_does_not_read_has_left():
    async def app(scope, receive, send):
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def stuck(message):
        await asyncio.sleep(60)

    async def ask(kind):
        scope = {"type": kind, "path": "/", "headers": [(b"host", b"localhost")]}
        patient = Guard(app, limits=Limits(idle_seconds=0.01), local=True, token=None)
        await patient(scope, asyncio.Event().wait, stuck)

    with ThreadPoolExecutor(1) as apart:  # a browser of other tests has a loop in this thread
        with pytest.raises(ClientDisconnect):
            apart.submit(asyncio.run, ask("http")).result()
        with pytest.raises(TimeoutError):  # an OSError, by which Starlette closes a WebSocket
            apart.submit(asyncio.run, ask("websocket")).result()


def test_a_small_file_that_unfolds_to_much_is_refused_before_it_is_heard():
    held = Held()
    with served(held.model, values=100_000) as address, httpx.Client(base_url=address) as client:
        status, detail = problem(post(client, "/v1/predict", encoded("FLAC", seconds=7)))
        assert status == 422
        assert "unfolds to over 100000 samples" in detail
    assert held.calls == 0
