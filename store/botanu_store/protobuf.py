"""OTLP protobuf in, span columns out; imported only where there is protobuf to read (see values.py).

opentelemetry's own classes make an object of every attribute and every value. Here they are looked up by their bytes instead, because
most spans say what others said before: that takes a third of the time.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import orjson
import pyarrow as pa
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from botanu_store import damaged, lean
from botanu_store.content import ContentMode
from botanu_store.engines.duckdb import script
from botanu_store.otlp import ATTRIBUTE_LIMIT, SCHEMA, VALUE_LIMIT
from botanu_store.values import Attributes, Said, nanoseconds, shared

if TYPE_CHECKING:
    import duckdb

_KINDS = ("INTERNAL", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_STATUSES = ("unset", "ok", "error")

_T = TypeVar("_T")


def decode_protobuf_into(
    con: duckdb.DuckDBPyConnection, table: str, messages: Sequence[bytes], mode: ContentMode, first_piece: int
) -> None:
    """Add the spans of these messages to a table that a `JsonDecoder` of the same connection made; the first message is that piece."""
    con.register("decoded_messages", decode_protobuf(messages, mode))
    try:
        con.execute(script("steps/add_protobuf.sql").replace("{table}", table), {"first_piece": first_piece})
    finally:
        con.unregister("decoded_messages")


def decode_protobuf(messages: Sequence[bytes], mode: ContentMode = "drop") -> pa.Table:
    """Return the spans of these serialised `TracesData` or `ExportTraceServiceRequest` messages; one that is neither gives a row with NULL ids."""
    rows: list[_Row] = []
    reader = _Reader(mode)
    for piece, message in enumerate(messages):
        try:
            rows += reader.spans(piece, message)
        except DecodeError:
            rows += reader.salvaged(piece, message) or [_Row(piece)]
    return pa.Table.from_batches(map(_record_batch, _shares_of(rows)), schema=SCHEMA)


class _Row(NamedTuple):
    """One decoded span, in the order of `SCHEMA`."""

    piece: int
    trace_id: str | None = None
    span_id: str | None = None
    parent_id: str | None = None
    name: str | None = None
    kind: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    status: str | None = None
    status_message: str | None = None
    scope: str | None = None
    scope_version: str | None = None
    attributes: Said = {}  # noqa: RUF012 - nobody changes it
    service: str = ""
    resource: str = "{}"
    events: Sequence[dict[str, Any]] = ()


class _Reader:
    """Reads the messages of one batch."""

    def __init__(self, mode: ContentMode) -> None:
        self._said = Attributes(mode).of

    def spans(self, piece: int, message: bytes) -> list[_Row]:
        """Return the spans of a message.

        Raises:
            DecodeError: it is none, or something in it is broken.
        """
        rows = list[_Row]()
        for group in lean.Traces.FromString(message).groups:
            resource = self._resource(group.resource)
            for scoped in group.scoped:
                scope = _scope(scoped.scope)
                rows += [self._row(piece, span, scope, resource) for span in scoped.spans]
        return rows

    def salvaged(self, piece: int, message: bytes) -> list[_Row]:
        """Return the spans of a message that the parser refuses, each read by itself; one that cannot be read has no ids."""
        rows = list[_Row]()
        unread = _Row(piece, "", "", name="")
        for group in damaged.fields(damaged.repaired(message, TracesData.DESCRIPTOR), 1):
            resource = _or(("", "{}"), self._resource, b"".join(damaged.fields(group, 1)))
            for scoped in damaged.fields(group, 2):
                scope = _or(("", ""), _scope, b"".join(damaged.fields(scoped, 1)))
                rows += [_or(unread, self._span, piece, data, scope, resource) for data in damaged.fields(scoped, 2)]
        return rows

    def _resource(self, data: bytes) -> tuple[str, str]:
        """The service and the resource as text."""
        said = shared(self._said(lean.Resource.FromString(data).attributes))
        return said.get("service.name", "")[:256], orjson.dumps(said).decode()

    def _span(self, piece: int, data: bytes, scope: tuple[str, str], resource: tuple[str, str]) -> _Row:
        return self._row(piece, lean.Span.FromString(data), scope, resource)

    def _row(self, piece: int, span: Any, scope: tuple[str, str], resource: tuple[str, str]) -> _Row:
        kind, status = span.kind, span.status
        code = status.code
        return _Row(
            piece,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.name[:1024],
            _KINDS[kind] if 0 <= kind < len(_KINDS) else "INTERNAL",
            nanoseconds(span.start_time_unix_nano),
            nanoseconds(span.end_time_unix_nano),
            _STATUSES[code] if 0 <= code < len(_STATUSES) else "unset",
            status.message[:VALUE_LIMIT],
            *scope,
            self._said(span.attributes),
            *resource,
            [self._event(event) for event in span.events[:ATTRIBUTE_LIMIT]],
        )

    def _event(self, event: Any) -> dict[str, Any]:
        said = list(self._said(event.attributes).items())
        return {"name": event.name[:1024], "time_ns": nanoseconds(event.time_unix_nano), "attributes": said}


def _scope(data: bytes) -> tuple[str, str]:
    scope = lean.Scope.FromString(data)
    return scope.name[:1024], scope.version[:256]


def _or(otherwise: _T, read: Callable[..., _T], *arguments: object) -> _T:
    """What can be read, else the other."""
    try:
        return read(*arguments)
    except DecodeError:
        return otherwise


def _record_batch(rows: Sequence[_Row]) -> pa.RecordBatch:
    columns = dict(zip(SCHEMA.names, zip(*rows, strict=True), strict=True))
    arrays = {
        "attributes": _maps(columns.pop("attributes")),
        **{name: pa.array(column, SCHEMA.field(name).type) for name, column in columns.items()},
    }
    return pa.RecordBatch.from_arrays([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


def _maps(column: Iterable[Said]) -> pa.MapArray:
    maps = list(column)
    offsets = pa.array(list(accumulate(map(len, maps), initial=0)), pa.int32())
    words = pa.array(list(chain.from_iterable(maps)), pa.string())
    values = pa.array(list(chain.from_iterable(said.values() for said in maps)), pa.string())
    return pa.MapArray.from_arrays(offsets, words, values)


def _shares_of(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    # Arrow ends the process when the text of one array passes two gigabytes.
    return (rows[start : start + _SHARE_ROWS] for start in range(0, len(rows), _SHARE_ROWS))


_SHARE_ROWS = 20_000
