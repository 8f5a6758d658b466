"""OTLP protobuf in, span columns out; imported only where there is protobuf to read (see values.py).

opentelemetry's own classes make an object of every attribute and every value. Here spans are read field by field, and of their attributes,
which mostly say what others said before, each different one is taken apart once: that takes a quarter of the time.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import pyarrow as pa
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from botanu_store.engines.duckdb import fill, script
from botanu_store.otlp import damaged, lean
from botanu_store.otlp.columns import ATTRIBUTE_LIMIT, SCHEMA, VALUE_LIMIT
from botanu_store.otlp.content import ContentMode
from botanu_store.otlp.values import Attributes, nanoseconds, shared

if TYPE_CHECKING:
    import duckdb

_KINDS = {2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}
_STATUSES = {1: "ok", 2: "error"}

_T = TypeVar("_T")


def decode_protobuf_into(
    con: duckdb.DuckDBPyConnection, table: str, messages: Sequence[bytes], mode: ContentMode, first_piece: int
) -> None:
    """Add the spans of these messages to a table that a `JsonDecoder` of the same connection made; the first message is that piece."""
    con.register("decoded_messages", decode_protobuf(messages, mode))
    try:
        con.execute(fill(script("otlp/sql/add_protobuf.sql"), table=table), {"first_piece": first_piece})
    finally:
        con.unregister("decoded_messages")


def decode_protobuf(messages: Sequence[bytes], mode: ContentMode = "drop") -> pa.Table:
    """Return the spans of these serialised `TracesData` or `ExportTraceServiceRequest` messages; one that is neither gives a row with NULL ids."""
    try:
        return _decoded(messages, mode, _Spans.read)
    except DecodeError:
        return _decoded(messages, mode, _Spans.read_what_is_whole)


def _decoded(messages: Sequence[bytes], mode: ContentMode, read: Callable[[_Spans, int, bytes], None]) -> pa.Table:
    spans = _Spans(mode)
    for piece, message in enumerate(messages):
        read(spans, piece, message)
    return spans.table()


class _Spans:
    """The spans of one batch, field by field."""

    def __init__(self, mode: ContentMode) -> None:
        self._attributes = Attributes(mode)
        self._columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
        self._full: list[pa.RecordBatch] = []

    def read(self, piece: int, message: bytes) -> None:
        """Add the spans of a message.

        Raises:
            DecodeError: it is none; something broken in an attribute is found by `table` alone.
        """
        for group in lean.Traces.FromString(message).groups:
            resource = self._resource(group.resource)
            for scoped in group.scoped:
                self._add(piece, scoped.spans, _scope(scoped.scope), resource)

    def read_what_is_whole(self, piece: int, message: bytes) -> None:
        """Add the spans of a message, each read by itself if need be; one that cannot be read has no ids, nor has a message that is none."""
        try:
            self._check(message)
        except DecodeError:
            self._salvage(piece, message)
        else:
            self.read(piece, message)

    def table(self) -> pa.Table:
        """Return all that was added.

        Raises:
            DecodeError: an attribute is broken.
        """
        self._fill()
        return pa.Table.from_batches(self._full, schema=SCHEMA)

    def _check(self, message: bytes) -> None:
        """Raise a DecodeError where a message, or an attribute in it, is broken."""
        for group in lean.Traces.FromString(message).groups:
            self._resource(group.resource)
            for scoped in group.scoped:
                _scope(scoped.scope)
                for span in scoped.spans:
                    self._attributes.of(span.attributes)

    def _salvage(self, piece: int, message: bytes) -> None:
        found = False
        for group in damaged.fields(damaged.repaired(message, TracesData.DESCRIPTOR), 1):
            resource = _or(("", "{}"), self._resource, b"".join(damaged.fields(group, 1)))
            for scoped in damaged.fields(group, 2):
                scope = _or(("", ""), _scope, b"".join(damaged.fields(scoped, 1)))
                for data in damaged.fields(scoped, 2):
                    found = True
                    span = _or(None, self._whole, data)
                    if span is None:
                        self._add_unread(piece, "")
                    else:
                        self._add(piece, [span], scope, resource)
        if not found:
            self._add_unread(piece, None)

    def _whole(self, data: bytes) -> Any:
        span = lean.Span.FromString(data)
        self._attributes.of(span.attributes)
        return span

    def _resource(self, data: bytes) -> tuple[str, str]:
        """The service and the resource as text."""
        said = shared(self._attributes.of(lean.Resource.FromString(data).attributes))
        return said.get("service.name", "")[:256], orjson.dumps(said).decode()

    def _add(self, piece: int, spans: Sequence[Any], scope: tuple[str, str], resource: tuple[str, str]) -> None:
        for start in range(0, len(spans), _SHARE_ROWS):
            self._add_share(piece, spans[start : start + _SHARE_ROWS], scope, resource)

    def _add_share(self, piece: int, spans: Sequence[Any], scope: tuple[str, str], resource: tuple[str, str]) -> None:
        columns, count = self._columns, len(spans)
        columns["piece"] += [piece] * count
        columns["trace_id"] += [span.trace_id.hex() for span in spans]
        columns["span_id"] += [span.span_id.hex() for span in spans]
        columns["parent_id"] += [span.parent_span_id.hex() for span in spans]
        columns["name"] += [span.name[:1024] for span in spans]
        columns["kind"] += [_KINDS.get(span.kind, "INTERNAL") for span in spans]
        columns["start_ns"] += [nanoseconds(span.start_time_unix_nano) for span in spans]
        columns["end_ns"] += [nanoseconds(span.end_time_unix_nano) for span in spans]
        statuses = [span.status for span in spans]
        columns["status"] += [_STATUSES.get(status.code, "unset") for status in statuses]
        columns["status_message"] += [status.message[:VALUE_LIMIT] for status in statuses]
        columns["attributes"] += [span.attributes for span in spans]
        columns["events"] += [self._events(span.events) for span in spans]
        for name, value in zip(("scope", "scope_version", "service", "resource"), (*scope, *resource), strict=True):
            columns[name] += [value] * count
        if len(columns["piece"]) >= _SHARE_ROWS:
            self._fill()

    def _add_unread(self, piece: int, identity: str | None) -> None:
        """Add a row for what cannot be read: without ids, or with empty ones where it can be a span alone."""
        values = {"piece": piece, "attributes": (), "service": "", "resource": "{}", "events": ()}
        values |= dict.fromkeys(("trace_id", "span_id", "parent_id", "name"), identity)
        for name, column in self._columns.items():
            column.append(values.get(name))

    def _events(self, events: Sequence[Any]) -> Sequence[dict[str, Any]]:
        return [self._event(event) for event in events[:ATTRIBUTE_LIMIT]] if events else ()

    def _event(self, event: Any) -> dict[str, Any]:
        said = list(self._attributes.of(event.attributes).items())
        return {"name": event.name[:1024], "time_ns": nanoseconds(event.time_unix_nano), "attributes": said}

    def _fill(self) -> None:
        """Make of what was added columns of Arrow: in shares, as it ends the process when the text of one array passes two gigabytes."""
        arrays = [
            self._attributes.maps(column) if name == "attributes" else pa.array(column, SCHEMA.field(name).type)
            for name, column in self._columns.items()
        ]
        self._full.append(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))
        self._columns = {name: [] for name in SCHEMA.names}


def _scope(data: bytes) -> tuple[str, str]:
    scope = lean.Scope.FromString(data)
    return scope.name[:1024], scope.version[:256]


def _or(otherwise: _T, read: Callable[[bytes], _T], data: bytes) -> _T:
    """What can be read, else the other."""
    try:
        return read(data)
    except DecodeError:
        return otherwise


_SHARE_ROWS = 20_000
