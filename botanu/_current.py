"""Which run is current: one value in OpenTelemetry's context, beside the run's baggage and its span.

Whatever carries OpenTelemetry's context (tasks, `copy_context`, instrumented thread pools) carries the run with it, and
detaching the one token restores all three.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry import baggage, context, trace

from botanu import attributes

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from botanu.models.run_context import RunContext

_RUN = context.create_key("botanu.run")
# The keys under which the API itself keeps baggage and span, learnt from what its functions make.
_BAGGAGE = next(iter(baggage.set_baggage("", "", context.Context())))
_SPAN = next(iter(trace.set_span_in_context(trace.INVALID_SPAN, context.Context())))

_TRAVELLING = frozenset(
    (
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
    value = context.get_value(_RUN)
    return value if isinstance(value, CurrentRun) else None


def entered(run: CurrentRun, base: Context | None = None) -> Context:
    """Return a context in which `run` is current, its span is active and its baggage is the only run's.

    Made in one piece: each of the API's own functions would copy the whole context once more.
    """
    inside = context.get_current() if base is None else base
    carried = run.context.to_baggage_dict()
    outer = baggage.get_all(inside)
    if outer:
        kept = {key: value for key, value in outer.items() if key not in _TRAVELLING}
        return _context(inside, run, kept | carried)
    return _context(inside, run, dict[str, object](carried))


def _context(inside: Context, run: CurrentRun, carried: dict[str, object]) -> Context:
    entries: dict[str, object] = {**inside, _RUN: run, _BAGGAGE: carried}
    if run.span is not None:
        entries[_SPAN] = run.span
    return context.Context(entries)


def write(span: Span, said: Mapping[str, Any]) -> None:
    """Write attributes the cheaper way: OpenTelemetry's bulk method pays only from the third on."""
    if len(said) > 2:
        span.set_attributes(said)
    else:
        for key, value in said.items():
            span.set_attribute(key, value)


def leave(token: Token[Context]) -> None:
    """Go back to the context of before, where that can be: a generator may be closed by another task or thread, which has never left it.

    OpenTelemetry's own `detach` says so as an error, with a traceback, in the program's log.
    """
    try:  # noqa: SIM105 - `suppress` takes four times as long, at each run and call
        token.var.reset(token)
    except (ValueError, RuntimeError):
        pass


@contextmanager
def as_current(run: RunContext) -> Generator[RunContext]:
    """Make `run` current without a span of its own."""
    token = context.attach(entered(CurrentRun(run)))
    try:
        yield run
    finally:
        leave(token)


def annotate(run: RunContext, said: Mapping[str, Any]) -> None:
    """Write on the span of `run`, if it is the current run and has one here."""
    current = current_run()
    if current is not None and current.context is run and current.span is not None:
        current.span.set_attributes(said)
