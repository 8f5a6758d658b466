"""Spans that no well-behaved program writes: ClickHouse keeps them, and a sync takes what there is."""

from __future__ import annotations

import pytest
from botanu_store.clickhouse.server_store import Mirror
from botanu_store.clickhouse.sync import sync
from botanu_store.engines.clickhouse import Server
from botanu_store.reports.views import Views

from tests.store.builders import START, chat, document, run, trace_id
from tests.store.clickhouse import local, otel

NO_TEXT = "unhex('61FF62')"
MENDED = "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("SpanName", NO_TEXT),
        ("ServiceName", NO_TEXT),
        ("ScopeName", NO_TEXT),
        ("ScopeVersion", NO_TEXT),
        ("StatusMessage", NO_TEXT),
        ("SpanAttributes", f"mapConcat(map({NO_TEXT}, {NO_TEXT}), SpanAttributes)"),
    ],
)
def test_bytes_that_are_no_text_stop_no_sync(server: Server, column: str, value: str) -> None:
    """The collector hands on what a program in C++ or PHP sent: the span is taken, with a replacement character."""
    _write(server, {column: value})
    assert (sync(server).calls, sync(server).calls) == (1, 0)
    (call,) = local.synced(server)["calls"]
    assert call["service"] == (MENDED if column == "ServiceName" else "shop")


def test_a_run_whose_id_is_no_text_is_one_run(server: Server) -> None:
    """It is found and concluded under the same name."""
    _write(server, {"SpanAttributes": f"mapUpdate(SpanAttributes, map('botanu.run_id', {NO_TEXT}))"})
    sync(server)
    rows = local.synced(server)
    assert [(row["run_id"], row["use_case"]) for row in rows["runs"]] == [(MENDED, "Support")]
    assert [row["run_id"] for row in rows["calls"]] == [MENDED]


def test_of_an_attribute_that_is_given_twice_the_first_counts(server: Server) -> None:
    """As in a local store; ClickHouse's maps and OTLP may have a key twice."""
    _write(server, {"SpanAttributes": _twice("'gen_ai.usage.input_tokens'", "'7'")})
    sync(server)
    (call,) = local.synced(server)["calls"]
    assert call["input_tokens"] == 1000


def test_what_is_dated_beyond_all_hours_is_left_out(server: Server) -> None:
    """Those of ClickHouse end in 2106; the rest of its trace is there, and syncs after it look back as far as before, not to 1970."""
    trace, far = trace_id(), 2**32 * 1_000_000_000 + START // 2
    otel.create(server)
    otel.fill(server, [document([run(trace, "r1"), chat(trace), chat(trace, start=far)])])
    done = sync(server)
    assert (done.runs, done.calls, done.kept) == (2, 1, 0)
    otel.fill(server, [document([chat(trace_id(), start=START - 40 * 86_400_000_000_000)])])
    assert sync(server).spans == 0


@pytest.mark.parametrize("name", ["otel-traces", "2026", "test.otel-traces"])
def test_a_table_may_have_any_name_that_the_exporter_takes(server: Server, name: str) -> None:
    """With hyphens, of digits, in a database that is named: it is synced, and what comes later is told as not synced yet."""
    table = name.rpartition(".")[2]
    otel.create(server, name=f"`{table}`")
    otel.fill(server, [document([chat(trace_id())])], name=f"`{table}`")
    assert sync(server, table=name).calls == 1
    mirror = Mirror(server, Views(None, None), is_published=True)
    assert (mirror.behind(), mirror.counts()["spans"]) == (None, 1)


def _twice(key: str, value: str) -> str:
    """The attributes, and one that the call has already once more."""
    entries = f"arrayConcat(arrayZip(mapKeys(SpanAttributes), mapValues(SpanAttributes)), [({key}, {value})])"
    return f"if(mapContains(SpanAttributes, {key}), cast({entries}, 'Map(LowCardinality(String), String)'), SpanAttributes)"


def _write(server: Server, replaced: dict[str, str]) -> None:
    """Write a run and its call with these columns replaced."""
    trace = trace_id()
    otel.create(server, name="plain")
    otel.fill(server, [document([run(trace, "r1"), chat(trace, start=START + 1)])], name="plain")
    otel.create(server)
    columns = ", ".join(f"{value} as {column}" for column, value in replaced.items())
    server.run(f"insert into otel_traces select * replace ({columns}) from plain")
