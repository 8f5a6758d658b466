"""Calls of coding agents that are in spans and in log records: H11."""

from __future__ import annotations

from decimal import Decimal

from tests.store.captures import Totals, Trace, totals


def test_h11_a_call_in_spans_and_in_logs_counts_from_the_log() -> None:
    """Claude Code tells of each call in a span and in a log record; the record has the cost."""
    trace = Trace()
    said = {
        "model": "claude-sonnet-4-5",
        "input_tokens": 2011,
        "output_tokens": 203,
        "cache_read_tokens": 807,
        "request_id": "req_2",
    }
    trace.span(
        {**said, "span.type": "llm_request"}, scope="com.anthropic.claude_code.tracing", name="claude_code.llm_request"
    )
    log = trace.span(
        {**said, "cost_usd": "0.0031"},
        scope="com.anthropic.claude_code.events",
        name="api_request",
        kind="LOG",
        at=10,
        ms=0,
    )

    (counted,) = trace.counted()

    assert (counted.span_id, counted.emitter_usd) == (log.span_id, Decimal("0.0031"))
    assert totals(trace.calls()) == Totals(2818, 203, 807, 0)


def test_h11_a_log_record_that_knows_more_is_still_the_same_call() -> None:
    """Gemini CLI's span leaves out the thoughts that its log record has: the record counts, wherever in the trace it is."""
    trace = Trace()
    said = {"gen_ai.operation.name": "llm_call", "gen_ai.request.model": "gemini-2.5-pro"}
    tokens = {"gen_ai.usage.input_tokens": 3011, "gen_ai.usage.output_tokens": 303}
    trace.span({**said, **tokens}, scope="gemini-cli", name="llm_call", ms=30)
    counts = {
        "input_token_count": 3011,
        "output_token_count": 303,
        "thoughts_token_count": 61,
        "cached_content_token_count": 1207,
    }
    trace.span(
        {"model": "gemini-2.5-pro", **counts},
        scope="gemini-cli",
        name="gemini_cli.api_response",
        kind="LOG",
        at=31,
        ms=0,
    )

    assert totals(trace.calls()) == Totals(3011, 364, 1207, 0)


def test_h11_an_event_made_twice_a_call_adds_nothing() -> None:
    """Gemini CLI logs the conventions' details event twice beside its own record: one call in four signals is one call."""
    trace = Trace()
    said = {
        "gen_ai.request.model": "gemini-2.5-pro",
        "gen_ai.usage.input_tokens": 3011,
        "gen_ai.usage.output_tokens": 303,
    }
    span = trace.span({**said, "gen_ai.operation.name": "llm_call"}, scope="gemini-cli", name="llm_call", ms=30)
    event = {**said, "gen_ai.operation.name": "generate_content", "gen_ai.response.id": "r1"}
    for at in (30, 31):
        trace.span(event, scope="gemini-cli", inside=span, name="gen_ai.client.inference.operation.details", kind="LOG",
                   at=at, ms=0)  # fmt: skip
    counts = {"input_token_count": 3011, "output_token_count": 303, "thoughts_token_count": 61}
    trace.span({"model": "gemini-2.5-pro", **counts}, scope="gemini-cli", inside=span, name="gemini_cli.api_response",
               kind="LOG", at=31, ms=0)  # fmt: skip

    assert totals(trace.calls()) == Totals(3011, 364, 0, 0)
