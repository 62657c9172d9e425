"""What the network sees of a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from intone import __version__
from intone.runtime import Model
from intone.server import live, problems, routes
from intone.server.guard import Guard
from intone.server.limits import Limits
from intone.server.service import Service
from intone.server.watch import Watch

_ABOUT = """Hears emotion in speech.

    curl --data-binary @clip.wav -H 'Content-Type: audio/wav' http://127.0.0.1:8000/v1/predict
    curl -F file=@one.wav -F file=@two.wav http://127.0.0.1:8000/v1/predict
    curl -F file=@call.wav 'http://127.0.0.1:8000/v1/timeline?format=vtt'

Live speech goes over a WebSocket, `/v1/stream?rate=48000&format=f32le`: samples in binary messages,
mono, until the text `{"type": "end"}`; the answers are JSON with a `type`: `ready`, `window`,
`level`, `timeline` or `problem`.
"""


def create(
    model: Model,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    local: bool = True,
) -> FastAPI:
    """Make the application: the service, behind its guard, and the page.

    `local` says that it is reached from this machine only; `token` is asked for where it is set.
    """
    service = Service(model, limits or Limits())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await service.close()

    app = FastAPI(
        title="Intone",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,  # they would fetch scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    problems.install(app)
    app.add_middleware(Guard, limits=service.limits, local=local, token=token)
    app.add_middleware(Watch, service=service)
    secured = [Depends(HTTPBearer(auto_error=False))] if token else []  # said in the document
    app.include_router(routes.router, dependencies=secured)
    app.include_router(live.router)
    _add_page(app)
    return app


def _add_page(app: FastAPI) -> None:
    page = str(files("intone.server") / "page")

    @app.get("/", include_in_schema=False)
    async def index() -> FileResponse:
        return FileResponse(f"{page}/index.html")

    app.mount("/static", StaticFiles(directory=page))
