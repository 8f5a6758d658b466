"""The local store's exporter: each batch of spans becomes a segment beside the database, and nothing more.

The program never opens the database; whoever reads the store drains the segments. See `segment` for what makes one durable
and `otlp_json` for what is in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import orjson
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from botanu.exporters.otlp_json import VALUE_LIMIT, resource_spans
from botanu.exporters.quota import DropCounter, SpoolQuota
from botanu.exporters.segment import spool_folder, write_segment

LINE_LIMIT = 8 * 1000 * 1000
"""The longest line of a segment, in bytes; readers refuse lines much longer than this."""

_SMALL_VALUE = 1024


class LocalStoreExporter(SpanExporter):
    """Writes spans as segments into the spool of the store at `store`, at most `max_bytes` waiting at any time.

    Never raises: what cannot be written is dropped and counted in the spool, where `botanu doctor` reads it.
    """

    def __init__(self, store: str | Path, max_bytes: int = 1 << 30) -> None:
        self._folder = spool_folder(_absolute(Path(store)))
        self._quota = SpoolQuota(self._folder, max_bytes)
        self._dropped = DropCounter(self._folder)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write one batch; failure means that it was dropped and counted."""
        reason = self._write(spans)
        if reason is None:
            return SpanExportResult.SUCCESS
        self.count_dropped(len(spans), reason)
        return SpanExportResult.FAILURE

    def count_dropped(self, spans: int, reason: str) -> None:
        """Count spans that are missing from the store."""
        self._dropped.add(reason, spans=spans)

    def count_not_sent(self, spans: int, reason: str) -> None:
        """Count spans that are here but did not reach the OTLP endpoint beside the store."""
        self._dropped.add(reason, not_sent=spans)

    def shutdown(self) -> None:
        """Nothing is held back, so there is nothing to do."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:  # noqa: ARG002 - the interface fixes it
        """Nothing is held back, so there is nothing to do."""
        return True

    def _write(self, spans: Sequence[ReadableSpan]) -> str | None:
        """Write the batch and return None, or say why it was dropped."""
        try:
            payload = b"".join(self._lines(spans))
            if not self._quota.allows(len(payload)):
                return "the spool is full"
            if payload:
                write_segment(self._folder, payload)
        except OSError as error:
            return error.strerror or type(error).__name__
        except Exception as error:  # noqa: BLE001 - whatever it is, the program goes on
            return type(error).__name__
        return None

    def _lines(self, spans: Sequence[ReadableSpan]) -> list[bytes]:
        """Encode the batch as lines that each stay below the limit; a span that cannot be encoded costs itself alone."""
        line, reason = _encoded(spans)
        if line and len(line) < LINE_LIMIT:
            return [line]
        if len(spans) > 1:
            middle = len(spans) // 2
            return self._lines(spans[:middle]) + self._lines(spans[middle:])
        line, reason = _encoded(spans, _SMALL_VALUE)
        if line and len(line) < LINE_LIMIT:
            return [line]
        self.count_dropped(len(spans), reason or "a span is larger than a line may be")
        return []


def _absolute(path: Path) -> Path:
    """Where the path is now; in a folder that was deleted nothing can be written, which is counted like any other loss."""
    try:
        return path.absolute()
    except FileNotFoundError:
        return path


def _encoded(spans: Sequence[ReadableSpan], value_limit: int = VALUE_LIMIT) -> tuple[bytes, str | None]:
    """Return the spans as one line, or nothing and why they cannot be encoded."""
    try:
        return _line(spans, value_limit), None
    except Exception as error:  # noqa: BLE001 - whatever a program puts on a span
        return b"", f"{type(error).__name__} while encoding"


def _line(spans: Sequence[ReadableSpan], value_limit: int = VALUE_LIMIT) -> bytes:
    document = resource_spans(spans, value_limit)
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # Text that is no valid Unicode (lone surrogates): orjson refuses it, so it is replaced.
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
