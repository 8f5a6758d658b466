"""The local store's exporter: valid OTLP JSON, durable segments, bounds that hold, drops that are counted."""

from __future__ import annotations

import base64
import itertools
import json
import math
import os
import stat
import string
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from botanu.exporters.local import LINE_LIMIT, LocalStoreExporter
from botanu.exporters.otlp_json import ATTRIBUTE_LIMIT, VALUE_LIMIT, resource_spans
from botanu.exporters.segment import write_segment
from tests.sdk.conftest import Store

NAMES = st.text(string.ascii_letters, min_size=1, max_size=5)
SCALARS = st.one_of(
    st.text(max_size=20),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False) | st.just(math.nan),
    st.binary(max_size=20),
    st.none(),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=5)


def make_spans(
    attributes: Sequence[dict[str, Any]], *, limits: SpanLimits | None = None, **words: Any
) -> list[ReadableSpan]:
    """Finished spans with these attributes, made by the real SDK."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(
        resource=Resource({"service.name": "x"}, words.get("schema")), span_limits=limits, shutdown_on_exit=False
    )
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("scope", "1.0", words.get("schema"), attributes=words.get("scope_attributes"))
    remote = SpanContext(7, 8, is_remote=True, trace_flags=TraceFlags(1), trace_state=TraceState([("a", "b")]))
    parent = trace.set_span_in_context(trace.NonRecordingSpan(remote)) if words.get("remote") else None
    for said in attributes:
        span = tracer.start_span(
            "name",
            context=parent,
            kind=words.get("kind", SpanKind.INTERNAL),
            attributes=said,
            links=[Link(remote, said)],
        )
        span.add_event("event", said)
        span.set_status(words.get("status", Status(StatusCode.UNSET)))
        span.end()
    return list(kept.get_finished_spans())


def as_protobuf(document: dict[str, Any]) -> ExportTraceServiceRequest:
    """Read OTLP JSON with protobuf's own parser; only its ids are hex where protobuf expects base64."""
    spans = [span for r in document["resourceSpans"] for s in r["scopeSpans"] for span in s["spans"]]
    for thing in (*spans, *(link for span in spans for link in span.get("links", ()))):
        for key in {"traceId", "spanId", "parentSpanId"} & set(thing):
            thing[key] = base64.b64encode(bytes.fromhex(thing[key])).decode()
    parsed = json_format.ParseDict(document, ExportTraceServiceRequest())
    for span in [span for r in parsed.resource_spans for s in r.scope_spans for span in s.spans]:
        _without_w3c_flags(span)
    return parsed


def _without_w3c_flags(span: Any) -> None:
    """OpenTelemetry's encoder leaves the W3C flags out of the lowest byte."""
    for thing in (span, *span.links):
        thing.flags &= ~0xFF


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    said=st.lists(ATTRIBUTES, min_size=1, max_size=3),
    remote=st.booleans(),
    kind=st.sampled_from(SpanKind),
    status=st.sampled_from([Status(StatusCode.UNSET), Status(StatusCode.OK), Status(StatusCode.ERROR, "no")]),
    schema=st.none() | st.just("https://schema"),
    scope_attributes=st.none() | st.just({"a": 1}),
)
def test_the_json_says_what_the_protobuf_says(
    said: list[dict[str, Any]], remote: bool, kind: SpanKind, status: Status, schema: str | None, scope_attributes: Any
) -> None:
    """Parsed by protobuf, a batch is what OpenTelemetry's own encoder makes of it, NaN and infinities included."""
    spans = make_spans(said, remote=remote, kind=kind, status=status, schema=schema, scope_attributes=scope_attributes)
    ours = as_protobuf(orjson.loads(orjson.dumps(resource_spans(spans))))

    assert ours.SerializeToString(deterministic=True) == encode_spans(spans).SerializeToString(deterministic=True)


