"""How a service is asked, for people and for OpenAPI.

Answers are records of `intone.batch`; tests hold them to what is said of them here.
"""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from intone.recordings.timeline import Kind
from intone.server import problems
from intone.server.models import Models

Probabilities = dict[str, float]

_HEARD: dict[str, Any] = {
    "emotion": "happy",
    "probabilities": {"neutral": 0.12, "happy": 0.81, "angry": 0.07},
    "candidates": ["happy"],
    "unsure": False,
}
_PART: dict[str, Any] = {**_HEARD, "start": 0.0, "end": 2.1}
_BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
_ALWAYS = (401, 403, 421)  # from the guard
_WITH_BODY = (400, 408, 413, 415, 422, 429, 504)
_WHY = {
    400: "The request is malformed.",
    401: "The token is missing or wrong.",
    403: "A page from elsewhere asks.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    415: "This is no sound of a format that can be read.",
    421: "The Host is not this machine.",
    422: "The sound cannot be used: empty, broken, too short or too long.",
    429: "Too much is asked at once; Retry-After says when to come again.",
    503: "The service stops.",
    504: "The answer took too long.",
}


class Problem(BaseModel):
    """What is wrong, and what to do (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="One line.")


class Heard(BaseModel):
    """What was heard."""

    emotion: str = Field(description="The most probable label.")
    probabilities: Probabilities = Field(description="They sum to 1.")
    candidates: list[str] = Field(
        description="Labels that are probable enough; none where the model does not say."
    )
    unsure: bool | None = Field(description="Whether there are several candidates.")


class Part(Heard):
    """A stretch of sound, and what was heard in it."""

    start: float = Field(description="Seconds.")
    end: float = Field(description="Seconds.")


class Prediction(Heard):
    """What was heard in a sound."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_HEARD,
                "source": "clip.wav",
                "timeline": [_PART],
                "seconds": 2.1,
                "model": "Intone",
                "warnings": [],
            }
        }
    )
    source: str = Field(description="What its sender called it.")
    seconds: float
    model: str
    timeline: list[Part] = Field(description="The model's windows.")
    warnings: list[str]


class Unheard(BaseModel):
    """A sound of several that cannot be used, and why."""

    source: str
    error: str


class Predictions(BaseModel):
    """An answer for each sound, in their order."""

    predictions: list[Prediction | Unheard]


class Smoothing(BaseModel):
    """How windows were averaged with their neighbours."""

    kind: Kind
    seconds: float


class Timeline(BaseModel):
    """What was heard in a recording, and when."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "source": "call.wav",
                "seconds": 2.4,
                "model": "Intone",
                "hop": 2.0,
                "smoothing": {"kind": "whole", "seconds": 1.5},
                "segments": [_PART],
                "utterances": [_PART],
                "windows": [_PART],
                "channel": None,
                "warnings": [],
                "peaks": [0.02, 0.41, 0.38],
            }
        }
    )
    source: str
    seconds: float
    model: str
    hop: float = Field(description="Seconds from one window to the next.")
    smoothing: Smoothing
    segments: list[Part] = Field(description="Stretches in which one emotion is heard.")
    utterances: list[Part] = Field(description="Speech between two pauses.")
    windows: list[Part] = Field(description="The model's own answers.")
    channel: int | None
    warnings: list[str]
    peaks: list[float] = Field(description="The largest magnitude in each tenth of a second.")


class State(BaseModel):
    """How a service is."""

    status: str


def _answers(
    model: type[BaseModel] | None, *statuses: int, others: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Describe the answers of a route: its model, in `others` other types of it, and problems."""
    problem = {problems.MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    responses: dict[int, Any] = {
        status: {"description": _WHY[status], "content": problem} for status in statuses
    }
    if others:
        responses[200] = {"description": HTTPStatus.OK.phrase, "content": others}
    return {"response_model": model, "responses": responses}


def _body(form: dict[str, Any]) -> dict[str, Any]:
    """Describe a body: a sound, or a form whose parts named `file` are described by `form`."""
    content = {kind: {"schema": _BINARY} for kind in ("application/octet-stream", "audio/wav")}
    schema: dict[str, Any] = {"type": "object", "required": ["file"], "properties": {"file": form}}
    content["multipart/form-data"] = {"schema": schema | {"additionalProperties": False}}
    return {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


_TEXT = {"schema": {"type": "string"}}

HEALTH = _answers(State, 421)
READINESS = _answers(State, 421, 503)
METRICS = _answers(None, *_ALWAYS, others={"text/plain": _TEXT})
MODELS = _answers(Models, *_ALWAYS)
PREDICT = _answers(Predictions, *_ALWAYS, *_WITH_BODY) | _body(
    {"type": "array", "minItems": 1, "items": _BINARY}
)
TIMELINE = _answers(
    Timeline,
    *_ALWAYS,
    *_WITH_BODY,
    others={kind: _TEXT for kind in ("text/csv", "text/vtt", "text/event-stream")},
) | _body(_BINARY)
