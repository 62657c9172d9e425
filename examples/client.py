"""Ask a service: an answer for each clip, a timeline with progress, or live speech.

    intone serve &
    python examples/client.py clip.wav other.flac
    python examples/client.py --timeline call.wav
    python examples/client.py --live speech.wav          # sent as a microphone would send it

It needs httpx, and websockets for --live; a token is read from INTONE_TOKEN.
"""

import argparse
import asyncio
import json
import os
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

TOKEN = os.environ.get("INTONE_TOKEN")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}


def predict(client: httpx.Client, paths: list[Path]) -> None:
    """Ask about several clips in one request."""
    files = [("file", (path.name, path.read_bytes())) for path in paths]
    answer = checked(client.post("/v1/predict", files=files))
    for heard in answer.json()["predictions"]:
        print(heard["error"] if "error" in heard else f"{heard['source']}: {said(heard)}")


def timeline(client: httpx.Client, path: Path) -> None:
    """Ask about a long recording, and be told how far it is."""
    headers = {"Accept": "text/event-stream", "Content-Type": "application/octet-stream"}
    options = {"content": path.read_bytes(), "headers": headers, "params": {"name": path.name}}
    with client.stream("POST", "/v1/timeline", timeout=None, **options) as answer:
        for event, data in events(checked(answer)):
            if event == "progress":
                print(f"{data['seconds']:.0f} of {data['of']:.0f} s", end="\r", file=sys.stderr)
            elif event == "problem":
                sys.exit(data["detail"])
            else:
                for part in data["segments"]:
                    print(f"{part['start']:8.1f} {part['end']:8.1f}  {said(part)}")


def events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    """Read server-sent events: the name of each, and its data."""
    event = ""
    for line in answer.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            event = value
        elif field == "data":
            yield event, json.loads(value)


async def live(url: str, path: Path) -> None:
    """Send a 16-bit WAV as it would be spoken, and print what is heard in it meanwhile."""
    import websockets

    with wave.open(str(path)) as sound:
        rate, channels = sound.getframerate(), sound.getnchannels()
        if (sound.getsampwidth(), channels) != (2, 1):
            sys.exit(f"{path}: send 16-bit samples of one channel")
        samples = sound.readframes(sound.getnframes())
    address = f"ws{url.removeprefix('http')}/v1/stream?rate={rate}&format=s16le"
    async with websockets.connect(address, additional_headers=HEADERS) as stream:
        sending = asyncio.create_task(send(stream, samples, rate))
        async for message in stream:
            heard = json.loads(message)
            if heard["type"] == "window":
                print(f"{heard['start']:8.1f} {heard['end']:8.1f}  {said(heard)}", flush=True)
            elif heard["type"] == "problem":
                print(heard["detail"], file=sys.stderr)
        await sending


async def send(stream: Any, samples: bytes, rate: int) -> None:
    """Send a tenth of a second every tenth of a second, and then the end."""
    step = 2 * (rate // 10)
    for start in range(0, len(samples), step):
        await stream.send(samples[start : start + step])
        await asyncio.sleep(0.1)
    await stream.send('{"type": "end"}')


def said(heard: dict[str, Any]) -> str:
    """Write an answer in words: its candidates, where the model is unsure."""
    names = heard["candidates"] if heard["unsure"] else [heard["emotion"]]
    return " or ".join(f"{name} {100 * heard['probabilities'][name]:.0f} %" for name in names)


def checked(answer: httpx.Response) -> httpx.Response:
    """Stop with the line that says what is wrong."""
    if answer.is_error:
        answer.read()
        sys.exit(answer.json()["detail"])
    return answer


def main() -> None:
    """Ask as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--timeline", action="store_true")
    parser.add_argument("--live", action="store_true")
    options = parser.parse_args()
    if options.live:
        asyncio.run(live(options.url, options.paths[0]))
        return
    with httpx.Client(base_url=options.url, headers=HEADERS, timeout=60) as client:
        if options.timeline:
            timeline(client, options.paths[0])
        else:
            predict(client, options.paths)


if __name__ == "__main__":
    main()
