"""The service does what its OpenAPI document says, whatever it is asked."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from intone.server import app, document
from made_model import made_model
from made_service import served
from test_server import CLIP

ROOT = Path(__file__).parent.parent
DOCUMENT = app.create(made_model()).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
GETS = ["/healthz", "/metrics", "/readyz", "/v1/models"]
POSTS = ["/v1/predict", "/v1/timeline"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(made_model()) as address:
        yield address


def test_it_describes_every_way_to_ask():
    ways = {path: "".join(methods) for path, methods in DOCUMENT["paths"].items()}
    assert ways == dict.fromkeys(GETS, "get") | dict.fromkeys(POSTS, "post")
    assert "/v1/stream" in DOCUMENT["info"]["description"]
    for name in ("Prediction", "Timeline"):
        schema = DOCUMENT["components"]["schemas"][name]
        assert schema["properties"].keys() - schema["example"].keys() <= {"channel"}


def ask(address: str, path: str, mode: GenerationMode, body: bytes | None = None) -> set[int]:
    """Ask what the document allows, or what it does not; gives the statuses of the answers.

    Bytes that are drawn are no sound: that they are refused is no fault.
    """
    method = "get" if path in GETS else "post"
    found = set()

    @seed(1)
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(case=SCHEMA[path][method].as_strategy(generation_mode=mode))
    def check(case):
        if body is not None:
            case.body, case.media_type = body, "application/octet-stream"
        answer = case.call_and_validate(
            base_url=address, excluded_checks=[positive_data_acceptance]
        )
        found.add(answer.status_code)

    check()
    return found


def test_the_figures_of_its_page_are_those_of_the_record():
    record = tomllib.loads((ROOT / "results" / "service.toml").read_text())["server"]
    page = (ROOT / "docs" / "service.md").read_text()
    assert record["table"] in page
    assert all(f"| {status} |" in page for status in document._WHY)


@pytest.mark.parametrize("path", GETS)
def test_what_is_asked_for_is_answered_as_it_describes(address, path):
    assert ask(address, path, GenerationMode.POSITIVE) == {200}


@pytest.mark.parametrize("path", POSTS)
def test_a_sound_is_answered_as_it_describes(address, path):
    assert 200 in ask(address, path, GenerationMode.POSITIVE, CLIP)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("mode", [*GenerationMode])
def test_anything_else_is_refused_as_it_describes(address, path, mode):
    assert ask(address, path, mode) <= {200, 400, 415, 422}
