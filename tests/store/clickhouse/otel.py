"""`otel_traces` as the collector's ClickHouse exporter makes and fills it, from OTLP documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from botanu_store.engines.clickhouse import Server

# Columns, types, order and indexes of the exporter's tables: opentelemetry-collector-contrib, exporter/clickhouseexporter/internal/sqltemplates.
_TABLE = """
create table {name} (
    Timestamp DateTime64(9) codec(Delta(8), ZSTD(1)), TraceId String codec(ZSTD(1)), SpanId String codec(ZSTD(1)),
    ParentSpanId String codec(ZSTD(1)), TraceState String codec(ZSTD(1)), SpanName LowCardinality(String) codec(ZSTD(1)),
    SpanKind LowCardinality(String) codec(ZSTD(1)), ServiceName LowCardinality(String) codec(ZSTD(1)),
    ResourceAttributes {attributes} codec(ZSTD(1)), ScopeName String codec(ZSTD(1)), ScopeVersion String codec(ZSTD(1)),
    SpanAttributes {attributes} codec(ZSTD(1)), Duration UInt64 codec(ZSTD(1)), StatusCode LowCardinality(String) codec(ZSTD(1)),
    StatusMessage String codec(ZSTD(1)),
    Events Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes {attributes}) codec(ZSTD(1)),
    Links Nested (TraceId String, SpanId String, TraceState String, Attributes {attributes}) codec(ZSTD(1)),
    index idx_trace_id TraceId type bloom_filter(0.001) granularity 1
) engine = MergeTree
partition by toDate(Timestamp)
order by (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)
settings index_granularity = 8192, ttl_only_drop_parts = 1
"""
_KINDS = {1: "Internal", 2: "Server", 3: "Client", 4: "Producer", 5: "Consumer"}
_STATES = {1: "Ok", 2: "Error"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def create(server: Server, *, is_json: bool = False, name: str = "otel_traces") -> None:
    """Make the exporter's table."""
    kind = "JSON" if is_json else "Map(LowCardinality(String), String)"
    server.run(_TABLE.replace("{name}", name).replace("{attributes}", kind))


def fill(
    server: Server, documents: Iterable[Mapping[str, Any]], *, is_json: bool = False, name: str = "otel_traces"
) -> None:
    """Insert the spans of OTLP documents as the exporter does."""
    rows = [row for document in documents for row in _rows(document, is_json=is_json)]
    lines = "\n".join(json.dumps(row) for row in rows)
    if rows:
        server.run(f"insert into {name} settings date_time_input_format = 'best_effort' format JSONEachRow {lines}")


def _rows(document: Mapping[str, Any], *, is_json: bool) -> Iterable[dict[str, Any]]:
    for group in document.get("resourceSpans", ()):
        resource = _attributes(group.get("resource", {}).get("attributes", ()), is_json=is_json)
        for scoped in group.get("scopeSpans", ()):
            for span in scoped.get("spans", ()):
                yield {
                    **_own(span, is_json=is_json),
                    "ServiceName": resource.get("service.name", ""),
                    "ResourceAttributes": resource,
                    "ScopeName": scoped.get("scope", {}).get("name", ""),
                    "ScopeVersion": scoped.get("scope", {}).get("version", ""),
                }


def _own(span: Mapping[str, Any], *, is_json: bool) -> dict[str, Any]:
    start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
    events = span.get("events", ())
    return {
        "Timestamp": _moment(start),
        "TraceId": span["traceId"],
        "SpanId": span["spanId"],
        "ParentSpanId": span.get("parentSpanId", ""),
        "SpanName": span.get("name", ""),
        "SpanKind": _KINDS.get(_number(span.get("kind", 0), "SPAN_KIND_"), "Unspecified"),
        "SpanAttributes": _attributes(span.get("attributes", ()), is_json=is_json),
        "Duration": max(end - start, 0),
        "StatusCode": _STATES.get(_number(span.get("status", {}).get("code", 0), "STATUS_CODE_"), "Unset"),
        "StatusMessage": span.get("status", {}).get("message", ""),
        "Events.Timestamp": [_moment(int(event["timeUnixNano"])) for event in events],
        "Events.Name": [event.get("name", "") for event in events],
        "Events.Attributes": [_attributes(event.get("attributes", ()), is_json=is_json) for event in events],
    }


def _number(value: Any, prefix: str) -> int:
    names = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5, "OK": 1, "ERROR": 2}
    return names.get(value.removeprefix(prefix), 0) if isinstance(value, str) else int(value)


def _moment(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}.{rest:09d}"


def _attributes(entries: Iterable[Mapping[str, Any]], *, is_json: bool) -> dict[str, Any]:
    return {entry["key"]: (_plain if is_json else _text)(entry["value"]) for entry in entries}


def _plain(value: Mapping[str, Any]) -> Any:
    """A value as the exporter writes it into a JSON column."""
    if "arrayValue" in value:
        return [_plain(each) for each in value["arrayValue"].get("values", ())]
    if "kvlistValue" in value:
        return {entry["key"]: _plain(entry["value"]) for entry in value["kvlistValue"].get("values", ())}
    if "intValue" in value:
        return int(value["intValue"])
    return next(iter(value.values()), None)


def _text(value: Mapping[str, Any]) -> str:
    """A value as the exporter writes it into a map: whatever is no text as JSON."""
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"))


def copied(table: pa.Table, columns: Iterable[str]) -> list[dict[str, Any]]:
    """Return some columns of a table as rows in a settled order."""
    return sorted(table.select(list(columns)).to_pylist(), key=str)
