"""OTLP documents for tests, as an SDK would send them."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

Document = dict[str, Any]
START = 1_795_000_000_000_000_000
_numbers = itertools.count(1)


def trace_id() -> str:
    """Return a fresh trace id."""
    return f"{next(_numbers):032x}"


def attribute(key: str, value: Any) -> Document:
    """Return one OTLP attribute of a Python value."""
    if isinstance(value, bool):
        return {"key": key, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value)}}
    if isinstance(value, float):
        return {"key": key, "value": {"doubleValue": value}}
    if isinstance(value, list):
        return {"key": key, "value": {"arrayValue": {"values": [attribute("", v)["value"] for v in value]}}}
    return {"key": key, "value": {"stringValue": str(value)}}


def span(
    trace: str,
    parent: str = "",
    *,
    name: str = "work",
    kind: int = 1,
    start: int = START,
    millis: int = 5,
    status: int = 0,
    span_id: str | None = None,
    events: Iterable[Document] = (),
    **said: Any,
) -> Document:
    """Return one span; attributes are given with `__` for the dots of their names."""
    return {
        "traceId": trace,
        "spanId": span_id or f"{next(_numbers):016x}",
        "parentSpanId": parent,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + millis * 1_000_000),
        "attributes": _said(said),
        "events": list(events),
        "status": {"code": status},
    }


def chat(
    trace: str, parent: str = "", *, model: str = "gpt-4o", tokens: tuple[int, int] = (1000, 100), **said: Any
) -> Document:
    """Return a span of one model call as OpenTelemetry's conventions have it."""
    usage = {"gen_ai__usage__input_tokens": tokens[0], "gen_ai__usage__output_tokens": tokens[1]}
    named = {"gen_ai__operation__name": "chat", "gen_ai__provider__name": "openai", "gen_ai__request__model": model}
    return span(trace, parent, **{"name": f"chat {model}", "kind": 3, **named, **usage, **said})


def run(trace: str, run_id: str, use_case: str = "Support", **said: Any) -> Document:
    """Return the span of a botanu run."""
    facts = {
        "botanu__run_id": run_id,
        "botanu__use_case": use_case,
        "botanu__root_run_id": run_id,
        "botanu__attempt": 1,
    }
    ended = {"botanu__outcome": "success", "botanu__outcome__status": "success"}
    return span(trace, **{"name": f"botanu.run/{use_case}", "kind": 2, **facts, **ended, **said})


def document(spans: Iterable[Document], service: str = "shop", scope: str = "test") -> Document:
    """Return one OTLP document holding these spans."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [attribute("service.name", service)]},
                "scopeSpans": [{"scope": {"name": scope}, "spans": list(spans)}],
            }
        ]
    }


def record(name: str, trace: str = "", parent: str = "", *, start: int = START, **said: Any) -> Document:
    """Return one log record of an event, as the command-line agents write them."""
    return {
        "timeUnixNano": str(start),
        "observedTimeUnixNano": str(start + 1000),
        "severityNumber": 9,
        "body": {"stringValue": name},
        "attributes": [attribute("event.name", name.removeprefix("claude_code.")), *_said(said)],
        "traceId": trace,
        "spanId": parent,
    }


def _said(said: Document) -> list[Document]:
    return [attribute(key.replace("__", "."), value) for key, value in said.items()]


def log_document(records: Iterable[Document], service: str = "claude-code", scope: str = "events") -> Document:
    """Return one OTLP document holding these log records."""
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": [attribute("service.name", service)]},
                "scopeLogs": [{"scope": {"name": scope}, "logRecords": list(records)}],
            }
        ]
    }


def lines(*documents: Document) -> bytes:
    """Return documents as JSON lines."""
    return b"".join(json.dumps(d).encode() + b"\n" for d in documents)


def as_protobuf(value: Document) -> bytes:
    """Return a document, of spans or of log records, as the protobuf message that says the same."""
    copy = json.loads(json.dumps(value))
    for group in copy.get("resourceSpans", ()) or copy.get("resourceLogs", ()):
        for scoped in group.get("scopeSpans", ()) or group.get("scopeLogs", ()):
            for each in scoped.get("spans", ()) or scoped.get("logRecords", ()):
                for key in {"traceId", "spanId", "parentSpanId"} & each.keys():
                    each[key] = base64.b64encode(bytes.fromhex(each[key])).decode()
    message = LogsData() if "resourceLogs" in copy else TracesData()
    return ParseDict(copy, message, ignore_unknown_fields=True).SerializeToString()


def write(path: Path, *documents: Document) -> Path:
    """Write documents as a JSON-lines file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lines(*documents))
    return path


def spool(store: Path, *documents: Document) -> Path:
    """Write documents as one segment of a store's spool."""
    return write(store.with_name(store.name + ".spool") / f"{next(_numbers):020d}-1-1.jsonl", *documents)
