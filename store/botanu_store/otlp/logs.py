"""Log records that say what a call used, as spans of kind LOG: some programs say it best, or only, in OTLP logs.

Kept are the events that a dialect reads, by name, less their content. A record lacks what a span has: its own id is made of what
identifies it, so that a repeated delivery is one, and where it names no trace, all records of its session are one.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from botanu_store.dialects import EVENTS
from botanu_store.engines.duckdb import fill, literals, script
from botanu_store.otlp import damaged
from botanu_store.otlp.columns import ATTRIBUTES_SHAPE, TEXT_MAP, with_limits
from botanu_store.otlp.content import ContentMode
from botanu_store.records import Signal

if TYPE_CHECKING:
    import duckdb

    from botanu_store.otlp.sources import Piece


SESSION_KEYS: tuple[str, ...] = ("session.id", "conversation.id", "gen_ai.conversation.id", "thread.id")
"""Attributes that name the session of a record, the first that is there."""

_SAID_SESSIONS = ", ".join(f"nullif(attributes['{key}'], '')" for key in SESSION_KEYS)
SESSION_TRACE = f"md5('session ' || coalesce({_SAID_SESSIONS}))"
"""In SQL: the trace of a session's records, as far as they name none; NULL without a session."""

_IDENTITY_KEYS = (
    *SESSION_KEYS,
    "event.sequence",
    "prompt.id",
    "prompt_id",
    "request_id",
    "gen_ai.response.id",
    "call_id",
    "model",
    "input_tokens",
    "output_tokens",
    "input_token_count",
    "output_token_count",
)
_COLUMNS: pa.Schema = pa.schema(
    [
        ("piece", pa.int64()),
        ("trace_id", pa.string()),
        ("parent_id", pa.string()),
        ("name", pa.string()),
        ("end_ns", pa.int64()),
        ("scope", pa.string()),
        ("scope_version", pa.string()),
        ("attributes", TEXT_MAP),
        ("resource", TEXT_MAP),
    ]
)
_SHAPE = (
    f'{{"resourceLogs":[{{"resource":{{"attributes":{ATTRIBUTES_SHAPE}}},'
    '"scopeLogs":[{"scope":{"name":"VARCHAR","version":"VARCHAR"},"logRecords":[{"timeUnixNano":"VARCHAR",'
    '"observedTimeUnixNano":"VARCHAR","traceId":"VARCHAR","spanId":"VARCHAR","eventName":"VARCHAR",'
    f'"body":{{"stringValue":"VARCHAR"}},"attributes":{ATTRIBUTES_SHAPE}}}]}}]}}]}}'
)


def holds(signal: Signal, piece: Piece) -> bool:
    """Say whether a piece holds a signal, as far as a name in it (JSON) or the first of its items (protobuf) tells."""
    if piece.kind == "protobuf":
        return _signal(piece.data) == signal
    return piece.kind == "json" and _NAMES[signal] in piece.data


_NAMES: dict[Signal, bytes] = {"traces": b'"resourceSpans"', "logs": b'"resourceLogs"', "metrics": b'"resourceMetrics"'}


def decode_logs_into(
    con: duckdb.DuckDBPyConnection, table: str, pieces: Sequence[tuple[int, Piece]], mode: ContentMode
) -> int:
    """Add the useful log records of these numbered pieces to a table that a `JsonDecoder` made; return how many were of no use."""
    documents = [(number, piece.data.decode("utf-8", "replace")) for number, piece in pieces if piece.kind == "json"]
    messages = [(number, piece.data) for number, piece in pieces if piece.kind == "protobuf"]
    con.register("pieces", pa.table({"piece": [n for n, _ in documents], "document": [text for _, text in documents]},
                                    pa.schema([("piece", pa.int64()), ("document", pa.string())])))  # fmt: skip
    con.execute(f"create or replace temp table log_records as {_decoding(mode)}")
    con.register("decoded", _table(messages, mode))
    con.execute("insert into log_records by name from decoded")
    con.unregister("pieces")
    con.unregister("decoded")
    con.execute(f"insert into {table} by name {_arriving()}")
    others = f"select (select count(*) from log_records) - (select count(*) from {table} where kind = 'LOG')"
    return int(con.execute(others).fetchall()[0][0])


@cache
def _decoding(mode: ContentMode) -> str:
    return with_limits(fill(script("otlp/sql/decode_logs.sql"), logs_shape=_SHAPE, events=literals(EVENTS)), mode)


