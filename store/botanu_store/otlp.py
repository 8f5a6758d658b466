"""OTLP in, span columns out: JSON documents and protobuf messages to one Arrow table of one shape.

Pure: no store, no file. JSON is decoded by a DuckDB in memory, which takes apart a span in 7 µs where Python takes 30; protobuf by
opentelemetry's own message classes. Content (see content.py) is gone from the result unless it is asked for.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson
import pyarrow as pa

from botanu_store import content, damaged
from botanu_store.engines.duckdb import connect, script

if TYPE_CHECKING:
    import duckdb
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

ContentMode = Literal["drop", "keep"]

VALUE_LIMIT = 65_536
"""Characters kept of one attribute's value."""

ATTRIBUTE_LIMIT = 256
"""Attributes kept of one span, and events."""

KEY_LIMIT = 1024
"""Characters of a key; an attribute with a longer one is left out."""

SHARED_LIMIT, _SHARED_COUNT, _SHORT = 4096, 32, 64
"""Characters kept of a resource as it is; of a larger one, the first attributes with short keys, their values cut short."""

TEXT_MAP: pa.DataType = pa.map_(pa.string(), pa.string())
_EVENTS: pa.DataType = pa.list_(
    pa.struct([("name", pa.string()), ("time_ns", pa.int64()), ("attributes", TEXT_MAP)]),
)
SCHEMA: pa.Schema = pa.schema(
    [
        ("piece", pa.int64()),
        ("trace_id", pa.string()),
        ("span_id", pa.string()),
        ("parent_id", pa.string()),
        ("name", pa.string()),
        ("kind", pa.string()),
        ("start_ns", pa.int64()),
        ("end_ns", pa.int64()),
        ("status", pa.string()),
        ("status_message", pa.string()),
        ("scope", pa.string()),
        ("scope_version", pa.string()),
        ("attributes", TEXT_MAP),
        ("resource", TEXT_MAP),
        ("events", _EVENTS),
    ]
)
"""Columns of decoded spans; `piece` is the index of the document or message that held the span."""

