"""Opening and closing a run: the one place where a run's span begins, ends and says what the run came to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from opentelemetry import context as otel_context
from opentelemetry.trace import SpanKind, Status, StatusCode

from botanu import attributes
from botanu._attempts import current_attempts
from botanu._current import CurrentRun, entered, leave, write
from botanu._errors import record, text_of
from botanu._tracer import tracer
from botanu.models.run_context import RunAttributes, RunContext, RunOutcome, RunStatus
from botanu.sdk.context import get_current_run_context

EMITTED = {
    RunStatus.SUCCESS: "success",
    RunStatus.PARTIAL: "partial",
    RunStatus.FAILURE: "failed",
    RunStatus.TIMEOUT: "failed",
    RunStatus.CANCELED: "failed",
}
"""The outcome that a run's status amounts to."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What is known of a run before it starts."""

    use_case: str
    workflow: str
    workflow_version: str = "v:unknown"
    environment: str | None = None
    tenant_id: str | None = None
    auto_outcome_on_success: bool = True
    span_kind: SpanKind = SpanKind.SERVER

    def new_run(self) -> RunContext:
        """Return a new run, nested in the current one if there is one, or a retry if this is a further attempt."""
        attempts = current_attempts.get()
        attempt = 0 if attempts is None else attempts.number()
        if attempts is None or not attempt:
            return self._new_run()
        previous = attempts.repeated_by(self, attempt)
        run = RunContext.create_retry(previous) if previous is not None else self._new_run()
        attempts.made(self, attempt, run)
        return run

    def _new_run(self) -> RunContext:
        outer = get_current_run_context()
        if outer is None:
            return RunContext.create(
                self.use_case, self.workflow, self.workflow_version, self.environment, self.tenant_id
            )
        return RunContext.create(
            self.use_case,
            self.workflow,
            self.workflow_version,
            self.environment or outer.environment,
            self.tenant_id or outer.tenant_id,
            outer.run_id,
            outer.root_run_id,
        )


@dataclass(slots=True)
class _Process:
    """What `enable` decides for all runs of this process."""

    sample_rate: float = 1.0
    after_run: Callable[[], object] | None = None


_process = _Process()


def configure_runs(sample_rate: float = 1.0, after_run: Callable[[], object] | None = None) -> None:
    """Say on every run which share of runs is recorded, and call `after_run` when one has ended."""
    _process.sample_rate = sample_rate
    _process.after_run = after_run


class RunScope:
    """One run as a context manager, for `with` and `async with`; yields the run's context.

    A scope is good for one run: the decorator makes one for each call.
    """

    __slots__ = ("_current", "_is_paused", "_plan", "_span", "_token")
    _current: CurrentRun

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan
        self._is_paused = False

    def __enter__(self) -> RunContext:
        if self._is_paused:
            self._is_paused = False
            self._token = otel_context.attach(entered(self._current))
            return self._current.context
        run = self._plan.new_run()
        said = run.to_span_attributes()
        if _process.sample_rate < 1:
            said[attributes.SAMPLE_RATE] = _process.sample_rate
        self._span = span = tracer().start_span(
            f"botanu.run/{run.use_case}",
            kind=self._plan.span_kind,
            attributes=said,
            record_exception=False,
            set_status_on_exception=False,
        )
        span.add_event(
            attributes.EVENT_RUN_STARTED,
            {"run_id": run.run_id, "use_case": run.use_case, "workflow": run.workflow or ""},
        )
        self._current = CurrentRun(run, span)
        self._token = otel_context.attach(entered(self._current))
        return run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leave(self._token)
        if self._is_paused:
            return
        run = self._current.context
        if error is not None and not _is_clean_end(error):
            self._fail(run, error)
        else:
            if run.outcome is None and self._plan.auto_outcome_on_success:
                run.complete(RunStatus.SUCCESS)
            if run.outcome is not None:
                self._span.set_status(_MISSED.get(run.outcome.status, _ACHIEVED))
        self._end(run)

    def pause(self) -> None:
        """Let the run go on when it is left next, to be entered again."""
        self._is_paused = True

    async def __aenter__(self) -> RunContext:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _fail(self, run: RunContext, error: BaseException) -> None:
        """Conclude failure; what the run had said of its value stays."""
        name = type(error).__name__
        status = RunStatus.CANCELED if _is_cancelled(error) else RunStatus.FAILURE
        said = run.outcome or RunOutcome(status)
        run.complete(status, name, name, said.value_type, said.value_amount, said.confidence)
        self._span.set_attribute(attributes.OUTCOME_REASON, name)
        record(self._span, error)
        self._span.set_status(Status(StatusCode.ERROR, f"{name}: {text_of(error)}"))

    def _end(self, run: RunContext) -> None:
        span, outcome = self._span, run.outcome
        duration_ms = run.end()
        said: RunAttributes = {attributes.RUN_DURATION_MS: duration_ms}
        if run.cancelled:
            said |= run.cancellation_attributes()
        if outcome is not None and outcome is not self._current.written:
            said |= run.outcome_attributes()
            said[attributes.OUTCOME] = EMITTED[outcome.status]
        write(span, said)
        span.add_event(attributes.EVENT_RUN_COMPLETED, _completed(run, duration_ms))
        span.end()
        if _process.after_run is not None:
            _process.after_run()


def _completed(run: RunContext, duration_ms: float) -> RunAttributes:
    """What the event at the end of a run says."""
    outcome = run.outcome
    said: RunAttributes = {
        "run_id": run.run_id,
        "use_case": run.use_case,
        "status": outcome.status.value if outcome else "none",
        "duration_ms": duration_ms,
    }
    if outcome is not None:
        if outcome.error_class is not None:
            said["error_class"] = outcome.error_class
        if outcome.value_type is not None:
            said["value_type"] = outcome.value_type
        if outcome.value_amount is not None:
            said["value_amount"] = outcome.value_amount
    return said


_ACHIEVED = Status(StatusCode.OK)
_MISSED = {
    status: Status(StatusCode.ERROR, status.value)
    for status in (RunStatus.FAILURE, RunStatus.TIMEOUT, RunStatus.CANCELED)
}


def _is_clean_end(error: BaseException) -> bool:
    """Whether the exception only says goodbye: a closed generator, or the program leaving without an error."""
    return isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and error.code in (None, 0))


def _is_cancelled(error: BaseException) -> bool:
    """Whether a task was cancelled; without asyncio, which is slow to import, none was."""
    exceptions = sys.modules.get("asyncio.exceptions")
    return exceptions is not None and isinstance(error, exceptions.CancelledError)
