"""What the receiver says of a request is what the store then does with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from botanu_store import open_store
from botanu_store.receiver.messages import Encoding, Signal, answer, examine
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.store.builders import as_protobuf, log_document
from tests.store.test_logs import completed

pytestmark = pytest.mark.usefixtures("ready_made")

TRACE, SPAN = "ab" * 16, "cd" * 8
ODD: dict[str, dict[str, Any]] = {
    "good": {},
    "a number for the time": {"startTimeUnixNano": 1},
    "capital letters": {"traceId": TRACE.upper()},
    "no trace id": {"traceId": None},
    "a short span id": {"spanId": SPAN[:-2]},
    "ids that are not hexadecimal": {"traceId": "z" * 32},
    "an id that is a list": {"spanId": [1]},
    "no time": {"startTimeUnixNano": None},
    "time 0": {"startTimeUnixNano": "000"},
    "a time before 1970": {"startTimeUnixNano": "-5"},
    "a time past 2262": {"startTimeUnixNano": "99999999999999999999"},
    "a word for the time": {"startTimeUnixNano": "soon"},
    "true for the time": {"startTimeUnixNano": True},
}


def rejected(folder: Path, encoding: Encoding, body: bytes, signal: Signal = "traces") -> tuple[int, int]:
    """Return how many spans or records of a request the receiver calls unusable, and how many the store sets aside."""
    name = "x.jsonl" if encoding == "json" else "x.pb"
    (folder / name).write_bytes(body + b"\n" if encoding == "json" else len(body).to_bytes(4, "big") + body)
    with open_store(folder / "s.duckdb") as store:
        found = store.ingest([folder / name])
    return examine(signal, encoding, body, 100).rejected, found.rejected_count


@pytest.mark.parametrize("name", ODD)
def test_a_partial_success_in_json_counts_what_the_store_sets_aside(tmp_path: Path, name: str) -> None:
    """A client is told of exactly those spans that will not be in the store."""
    span = {"traceId": TRACE, "spanId": SPAN, "startTimeUnixNano": "1", **ODD[name]}
    body = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    expected = 0 if name in ("good", "a number for the time", "capital letters") else 1
    assert rejected(tmp_path, "json", body) == (expected, expected)


@pytest.mark.parametrize(("trace", "span", "start", "expected"), [(16, 8, 1, 0), (15, 8, 1, 1), (16, 8, 2**64 - 1, 1)])
def test_a_partial_success_in_protobuf_does_as_well(
    tmp_path: Path, trace: int, span: int, start: int, expected: int
) -> None:
    """The same of protobuf."""
    message = ExportTraceServiceRequest()
    message.resource_spans.add().scope_spans.add().spans.add(
        trace_id=b"\1" * trace, span_id=b"\2" * span, start_time_unix_nano=start
    )
    assert rejected(tmp_path, "protobuf", message.SerializeToString()) == (expected, expected)


BROKEN = [
    Span(name="neither ids nor times"),
    Span(trace_id=b"\1" * 16, span_id=b"\2" * 8, name="no time"),
    Span(trace_id=b"\1" * 16, name="no time", events=[Span.Event(name="it ended")]),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda span: str(len(span.trace_id + span.span_id)))
def test_a_broken_span_at_the_head_costs_no_other(tmp_path: Path, broken: Span) -> None:
    """Though it might be a metric, the spans behind it, which were acknowledged, are in the store, and it is set aside."""
    good = Span(trace_id=b"\1" * 16, span_id=b"\3" * 8, name="work", start_time_unix_nano=1)
    message = ExportTraceServiceRequest()
    message.resource_spans.add().scope_spans.add().spans.extend([broken, good])
    assert rejected(tmp_path, "protobuf", message.SerializeToString()) == (1, 1)
    with open_store(tmp_path / "s.duckdb") as store:
        assert [row["name"] for row in store.query("select name from spans")] == ["work"]


CUT = [
    b"\\ud83d",
    b"\\uDE00 \\ud83d\\ude00",
    b"\\ud83d\\ud83d\\ude00",
    b"\\\\\\ud83d",
    b"\\\\ud83d",
    b"\xf0\x9f",
    b'\\"\\ude00',
]
SHOWN = ["\ufffd", "\ufffd \U0001f600", "\ufffd\U0001f600", "\\\ufffd", "\\ud83d", "\ufffd", '"\ufffd']


@pytest.mark.parametrize(("cut", "shown"), list(zip(CUT, SHOWN, strict=True)))
def test_a_text_that_was_cut_within_a_character_is_no_reason_to_refuse(tmp_path: Path, cut: bytes, shown: str) -> None:
    """JavaScript's exporter cuts long values between the halves of an emoji; the rest of the batch must not be lost with it."""
    span = {"traceId": TRACE, "spanId": SPAN, "startTimeUnixNano": "1", "name": "CUT"}
    body = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    assert rejected(tmp_path, "json", body.replace(b"CUT", cut)) == (0, 0)
    with open_store(tmp_path / "s.duckdb") as store:
        assert [row["name"] for row in store.query("select name from spans")] == [shown]


def test_texts_that_are_no_utf_8_are_no_reason_to_refuse(tmp_path: Path) -> None:
    """Programs in C++ or PHP send what they have; it would cost all spans of the request, which the store can read."""
    message = ExportTraceServiceRequest()
    message.resource_spans.add().scope_spans.add().spans.add(
        trace_id=b"\1" * 16, span_id=b"\2" * 8, name="ab", start_time_unix_nano=1
    )
    assert rejected(tmp_path, "protobuf", message.SerializeToString().replace(b"ab", b"\xff\xfe")) == (0, 0)


TIMES = [(0, 0), (1, 0), (0, 7), (2**63, 0)]


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_log_records_that_the_store_sets_aside_are_counted_too(tmp_path: Path, encoding: Encoding) -> None:
    """A record has two times, of which one is enough."""
    records = [{**completed(), "timeUnixNano": str(time), "observedTimeUnixNano": str(seen)} for time, seen in TIMES]
    document = log_document(records)
    body = orjson.dumps(document) if encoding == "json" else as_protobuf(document)
    assert rejected(tmp_path, encoding, body, "logs") == (2, 2)
    told = json_format.MessageToDict(answer("logs", examine("logs", encoding, body, 100)))
    assert told["partialSuccess"]["rejectedLogRecords"] == "2"
