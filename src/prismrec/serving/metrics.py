"""What the service is doing, as Prometheus metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one server; each server has a registry of its own, so that tests can run two."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "prismrec_requests_total",
            "Requests by collection, route and status.",
            ["collection", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "prismrec_request_seconds",
            "Time from the request's arrival to its answer.",
            ["collection", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.events = Counter(
            "prismrec_events_total",
            "Events by collection and outcome.",
            ["collection", "outcome"],
            registry=self.registry,
        )
        self.dropped = Gauge(
            "prismrec_exposures_dropped",
            "Exposures that could not be logged since the start.",
            ["collection"],
            registry=self.registry,
        )
        self.pending = Gauge(
            "prismrec_pending_requests", "Requests in the pool.", registry=self.registry
        )
        self.release = Gauge(
            "prismrec_release", "The release being served.", ["collection"], registry=self.registry
        )
        self.items = Gauge(
            "prismrec_items", "Items in the catalogue.", ["collection"], registry=self.registry
        )

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)