@cache
def _arriving() -> str:
    cases = " ".join(f"when '{name}' then '{key}'" for name, key in EVENTS.items())
    return fill(
        script("otlp/sql/arrive_logs.sql"),
        key=f"case name {cases} end",
        session_trace=SESSION_TRACE,
        identity=", ".join(f"coalesce(attributes['{key}'], '')" for key in _IDENTITY_KEYS),
    )


def _table(messages: Iterable[tuple[int, bytes]], mode: ContentMode) -> pa.Table:
    rows = [row for piece, message in messages for row in _records(piece, message, mode)]
    # In shares: Arrow ends the process when the text of one array passes two gigabytes.
    shares = (rows[start : start + _SHARE_ROWS] for start in range(0, len(rows), _SHARE_ROWS))
    return pa.Table.from_batches(map(_record_batch, shares), schema=_COLUMNS)


def _record_batch(rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _COLUMNS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=_COLUMNS)


_SHARE_ROWS = 20_000


def _records(piece: int, message: bytes, mode: ContentMode) -> Iterator[tuple[Any, ...]]:
    from botanu_store.otlp.values import Attributes, nanoseconds, shared  # noqa: PLC0415 - 40 ms that JSON does not need

    said_by = Attributes(mode).of_messages
    for group in _parsed(message).resource_logs:
        resource: list[tuple[str, str]] | None = None
        for scoped in group.scope_logs:
            scope = scoped.scope
            for record in scoped.log_records:
                name = _name(record)
                said = list(said_by(record.attributes).items()) if name else None
                if name and resource is None:
                    resource = list(shared(said_by(group.resource.attributes)).items())
                end = nanoseconds(record.time_unix_nano or record.observed_time_unix_nano)
                ids = (record.trace_id.hex(), record.span_id.hex())
                yield (piece, *ids, name, end, scope.name[:1024], scope.version[:256], said, resource)


def _parsed(message: bytes) -> Any:
    """The message; of one that the parser refuses, what of it can be read."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - 40 ms that JSON does not need
    from opentelemetry.proto.logs.v1.logs_pb2 import LogsData  # noqa: PLC0415

    try:
        return LogsData.FromString(message)
    except DecodeError:
        return _salvaged(damaged.repaired(message, LogsData.DESCRIPTOR))


def _salvaged(message: bytes) -> Any:
    """The message with each record read by itself; one that cannot be read is an empty one, so that it is counted."""
    from opentelemetry.proto.logs.v1.logs_pb2 import LogsData  # noqa: PLC0415

    logs = LogsData()
    for group in damaged.fields(message, 1):
        resource_logs = logs.resource_logs.add()
        _merge(resource_logs.resource, b"".join(damaged.fields(group, 1)))
        for scoped in damaged.fields(group, 2):
            scope_logs = resource_logs.scope_logs.add()
            _merge(scope_logs.scope, b"".join(damaged.fields(scoped, 1)))
            for record in damaged.fields(scoped, 2):
                _merge(scope_logs.log_records.add(), record)
    return logs


def _merge(part: Any, data: bytes) -> None:
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    try:
        part.MergeFromString(data)
    except DecodeError:
        part.Clear()  # what came before the damage is half a truth


def _name(record: Any) -> str | None:
    said = next((pair.value.string_value for pair in record.attributes if pair.key == "event.name"), "")
    return next((word for word in (record.event_name, record.body.string_value, said) if word in _KNOWN), None)


_KNOWN = frozenset(EVENTS)


def _signal(message: bytes) -> Signal:
    """The messages of the three signals are alike but for their items; of those, the first one that has fields of one signal alone tells.

    What could be a metric could be a span without times as well, and such a span does not cost the others of its message.
    """
    doubtful: Signal = "traces"
    for group in damaged.fields(message, 1):
        for scoped in damaged.fields(group, 2):
            for item in damaged.fields(scoped, 2):
                types = damaged.wire_types(item)
                if found := _signal_of(types):
                    return found
                if types.get(1) == damaged.LENGTH and any(types.get(n) == damaged.LENGTH for n in (5, 9, 11)):
                    doubtful = "metrics"
    return doubtful


def _signal_of(types: dict[int, int]) -> Signal | None:
    # The times of a record are its fields 1 and 11, those of a span 7 and 8, and a span has a kind, 6, where a record has attributes; a metric's data
    # are in 5, 7 or 9 to 11, of which a span has 5, 9 and 11 too.
    if damaged.FIXED64 in (types.get(1), types.get(11)):
        return "logs"
    if types.get(6) == damaged.VARINT or damaged.FIXED64 in (types.get(7), types.get(8)):
        return "traces"
    return "metrics" if damaged.LENGTH in (types.get(7), types.get(10)) else None
