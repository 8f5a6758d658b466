"""Log records that say what a call used: spans of kind LOG, each once, and of a call that is in a span too only one of the two."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard
from botanu_store import open_store
from botanu_store.engines.duckdb import connect, migrate
from botanu_store.filters import Filters
from botanu_store.ingest import touched
from botanu_store.ingest.ingester import Ingester
from botanu_store.otlp.logs import holds
from botanu_store.otlp.sources import Piece
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, MetricsData, ResourceMetrics, ScopeMetrics

from tests.store.builders import (
    START,
    Document,
    as_protobuf,
    chat,
    document,
    lines,
    log_document,
    record,
    span,
    spool,
    trace_id,
    write,
)
from tests.store.test_ingest import calls, ingest, runs

pytestmark = pytest.mark.usefixtures("ready_made")

TRACE = "c" * 32


def api_request(trace: str = "", parent: str = "", **said: Any) -> Document:
    """What Claude Code writes of a call."""
    used = {"input_tokens": "1011", "output_tokens": "103", "cache_read_tokens": "807", "cache_creation_tokens": "302"}
    known = {"session__id": "s-1", "model": "claude-sonnet-4-5", "cost_usd": 0.0061, "duration_ms": "1200"}
    return record("claude_code.api_request", trace, parent, **{**known, **used, "request_id": "req_1", **said})


def completed(**said: Any) -> Document:
    """What Codex CLI writes of a call, numbers as text."""
    used = {"input_token_count": "3011", "output_token_count": "303", "cached_token_count": "1207"}
    known = {"conversation__id": "c-1", "model": "gpt-5", "event__kind": "response.completed"}
    return record("codex.sse_event", **{**known, **used, **said})


def api_response(**said: Any) -> Document:
    """What Gemini CLI writes of a call."""
    used = {"input_token_count": 3011, "output_token_count": 303, "cached_content_token_count": 807}
    known = {"session__id": "g-1", "model": "gemini-2.5-pro", "thoughts_token_count": 61}
    return record("gemini_cli.api_response", **{**known, **used, **said})


def framed(*documents: Document) -> bytes:
    """Documents as the collector's file exporter writes them in protobuf."""
    messages = [as_protobuf(each) for each in documents]
    return b"".join(len(message).to_bytes(4, "big") + message for message in messages)


ENCODINGS: list[Callable[[Document], bytes]] = [
    lines,
    as_protobuf,
    framed,
    lambda value: gzip.compress(lines(value)),
    lambda value: zstandard.compress(as_protobuf(value)),
]


@pytest.mark.parametrize("encode", ENCODINGS)
def test_the_calls_of_coding_agents_are_read_from_their_logs(
    tmp_path: Path, encode: Callable[[Document], bytes]
) -> None:
    """In JSON and protobuf, compressed or not: tokens, the emitter's cost, and how long the call took."""
    file = tmp_path / "logs"
    file.write_bytes(encode(log_document([api_request(), completed(), api_response()])))
    store = tmp_path / "s.duckdb"

    ingest(store, file)

    meters = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")
    assert {row["vendor"]: tuple(row[meter] for meter in meters) for row in calls(store)} == {
        "anthropic": (1011, 807, 302, 103),
        "openai": (1804, 1207, None, 303),
        "gcp.gemini": (2204, 807, None, 364),
    }
    (claude,) = (row for row in calls(store) if row["vendor"] == "anthropic")
    assert (claude["emitter_usd"], claude["counted"]) == (Decimal("0.0061"), True)
    assert (claude["ended_at"] - claude["started_at"]).total_seconds() == 1.2


def test_a_record_delivered_again_is_one(tmp_path: Path) -> None:
    """In another encoding, in another file, with its content or without."""
    store = tmp_path / "s.duckdb"
    said = api_response(response_text="all is well")
    (tmp_path / "b.pb").write_bytes(as_protobuf(log_document([said, said])))

    first = ingest(store, write(tmp_path / "a.jsonl", log_document([said])))
    second = ingest(store, tmp_path / "b.pb")
    with open_store(store, content="keep") as kept:
        third = kept.ingest([write(tmp_path / "c.jsonl", log_document([said]))])

    assert (first.new, second.new, third.new) == (1, 0, 0)
    assert (second.duplicates, third.duplicates) == (2, 1)


