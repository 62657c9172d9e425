"""Five hundred bodies that nobody should send: the service refuses them, and goes on."""

import io
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from broken import encoded, make_broken, with_field
from made_service import served
from test_server import CLIP, MODEL, post

SECONDS = 60.0
FORMATS = [("WAV", None), ("FLAC", None), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None),
           ("AIFF", None), ("AU", None), ("W64", None), ("RF64", None)]  # fmt: skip
SOUNDS = [encoded(container, subtype) for container, subtype in FORMATS]
MAGIC = [sound[:12] for sound in SOUNDS] + [b"ID3\x04\0\0\0\0\x7f\x7f", b"caff\0\1", b"OggS\0\2"]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    limits = {"seconds": SECONDS, "values": 2**24}
    with served(MODEL, **limits) as address, httpx.Client(base_url=address) as client:
        yield client


def silence(container: str, subtype: str | None, minutes: int) -> bytes:
    file = io.BytesIO()
    samples = np.zeros(8_000 * 60 * minutes, np.int16)
    soundfile.write(file, samples, 8_000, format=container, subtype=subtype)
    return file.getvalue()


def with_length(flac: bytes, frames: int) -> bytes:
    """The same FLAC, its header declaring so many frames; 0 is what a streaming writer leaves."""
    field = int.from_bytes(flac[18:26], "big") & ~(2**36 - 1) | frames
    return flac[:18] + field.to_bytes(8, "big") + flac[26:]


def channels(count: int, rate: int, seconds: float) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).normal(scale=0.1, size=(round(seconds * rate), count))
    soundfile.write(file, noise, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def hostile() -> list[bytes]:
    """Broken files, pieces of good ones, good ones with noise in them, and noise."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        make_broken(Path(folder))
        found = [path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.is_file()]
    for sound in SOUNDS:
        found += [sound[: int(len(sound) * share)] for share in rng.uniform(size=8)]
        for _ in range(25):
            damaged = bytearray(sound)
            for at in rng.integers(0, min(len(sound), rng.choice([60, len(sound)])), 4):
                damaged[at] = rng.integers(256)
            found.append(bytes(damaged))
    found += [with_field(SOUNDS[0], at, "<I", value) for at in range(4, 44, 4)
              for value in (0, 1, 2**31, 2**32 - 1)]  # fmt: skip
    found += [MAGIC[i % len(MAGIC)] + rng.bytes(rng.integers(4_000)) for i in range(120)]
    return found


def check(answer: httpx.Response) -> None:
    """It is an answer or a problem, and says nothing of how we are built."""
    assert answer.status_code in (200, 400, 415, 422), answer.text
    kind = "application/json" if answer.status_code == 200 else "application/problem+json"
    assert answer.headers["content-type"] == kind
    for inside in ("Traceback", ".py", "Error(", "0x"):
        assert inside not in answer.text


def held() -> tuple[float, int]:
    """MiB of memory, and open files."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20, len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to see its memory")
def test_it_refuses_them_and_goes_on(client):
    before = post(client, "/v1/predict", CLIP).json()
    bodies = hostile()
    assert len(bodies) > 500
    found = []
    for number, body in enumerate(bodies):
        if number == len(bodies) // 2:
            memory, files = held()
        path = ("/v1/predict", "/v1/timeline")[number % 2]
        if number % 3:
            answer = post(client, path, body, name="x")
        else:
            answer = client.post(path, files={"file": ("x", body)})
        check(answer)
        found.append(answer.status_code)
    assert {200, 415, 422} <= set(found)
    after = held()
    assert after[0] < memory + 50
    assert after[1] <= files + 2
    assert post(client, "/v1/predict", CLIP).json() == before


@settings(max_examples=60, derandomize=True, deadline=None)
@given(magic=st.sampled_from([b"", *MAGIC]), rest=st.binary(max_size=2_000))
def test_nor_does_anything_else_stop_it(client, magic, rest):
    check(post(client, "/v1/predict", magic + rest))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(boundary=st.text("ab-", max_size=5), rest=st.binary(max_size=300), named=st.booleans())
def test_nor_does_a_broken_form(client, boundary, rest, named):
    head = b'--ab\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    kind = f"multipart/form-data; boundary={boundary}"
    check(post(client, "/v1/predict", head * named + rest + b"\r\n--ab--\r\n", kind))


HOUR = silence("FLAC", None, 61)
MP3 = silence("MP3", None, 2)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (HOUR, 422, "longer than 60 s"),
        (with_length(HOUR, 0), 422, "longer than 60 s"),
        (silence("OGG", "VORBIS", 2), 422, "longer than 60 s"),
        (MP3, 422, "longer than 60 s"),
        (MP3[MP3.index(MP3[:2], 2) :], 422, "longer than 60 s"),  # without the frame that says so
        (channels(32, 192_000, 3), 422, "unfolds to over"),
        (channels(32, 192_000, 0.2), 200, "predictions"),
        (channels(1, 384_000, 0.2), 200, "predictions"),
    ],
)
def test_a_small_file_may_not_unfold_without_end(client, body, status, words):
    assert len(body) < 40_000_000
    answer = post(client, "/v1/predict", body)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert answer.elapsed.total_seconds() < 10


def test_a_header_that_lies_about_the_length_lets_no_more_in_than_it_says(client):
    """That libsndfile decodes no more than is declared, the check of the header rests on."""
    answer = post(client, "/v1/predict", with_length(HOUR, 8_000 * 30))
    [prediction] = answer.json()["predictions"]
    assert prediction["seconds"] == 30.0
    wav = encoded("WAV", seconds=2)
    short = wav[:40] + struct.pack("<I", 32_000) + wav[44:]
    [prediction] = post(client, "/v1/predict", short).json()["predictions"]
    assert prediction["seconds"] == 1.0
