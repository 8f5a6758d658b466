"""Outcomes, business context and steps: said anywhere in the run, found on the run."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator
from decimal import Decimal
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

import botanu
from botanu import RunContext, botanu_outcome, emit_outcome, set_business_context, step
from botanu.testing import RecordedRuns
from botanu.tracking.llm import track_llm_call


def test_an_outcome_inside_a_tracked_call_lands_on_the_run(recorded: RecordedRuns) -> None:
    """An outcome emitted inside `track_llm_call` must not land on the LLM span alone."""
    with botanu.run("x"), step("deep"), track_llm_call("openai", "gpt-5"):
        emit_outcome("success", value_type="tickets_resolved", value_amount=1, confidence=0.9, reason="done")
        set_business_context(customer_id="c", team="t", cost_center="cc", region="eu")

    call, _, run = recorded.spans
    assert not any(key.startswith("botanu.outcome") for key in call.attributes)
    said = {key: run.attributes[key] for key in run.attributes if key.startswith("botanu.outcome")}
    assert said == {
        "botanu.outcome": "success",
        "botanu.outcome.status": "success",
        "botanu.outcome.value_type": "tickets_resolved",
        "botanu.outcome.value_amount": 1.0,
        "botanu.outcome.confidence": 0.9,
        "botanu.outcome.reason": "done",
        "botanu.outcome.reason_code": "done",
    }
    assert run.events["botanu.outcome_emitted"] == {
        "status": "success",
        "value_type": "tickets_resolved",
        "value_amount": 1.0,
        "confidence": 0.9,
        "reason": "done",
    }
    keys = ("customer_id", "team", "cost_center", "region")
    assert [run.attributes[f"botanu.{key}"] for key in keys] == ["c", "t", "cc", "eu"]


def test_what_was_said_is_in_the_run_context(recorded: RecordedRuns) -> None:
    """The run context knows the outcome and the business context as soon as they are said."""
    with botanu.run("x") as run:
        emit_outcome("partial", value_amount=2)
        set_business_context(team="t")

        assert run.outcome is not None
        assert (run.outcome.status, run.outcome.value_amount) == ("partial", 2)
        assert run.to_span_attributes()["botanu.team"] == "t"


def test_the_last_word_counts(recorded: RecordedRuns) -> None:
    """Of several outcomes the last one is the run's, and each is an event."""
    with botanu.run("x"):
        emit_outcome("failed", reason="first try")
        emit_outcome("success")

    assert (recorded.runs[0].outcome, recorded.runs[0].status) == ("success", "success")