def test_records_of_two_calls_are_two(tmp_path: Path) -> None:
    """What tells them apart may be no more than their time."""
    file = write(tmp_path / "a.jsonl", log_document([completed(), completed(start=START + 1)]))

    assert ingest(tmp_path / "s.duckdb", file).new == 2


@pytest.mark.parametrize("parent", ["b" * 16, "a" * 16, ""])
def test_a_call_in_its_span_and_in_the_log_is_counted_once(tmp_path: Path, parent: str) -> None:
    """The record knows more and counts; the span says why not, wherever in the trace the record was written."""
    said = {"input_tokens": 1011, "output_tokens": 103, "cache_read_tokens": 807, "cache_creation_tokens": 302}
    ended = START + 1_300_000_000
    spans = [
        span(TRACE, name="claude_code.interaction", span_id="a" * 16, millis=2000),
        span(TRACE, "a" * 16, name="claude_code.llm_request", span_id="b" * 16, millis=1300, span__type="llm_request",
             model="claude-sonnet-4-5", request_id="req_1", **said),
    ]  # fmt: skip
    store = tmp_path / "s.duckdb"

    ingest(store, write(tmp_path / "a.jsonl", document(spans), log_document([api_request(TRACE, parent, start=ended)])))

    counted, repeated = sorted(calls(store), key=lambda row: not row["counted"])
    assert (counted["emitter_usd"], counted["run_id"]) == (Decimal("0.0061"), TRACE)
    assert (repeated["span_id"], repeated["duplicate_of"]) == ("b" * 16, counted["span_id"])
    assert repeated["not_counted_reason"]
    (only,) = runs(store)
    assert (only["use_case"], only["status"]) == ("shop: claude_code.interaction", "success")


def test_records_of_a_session_without_spans_are_a_run(tmp_path: Path) -> None:
    """Its id is the same in every delivery; what it is named after is the program, and its call is over."""
    store = tmp_path / "s.duckdb"
    later = api_request(start=START + 10**9, request_id="req_2")

    ingest(store, write(tmp_path / "a.jsonl", log_document([later])))
    ingest(store, write(tmp_path / "b.jsonl", log_document([api_request()])))

    (only,) = runs(store)
    assert (only["use_case"], only["service"], only["status"]) == (
        "claude-code: claude_code session",
        "claude-code",
        "success",
    )
    assert (only["llm_calls"], only["outcome"]) == (2, "none")
    with open_store(store) as opened:
        detail = opened.run(only["run_id"])
    assert [(root.name, root.kind) for root in detail.roots] == [("claude_code.api_request", "LOG")] * 2


def test_a_record_of_a_botanu_run_belongs_to_it(tmp_path: Path) -> None:
    """By its trace and the span that it was written in, as any span."""
    store = tmp_path / "s.duckdb"
    around = span(TRACE, span_id="a" * 16, botanu__run_id="run-1", millis=3000)

    ingest(store, write(tmp_path / "a.jsonl", document([around]), log_document([api_request(TRACE, "a" * 16)])))

    assert [row["run_id"] for row in calls(store)] == ["run-1"]


@pytest.mark.parametrize(
    "said",
    [
        {"eventName": "codex.sse_event", "body": {}},
        {"eventName": "event otel/src/events.rs:73", "body": {"stringValue": "codex.sse_event"}},
        {"eventName": "event otel/src/events.rs:73"},
    ],
)
def test_an_event_is_named_by_its_field_its_body_or_an_attribute(tmp_path: Path, said: Document) -> None:
    """Whichever holds a name that is known; the time is the observed one where it has none of its own."""
    event = completed()
    if "body" in said:
        event["attributes"] = event["attributes"][1:]
    store = tmp_path / "s.duckdb"

    ingest(store, write(tmp_path / "a.jsonl", log_document([{**event, **said, "timeUnixNano": "0"}])))

    assert [row["model"] for row in calls(store)] == ["gpt-5"]


