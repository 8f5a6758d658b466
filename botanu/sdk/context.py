"""What is current: the run, its baggage, the span."""

from __future__ import annotations

from opentelemetry import baggage, context, trace

from botanu import attributes
from botanu._current import current_run
from botanu.models.run_context import RunContext


def get_run_id() -> str | None:
    """Return the id of the current run, started here or carried in from another service."""
    return get_baggage(attributes.RUN_ID)


def get_use_case() -> str | None:
    """Return the use case of the current run."""
    return get_baggage(attributes.USE_CASE)


def get_workflow() -> str | None:
    """Return the workflow of the current run; from another service it arrives only in full propagation mode."""
    run = current_run()
    return run.context.workflow if run is not None else get_baggage(attributes.WORKFLOW)


def get_baggage(key: str) -> str | None:
    """Return one value of the current baggage as text."""
    value = baggage.get_baggage(key)
    return None if value is None else str(value)


def set_baggage(key: str, value: str) -> object:
    """Add a value to the current baggage; returns the token that `opentelemetry.context.detach` takes to undo it.

    Inside a run the value is gone when the run ends, without detaching.
    """
    return context.attach(baggage.set_baggage(key, value))


def get_current_span() -> trace.Span:
    """Return OpenTelemetry's current span."""
    return trace.get_current_span()


def get_current_run_context() -> RunContext | None:
    """Return the current run: the one opened here, else what baggage tells of it."""
    run = current_run()
    return run.context if run is not None else RunContext.from_baggage(baggage.get_all())
