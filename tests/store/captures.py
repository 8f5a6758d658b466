"""Traces for tests of dialects and of resolving: built span by span, or captured from real libraries where the captures are at hand."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botanu_store.dialects import CANDIDATE_KEYS, CANDIDATE_SCOPES
from botanu_store.otlp.documents import JsonDecoder
from botanu_store.records import INPUT_METERS, OUTPUT_METERS, Call, Span
from botanu_store.resolve.calls import resolve

from tests.conftest import REPOSITORY

CAPTURES = Path(os.environ.get("BOTANU_CAPTURES") or REPOSITORY.parent / "shared" / "traces")
"""Captures of real libraries; they are not part of the repository, and tests that want them are skipped without."""

START = 1_795_000_000_000_000_000


class Trace:
    """One trace under construction."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def span(
        self,
        said: Mapping[str, object],
        *,
        scope: str = "opentelemetry.instrumentation.openai_v2",
        inside: Span | None = None,
        name: str = "chat",
        kind: str = "CLIENT",
        at: float = 0,
        ms: float = 10,
        error: bool = False,
        version: str = "",
    ) -> Span:
        """Add a span that starts at `at` and takes `ms` milliseconds; attribute values are written as an OTLP decoder would."""
        start = START + int(at * 1_000_000)
        made = Span(
            trace_id="a" * 32,
            span_id=f"{len(self.spans) + 1:016x}",
            parent_id=inside.span_id if inside else "",
            name=name,
            kind=kind,
            start_ns=start,
            end_ns=start + int(ms * 1_000_000),
            status="error" if error else "unset",
            service="test",
            scope=scope,
            attributes={key: as_text(value) for key, value in said.items()},
            scope_version=version,
        )
        self.spans.append(made)
        return made

    def calls(self) -> list[Call]:
        """Return what is concluded from the trace, by the same way that the store goes."""
        return concluded(self.spans)

    def counted(self) -> list[Call]:
        """Return the calls that count."""
        return [call for call in self.calls() if call.counted]


def as_text(value: object) -> str:
    """Return an attribute's value as text."""
    if isinstance(value, str):
        return value
    return json.dumps(value)


def is_candidate(span: Span) -> bool:
    """Say whether the store would hand the span to the dialects at all."""
    return any(key in span.attributes for key in CANDIDATE_KEYS) or span.scope.startswith(CANDIDATE_SCOPES)


def concluded(spans: Iterable[Span]) -> list[Call]:
    """Return the calls of any number of traces."""
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        traces[span.trace_id].append(span)
    return [
        call
        for trace in traces.values()
        for call in resolve([s for s in trace if is_candidate(s)], {s.span_id: s.parent_id for s in trace})
    ]


@dataclass(frozen=True)
class Totals:
    """Sums over the counted model calls."""

    input: int
    """Cached tokens included."""
    output: int
    cache_read: int
    cache_write: int


def totals(calls: Iterable[Call]) -> Totals:
    """Sum the counted model calls."""
    sums: dict[str, int] = defaultdict(int)
    for call in calls:
        if call.counted and call.category in ("llm", "embedding"):
            for meter, quantity in call.quantities.items():
                sums[meter] += quantity
    return Totals(
        sum(sums[m] for m in INPUT_METERS),
        sum(sums[m] for m in OUTPUT_METERS),
        sum(sums[m] for m in sums if m.startswith("cache_read")),
        sum(sums[m] for m in sums if m.startswith("cache_write")),
    )


def chat(tokens: int | None = None, output: int = 0, **more: Any) -> dict[str, object]:
    """Return the attributes of a chat by OpenTelemetry's conventions; `more` gives others with `__` for dots."""
    said: dict[str, object] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
    }
    if tokens is not None:
        said |= {"gen_ai.usage.input_tokens": tokens, "gen_ai.usage.output_tokens": output}
    return said | {key.replace("__", "."): value for key, value in more.items()}


def read_capture(path: Path) -> Iterator[Span]:
    """Yield the spans of a capture as the store would see them: decoded by its own decoder, content removed."""
    for row in JsonDecoder().decode(path.read_bytes().splitlines()).to_pylist():
        yield Span(
            trace_id=row["trace_id"],
            span_id=row["span_id"],
            parent_id=row["parent_id"] or "",
            name=row["name"],
            kind=row["kind"],
            start_ns=row["start_ns"],
            end_ns=row["end_ns"],
            status=row["status"],
            service="captured",
            scope=row["scope"],
            attributes=dict(row["attributes"] or ()),
            scope_version=row["scope_version"] or "",
        )
