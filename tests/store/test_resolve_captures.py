"""Real libraries against a server whose bill is known: what is counted is what was billed."""

from __future__ import annotations

import json

import pytest

from tests.store.captures import CAPTURES, Totals, concluded, read_capture, totals

NAMES = sorted(
    path.name.removesuffix(".jsonl") for path in CAPTURES.glob("*.jsonl") if path.with_suffix(".expected.json").exists()
)

FAULTS = {
    "botanu-upstream-working": Totals(0, 2, 0, 0),
    "langfuse-openai": Totals(5, 7, 3, 0),
    "openlit-openai": Totals(22, 8, 0, 0),
    "pydantic-ai-old": Totals(25236, 904, 7214, 0),
    "traceloop-anthropic": Totals(0, 2, 0, 0),
}
"""Where the emitter itself is wrong, and by how much: Traceloop adds one to each stream of Anthropic's, OpenLIT makes usage up,
pydantic-ai 0.4 doubles it; the Langfuse capture holds a generation that was written by hand."""

UNPRICED = {
    "botanu-upstream-working": 2,
    "langfuse-openai": 1,
    "langsmith-otel": 2,
    "litellm-otel-requestspan": 1,
    "logfire-clients": 1,
    "mlflow-autolog": 3,
    "openinference-langchain+clients": 1,
    "openinference-openai": 1,
    "otel-genai-openai": 1,
    "otel-openai-v2-legacy": 1,
    "traceloop-openai": 1,
    "traceloop-openai-old": 2,
}
"""Calls that were billed, have a span, and whose usage nobody wrote down."""

ONE_HOUR_IN_CONTENT = ("openinference-anthropic",)
"""Which tell for how long a cache write stays only inside the answer, which is content and not kept."""

pytestmark = pytest.mark.skipif(not NAMES, reason="no captures here: BOTANU_CAPTURES names their folder")


@pytest.mark.parametrize("name", NAMES)
def test_the_counted_calls_are_the_bill(name: str) -> None:
    """Input, output and cached tokens are what the vendor billed and the spans hold, but for the emitter's own documented fault."""
    truth = json.loads((CAPTURES / f"{name}.expected.json").read_text("utf-8"))
    billed, told = truth["recoverable_totals"], truth["details_present_in_spans"]
    fault = FAULTS.get(name, Totals(0, 0, 0, 0))

    found = totals(concluded(read_capture(CAPTURES / f"{name}.jsonl")))

    assert found == Totals(
        billed["input_tokens_total"] + fault.input,
        billed["output_tokens_total"] + fault.output,
        told["cache_read_tokens"] + fault.cache_read,
        told["cache_write_tokens"] + fault.cache_write,
    )


@pytest.mark.parametrize("name", NAMES)
def test_writes_for_an_hour_are_told_apart(name: str) -> None:
    """Cache writes that stay for an hour have a meter of their own wherever the span tells them apart."""
    truth = json.loads((CAPTURES / f"{name}.expected.json").read_text("utf-8"))
    wanted = 0 if name in ONE_HOUR_IN_CONTENT else truth["details_present_in_spans"]["cache_write_1h_tokens"]

    calls = concluded(read_capture(CAPTURES / f"{name}.jsonl"))

    assert sum(call.quantities.get("cache_write_1h_tokens", 0) for call in calls if call.counted) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_billed_calls_of_unknown_usage_are_unpriced_and_failed_ones_free(name: str) -> None:
    """A stream without usage stays a call that nobody can price; an answer of 429 costs nothing."""
    calls = [
        c
        for c in concluded(read_capture(CAPTURES / f"{name}.jsonl"))
        if c.counted and c.category in ("llm", "embedding")
    ]

    assert sum(call.usage == "none" for call in calls) == UNPRICED.get(name, 0)
    assert all(call.quantities == {} for call in calls if call.usage == "free")
    assert all(call.usage == "free" for call in calls if call.error)


@pytest.mark.parametrize("name", NAMES)
def test_each_call_that_does_not_count_says_why_and_what_counts_instead(name: str) -> None:
    """Nothing is left out silently: there is a reason, and the span named instead does count."""
    calls = concluded(read_capture(CAPTURES / f"{name}.jsonl"))
    counted = {call.span_id for call in calls if call.counted}

    left_out = [call for call in calls if not call.counted]

    assert all(call.not_counted_reason for call in left_out)
    assert {call.duplicate_of for call in left_out} <= counted
    assert not any(777_777 in call.quantities.values() for call in calls)
