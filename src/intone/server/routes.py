"""The service over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from intone.batch import Question
from intone.errors import AudioError, IntoneError
from intone.recordings import stream
from intone.recordings.timeline import Kind, Smoothing
from intone.report import answers, timeline_text
from intone.server import bodies, document, problems
from intone.server.models import Models, models
from intone.server.service import Service, Visit
from intone.server.sounds import UnreadableError

router = APIRouter()

_PREDICTION = Question()


async def _visit(
    request: Request,
    name: Annotated[
        str, Query(max_length=200, description="What to call a sound that is the whole body.")
    ] = "sound",
) -> AsyncIterator[Visit]:
    service = _service(request)
    async with AsyncExitStack() as held:
        held.enter_context(service.place("requests"))
        sounds = bodies.sounds(request, name, service.limits)
        visit = Visit(service, request, await held.enter_async_context(sounds))
        try:
            yield visit
        finally:
            service.later(visit.end(held.pop_all()))


Visiting = Annotated[Visit, Depends(_visit)]


@router.post("/v1/predict", **document.PREDICT)
async def predict(request: Request, visit: Visiting) -> JSONResponse:
    """Name the emotion in one sound, or in each of several."""
    if bodies.is_form(request):
        heard = [_or_error(visit.answer(_PREDICTION, one), one.name) for one in visit.sounds]
        predictions = await asyncio.gather(*heard)
    else:
        predictions = [await _or_problem(visit.answer(_PREDICTION, visit.sounds[0]))]
    return JSONResponse({"predictions": predictions})


@router.post("/v1/timeline", **document.TIMELINE)
async def timeline(
    request: Request,
    visit: Visiting,
    smoothing: Annotated[
        Kind, Query(description="Smooth with all that is near, with what was before, or not.")
    ] = "whole",
    hop: Annotated[
        float | None, Query(ge=0.1, description="Seconds between windows, else the model's own.")
    ] = None,
    first: Annotated[
        float | None,
        Query(gt=0, description="Answer relative to how the speaker sounds in these seconds."),
    ] = None,
    format: Literal["json", "csv", "vtt"] = "json",
) -> Response:
    """Say when which emotion is heard in a recording.

    Who accepts text/event-stream is told how far it is, and last the timeline or a problem.
    """
    question = Question(timeline=True, hop=hop, smoothing=Smoothing(kind=smoothing), first=first)
    model = visit.service.model
    try:
        stream.window_rule(model, hop)
    except IntoneError as error:
        raise HTTPException(400, str(error)) from None
    if len(visit.sounds) > 1:
        raise HTTPException(400, "a timeline is of one recording; send one file")
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(_events(visit, question), media_type="text/event-stream")
    record = await _or_problem(visit.answer(question, visit.sounds[0]))
    if format == "csv":
        rows = answers.csv([record], answers.names(model.labels, timeline=True))
        return Response("".join(rows), media_type="text/csv")
    if format == "vtt":
        return Response(timeline_text.webvtt([record]), media_type="text/vtt")
    return JSONResponse(record)


@router.get("/healthz", **document.HEALTH)
async def alive() -> JSONResponse:
    """Say that the process lives."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz", **document.READINESS)
async def ready(request: Request) -> JSONResponse:
    """Say whether to send requests here: not while it stops."""
    if _service(request).stopping.is_set():
        raise HTTPException(503, "stopping; ask another")
    return JSONResponse({"status": "ready"})


@router.get("/metrics", **document.METRICS)
async def metrics(request: Request) -> Response:
    """Tell how much was asked and how long it took, for Prometheus."""
    return _service(request).metrics.response()


@router.get("/v1/models", **document.MODELS)
async def described(request: Request) -> Models:
    """Describe the model, what it is worth, and what the service takes on."""
    service = _service(request)
    return models(service.model, service.limits)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _events(visit: Visit, question: Question) -> AsyncIterator[str]:
    """Tell how far the hearing is, and what was heard."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[dict[str, float] | None] = asyncio.Queue()

    def tell(heard: float, of: float) -> None:
        loop.call_soon_threadsafe(told.put_nowait, {"seconds": heard, "of": of})

    task = asyncio.ensure_future(_or_problem(visit.answer(question, visit.sounds[0], tell=tell)))
    task.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while progress := await told.get():
            yield _event("progress", progress)
        yield _event("timeline", await task)
    except HTTPException as error:
        yield _event("problem", problems.problem(error))
    finally:
        task.cancel()


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


async def _or_error(answer: Awaitable[dict[str, Any]], name: str) -> dict[str, Any]:
    """Give an answer, or say in its place why there is none."""
    try:
        return await answer
    except AudioError as error:
        return {"source": name, "error": str(error)}


async def _or_problem(answer: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Give an answer.

    Raises:
        HTTPException: the sound cannot be read (415), or cannot be used (422).
    """
    try:
        return await answer
    except AudioError as error:
        status = 415 if isinstance(error, UnreadableError) else 422
        raise HTTPException(status, str(error)) from None
