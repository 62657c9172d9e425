"""What is wrong with a request, as its sender reads it: one line, and never a trace.

Source: RFC 9457, "Problem Details for HTTP APIs".
"""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
_SAID_BY_STARLETTE = {
    404: "there is nothing here; /openapi.json says what there is",
    405: "this cannot be done here; /openapi.json says what can",
}


def problem(error: HTTPException) -> dict[str, Any]:
    """Describe what is wrong, and what to do."""
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else _SAID_BY_STARLETTE[status]
    return {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}


def message(error: HTTPException) -> dict[str, Any]:
    """Describe it, as a message of a stream."""
    return problem(error) | {"type": "problem"}


def response(error: HTTPException) -> JSONResponse:
    """Answer with a problem."""
    return JSONResponse(
        problem(error), error.status_code, headers=error.headers, media_type=MEDIA_TYPE
    )


def install(app: FastAPI) -> None:
    """Answer with problems wherever a request cannot be answered."""

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        return response(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        return response(_malformed(error))

    @app.exception_handler(WebSocketRequestValidationError)
    async def misused(socket: WebSocket, error: WebSocketRequestValidationError) -> None:
        await socket.accept()
        await socket.send_json(message(_malformed(error)))
        await socket.close(1008)


def _malformed(error: RequestValidationError | WebSocketRequestValidationError) -> HTTPException:
    first = error.errors()[0]
    return HTTPException(400, f"{first['loc'][-1]}: {first['msg']}; see /openapi.json")