def metrics() -> bytes:
    """A metric as a protobuf message."""
    metric = Metric(name="claude_code.token.usage", description="tokens", unit="tokens", gauge=Gauge())
    return MetricsData(
        resource_metrics=[ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=[metric])])]
    ).SerializeToString()


def test_other_records_are_left_aside_and_counted(tmp_path: Path) -> None:
    """An application's own log says nothing of usage; nor do the other events of an agent, nor metrics."""
    others = [record("checkout", amount=5), record("codex.sse_event", event__kind="response.created")]
    write(tmp_path / "a.jsonl", log_document([*others, completed()]), log_document(others))
    (tmp_path / "b.pb").write_bytes(as_protobuf(log_document(others)))
    (tmp_path / "c.pb").write_bytes(metrics())

    result = ingest(tmp_path / "s.duckdb", tmp_path / "a.jsonl", tmp_path / "b.pb", tmp_path / "c.pb")

    assert (result.new, result.other_records, result.other_signals, result.rejected) == (1, 6, 3, [])


def test_a_record_without_a_time_is_rejected(tmp_path: Path) -> None:
    """It would be nowhere in any report; the others go in."""
    timeless = {**completed(), "timeUnixNano": "0", "observedTimeUnixNano": "-1"}

    result = ingest(tmp_path / "s.duckdb", write(tmp_path / "a.jsonl", log_document([timeless, api_request()])))

    assert (result.new, [r.reason for r in result.rejected]) == (
        1,
        ["span 'codex.sse_event' has no start time between 1970 and 2262"],
    )


@pytest.mark.parametrize("encode", [lines, as_protobuf])
def test_the_content_of_records_is_not_kept(tmp_path: Path, encode: Callable[[Document], bytes]) -> None:
    """Prompts, answers, tool arguments and the body are nowhere in the file."""
    secrets = {key: f"SECRET {key}" for key in ("prompt", "response_text", "request_text", "arguments", "output")}
    said = [
        api_response(**secrets),
        record("codex.tool_result", call_id="call_1", tool_name="shell", conversation__id="c-1", **secrets),
        {**record("claude_code.user_prompt", **secrets), "body": {"stringValue": "SECRET body"}},
        {**completed(), "eventName": "codex.sse_event", "body": {"stringValue": "SECRET body"}},
    ]
    file = tmp_path / "logs"
    file.write_bytes(encode(log_document(said)))
    store = tmp_path / "s.duckdb"

    result = ingest(store, file)

    assert result.new == 3
    assert b"SECRET" not in store.read_bytes()


def test_records_come_in_by_the_spool_too(tmp_path: Path) -> None:
    """A segment may hold either signal, or both."""
    store = tmp_path / "s.duckdb"
    spool(store, log_document([completed()]), {**document([chat(trace_id())]), **log_document([api_request()])})

    with open_store(store) as opened:
        assert opened.coverage(Filters()).calls_counted == 3


@pytest.mark.parametrize(
    ("data", "signal"),
    [
        (as_protobuf(document([span(trace_id())])), "traces"),
        (as_protobuf(log_document([{**completed(), "timeUnixNano": "0"}])), "logs"),
        (metrics(), "metrics"),
        (b"", "traces"),
        (b"\x0a\xff", "traces"),
    ],
)
def test_signals_are_told_apart(data: bytes, signal: Any) -> None:
    """Messages of the three signals have one shape; what is damaged is taken for spans, which name what is wrong."""
    piece = Piece("protobuf", data, "a", "offset 0")

    assert [name for name in ("traces", "logs", "metrics") if holds(name, piece)] == [signal]


def llm_request(trace: str, parent: str, span_id: str, *, at: int = 0, request: str = "req_1", **said: Any) -> Document:
    """What Claude Code tells of a call in its traces."""
    used = {"input_tokens": 1011, "output_tokens": 103, "cache_read_tokens": 807, "cache_creation_tokens": 302}
    known = {"span__type": "llm_request", "session__id": "s-1", "model": "claude-sonnet-4-5", "request_id": request}
    return span(trace, parent, name="claude_code.llm_request", span_id=span_id, start=START + at, millis=1300,
                **{**known, **used, **said})  # fmt: skip


TRACING = "com.anthropic.claude_code.tracing"