def test_an_outcome_said_is_told_from_one_concluded(recorded: RecordedRuns) -> None:
    """Only an emitted outcome is an event `botanu.outcome_emitted`; an automatic one is not."""
    with botanu.run("said"):
        emit_outcome("success")
    with botanu.run("concluded"):
        pass

    said, concluded = recorded.spans
    assert "botanu.outcome_emitted" in said.events
    assert "botanu.outcome_emitted" not in concluded.events


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"status": "great"}, "great"),
        ({"status": None}, "None"),
        ({"status": ["success"]}, "success"),
        ({"status": "success", "confidence": 1.1}, "1.1"),
        ({"status": "success", "confidence": -0.1}, "-0.1"),
        ({"status": "success", "confidence": math.nan}, "nan"),
        ({"status": "success", "confidence": "high"}, "high"),
        ({"status": "success", "value_amount": math.inf}, "inf"),
        ({"status": "success", "value_amount": math.nan}, "nan"),
        ({"status": "success", "value_amount": "1"}, "1"),
        ({"status": "success", "value_amount": object()}, "object"),
        ({"status": "success", "value_amount": 10**400}, "1000"),
    ],
)
def test_a_wrong_outcome_is_a_warning(
    arguments: dict[str, Any], named: str, recorded: RecordedRuns, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong status, confidence or amount: a logged warning, nothing written, no exception."""
    with botanu.run("x", auto_outcome_on_success=False):
        emit_outcome(**arguments)

    [warning] = caplog.records
    assert named in warning.getMessage()
    assert recorded.runs[0].outcome is None
    assert "botanu.outcome_emitted" not in recorded.spans[0].events


def test_numbers_of_any_kind_are_amounts(recorded: RecordedRuns) -> None:
    """Decimals, whole numbers and floats are amounts; 0 and 1 are confidences."""
    for amount, confidence in ((Decimal("1.5"), 0), (3, 1), (0.25, 0.5)):
        with botanu.run("x"):
            emit_outcome("success", value_amount=amount, confidence=confidence)  # type: ignore[arg-type]

    assert [run.attributes["botanu.outcome.value_amount"] for run in recorded.runs] == [1.5, 3.0, 0.25]


def test_without_a_run_the_current_span_is_written_on(recorded: RecordedRuns) -> None:
    """With no run in this process both write on the current span."""
    with track_llm_call("openai", "gpt-5"):
        emit_outcome("success")
        set_business_context(team="t")

    assert recorded.spans[0].attributes["botanu.outcome"] == "success"
    assert recorded.spans[0].attributes["botanu.team"] == "t"


def test_in_another_service_the_words_carry_the_run(recorded: RecordedRuns) -> None:
    """Where a run came in by baggage and no span is open, a span of their own carries the words and the run's id."""
    message = RunContext.create("x").to_baggage_dict()
    run = RunContext.from_baggage(message)
    assert run is not None
    with run.as_current():
        emit_outcome("success", value_amount=1)

    [span] = recorded.spans
    assert span.attributes["botanu.run_id"] == message["botanu.run_id"]
    assert span.attributes["botanu.outcome"] == "success"


def test_nowhere_to_write_is_no_error() -> None:
    """With no run and no span nothing happens."""
    emit_outcome("success")
    set_business_context(team="t")


def test_a_finished_span_of_a_foreign_provider_is_no_error() -> None:
    """An outcome said when the span is over is lost without an exception."""
    span = TracerProvider().get_tracer("x").start_span("over")
    with botanu.run("x"):
        span.end()
        emit_outcome("success")


def test_steps(recorded: RecordedRuns) -> None:
    """A step is an INTERNAL span `botanu.step/{name}` with `botanu.step`, and calls in it are its children."""
    with botanu.run("x"), step("retrieve") as span:
        assert span.kind.name == "INTERNAL"  # type: ignore[attr-defined]
        inside = span.get_span_context().span_id
        with track_llm_call("openai", "gpt-5") as call:
            assert call.span is not None
            assert call.span.parent.span_id == inside  # type: ignore[attr-defined]

    assert recorded.spans[1].name == "botanu.step/retrieve"
    assert recorded.spans[1].attributes["botanu.step"] == "retrieve"


def test_botanu_outcome_says_success_and_failure(recorded: RecordedRuns) -> None:
    """A sub-function emits success, or failed with the exception's class as reason, and opens no run."""

    @botanu_outcome()
    def work(*, fails: bool) -> None:
        if fails:
            raise LookupError

    with botanu.run("x"):
        work(fails=False)
    with botanu.run("x"), pytest.raises(LookupError):
        work(fails=True)

    assert [run.outcome for run in recorded.runs] == ["success", "failed"]
    assert recorded.runs[1].attributes["botanu.outcome.reason"] == "LookupError"
    assert len(recorded.spans) == 2


def test_botanu_outcome_labels(recorded: RecordedRuns) -> None:
    """Custom labels are the reasons; `partial` makes a clean end partial."""

    @botanu_outcome(success="found", failed="lost")
    def search(*, fails: bool = False) -> None:
        if fails:
            raise LookupError

    @botanu_outcome(partial="half")
    def half() -> None: ...

    with botanu.run("x"):
        search()
    with botanu.run("x"), pytest.raises(LookupError):
        search(fails=True)
    with botanu.run("x"):
        half()

    reasons = [(run.outcome, run.attributes["botanu.outcome.reason"]) for run in recorded.runs]
    assert reasons == [("success", "found"), ("failed", "lost"), ("partial", "half")]


def test_botanu_outcome_leaves_what_was_said(recorded: RecordedRuns) -> None:
    """An outcome that is set already stays, in a run and on a plain span."""

    @botanu_outcome()
    def work() -> None:
        emit_outcome("partial")

    with botanu.run("x"):
        work()
    with track_llm_call("openai", "gpt-5"):
        work()

    assert recorded.runs[0].outcome == "partial"
    assert recorded.spans[-1].attributes["botanu.outcome"] == "partial"


async def test_botanu_outcome_on_coroutines_and_streams(recorded: RecordedRuns) -> None:
    """Coroutines and generators say their outcome when they end."""

    @botanu_outcome()
    async def work() -> None:
        await asyncio.sleep(0)

    @botanu_outcome(success="streamed")
    def stream() -> Generator[int]:
        yield 1

    with botanu.run("x", auto_outcome_on_success=False):
        await work()
    with botanu.run("x", auto_outcome_on_success=False):
        assert list(stream()) == [1]

    assert [run.outcome for run in recorded.runs] == ["success", "success"]
    assert recorded.runs[1].attributes["botanu.outcome.reason"] == "streamed"
