"""What the service is doing, as Prometheus metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from prismrec.collection import Collection

__all__ = ["Metrics"]

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one server; each server has a registry of its own, so that tests can run two."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter(
            "requests_total",
            "Requests by collection, route and status.",
            "collection",
            "route",
            "status",
        )
        self.events = self._counter(
            "events_total", "Events by collection and outcome.", "collection", "outcome"
        )
        self.seconds = Histogram(
            "prismrec_request_seconds",
            "Time from the request's arrival to its answer.",
            ["collection", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.pending = self._gauge("pending_requests", "Requests in the pool.")
        self.dropped = self._gauge(
            "exposures_dropped",
            "Exposures that could not be logged since the start.",
            "collection",
        )
        self.waiting = self._gauge(
            "store_waiting_batches", "Batches that wait to be written to disk.", "collection"
        )
        self.release = self._gauge("release", "The release being served.", "collection")
        self.items = self._gauge("items", "Items in the catalogue.", "collection")

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"prismrec_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"prismrec_{name}", about, labels, registry=self.registry)

    def look_at(self, name: str, collection: Collection) -> None:
        """Set the gauges of a collection to what they are now."""
        seen, store = collection.snapshot, collection.store
        self.release.labels(name).set(seen.release)
        self.items.labels(name).set(int(seen.alive.sum()))
        self.dropped.labels(name).set(store.exposures.dropped)
        self.waiting.labels(name).set(store.waiting)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)
