"""OTLP JSON into span columns; protobuf.py gives the same ones.

No table of the store and no file. JSON is decoded by DuckDB, which takes apart a span in 7 µs where Python takes 30.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import duckdb
import pyarrow as pa

from botanu_store.engines.duckdb import connect, fill, literals, script
from botanu_store.otlp import content
from botanu_store.otlp.columns import (
    ATTRIBUTE_LIMIT,
    ATTRIBUTES_SHAPE,
    KEY_LIMIT,
    SCHEMA,
    make_macros,
    with_limits,
)
from botanu_store.otlp.content import ContentMode

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
        self._query = with_limits(fill(script("otlp/sql/decode_json.sql"), document_shape=_DOCUMENT), mode)
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
            names, most = self._con.execute(fill(_KEYS, table=table)).fetchall()[0]
            if most > ATTRIBUTE_LIMIT or any(map(_is_odd, names)):
                return False
            found = set[str]() if self._mode == "keep" else set(filter(content.is_content, names))
            if not found:
                return True
            self._content |= found
        return False

    def _decode(self, table: str, attributes: str) -> None:
        self._con.execute(f"create or replace table {table} as {fill(self._query, attributes=attributes)}")


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
