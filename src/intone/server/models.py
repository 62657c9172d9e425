"""What a service says of its model, and of how much it takes on."""

from typing import Any

from pydantic import BaseModel, Field

from intone import corpora
from intone.audio import SAMPLE_RATE
from intone.runtime import Model
from intone.server.limits import Limits


class Expected(BaseModel):
    """What a model is worth: the score of its recipe on clips that no fit had heard."""

    uar: dict[str, Any] = Field(description="Value and 95 % interval of the mean recall.")
    protocol: str
    stamp: str = Field(description="Whom the model had not heard.")


class Training(BaseModel):
    """A corpus that a model learned from."""

    corpus: str
    title: str
    licence: str | None
    clips: int
    speakers: int = Field(description="0 where they are not known.")


class Described(BaseModel):
    """A model."""

    name: str
    default: bool
    labels: list[str]
    sample_rate: int = Field(description="Hz; other rates are resampled.")
    window_seconds: float
    hop_seconds: float
    expected: Expected
    coverage: float | None = Field(description="How often the candidates hold the truth.")
    training: list[Training]


class Taken(BaseModel):
    """How much a service takes on."""

    body_bytes: int = Field(description="In a request.")
    seconds: float = Field(description="Of sound, in a file.")
    stream_seconds: float = Field(description="Of sound, in a stream.")


class Models(BaseModel):
    """The models of a service, and its limits."""

    models: list[Described]
    limits: Taken


def models(model: Model, limits: Limits) -> Models:
    """Describe a service's model and limits."""
    description, candidates = model.description, model.description.candidates
    described = Described(
        name=model.name,
        default=True,
        labels=[*model.labels],
        sample_rate=description.sample_rate,
        window_seconds=description.window.length / SAMPLE_RATE,
        hop_seconds=description.window.hop / SAMPLE_RATE,
        expected=Expected.model_validate(description.expected),
        coverage=candidates.coverage if candidates else None,
        training=[
            Training(corpus=name, title=_title(name), **corpus)
            for name, corpus in description.training["data"].items()
        ],
    )
    taken = Taken(
        body_bytes=limits.body_bytes, seconds=limits.seconds, stream_seconds=limits.stream_seconds
    )
    return Models(models=[described], limits=taken)


def _title(corpus: str) -> str:
    return corpora.info(corpus).title if corpus in corpora.names() else corpus
