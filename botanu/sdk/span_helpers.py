"""What a program may say of its run from any depth: the outcome, the business context, the step it is in."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Literal

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from botanu import attributes
from botanu._current import CurrentRun, current_run, leave, write
from botanu._errors import record, text_of, worded
from botanu._tracer import tracer
from botanu.models.run_context import RunStatus, finite
from botanu.sdk.context import get_run_id

_log = logging.getLogger("botanu")

OutcomeStatus = Literal["success", "partial", "failed"]
"""The outcomes that can be emitted."""

_STATUS = {"success": RunStatus.SUCCESS, "partial": RunStatus.PARTIAL, "failed": RunStatus.FAILURE}


def emit_outcome(
    status: OutcomeStatus | str,
    *,
    value_type: str | None = None,
    value_amount: float | None = None,
    confidence: float | None = None,
    reason: str | None = None,
) -> None:
    """Say what the run came to. The last one said counts.

    Writes on the run's span however deep the call is; with no run in this process, on the current span. A wrong argument is
    a logged warning and nothing written, never an exception.
    """
    amount, share = _number(value_amount), _number(confidence)
    wrong = _what_is_wrong(status, (value_amount, amount), (confidence, share))
    if wrong:
        _log.warning("emit_outcome wrote nothing: %s", wrong)
        return
    run_status = _STATUS[status]
    value_type, reason = worded(value_type), worded(reason)
    said: dict[str, str | float] = {attributes.OUTCOME: status, attributes.OUTCOME_STATUS: run_status.value}
    event: dict[str, str | float] = {"status": status}
    if value_type is not None:
        said[attributes.OUTCOME_VALUE_TYPE] = event["value_type"] = value_type
    if amount is not None:
        said[attributes.OUTCOME_VALUE_AMOUNT] = event["value_amount"] = amount
    if share is not None:
        said[attributes.OUTCOME_CONFIDENCE] = event["confidence"] = share
    if reason is not None:
        said[attributes.OUTCOME_REASON] = said[attributes.OUTCOME_REASON_CODE] = event["reason"] = reason
    run = current_run()
    span, is_carrier = _target(run)
    write(span, said)
    span.add_event(attributes.EVENT_OUTCOME_EMITTED, event)
    if is_carrier:
        span.end()
    if run is not None:
        run.context.complete(run_status, reason, None, value_type, amount, share)
        run.written = run.context.outcome


def set_business_context(
    *,
    customer_id: str | None = None,
    team: str | None = None,
    cost_center: str | None = None,
    region: str | None = None,
) -> None:
    """Say whom the run serves and who pays for it, on the run's span; with no run in this process, on the current span."""
    given = (
        (attributes.CUSTOMER_ID, customer_id),
        (attributes.TEAM, team),
        (attributes.COST_CENTER, cost_center),
        (attributes.REGION, region),
    )
    said = {key: text for key, value in given if (text := worded(value)) is not None}
    run = current_run()
    span, is_carrier = _target(run)
    span.set_attributes(said)
    if is_carrier:
        span.end()
    if run is not None:
        run.context.business.update(said)


@contextmanager
def step(name: str) -> Generator[trace.Span]:
    """Mark a phase of the run, so that its cost can be told from that of the others."""
    span = tracer().start_span(f"botanu.step/{name}", kind=SpanKind.INTERNAL, attributes={attributes.STEP: name})
    token = context.attach(trace.set_span_in_context(span))
    try:
        yield span
    except Exception as error:
        record(span, error)
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {text_of(error)}"))
        raise
    finally:
        leave(token)
        span.end()


class OutcomeScope:
    """Emits an outcome when left, unless one was said: success, or failed with the exception's class as reason."""

    def __init__(self, success: str | None, partial: str | None, failed: str | None) -> None:
        self._success = success
        self._partial = partial
        self._failed = failed
        self._is_paused = False

    def __enter__(self) -> None:
        """Nothing needs opening."""
        self._is_paused = False

    def pause(self) -> None:
        """Say nothing yet when it is left next."""
        self._is_paused = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_paused or _outcome_is_said():
            return
        if error is not None and not isinstance(error, GeneratorExit):
            emit_outcome("failed", reason=self._failed or type(error).__name__)
        elif self._partial is not None and self._success is None:
            emit_outcome("partial", reason=self._partial)
        else:
            emit_outcome("success", reason=self._success)


def _target(run: CurrentRun | None) -> tuple[trace.Span, bool]:
    """The span to write on, and whether it was made for that and is to be ended: where a run came in and has none here."""
    if run is not None and run.span is not None:
        return run.span, False
    span = trace.get_current_span()
    if span.is_recording() or get_run_id() is None:
        return span, False
    return tracer().start_span("botanu.said"), True


def _outcome_is_said() -> bool:
    run = current_run()
    if run is not None and run.context.outcome is not None:
        return True
    said = getattr(trace.get_current_span(), "attributes", None)
    return said is not None and attributes.OUTCOME in said


def _what_is_wrong(
    status: object, amount: tuple[object, float | None], confidence: tuple[object, float | None]
) -> str | None:
    """Say what is wrong with an outcome: its status, or a number that was said and is none."""
    if not isinstance(status, str) or status not in _STATUS:
        return f"status is {_shown(status)}; allowed are {', '.join(_STATUS)}"
    said, number = amount
    if said is not None and number is None:
        return f"value_amount is {_shown(said)}; allowed are finite numbers"
    said, number = confidence
    if said is not None and (number is None or not 0 <= number <= 1):
        return f"confidence is {_shown(said)}; allowed are numbers from 0 to 1"
    return None


def _number(value: object) -> float | None:
    return None if value is None or isinstance(value, str) or value is True or value is False else finite(value)


def _shown(value: object) -> str:
    try:
        return repr(value)[:200]
    except Exception:  # noqa: BLE001 - a foreign class
        return f"some {type(value).__name__}"