def test_the_mapping_by_example() -> None:
    """Ids are hex, 64-bit integers and times decimal strings, enumerations numbers, odd doubles strings."""
    [span] = make_spans([{"i": 2**53 + 1, "f": math.nan, "g": -math.inf, "b": b"x"}], kind=SpanKind.CLIENT)
    encoded = resource_spans([span])["resourceSpans"][0]["scopeSpans"][0]["spans"][0]

    assert len(encoded["traceId"]), len(encoded["spanId"]) == (32, 16)
    assert encoded["startTimeUnixNano"] == str(span.start_time)
    assert encoded["kind"] == 3
    assert {a["key"]: a["value"] for a in encoded["attributes"]} == {
        "i": {"intValue": "9007199254740993"},
        "f": {"doubleValue": "NaN"},
        "g": {"doubleValue": "-Infinity"},
        "b": {"bytesValue": "eA=="},
    }


def test_hostile_values_come_out_valid(store: Store) -> None:
    """Numbers past 64 bits, lone surrogates and deep nesting are written as something readable."""
    nested: Any = "deep"
    for _ in range(50):
        nested = [nested]
    spans = make_spans([{"big": 2**70, "torn": "a\ud800b", "nested": nested, "o": {"k": object()}}])

    assert LocalStoreExporter(store.path).export(spans) is SpanExportResult.SUCCESS
    attributes = store.spans[0]["attributes"]
    assert attributes["big"] == str(2**70)
    assert attributes["torn"] == "a?b"


