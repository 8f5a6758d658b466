"""The enricher: the run on every span, whoever starts it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage, context
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

import botanu
from botanu.processors import RunContextEnricher
from botanu.processors.enricher import RunContextEnricher as SameEnricher


def _start(enricher: SpanProcessor, carried: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(enricher)
    inside = context.Context()
    for key, value in carried.items():
        inside = baggage.set_baggage(key, value, inside)
    span: Any = provider.get_tracer("x").start_span("s", context=inside, attributes=attributes)
    return dict(span.attributes)


FULL = {
    "botanu.run_id": "r",
    "botanu.use_case": "u",
    "botanu.workflow": "w",
    "botanu.environment": "e",
    "botanu.tenant_id": "t",
    "botanu.parent_run_id": "p",
}


def test_lean_and_full() -> None:
    """Lean copies run_id and use_case; full also workflow, environment, tenant and parent; nothing else of baggage."""
    carried = {**FULL, "botanu.deadline": "1", "other": "x"}

    assert _start(RunContextEnricher(), carried) == {"botanu.run_id": "r", "botanu.use_case": "u"}
    assert _start(RunContextEnricher(lean_mode=False), carried) == FULL


def test_the_keys_are_public() -> None:
    """`BAGGAGE_KEYS_LEAN` and `BAGGAGE_KEYS_FULL` say what is copied, and both imports are one class."""
    assert set(RunContextEnricher.BAGGAGE_KEYS_LEAN) == {"botanu.run_id", "botanu.use_case"}
    assert set(RunContextEnricher.BAGGAGE_KEYS_FULL) == set(FULL)
    assert RunContextEnricher is SameEnricher


def test_an_attribute_already_there_stays() -> None:
    """An attribute already on the span is never overwritten."""
    started = _start(RunContextEnricher(), FULL, **{"botanu.run_id": "mine"})

    assert started == {"botanu.run_id": "mine", "botanu.use_case": "u"}


def test_no_run_nothing_to_do() -> None:
    """Without a run in context a span stays as it is."""
    assert _start(RunContextEnricher(), {}) == {}
    assert _start(RunContextEnricher(), {"other": "x"}) == {}


@given(st.dictionaries(st.sampled_from(sorted(FULL)), st.one_of(st.text(max_size=5000), st.integers(), st.none())))
def test_hostile_baggage_does_no_harm(carried: dict[str, Any]) -> None:
    """What comes in by baggage is copied only if it is text of a reasonable length."""
    started = _start(RunContextEnricher(lean_mode=False), carried)

    assert all(isinstance(value, str) and 0 < len(value) <= 512 for value in started.values())


@pytest.mark.parametrize("depth", [1, 3])
def test_foreign_spans_in_a_run_carry_it(depth: int) -> None:
    """Spans of other tracers, started inside a run, carry the run's id and use case."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(RunContextEnricher())
    tracer = provider.get_tracer("theirs")
    with botanu.run("Support") as run:
        for _ in range(depth):
            span: Any = tracer.start_span("theirs")

    assert span.attributes == {"botanu.run_id": run.run_id, "botanu.use_case": "Support"}
