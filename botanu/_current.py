"""Which run is current: one value in OpenTelemetry's context, beside the run's baggage and its span.

Whatever carries OpenTelemetry's context (tasks, `copy_context`, instrumented thread pools) carries the run with it, and
detaching the one token restores all three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry import baggage, context, trace

from botanu import attributes

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from botanu.models.run_context import RunContext

_KEY = context.create_key("botanu.run")

_TRAVELLING = (
    attributes.RUN_ID,
    attributes.USE_CASE,
    attributes.ENVIRONMENT,
    attributes.WORKFLOW,
    attributes.TENANT_ID,
    attributes.PARENT_RUN_ID,
    attributes.ROOT_RUN_ID,
    attributes.ATTEMPT,
    attributes.RETRY_OF_RUN_ID,
    attributes.BAGGAGE_DEADLINE,
    attributes.BAGGAGE_CANCELLED,
)


@dataclass(slots=True)
class CurrentRun:
    """A run and the span that stands for it in this process, if it has one here."""

    context: RunContext
    span: Span | None = None
    written: object = None
    """The outcome that is on the span already."""


def current_run() -> CurrentRun | None:
    """Return the run that is current in this process."""
    value = context.get_value(_KEY)
    return value if isinstance(value, CurrentRun) else None


def entered(run: CurrentRun, base: Context | None = None) -> Context:
    """Return a context in which `run` is current, its span is active and its baggage is the only run's."""
    inside = context.get_current() if base is None else base
    outer = baggage.get_all(inside)
    carried = run.context.to_baggage_dict()
    for key in _TRAVELLING if outer else ():
        if key in outer and key not in carried:
            inside = baggage.remove_baggage(key, inside)
    for key, value in carried.items():
        inside = baggage.set_baggage(key, value, inside)
    if run.span is not None:
        inside = trace.set_span_in_context(run.span, inside)
    return context.set_value(_KEY, run, inside)


@contextmanager
def as_current(run: RunContext) -> Iterator[RunContext]:
    """Make `run` current without a span of its own."""
    token = context.attach(entered(CurrentRun(run)))
    try:
        yield run
    finally:
        context.detach(token)


def annotate(run: RunContext, said: Mapping[str, Any]) -> None:
    """Write on the span of `run`, if it is the current run and has one here."""
    current = current_run()
    if current is not None and current.context is run and current.span is not None:
        current.span.set_attributes(said)