def turns(*turns: tuple[str, str]) -> list[Document]:
    """One document of spans for each turn of the session, a trace each, with one call."""
    return [
        document(
            [
                span(trace, name="claude_code.interaction", span_id="a" * 16, start=START + at, millis=2000,
                     session__id="s-1"),
                llm_request(trace, "a" * 16, "b" * 16, at=at, request=request),
            ],
            service="claude-code",
            scope=TRACING,
        )
        for at, (trace, request) in enumerate(turns)
    ]  # fmt: skip


def records(*requests: str) -> list[Document]:
    """One document for each of a session's log records, which name no trace."""
    ended = START + 1_300_000_000
    return [log_document([api_request(start=ended + at, request_id=name)]) for at, name in enumerate(requests)]


@pytest.mark.parametrize("at_once", [touched.AT_ONCE, 0])
def test_a_record_without_a_trace_is_the_call_of_a_span_of_its_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """It counts, in that span's run, whichever came first and however many are looked at together; a call only in the log stays in the session's run."""
    monkeypatch.setattr(touched, "AT_ONCE", at_once)
    store = tmp_path / "s.duckdb"

    ingest(store, write(tmp_path / "a.jsonl", *records("req_1", "req_3")))
    assert [row["llm_calls"] for row in runs(store)] == [2]
    ingest(store, write(tmp_path / "b.jsonl", *turns(("c" * 32, "req_1"), ("d" * 32, "req_2"))))

    found = {(row["request_id"], row["counted"]): row for row in calls(store)}
    assert set(found) == {("req_1", True), ("req_1", False), ("req_2", True), ("req_3", True)}
    assert found["req_1", False]["duplicate_of"] == found["req_1", True]["span_id"]
    assert found["req_1", True]["emitter_usd"] == Decimal("0.0061")
    assert (found["req_1", True]["run_id"], found["req_2", True]["run_id"]) == ("c" * 32, "d" * 32)
    assert {row["use_case"]: row["llm_calls"] for row in runs(store) if row["run_id"] != "c" * 32} == {
        "claude-code: claude_code.interaction": 1,
        "claude-code: claude_code session": 1,
    }


def test_such_a_record_is_shown_below_its_span(tmp_path: Path) -> None:
    """The tree of the run holds what its total holds."""
    store = tmp_path / "s.duckdb"
    ingest(store, write(tmp_path / "a.jsonl", *records("req_1", "req_2"), *turns(("c" * 32, "req_1"))))

    with open_store(store) as opened:
        detail = opened.run("c" * 32)

    (root,) = detail.roots
    (asked,) = root.children
    assert [(child.name, child.call is not None and child.call["counted"]) for child in asked.children] == [
        ("claude_code.api_request", True)
    ]
    assert root.total_usd == detail.run["cost_usd"] > 0
    assert root.calls == 1


def test_a_botanu_run_around_an_agent_gets_the_cost_from_its_log(tmp_path: Path) -> None:
    """The run is named by a span around the agent's; its log knows nothing of that."""
    store = tmp_path / "s.duckdb"
    around = document([span("c" * 32, span_id="a" * 16, botanu__run_id="run-1", millis=3000)])
    asked = document([llm_request("c" * 32, "a" * 16, "b" * 16)], scope=TRACING)

    ingest(store, write(tmp_path / "a.jsonl", *records("req_1"), asked, around))

    assert {(row["run_id"], row["counted"]) for row in calls(store)} == {("run-1", True), ("run-1", False)}
    assert [row["run_id"] for row in runs(store)] == ["run-1"]


def asked_by_the_agent_sdk(trace: str, at: int, used: int, **said: Any) -> Document:
    """What OpenInference tells of a question put to Claude Code by the Claude Agent SDK: the total of its calls."""
    known = {
        "openinference__span__kind": "AGENT",
        "session__id": "s-1",
        "llm__provider": "anthropic",
        "llm__model_name": "claude-sonnet-4-5",
        "llm__token_count__prompt": 2120 * used,
        "llm__token_count__prompt_details__cache_read": 807 * used,
        "llm__token_count__prompt_details__cache_write": 302 * used,
        "llm__token_count__completion": 103 * used,
    }
    return document(
        [
            span(
                trace,
                "f" * 16,
                name="ClaudeAgentSDK.query",
                span_id="a" * 16,
                start=START + at,
                millis=5000,
                **known,
                **said,
            )
        ],
        scope="openinference.instrumentation.claude_agent_sdk",
    )


