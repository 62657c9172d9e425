"""What a service counts: how much, how long and how it ended, and nothing of what it heard."""

from collections.abc import Mapping
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)  # seconds


class Metrics:
    """Counters of one service, for Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "intone_requests",
            "Requests by method, route and status; streams by their closing code.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.latency = Histogram(
            "intone_request_seconds",
            "From a request's head to the last byte of its answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.sound = Counter(
            "intone_sound_seconds", "Sound that was heard, in seconds.", registry=self.registry
        )
        self.held = Gauge(
            "intone_in_progress",
            "Requests that are answered or wait for it, and open streams.",
            ["kind"],
            registry=self.registry,
        )

    def watch(self, held: Mapping[str, int]) -> None:
        """Tell, whenever it is asked, how many of each kind are held."""
        for kind in held:
            self.held.labels(kind).set_function(partial(held.__getitem__, kind))

    def response(self) -> Response:
        """Tell what was counted."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)
