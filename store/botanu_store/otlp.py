"""OTLP in, span columns out: the columns, the limits, and JSON; protobuf.py gives the same columns.

No table of the store and no file. JSON is decoded by DuckDB, which takes apart a span in 7 µs where Python takes 30. Content (see
content.py) is gone from the result unless it is asked for.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache

import duckdb
import pyarrow as pa

from botanu_store import content
from botanu_store.content import ContentMode
from botanu_store.engines.duckdb import connect, literals, script

VALUE_LIMIT = 65_536
"""Characters kept of one attribute's value."""

ATTRIBUTE_LIMIT = 256
"""Attributes kept of one span, and events."""

KEY_LIMIT = 1024
"""Characters of a key; an attribute with a longer one is left out."""

LAST_WINS = "thread.id"
"""Of this key, where it is named twice, the last value is kept: Rust's layer for OpenTelemetry says the thread's number before what Codex calls so, its conversation."""

SHARED_LIMIT, SHARED_COUNT, SHORT = 4096, 32, 64
"""Characters kept of a resource as it is; of a larger one, the first attributes with short keys, their values cut short."""

TEXT_MAP: pa.DataType = pa.map_(pa.string(), pa.string())
EVENTS: pa.DataType = pa.list_(
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
        ("service", pa.string()),
        ("resource", pa.string()),
        ("events", EVENTS),
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


class JsonDecoder:
    """Decodes OTLP JSON documents on a connection of its own, or on the one given; make one and use it for many batches."""

    def __init__(self, mode: ContentMode = "drop", con: duckdb.DuckDBPyConnection | None = None) -> None:
        self._con = con or connect(None)
        self._mode: ContentMode = mode
        make_macros(self._con, mode)
        self._query = filled(script("steps/decode_json.sql"), mode)
        self._content = set[str]()
        self._planned_nothing = False

    def decode(self, documents: Sequence[bytes]) -> pa.Table:
        """Return the spans of these documents; one that is no JSON gives a row with NULL ids."""
        self.decode_into("decoded", documents)
        return self._con.sql("from decoded").to_arrow_table().select(SCHEMA.names).cast(SCHEMA)

    def decode_into(self, table: str, documents: Sequence[bytes], first_piece: int = 0) -> None:
        """Make a table of the spans of these documents, numbered from there on: nothing leaves the database, which halves the time."""
        if not documents:
            self._decode_nothing(table)
            return
        self._con.register("pieces", _pieces(documents, first_piece))
        try:
            if not self._decode_plain(table):
                self._decode(table, "botanu_attributes(span.attributes)")
        finally:
            self._con.unregister("pieces")

    def _decode_nothing(self, table: str) -> None:
        """Make an empty table; the query that says of which columns is planned once, as that takes as long as decoding a thousand spans."""
        if not self._planned_nothing:
            self._con.register("pieces", _pieces((), 0))
            self._decode("nothing_decoded", "botanu_attributes(span.attributes)")
            self._con.unregister("pieces")
            self._planned_nothing = True
        self._con.execute(f"create or replace table {table} as from nothing_decoded")

    def _decode_plain(self, table: str) -> bool:
        """Decode as if no attribute were odd, and look at the keys that came of it; return whether that was true.

        Keys are few where spans are many: asking each one of them takes a third of the time that it takes to test every attribute.
        """
        while len(self._content) <= _MOST_CONTENT:
            try:
                self._decode(table, _plain_attributes(self._content))
            except duckdb.InvalidInputException:
                return False  # A key twice in one span, or none.
            names, most = self._con.execute(_KEYS.replace("{table}", table)).fetchall()[0]
            if most > ATTRIBUTE_LIMIT or any(map(_is_odd, names)):
                return False
            found = set[str]() if self._mode == "keep" else set(filter(content.is_content, names))
            if not found:
                return True
            self._content |= found
        return False

    def _decode(self, table: str, attributes: str) -> None:
        self._con.execute(f"create or replace table {table} as {self._query.replace('{attributes}', attributes)}")


_MOST_CONTENT = 2_000
"""Different keys of content that are left out by name."""

_KEYS = (
    "select coalesce(list(distinct key), []), (select coalesce(max(cardinality(attributes)), 0) from {table}) "
    "from (select unnest(map_keys(attributes)) as key from {table})"
)


def _is_odd(name: str) -> bool:
    return len(name) > KEY_LIMIT or name in content.KEPT_PARTS or not name.isprintable()


def _plain_attributes(left_out: Collection[str]) -> str:
    """SQL of a span's attributes but those of these keys."""
    names = literals(sorted(left_out))
    kept = f"list_filter(span.attributes, lambda e: e.key not in ({names}))" if names else "span.attributes"
    return (
        f"map_from_entries(list_transform({kept}, lambda e: struct_pack(key := e.key, value := botanu_value(e.value))))"
    )


def make_macros(con: duckdb.DuckDBPyConnection, mode: ContentMode) -> None:
    """Give a connection what decoding is written in: attributes within their limits, less their content."""
    for statement in filled(script("steps/macros.sql"), mode).split(";\n"):
        if statement.strip():
            con.execute(statement)


def _pieces(documents: Sequence[bytes], first: int) -> pa.Table:
    # DuckDB reads record batches in parallel, so each thread gets its own share of about four megabytes.
    schema = pa.schema([("piece", pa.int64()), ("document", pa.string())])
    batches = [
        pa.record_batch([pa.array(range(start, start + len(share)), pa.int64()), _texts(share)], schema=schema)
        for start, share in _shares(documents, first)
    ]
    return pa.Table.from_batches(batches, schema=schema)


def _texts(documents: Sequence[bytes]) -> pa.Array:
    try:
        return pa.array(documents, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([document.decode("utf-8", "replace") for document in documents], pa.string())


def _shares(documents: Sequence[bytes], first: int, size: int = 4_000_000) -> Iterator[tuple[int, list[bytes]]]:
    start, share, filled = first, list[bytes](), 0
    for index, document in enumerate(documents, first):
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
        "last_wins": LAST_WINS,
        "shared_limit": str(SHARED_LIMIT),
        "shared_count": str(SHARED_COUNT),
        "short_limit": str(SHORT),
        "content_test": "false" if mode == "keep" else _content_test(),
        "reduced_keys": literals(content.KEPT_PARTS) if mode == "drop" else "''",
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
