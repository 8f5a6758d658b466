"""Requests as they arrive: what kind they are, whether they can be read, and how many of their items cannot be used.

The bytes themselves go into the spool as they came, so that one decoder, the drain's, decides what they say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import orjson
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from botanu_store.otlp import lean
from botanu_store.otlp.sources import mended
from botanu_store.receiver.limits import Refusal, RefusedError
from botanu_store.records import Signal
from botanu_store.times import LAST_NS

Encoding = Literal["protobuf", "json"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a request holds: items (spans, log records), and how many of them cannot be used, and why."""

    items: int
    rejected: int = 0
    reason: str = ""


_LEVELS: dict[Signal, tuple[str, str, str]] = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}
_ANSWERS: dict[Signal, tuple[Callable[[], Message], str]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}
"""The response to each signal, and what a partial success calls the items that were left out."""
_UNUSABLE = "spans without a trace id of 16 bytes, a span id of 8 or a start time between 1970 and 2262 are set aside"
_UNTIMED = "log records without a time between 1970 and 2262 are of no use"


def examine(signal: Signal, encoding: Encoding, body: bytes, limit: int) -> Receipt:
    """Return what a request holds.

    Raises:
        RefusedError: it is no OTLP request of that signal, or of more items than the limit.
    """
    return (_examine_protobuf if encoding == "protobuf" else _examine_json)(signal, body, limit)


def answer(signal: Signal, receipt: Receipt) -> Message:
    """Return the response that the OTLP specification has for such a receipt: empty, or a partial success."""
    make, rejected = _ANSWERS[signal]
    response: Any = make()
    if receipt.rejected:
        setattr(response.partial_success, rejected, receipt.rejected)
        response.partial_success.error_message = receipt.reason
    return cast("Message", response)


def _examine_protobuf(signal: Signal, body: bytes, limit: int) -> Receipt:
    try:
        items = _items(body, limit)
        if signal == "metrics":
            return Receipt(len(items))
        if signal == "logs":
            return _receipt(iter(items), _is_usable_record, _UNTIMED)
        groups = lean.AnyTextTraces.FromString(body).groups
    except DecodeError as error:
        raise RefusedError(Refusal.MALFORMED, f"not an OTLP {signal} request in protobuf: {error}") from error
    return _receipt(
        (span for group in groups for scoped in group.scoped for span in scoped.spans),
        lambda span: (
            len(span.trace_id) == _TRACE and len(span.span_id) == _SPAN and 0 < span.start_time_unix_nano <= LAST_NS
        ),
    )


def _is_usable_record(record: bytes) -> bool:
    try:
        said = lean.Record.FromString(record)
    except DecodeError:
        return False  # the store reads each record by itself, so it costs no other
    return bool(0 < (said.time_unix_nano or said.observed_time_unix_nano) <= LAST_NS)


def _items(body: bytes, limit: int) -> list[bytes]:
    """Return the items of a request as bytes, counted level by level before anything makes an object of each."""
    scopes = list[bytes]()
    for group in _at_most(limit, lean.Request.FromString(body).groups):
        scopes += _at_most(limit - len(scopes), lean.Level.FromString(group).entries)
    items = list[bytes]()
    for scope in scopes:
        items += _at_most(limit - len(items), lean.Level.FromString(scope).entries)
    return items


def _at_most(limit: int, entries: Sequence[bytes]) -> Sequence[bytes]:
    if len(entries) > limit:
        raise _too_many()
    return entries


def _too_many() -> RefusedError:
    return RefusedError(Refusal.TOO_LARGE, "too many spans or records for one request; send them in several")


def _examine_json(signal: Signal, body: bytes, limit: int) -> Receipt:
    try:
        document = _document(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(Refusal.MALFORMED, f"not JSON: {error}") from error
    key, *inner = _LEVELS[signal]
    # In the JSON of protobuf null is the same as nothing; Go writes a list without entries so.
    if not isinstance(document, dict) or not isinstance(_entry(document, key, []), list | None):
        raise RefusedError(Refusal.MALFORMED, f"not an OTLP {signal} request in JSON: {key} is no list")
    items = _first(limit, _inside(document, key, *inner))
    if signal == "metrics":
        return Receipt(sum(1 for _ in items))
    return _receipt(items, _is_usable) if signal == "traces" else _receipt(items, _has_time, _UNTIMED)


def _document(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # A text that was cut within a character is mended when it is read into the store, and no reason to refuse a request.
        return orjson.loads(mended(body).decode("utf-8", "replace"))


def _first(limit: int, items: Iterable[Any]) -> Iterator[Any]:
    for number, item in enumerate(items):
        if number == limit:
            raise _too_many()
        yield item


def _is_usable(span: dict[str, Any]) -> bool:
    return (
        _is_id(span.get("traceId"), _TRACE)
        and _is_id(span.get("spanId"), _SPAN)
        and _is_time(span.get("startTimeUnixNano"))
    )


def _has_time(record: dict[str, Any]) -> bool:
    return _is_time(record.get("timeUnixNano")) or _is_time(record.get("observedTimeUnixNano"))


def _is_id(value: Any, size: int) -> bool:
    return isinstance(value, str) and len(value) == 2 * size and _HEXADECIMAL(value) is not None


def _is_time(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and 0 < float(value) < LAST_NS
    except (TypeError, ValueError):
        return False


def _receipt(given: Iterator[Any], usable: Callable[[Any], bool], why: str = _UNUSABLE) -> Receipt:
    items = rejected = 0
    for item in given:
        items += 1
        rejected += not usable(item)
    return Receipt(items, rejected, f"{rejected} of {items}: {why}" if rejected else "")


def _inside(value: Any, *keys: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of lists inside lists, whatever else stands there."""
    if not keys:
        if isinstance(value, dict):
            yield cast("dict[str, Any]", value)
        return
    listed = _entry(value, keys[0], [])
    entries: list[Any] = listed if isinstance(listed, list) else []  # pyright: ignore[reportUnknownVariableType] - of what it is a list, nobody knows
    for entry in entries:
        yield from _inside(entry, *keys[1:])


def _entry(value: Any, key: str, default: Any) -> Any:
    return cast("dict[str, Any]", value).get(key, default) if isinstance(value, dict) else None


_TRACE, _SPAN = 16, 8
_HEXADECIMAL = re.compile("[0-9a-fA-F]+").fullmatch
