"""The running pipeline: everything that `enable` sets up and `disable` takes down again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry import propagate
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from botanu.processors.enricher import RunContextEnricher
from botanu.sdk.exporting import FLUSH_SECONDS, BoundedBatches, CountDropped, otlp_exporter
from botanu.sdk.providers import Attacher

if TYPE_CHECKING:
    from opentelemetry.propagators.textmap import TextMapPropagator
    from opentelemetry.sdk.trace import SpanProcessor

    from botanu.sdk.config import BotanuConfig

_log = logging.getLogger("botanu")


class Pipeline:
    """Provider, enricher, exporters, propagators and instrumentations of one `enable`."""

    def __init__(self, config: BotanuConfig, *, auto_instrument: bool) -> None:
        self.config = config
        self._batches = _batches(config)
        enricher = RunContextEnricher(lean_mode=config.propagation_mode == "lean")
        self._attacher = Attacher(config, (enricher, *self._batches))
        attachment = self._attacher.attach()
        self.sample_rate = attachment.sample_rate
        self._previous_propagator = _propagate_baggage()
        self._instrumentors: list[Any] = []
        if auto_instrument and config.auto_instrument_packages:
            from botanu.sdk.instrumentation import instrument  # noqa: PLC0415 - entry points cost time to read

            provider = attachment.provider if attachment.is_beside else None
            self._instrumentors = instrument(config.auto_instrument_packages, provider)

    def flush(self) -> None:
        """Export what is queued."""
        for batch in self._batches:
            batch.force_flush(int(FLUSH_SECONDS * 1000))

    def stop(self) -> None:
        """Flush within the bound, and undo everything."""
        if self._instrumentors:
            from botanu.sdk.instrumentation import uninstrument  # noqa: PLC0415 - as above

            uninstrument(self._instrumentors)
        propagate.set_global_textmap(self._previous_propagator)
        self._attacher.release()
        for batch in self._batches:
            batch.shutdown()


def _batches(config: BotanuConfig) -> list[SpanProcessor]:
    batches: list[SpanProcessor] = []
    count_not_sent: CountDropped = _count_nowhere
    if config.store is not None:
        from botanu.exporters.local import LocalStoreExporter  # noqa: PLC0415 - needs orjson

        local = LocalStoreExporter(config.store, config.store_max_bytes)
        count_not_sent = local.count_not_sent
        batches.append(BoundedBatches(local, config, local.count_dropped))
    if config.store is None or not config.endpoint_is_default:
        batches.append(BoundedBatches(otlp_exporter(config, count_not_sent), config, count_not_sent))
    return batches


def _count_nowhere(_spans: int, _reason: str) -> None:
    """Without a local store there is nowhere to count; the exporter's one warning is all there is."""


def _propagate_baggage() -> TextMapPropagator:
    """Make sure that trace context and baggage travel; returns the propagator to go back to."""
    previous = propagate.get_global_textmap()
    missing: list[TextMapPropagator] = [
        propagator
        for propagator in (TraceContextTextMapPropagator(), W3CBaggagePropagator())
        if not propagator.fields <= previous.fields
    ]
    if missing:
        propagate.set_global_textmap(CompositePropagator([previous, *missing]))
    return previous
