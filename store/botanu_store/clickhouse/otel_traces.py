"""What of the collector's table `otel_traces` is read, in both its variants: attributes as a map of texts, or as JSON."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pyarrow as pa

from botanu_store.dialects import HASTY_SCOPES
from botanu_store.engines.clickhouse import Server
from botanu_store.engines.duckdb import literals
from botanu_store.errors import InputError, StoreUnusable
from botanu_store.otlp import content

_NEEDED = {"Timestamp", "TraceId", "SpanId", "ParentSpanId", "SpanName", "SpanKind", "ServiceName", "ScopeName", "SpanAttributes", "Duration", "StatusCode"}  # fmt: skip

_EMITTED = "botanu.outcome_emitted"
_ENTRIES = "Array(Tuple(key String, value String))"
_SAID: pa.DataType = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))


@dataclass(frozen=True, slots=True)
class OtelTraces:
    """A table of spans that the collector's ClickHouse exporter writes; its name is as SQL has it."""

    name: str
    is_json: bool

    @property
    def run_id(self) -> str:
        """The SQL of the run that a span names, else its trace."""
        said = "toString(SpanAttributes.botanu.run_id)" if self.is_json else "SpanAttributes['botanu.run_id']"
        return f"coalesce(nullIf(leftUTF8({_text(said)}, 256), ''), lower(TraceId))"

    @property
    def columns(self) -> str:
        """The SQL of a span's columns, less its content."""
        kept = (
            f"not match(k, '^(?:{_quoted(content.CONTENT_PATTERN)})') or match(k, '^{_quoted(content.COUNT_PATTERN)}')"
        )
        few = f"mapFilter((k, v) -> {kept}, SpanAttributes)"
        # No map: one of ClickHouse's may have a key twice, as OTLP may, and Arrow's may not.
        entries = f"arrayMap((k, v) -> ({_text('k')}, {_text('v')}), mapKeys({few}), mapValues({few}))"
        said = "toJSONString(SpanAttributes)" if self.is_json else f"cast({entries}, '{_ENTRIES}')"
        return (
            "lower(TraceId) as trace_id, lower(SpanId) as span_id, lower(ParentSpanId) as parent_id, "
            f"{_text('SpanName')} as name, SpanKind as kind, "
            "toUnixTimestamp64Nano(Timestamp) as start_ns, toUnixTimestamp64Nano(Timestamp) + toInt64(Duration) as end_ns, "
            f"if(ScopeName in ({literals(HASTY_SCOPES)}) and has(Events.Name, 'exception'), 'Error', StatusCode) as status, "
            f"{_text('StatusMessage')} as status_message, {_text('ServiceName')} as service, "
            f"{_text('ScopeName')} as scope, {_text('ScopeVersion')} as scope_version, "
            f"{said} as said, "
            f"arrayMap(e -> toUnixTimestamp64Nano(e.2), arrayFilter(e -> e.1 = '{_EMITTED}', arrayZip(Events.Name, Events.Timestamp))) as emitted"
        )

    def read(self, server: Server, condition: str, parameters: Mapping[str, Any]) -> pa.Table:
        """Return the spans that meet a condition; `said` is a list of keys and texts whichever the variant."""
        found = server.arrow(f"select {self.columns} from {self.name} where {condition}", parameters)
        if not self.is_json:
            return found
        said = pa.array((flat(text) for text in found["said"].to_pylist()), _SAID)
        return found.set_column(found.schema.get_field_index("said"), "said", said)


def find(server: Server, name: str) -> OtelTraces:
    """Look at a table of spans.

    Raises:
        InputError: that is no name of a table.
        StoreUnusable: there is none of that name, or it is not one that the exporter writes.
    """
    if not re.fullmatch(r"[\w.-]*[\w-]", name):
        raise InputError(f"{name!r} is no name of a table. Write one like otel_traces or otel.otel_traces.")
    found = server.rows(
        "select name, type from system.columns where table = $table and database = if($database = '', currentDatabase(), $database)",
        {"table": name.rpartition(".")[2], "database": name.rpartition(".")[0]},
    )
    kinds = {str(row["name"]): str(row["type"]) for row in found}
    if not kinds:
        raise StoreUnusable(
            f"There is no table {name}. Let the collector's ClickHouse exporter make it, or name another with --table."
        )
    missing = sorted(_NEEDED - set(kinds))
    if missing:
        raise StoreUnusable(
            f"{name} has no column {missing[0]}: it is not what the collector's ClickHouse exporter writes. Name another with --table."
        )
    return OtelTraces(identifier(name), kinds["SpanAttributes"].startswith("JSON"))


def identifier(name: str) -> str:
    """Return a table's name, with or without its database's, as SQL has it: the exporter takes one with hyphens, or of a year."""
    database, _, table = name.rpartition(".")
    return f"`{database}`.`{table}`" if database else f"`{table}`"


def flat(text: str) -> list[tuple[str, str]]:
    """Return the attributes of a JSON column as OTLP has them: dotted keys and texts, arrays as JSON."""
    return list(_leaves("", json.loads(text, object_pairs_hook=_Members)))


class _Members(list[tuple[str, Any]]):
    """The members of an object. Not a dict: ClickHouse writes `a` and `a.b` as two members of one name."""


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, _Members):
        for key, inner in value:
            yield from _leaves(f"{path}.{key}" if path else key, inner)
    elif isinstance(value, str):
        yield path, value
    elif value is not None:
        yield path, json.dumps(_plain(value), separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, _Members):
        return {key: _plain(inner) for key, inner in value}
    return [_plain(inner) for inner in cast("list[object]", value)] if isinstance(value, list) else value


def _text(column: str) -> str:
    """The SQL of a text that whoever reads it can take: ClickHouse keeps any bytes, and a program in C++ or PHP sends what it has."""
    return f"toValidUTF8({column})"


def _quoted(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace("'", "\\'")
