"""`intone serve`: safe from the first second, and no answer lost in the last."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from threading import Event

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from made_model import example
from made_service import until
from test_server import wav
from test_server_live import messages

CLIP = wav(example("calm"))
EXAMPLES = Path(str(files("intone.models") / "examples"))


@contextmanager
def serving(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command on a free port; gives its process and the address that it prints."""
    command = [sys.executable, "-m", "intone", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | environment,
    )  # fmt: skip
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "others can reach it; add --token, or take 127.0.0.1"),
        (["--host", "::"], "others can reach it; add --token"),
        (["--host", "no.such.host.invalid"], "no such address"),
        (["--host", "192.0.2.1", "--token", "x"], "cannot be opened"),
        (["--token", "two words"], "letters, digits and -._~ only"),
        (["--port", "70000"], "less than or equal to 65535"),
        (["--model", "no.onnx"], "no.onnx: there is no such model file"),
    ],
)
def test_what_cannot_be_served_is_one_line(run, options, words):
    code, out, err = run("serve", *options)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_port_that_is_taken_is_named(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = run("serve", "--port", port)
    assert code == 2
    assert f"port {port}: is taken; choose another with --port" in err


@pytest.mark.parametrize("module", ["fastapi", "websockets"])
def test_without_the_extra_it_is_named(run, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    ours = ("intone.server", "uvicorn.protocols.websockets.websockets_sansio_impl")
    for name in [name for name in sys.modules if name.startswith(ours)]:
        monkeypatch.delitem(sys.modules, name)
    code, out, err = run("serve", "--port", "0")
    assert (code, out) == (2, "")
    assert err == f"intone: this needs {module}: pip install 'intone[serve]'\n"


def test_with_a_token_others_may_come():
    with serving("--host", "0.0.0.0", INTONE_TOKEN="abc") as (_, address):
        here = address.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{here}/v1/models").status_code == 401
        headers = {"Authorization": "Bearer abc", "Host": "speech.example"}
        assert httpx.get(f"{here}/v1/models", headers=headers).status_code == 200


def test_what_it_is_asked_to_take_is_what_it_takes():
    with serving("--max-megabytes", "1", "--max-minutes", "2", "--quiet") as (process, address):
        limits = httpx.get(f"{address}/v1/models").json()["limits"]
        assert limits == {"body_bytes": 10**6, "seconds": 120.0, "stream_seconds": 120.0}
        assert httpx.post(f"{address}/v1/predict", content=bytes(10**6 + 1)).status_code == 413
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_example_of_a_client_asks_in_three_ways():
    script = Path(__file__).parent.parent / "examples" / "client.py"
    with serving("--quiet", "--token", "abc") as (_, address):

        def ask(*words: object, token: str = "abc") -> subprocess.CompletedProcess[str]:
            command = [sys.executable, str(script), "--url", address, *map(str, words)]
            environment = os.environ | {"INTONE_TOKEN": token}
            return subprocess.run(command, capture_output=True, text=True, env=environment)

        heard = r"neutral \d\d %( or angry \d\d %)?"
        answer = ask(EXAMPLES / "calm.wav", __file__)
        first, second = answer.stdout.splitlines()
        assert re.fullmatch(rf"calm\.wav: {heard}", first)
        assert second.startswith("test_serve.py: not readable as audio")
        long = ask("--timeline", EXAMPLES / "calm.wav").stdout
        assert re.fullmatch(rf"     0\.0      3\.2  {heard}\n", long)
        assert re.fullmatch(
            rf"     0\.0      3\.5  {heard}\n", ask("--live", EXAMPLES / "calm.wav").stdout
        )
        refused = ask(EXAMPLES / "calm.wav", token="abd")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith("give the token")


def test_sigterm_loses_nothing():
    """Who asks until the service says that it stops has an answer; a stream has its last ones."""
    with serving() as (process, address), ThreadPoolExecutor(8) as pool:
        expected = httpx.post(f"{address}/v1/predict", content=CLIP).json()
        found: list[int] = []
        states: list[int] = []
        leaving = Event()

        def ask(kept_alive: bool) -> None:
            with httpx.Client(base_url=address, timeout=60) as client:
                while not leaving.is_set():
                    ask = client.post if kept_alive else httpx.post
                    answer = ask(f"{address}/v1/predict", content=CLIP)
                    assert answer.json() == expected
                    found.append(answer.status_code)

        def watch() -> None:
            with httpx.Client(base_url=address) as client:
                while not leaving.wait(0.02):
                    states.append(client.get("/readyz").status_code)
                    if states[-1] == 503:
                        leaving.set()

        with connect(f"ws{address[4:]}/v1/stream?rate=16000") as stream:
            samples = np.tile(example("calm"), 2)[: 5 * 16_000]
            stream.send(samples.astype("<f4").tobytes())
            asking = [pool.submit(ask, bool(number % 2)) for number in range(6)]
            asking += [pool.submit(watch)]
            until(lambda: len(found) > 12)
            process.send_signal(signal.SIGTERM)
            said, code = messages(stream)
        for one in asking:
            one.result()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert (states[0], states[-1]) == (200, 503)
    assert code == 1012
    kinds = [message["type"] for message in said]
    assert kinds.index("problem") < kinds.index("timeline") == len(kinds) - 1
    assert said[-1]["utterances"][-1]["end"] == pytest.approx(5, abs=0.1)
    assert out == ""
    lines = [line.split(" ", 2)[2].rsplit(" ", 2)[0] for line in err.splitlines()]
    assert lines.count("POST /v1/predict 200") == len(found) + 1
    assert {line.split()[0] for line in lines} == {"POST", "GET", "WEBSOCKET"}
