"""`intone serve`: hear over HTTP and WebSocket, and a page to use it."""

import logging
import re
from pathlib import Path
from typing import Annotated

import typer

from intone.cli import _output


def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any that is free.")] = 8000,
    model: Annotated[
        Path | None, typer.Option(help="A model file; without it, the one that comes with Intone.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="INTONE_TOKEN",
            show_envvar=True,
            help="Answer only those who give it; needed where others can reach the address.",
        ),
    ] = None,
    max_megabytes: Annotated[int, typer.Option(min=1, help="Of a request.")] = 100,
    max_minutes: Annotated[int, typer.Option(min=1, help="Of a recording or a stream.")] = 60,
    threads: Annotated[
        int | None, typer.Option(min=1, help="That hear [default: one a processor]")
    ] = None,
    quiet: _output.Quiet = False,
) -> int:
    """Serve a page, and answers over HTTP and WebSocket, until Ctrl-C or SIGTERM.

    Only this machine can reach it, unless --host and --token say otherwise. Nothing that is heard
    is kept; a line a request is logged, without names.
    """
    from intone import runtime
    from intone.server import app, running
    from intone.server.limits import Limits, processors

    if token is not None and not re.fullmatch(r"[\w.~-]+", token, re.ASCII):
        raise typer.BadParameter("--token: write it with letters, digits and -._~ only")
    limits = Limits(
        body_bytes=max_megabytes * 10**6,
        seconds=60.0 * max_minutes,
        stream_seconds=60.0 * max_minutes,
        threads=threads or processors(),
    )
    loaded = runtime.load(model)
    with running.bind(host, port, token=token) as taken:
        made = app.create(loaded, limits=limits, token=token, local=running.is_local(taken))
        server = running.Server(made)
        logging.basicConfig(level=logging.ERROR, format="%(asctime)s %(message)s")
        if not quiet:
            logging.getLogger("intone.server").setLevel(logging.INFO)
        print(running.address(taken), flush=True)
        server.run(sockets=[taken])
    return 0
