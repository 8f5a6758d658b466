"""Batches on their way out: quiet, bounded in time, and counted when they are lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from botanu._fork import after_fork
from botanu.sdk.config import otlp_protocol

if TYPE_CHECKING:
    from botanu.sdk.config import BotanuConfig

_log = logging.getLogger("botanu")

FLUSH_SECONDS = 5.0
"""The longest that flushing may hold up the program."""

CountDropped = Callable[[int, str], None]
"""Takes how many spans were dropped, and why."""

_SILENCED = (
    "opentelemetry.exporter.otlp.common.http",
    "opentelemetry.exporter.otlp.proto.common._internal",
    "opentelemetry.exporter.otlp.proto.grpc.exporter",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk._shared_internal",
    "urllib3.connectionpool",
)
"""Loggers that would speak on each failed batch; botanu says it once itself."""

_quiet: ContextVar[bool] = ContextVar("botanu_quiet", default=False)


def _is_not_ours(_record: logging.LogRecord) -> bool:
    """A log filter that lets pass what is not said while botanu exports, such as the words of the program's own exporters."""
    return not _quiet.get()


def _silence() -> None:
    for name in _SILENCED:
        # Adding the same filter twice does nothing.
        logging.getLogger(name).addFilter(_is_not_ours)


class QuietExporter(SpanExporter):
    """Exports through another exporter, which may not log on our account: an outage is one warning, and drops are counted."""

    def __init__(self, exporter: SpanExporter, endpoint: str, count_dropped: CountDropped) -> None:
        self._exporter = exporter
        self._endpoint = endpoint
        self._count_dropped = count_dropped
        self._is_out = False
        self._in_flight = 0
        self._is_abandoned = False
        _silence()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand the batch on; never raises."""
        token = _quiet.set(True)
        self._in_flight = len(spans)
        try:
            lost = self._send(spans)
        finally:
            self._in_flight = 0
            _quiet.reset(token)
        if lost < len(spans):
            self._is_out = False
        if lost:
            self._lost(lost, is_all=lost == len(spans))
        return SpanExportResult.FAILURE if lost else SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Shut the other exporter down, which ends its retries."""
        token = _quiet.set(True)
        try:
            self._exporter.shutdown()
        finally:
            _quiet.reset(token)

    def hurry(self) -> None:
        """Try each batch once from now on, without waiting between retries: the program is ending."""
        # OpenTelemetry gives up its retries by this event, which it offers only together with its shutdown; it has moved.
        client = getattr(self._exporter, "_client", None)
        for holder, name in ((client, "_shutdown_event"), (self._exporter, "_shutdown_in_progress")):
            event = getattr(holder, name, None)
            if isinstance(event, threading.Event):
                event.set()

    def abandon(self) -> int:
        """Wait no longer; returns how many spans are on their way and must be taken for lost."""
        self._is_abandoned = True
        return self._in_flight

    def _send(self, spans: Sequence[ReadableSpan]) -> int:
        """Return how many spans were not taken; where some of a batch cannot be encoded, the others go without them."""
        if self._is_taken(spans):
            return 0
        rest = [span for span in spans if _can_be_encoded(span)]
        is_worth_it = 0 < len(rest) < len(spans)
        return len(spans) - len(rest) if is_worth_it and self._is_taken(rest) else len(spans)

    def _is_taken(self, spans: Sequence[ReadableSpan]) -> bool:
        try:
            return self._exporter.export(spans) is SpanExportResult.SUCCESS
        except Exception:  # noqa: BLE001 - whatever goes wrong out there, the program goes on
            return False

    def _lost(self, spans: int, *, is_all: bool) -> None:
        if self._is_abandoned:
            return
        self._count_dropped(spans, f"{self._endpoint} did not take them")
        if is_all and not self._is_out:
            self._is_out = True
            _log.warning("%s does not take spans; they are dropped until it does", self._endpoint)