_ARRAY = '[{"stringValue":"VARCHAR","intValue":"VARCHAR","doubleValue":"VARCHAR","boolValue":"VARCHAR","arrayValue":"JSON","kvlistValue":"JSON"}]'
ATTRIBUTES_SHAPE = (
    '[{"key":"VARCHAR","value":{"stringValue":"VARCHAR","intValue":"VARCHAR","doubleValue":"VARCHAR","boolValue":"VARCHAR",'
    '"arrayValue":"JSON","kvlistValue":"JSON","bytesValue":"VARCHAR"}}]'
)
_SPAN = (
    '{"traceId":"VARCHAR","spanId":"VARCHAR","parentSpanId":"VARCHAR","name":"VARCHAR","kind":"VARCHAR",'
    f'"startTimeUnixNano":"VARCHAR","endTimeUnixNano":"VARCHAR","attributes":{ATTRIBUTES_SHAPE},'
    f'"events":[{{"name":"VARCHAR","timeUnixNano":"VARCHAR","attributes":{ATTRIBUTES_SHAPE}}}],'
    '"status":{"code":"VARCHAR","message":"VARCHAR"}}'
)
_DOCUMENT = (
    f'{{"resourceSpans":[{{"resource":{{"attributes":{ATTRIBUTES_SHAPE}}},'
    f'"scopeSpans":[{{"scope":{{"name":"VARCHAR","version":"VARCHAR"}},"spans":[{_SPAN}]}}]}}]}}'
)
_KINDS = ("INTERNAL", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_STATUSES = ("unset", "ok", "error")
_MAX_NS = 2**63 - 1


class JsonDecoder:
    """Decodes OTLP JSON documents on a connection of its own, or on the one given; make one and use it for many batches."""

    def __init__(self, mode: ContentMode = "drop", con: duckdb.DuckDBPyConnection | None = None) -> None:
        self._con = con or connect(None)
        for statement in filled(script("steps/macros.sql"), mode).split(";\n"):
            if statement.strip():
                self._con.execute(statement)
        self._query = filled(script("steps/decode_json.sql"), mode)

    def decode(self, documents: Sequence[str]) -> pa.Table:
        """Return the spans of these documents; one that is no JSON gives a row with NULL ids."""
        self.decode_into("decoded", documents)
        return self._con.sql("from decoded").to_arrow_table().select(SCHEMA.names).cast(SCHEMA)

    def decode_into(self, table: str, documents: Sequence[str]) -> None:
        """Make a table of the spans of these documents: nothing leaves the database, which halves the time."""
        self._con.register("pieces", _pieces(documents))
        try:
            self._con.execute(f"create or replace table {table} as {self._query}")
        finally:
            self._con.unregister("pieces")


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
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - 40 ms that JSON does not need
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData  # noqa: PLC0415

    rows: list[_Row] = []
    keep = keeps(mode)
    for piece, message in enumerate(messages):
        try:
            traces = TracesData.FromString(message)
        except DecodeError:
            rows.extend(_salvaged(piece, damaged.repaired(message, TracesData.DESCRIPTOR), keep) or [_Row(piece)])
            continue
        rows.extend(_walk(piece, traces, keep))
    return pa.Table.from_batches(map(_record_batch, _shares_of(rows)), schema=SCHEMA)


def _record_batch(rows: Sequence[_Row]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _shares_of(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    # Arrow ends the process when the text of one array passes two gigabytes.
    return (rows[start : start + _SHARE_ROWS] for start in range(0, len(rows), _SHARE_ROWS))


_SHARE_ROWS = 20_000


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
    attributes: list[tuple[str, str]] | None = None
    resource: list[tuple[str, str]] | None = None
    events: list[dict[str, Any]] | None = None


Keep = Callable[[str], bool]
"""Says of a key whether its attribute stays."""


def _walk(piece: int, traces: Any, keep: Keep) -> Iterator[_Row]:
    for group in traces.resource_spans:
        resource = shared(attributes(group.resource.attributes, keep))
        for scoped in group.scope_spans:
            scope = scoped.scope
            for span in scoped.spans:
                yield _row(piece, span, scope.name[:1024], scope.version[:256], resource, keep)


def _salvaged(piece: int, message: bytes, keep: Keep) -> list[_Row]:
    """The spans of a message that the parser refuses, each read by itself; one that cannot be read has no ids."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415
    from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope  # noqa: PLC0415
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource  # noqa: PLC0415
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage  # noqa: PLC0415

    def parsed(kind: Any, data: bytes) -> Any:
        try:
            return kind.FromString(data)
        except DecodeError:
            return None

    rows = list[_Row]()
    for group in damaged.fields(message, 1):
        resource = parsed(Resource, b"".join(damaged.fields(group, 1))) or Resource()
        said = shared(attributes(resource.attributes, keep))
        for scoped in damaged.fields(group, 2):
            scope = parsed(InstrumentationScope, b"".join(damaged.fields(scoped, 1))) or InstrumentationScope()
            for data in damaged.fields(scoped, 2):
                span = parsed(SpanMessage, data)
                row = _row(piece, span, scope.name[:1024], scope.version[:256], said, keep) if span else None
                rows.append(row or _Row(piece, "", "", name=""))
    return rows


def _row(piece: int, span: SpanMessage, scope: str, version: str, resource: list[tuple[str, str]], keep: Keep) -> _Row:
    kind, status = span.kind, span.status
    return _Row(
        piece,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name[:1024],
        _KINDS[kind] if 0 <= kind < len(_KINDS) else "INTERNAL",
        nanoseconds(span.start_time_unix_nano),
        nanoseconds(span.end_time_unix_nano),
        _STATUSES[status.code] if 0 <= status.code < len(_STATUSES) else "unset",
        status.message[:VALUE_LIMIT],
        scope,
        version,
        attributes(span.attributes, keep),
        resource,
        [
            {
                "name": e.name[:1024],
                "time_ns": nanoseconds(e.time_unix_nano),
                "attributes": attributes(e.attributes, keep),
            }
            for e in span.events[:ATTRIBUTE_LIMIT]
        ],
    )


def nanoseconds(time: int) -> int | None:
    """Return a time that the database can hold, None for a later one."""
    return time if time <= _MAX_NS else None


def attributes(pairs: Iterable[KeyValue], keep: Keep) -> list[tuple[str, str]]:
    """Return attributes as text, those that may stay."""
    found: dict[str, str] = {}
    for index, pair in enumerate(pairs):
        if index == ATTRIBUTE_LIMIT:
            break
        key = pair.key
        if len(key) <= KEY_LIMIT and keep(key):
            text = _text(pair.value)
            reduce = key in content.KEPT_PARTS and keep is _not_content
            found.setdefault(key, (_reduced(key, text) if reduce else text)[:VALUE_LIMIT])
    return list(found.items())


def shared(said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A resource is repeated for each of its spans; a large one, times the spans of a request, would be gigabytes."""
    if sum(len(key) + len(value) for key, value in said) <= SHARED_LIMIT:
        return said
    return [(key, value[:_SHORT]) for key, value in said if len(key) <= _SHORT][:_SHARED_COUNT]


def _reduced(key: str, text: str) -> str:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    return orjson.dumps(content.reduced(document, content.KEPT_PARTS[key])).decode()


def _text(value: AnyValue) -> str:
    # Newer versions of OTLP add kinds of value, such as an index into a table of strings that traces do not have.
    as_text = _TO_TEXT.get(value.WhichOneof("value") or "")
    return as_text(value) if as_text else ""


def _array_text(value: AnyValue) -> str:
    return "[" + ",".join(_element(v) for v in value.array_value.values) + "]"


def _element(value: AnyValue) -> str:
    which = value.WhichOneof("value")
    if which == "string_value":
        return orjson.dumps(value.string_value).decode()
    return _text(value) if which else "null"


def _nested_text(value: AnyValue) -> str:
    from google.protobuf.json_format import MessageToJson  # noqa: PLC0415 - nested values are rare

    field = value.kvlist_value
    return str(MessageToJson(field, indent=None))


_TO_TEXT: dict[str, Callable[[Any], str]] = {
    "string_value": lambda v: v.string_value,
    "int_value": lambda v: str(v.int_value),
    "double_value": lambda v: repr(v.double_value),
    "bool_value": lambda v: "true" if v.bool_value else "false",
    "array_value": _array_text,
    "kvlist_value": _nested_text,
    "bytes_value": lambda v: base64.b64encode(v.bytes_value).decode(),
}


def keeps(mode: ContentMode) -> Keep:
    """Return the test of which attributes stay."""
    return _everything if mode == "keep" else _not_content


def _everything(_key: str) -> bool:
    return True


def _not_content(key: str) -> bool:
    return not content.is_content(key)


def _pieces(documents: Sequence[str]) -> pa.Table:
    # DuckDB reads record batches in parallel, so each thread gets its own share of about four megabytes.
    schema = pa.schema([("piece", pa.int64()), ("document", pa.string())])
    batches = [
        pa.record_batch(
            [pa.array(range(start, start + len(share)), pa.int64()), pa.array(share, pa.string())], schema=schema
        )
        for start, share in _shares(documents)
    ]
    return pa.Table.from_batches(batches, schema=schema)


def _shares(documents: Sequence[str], size: int = 4_000_000) -> Iterator[tuple[int, list[str]]]:
    start, share, filled = 0, list[str](), 0
    for index, document in enumerate(documents):
        share.append(document)
        filled += len(document)
        if filled >= size:
            yield start, share
            start, share, filled = index + 1, [], 0
    if share:
        yield start, share


@cache
def filled(text: str, mode: ContentMode) -> str:
    """Return a step's text with limits, shapes and the names of content filled in."""
    values = {
        "document_shape": _DOCUMENT,
        "array_shape": _ARRAY,
        "value_limit": str(VALUE_LIMIT),
        "attribute_limit": str(ATTRIBUTE_LIMIT),
        "key_limit": str(KEY_LIMIT),
        "shared_limit": str(SHARED_LIMIT),
        "shared_count": str(_SHARED_COUNT),
        "short_limit": str(_SHORT),
        "content_test": "false" if mode == "keep" else _content_test(),
        "reduced_keys": ", ".join(f"'{key}'" for key in content.KEPT_PARTS) if mode == "drop" else "''",
        "reduced_value": _reduced_value(),
    }
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _content_test() -> str:
    # One regular expression: three times as fast as a chain of comparisons.
    return f"(regexp_matches(e.key, '^(?:{content.CONTENT_PATTERN})') and not regexp_matches(e.key, '^{content.COUNT_PATTERN}'))"


def _reduced_value() -> str:
    branches = " ".join(
        f"when '{key}' then json_merge_patch('{{}}', {_object(parts, '$')})::varchar"
        for key, parts in content.KEPT_PARTS.items()
    )
    return f"case e.key {branches} end"


def _object(parts: content.Parts, path: str) -> str:
    members = (
        f"'{name}', "
        + (
            _object(inner, f"{path}.{name}")
            if inner
            else f"json_extract(try_cast(e.value.stringValue as json), '{path}.{name}')"
        )
        for name, inner in parts.items()
    )
    return f"json_object({', '.join(members)})"