def test_a_batch_is_one_segment(store: Store) -> None:
    """Each batch is one immutable file in `<store>.spool/`, named by time, process and number, private to the user."""
    exporter = LocalStoreExporter(store.path)
    before = time.time_ns()
    for _ in range(3):
        assert exporter.export(make_spans([{"a": 1}] * 10)) is SpanExportResult.SUCCESS

    names = sorted(path.name for path in store.spool.iterdir())
    assert len(names) == 3
    for name in names:
        moment, pid, number = name.removesuffix(".jsonl").split("-")
        assert before <= int(moment) <= time.time_ns()
        assert (len(moment), int(pid), number.isdigit()) == (20, os.getpid(), True)
        assert stat.S_IMODE((store.spool / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(store.spool.stat().st_mode) == 0o700
    assert len(store.documents) == 3
    assert len(store.spans) == 30


def test_nobody_sees_half_a_segment(tmp_path: Path) -> None:
    """While segments are written, whatever is listed without a dot is whole."""
    payload = b"x" * 300_000 + b"\n"
    stop = threading.Event()
    torn: list[Path] = []

    def watch() -> None:
        while not stop.is_set():
            whole = tmp_path.glob("[!.]*.jsonl")
            torn.extend(path for path in whole if path.stat().st_size != len(payload))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(20):
        write_segment(tmp_path, payload)
    stop.set()
    watcher.join()

    assert torn == []
    assert len(list(tmp_path.iterdir())) == 20


def test_segments_of_many_threads_do_not_collide(tmp_path: Path) -> None:
    """Threads that write at once each get a file of their own."""
    threads = [threading.Thread(target=lambda: [write_segment(tmp_path, b"x\n") for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(list(tmp_path.glob("*.jsonl"))) == 100


def test_values_and_attributes_are_capped(store: Store) -> None:
    """A value is at most 64 KiB of UTF-8, cut between characters; a span has at most 256 attributes."""
    many = {f"k{i}": i for i in range(ATTRIBUTE_LIMIT + 50)}
    spans = make_spans(
        [{"long": "é" * VALUE_LIMIT, "bytes": b"x" * VALUE_LIMIT * 2}, many], limits=SpanLimits(max_attributes=1000)
    )
    LocalStoreExporter(store.path).export(spans)

    first, second = store.spans
    assert first["attributes"]["long"] == "é" * (VALUE_LIMIT // 2)
    assert len(first["attributes"]["bytes"]) <= VALUE_LIMIT
    assert len(second["attributes"]) == ATTRIBUTE_LIMIT


def test_a_line_stays_below_the_limit(store: Store) -> None:
    """A batch that would be a line of more than 8 MB is several lines, with every span in one of them."""
    spans = make_spans([{f"k{i}": "x" * 60_000 for i in range(5)} for _ in range(60)])
    assert LocalStoreExporter(store.path).export(spans) is SpanExportResult.SUCCESS

    lines = [line for path in store.spool.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert len(lines) > 1
    assert max(map(len, lines)) < LINE_LIMIT
    assert len({span["spanId"] for span in store.spans}) == 60


def test_a_span_too_large_for_a_line_loses_its_long_values(store: Store) -> None:
    """One span of more than 8 MB is kept with its values cut short."""
    spans = make_spans([{f"k{i}": "x" * 60_000 for i in range(200)}], limits=SpanLimits(max_attributes=1000))
    LocalStoreExporter(store.path).export(spans)

    assert len(store.spans) == 1
    assert max(len(value) for value in store.spans[0]["attributes"].values()) == 1024


def test_the_spool_is_bounded(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Past the bound spans are dropped, counted where doctor reads it, and warned of once; drained, it goes on."""
    spans = make_spans([{"a": "x" * 1000}] * 10)
    exporter = LocalStoreExporter(store.path, max_bytes=60_000)
    results = [exporter.export(spans) for _ in range(20)]

    waiting = sum(path.stat().st_size for path in store.spool.glob("*.jsonl"))
    assert waiting <= 60_000
    assert store.dropped() == 10 * results.count(SpanExportResult.FAILURE) > 0
    assert len(caplog.records) == 1
    for path in store.spool.glob("*.jsonl"):
        path.unlink()
    fresh = LocalStoreExporter(store.path, max_bytes=60_000)
    assert fresh.export(spans) is SpanExportResult.SUCCESS


def test_a_full_spool_is_measured_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same process writes again within a second or so of somebody draining the spool."""
    spans = make_spans([{"a": "x" * 1000}] * 10)
    exporter = LocalStoreExporter(store.path, max_bytes=100_000)
    while exporter.export(spans) is SpanExportResult.SUCCESS:
        pass
    for path in store.spool.glob("*.jsonl"):
        path.unlink()
    later = itertools.count(time.monotonic() + 2)
    monkeypatch.setattr(time, "monotonic", lambda: next(later))

    assert exporter.export(spans) is SpanExportResult.SUCCESS


def test_counts_of_one_process_add_up(store: Store) -> None:
    """A second exporter in one process goes on counting where the first stopped."""
    store.spool.mkdir()
    for _ in range(2):
        LocalStoreExporter(store.path).count_dropped(3, "test")

    assert store.dropped() == 6


def test_where_nothing_can_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A spool that cannot be made is no exception: the batch is dropped with one warning that says why."""
    (tmp_path / "file").write_text("in the way")
    exporter = LocalStoreExporter(tmp_path / "file" / "botanu.duckdb")
    spans = make_spans([{}])

    assert [exporter.export(spans), exporter.export(spans)] == [SpanExportResult.FAILURE] * 2
    assert len(caplog.records) == 1
    assert "Not a directory" in caplog.text


def test_a_store_keeps_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the folder that was current when the exporter was made."""
    exporter = LocalStoreExporter("botanu.duckdb")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    exporter.export(make_spans([{}]))

    assert len(list((tmp_path / "botanu.duckdb.spool").glob("*.jsonl"))) == 1


def test_segments_are_plain_json_lines(store: Store) -> None:
    """Any JSON reader reads them, one document a line."""
    LocalStoreExporter(store.path).export(make_spans([{"ä": "\n\"'"}]))
    [segment] = store.spool.glob("*.jsonl")
    lines = segment.read_text("utf-8").splitlines()

    assert [set(json.loads(line)) for line in lines] == [{"resourceSpans"}]