def test_the_total_of_a_question_does_not_count_beside_the_records_of_its_calls(tmp_path: Path) -> None:
    """Whoever asks Claude Code tells what all of it took, in a trace of its own; a later question of the session is another, and a call that the log lost counts."""
    store = tmp_path / "s.duckdb"
    second = 10_000_000_000
    late = [log_document([api_request(start=START + second + 1_000_000, request_id="req_3")])]
    pieces = [
        document([span("c" * 32, span_id="f" * 16, name="work", botanu__run_id="run-1", millis=6000)]),
        asked_by_the_agent_sdk("c" * 32, 0, 2),
        asked_by_the_agent_sdk("d" * 32, second, 2),
        *late,
        *records("req_1", "req_2"),
    ]

    for number, piece in enumerate(pieces):
        ingest(store, write(tmp_path / f"{number}.jsonl", piece))

    counted = [
        (row["run_id"], row["emitter_usd"] is not None, row["input_tokens"], row["output_tokens"])
        for row in calls(store)
        if row["counted"]
    ]
    assert sorted(counted) == [
        ("d" * 32, False, 1011, 103),
        ("d" * 32, True, 1011, 103),
        ("run-1", True, 1011, 103),
        ("run-1", True, 1011, 103),
    ]
    assert {row["run_id"]: row["llm_calls"] for row in runs(store)} == {"run-1": 2, "d" * 32: 2}
    with open_store(store) as opened:
        detail = opened.run("run-1")
    assert sum(root.total_usd for root in detail.roots) == detail.run["cost_usd"] > 0


def test_a_later_span_of_the_trace_does_not_bring_such_a_total_back(tmp_path: Path) -> None:
    """The records of its session are looked at again with it."""
    store = tmp_path / "s.duckdb"
    ingest(store, write(tmp_path / "a.jsonl", asked_by_the_agent_sdk("c" * 32, 0, 1), *records("req_1")))

    ingest(store, write(tmp_path / "b.jsonl", document([span("c" * 32, span_id="f" * 16, name="work", millis=6000)])))

    assert {row["emitter_usd"]: row["counted"] for row in calls(store)} == {None: False, Decimal("0.0061"): True}
    assert [row["run_id"] for row in runs(store)] == ["c" * 32]


@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_any_split_order_and_repetition_of_logs_and_spans_means_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """However the two signals of three turns, and the total of who asked for them, arrive, each call is counted once, in the same run."""
    pieces = [
        *turns(("c" * 32, "req_1"), ("d" * 32, "req_2"), ("e" * 32, "req_3")),
        *records("req_1", "req_2", "req_4"),
        asked_by_the_agent_sdk("f" * 32, 0, 3),
        log_document([api_request("d" * 32, "a" * 16, start=START + 1_300_000_000, request_id="req_2")]),
    ]
    order = data.draw(st.permutations(pieces * 2))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(order) - 1), max_size=3)))
    folder = tmp_path_factory.mktemp("split")

    seen = [summary(folder / f"{number}.duckdb", batches) for number, batches in enumerate(
        ([pieces], [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)])
    )]  # fmt: skip

    assert seen[0] == seen[1]


def summary(store: Path, batches: list[list[Document]]) -> list[Any]:
    """What a store says after these batches, one transaction each."""
    con = connect(store)
    migrate(con, store)
    taker = Ingester(con)
    for batch in batches:
        taker.ingest(Piece("json", lines(each), "a", str(n)) for n, each in enumerate(batch))
    columns = "span_id, run_id, counted, not_counted_reason, duplicate_of, input_tokens, output_tokens, emitter_usd"
    found = con.sql(f"select {columns} from calls order by all").fetchall()
    found += con.sql("select run_id, use_case, start_ns, end_ns, status, spans from runs order by all").fetchall()
    con.close()
    return found
