"""What is kept of a span, whichever way it came: its columns, their limits, and the SQL that holds to them.

Content (see content.py) is gone from them unless it is asked for.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# (pyarrow ships no types.)

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa

from botanu_store.engines.duckdb import fill, literals, script
from botanu_store.otlp import content
from botanu_store.otlp.content import ContentMode

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


def make_macros(con: duckdb.DuckDBPyConnection, mode: ContentMode) -> None:
    """Give a connection what decoding is written in: attributes within their limits, less their content."""
    for statement in with_limits(script("otlp/sql/macros.sql"), mode).split(";\n"):
        if statement.strip():
            con.execute(statement)


@cache
def with_limits(text: str, mode: ContentMode) -> str:
    """Return a step's text with limits, shapes and the names of content filled in."""
    values = {
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
    return fill(text, **values)


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