def _can_be_encoded(span: ReadableSpan) -> bool:
    """Whether protobuf takes the span: it refuses half an emoji, which cut texts have."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415 - as its exporter

    try:
        encode_spans([span])
    except Exception:  # noqa: BLE001 - as above
        return False
    return True


class BoundedBatches(BatchSpanProcessor):
    """Batches spans as OpenTelemetry does, but ends within a bound, and counts what a full queue loses instead of logging it."""

    def __init__(self, exporter: SpanExporter, config: BotanuConfig, count_dropped: CountDropped) -> None:
        _silence()
        self._exporter = exporter
        self._count_dropped = count_dropped
        self._start_counting()
        after_fork(self._start_counting)
        super().__init__(
            _Telling(exporter, self._tell_overflow),
            max_queue_size=config.max_queue_size,
            schedule_delay_millis=config.schedule_delay_millis,
            max_export_batch_size=config.max_export_batch_size,
        )
        self._size = config.max_queue_size
        # OpenTelemetry offers neither a bounded shutdown nor a look at the queue in public.
        inner: Any = getattr(self, "_batch_processor", None)
        self._inner = inner
        self._queue: Any = getattr(inner, "_queue", ())
        self._flush_lock = threading.Lock()
        self._flushing: threading.Thread | None = None

    def on_end(self, span: ReadableSpan) -> None:
        """Queue the span; the oldest one gives way when the queue is full."""
        if len(self._queue) < self._size:
            super().on_end(span)
            return
        with self._overflow_lock:
            self._overflow += 1
        token = _quiet.set(True)
        try:
            super().on_end(span)
        finally:
            _quiet.reset(token)

    def force_flush(self, timeout_millis: int | None = None) -> bool:
        """Export what is queued, in a thread that need not be waited for longer than the bound; OpenTelemetry's own flush has none."""
        end = time.monotonic() + (FLUSH_SECONDS if timeout_millis is None else timeout_millis / 1000)
        if self._flushing is not None:
            # It may have begun before the last span came.
            self._flushing.join(max(0.0, end - time.monotonic()))
        flushing = self._flush_thread()
        flushing.join(max(0.0, end - time.monotonic()))
        return not flushing.is_alive()

    def _flush_thread(self) -> threading.Thread:
        """The one thread that flushes, however many wait for it."""
        with self._flush_lock:
            if self._flushing is None or not self._flushing.is_alive():
                self._flushing = threading.Thread(target=super().force_flush, name="botanu-flush", daemon=True)
                self._flushing.start()
            return self._flushing

    def shutdown(self) -> None:
        """Export what is queued, for as long as the bound allows, and stop; what is left then is counted."""
        exporter = self._exporter
        if isinstance(exporter, QuietExporter):
            exporter.hurry()
        if self._inner is None:
            super().shutdown()  # type: ignore[no-untyped-call]
        else:
            self._inner.shutdown(timeout_millis=FLUSH_SECONDS * 1000)
        self._tell_overflow()
        left = len(self._queue) + (exporter.abandon() if isinstance(exporter, QuietExporter) else 0)
        if left:
            self._count_dropped(left, "the program ended before they were sent")

    def _start_counting(self) -> None:
        # What a full queue loses is counted here: the counter writes to a disk for which no span may wait.
        self._overflow = 0
        self._overflow_lock = threading.RLock()

    def _tell_overflow(self) -> None:
        with self._overflow_lock:
            lost, self._overflow = self._overflow, 0
        if lost:
            self._count_dropped(lost, "the queue is full")


class _Telling(SpanExporter):
    """Exports through another exporter, once it has told, in the thread that exports, what was lost meanwhile."""

    def __init__(self, exporter: SpanExporter, tell: Callable[[], None]) -> None:
        self._exporter = exporter
        self._tell = tell

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Tell, and hand the batch on."""
        self._tell()
        return self._exporter.export(spans)

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._exporter.shutdown()


def otlp_exporter(config: BotanuConfig, count_dropped: CountDropped) -> SpanExporter:
    """Return the exporter to the configured endpoint, by the protocol that the environment names."""
    if otlp_protocol() == "grpc":
        return QuietExporter(_grpc_exporter(config), config.otlp_endpoint, count_dropped)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - costs 45 ms

    exporter = OTLPSpanExporter(endpoint=config.otlp_endpoint, headers=config.otlp_headers)
    return QuietExporter(exporter, config.otlp_endpoint, count_dropped)


def _grpc_exporter(config: BotanuConfig) -> SpanExporter:
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional
    except ImportError:
        raise ImportError(
            "OTEL_EXPORTER_OTLP_PROTOCOL=grpc needs one package more: pip install opentelemetry-exporter-otlp-proto-grpc"
        ) from None
    # None lets the exporter use gRPC's own default port.
    endpoint = None if config.endpoint_is_default else config.otlp_endpoint
    exporter: SpanExporter = OTLPSpanExporter(endpoint=endpoint, headers=config.otlp_headers)
    return exporter
