"""A service on a free port of this machine, in a thread; or, as a program, for a browser.

python tests/made_service.py [PORT]
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import intone
from intone.runtime import Model
from intone.server import app, running
from intone.server.limits import Limits


@contextmanager
def served(
    model: Model | None = None, *, port: int = 0, token: str | None = None, **limits: Any
) -> Iterator[str]:
    """Serve a model, the bundled one by default; `limits` are those of `Limits`.

    Gives its address, as `http://127.0.0.1:41234`.
    """
    with running.bind("127.0.0.1", port, token=token) as taken:
        taking = Limits(**{"settling_seconds": 0.0, **limits})
        server = running.Server(app.create(model or intone.load(), limits=taking, token=token))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        until(lambda: server.started)
        try:
            yield running.address(taken)
        finally:
            server.should_exit = True
            thread.join()


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something holds, which is to be soon."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


if __name__ == "__main__":
    with served(port=int(sys.argv[1]) if sys.argv[1:] else 8000) as address:
        print(address, flush=True)
        threading.Event().wait()
