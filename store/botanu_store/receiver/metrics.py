"""What the receiver says of itself, for Prometheus: `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from botanu_store.receiver.limits import Refusal
from botanu_store.spool import Spool, size_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters of one receiver, in a registry of its own."""

    def __init__(self, spool: Spool) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "botanu_receiver_requests", "Requests acknowledged.", ("protocol", "signal"), registry=self._registry
        )
        self._items = Counter(
            "botanu_receiver_items",
            "Spans, log records and metrics in acknowledged requests; metrics are dropped.",
            ("protocol", "signal"),
            registry=self._registry,
        )
        self._bytes = Counter(
            "botanu_receiver_bytes",
            "Bytes of acknowledged requests, decompressed.",
            ("protocol",),
            registry=self._registry,
        )
        self._refused = Counter(
            "botanu_receiver_refused", "Requests refused.", ("protocol", "reason"), registry=self._registry
        )
        self._seconds = Histogram(
            "botanu_receiver_request_seconds",
            "Time from a request's last byte to its being on the disk.",
            ("protocol",),
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._registry.register(_SpoolCollector(spool))

    def taken(self, protocol: str, signal: str, items: int, size: int, seconds: float) -> None:
        """Count a request that was acknowledged."""
        self._requests.labels(protocol, signal).inc()
        self._items.labels(protocol, signal).inc(items)
        self._bytes.labels(protocol).inc(size)
        self._seconds.labels(protocol).observe(seconds)

    def refused(self, protocol: str, refusal: Refusal) -> None:
        """Count a request that was not."""
        self._refused.labels(protocol, refusal.name.lower()).inc()

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)


class _SpoolCollector(Collector):
    """What waits in the spool, looked up when asked."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        segments, size = waiting(self._spool)
        yield GaugeMetricFamily("botanu_spool_segments", "Segments that wait for the store.", segments)
        yield GaugeMetricFamily("botanu_spool_bytes", "Bytes that wait for the store.", size)


def waiting(spool: Spool) -> tuple[int, int]:
    """Return how many segments wait in a spool, and their bytes."""
    segments = spool.segments()
    return len(segments), size_of(segments)
