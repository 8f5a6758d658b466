"""How fast spans become calls: `python benchmarks/dialects.py [SPANS]`, on one core, in small traces as programs make them.

Prints microseconds per candidate span for reading alone and for reading and resolving, and how both grow with the size of one trace.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from botanu_store.dialects import read
from botanu_store.records import Span
from botanu_store.resolve.calls import resolve

START = 1_795_000_000_000_000_000
MILLISECOND = 1_000_000

OTEL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.usage.input_tokens": "4011",
    "gen_ai.usage.output_tokens": "403",
    "gen_ai.usage.cache_read.input_tokens": "1607",
    "server.address": "api.openai.com",
    "botanu.run_id": "01a20758-8768-7b9b-8e52-c1adb9b4dcac",
    "botanu.use_case": "Support",
}
OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o-mini-2024-07-18",
    "llm.system": "openai",
    "llm.token_count.prompt": "4011",
    "llm.token_count.completion": "403",
    "llm.token_count.total": "4414",
    "llm.token_count.prompt_details.cache_read": "1607",
    "metadata": '{"tenant": "acme"}',
}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": "call_1"}
DATABASE = {"db.system.name": "postgresql", "db.operation.name": "SELECT", "db.namespace": "shop"}
AGENT = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "helper",
    "gen_ai.usage.input_tokens": "8022",
    "gen_ai.usage.output_tokens": "806",
}


def span(trace: int, place: int, parent: int, scope: str, said: dict[str, str], kind: str = "CLIENT") -> Span:
    """Return one span of a trace, 10 ms after the one before it."""
    start = START + place * 10 * MILLISECOND
    ids = (f"{trace:032x}", f"{trace:08x}{place:08x}", f"{trace:08x}{parent:08x}" if parent else "")
    return Span(*ids, "span", kind, start, start + 9 * MILLISECOND, "unset", "shop", scope, said)


def small_trace(trace: int) -> list[Span]:
    """Return an agent with two calls, each seen by a framework too, a tool and a query."""
    answer = {**OTEL, "gen_ai.response.id": f"chatcmpl-{trace}"}
    return [
        span(trace, 1, 0, "agents", AGENT, "INTERNAL"),
        span(trace, 2, 1, "openinference.instrumentation.langchain", OPENINFERENCE, "INTERNAL"),
        span(trace, 3, 2, "opentelemetry.instrumentation.openai_v2", answer),
        span(trace, 4, 1, "agents", TOOL, "INTERNAL"),
        span(trace, 5, 4, "opentelemetry.instrumentation.psycopg", DATABASE),
        span(
            trace,
            6,
            1,
            "opentelemetry.instrumentation.openai_v2",
            {**answer, "gen_ai.response.id": f"chatcmpl-{trace}b"},
        ),
    ]


def wide_trace(spans: int) -> list[Span]:
    """Return one trace of an agent with very many calls, each seen twice."""
    calls: list[Span] = [span(1, 1, 0, "agents", AGENT, "INTERNAL")]
    for place in range(2, spans, 2):
        calls.append(span(1, place, 1, "openinference.instrumentation.langchain", OPENINFERENCE, "INTERNAL"))
        calls.append(span(1, place + 1, place, "opentelemetry.instrumentation.openai_v2", OTEL))
    return calls


def microseconds(spans: int, work: Callable[[], object]) -> float:
    """Return the least time per span of three rounds."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best / spans * 1e6


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    traces = [small_trace(trace) for trace in range(1, count // 6 + 1)]
    spans = [s for trace in traces for s in trace]
    around = [{s.span_id: s.parent_id for s in trace} for trace in traces]
    reading = microseconds(len(spans), lambda: [read(s) for s in spans])
    resolving = microseconds(len(spans), lambda: [resolve(t, p) for t, p in zip(traces, around, strict=True)])
    print(
        f"{len(spans)} candidate spans in traces of 6: read {reading:.1f} µs, resolve (reading included) {resolving:.1f} µs a span"
    )
    for size in (1_000, 10_000, 100_000):
        trace = wide_trace(size)
        parents = {s.span_id: s.parent_id for s in trace}
        print(f"one trace of {size:>7} spans: {microseconds(size, lambda: resolve(trace, parents)):.1f} µs a span")  # noqa: B023


if __name__ == "__main__":
    main()
