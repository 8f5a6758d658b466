"""The run: one business transaction, whatever traces, processes and queues it crosses.

A run has an id that stays, and travels as W3C Baggage. An attempt that is repeated is a new run which names the one it
repeats; nested runs and retries share the id of the first, `root_run_id`.
"""

from __future__ import annotations

import math
import os
import random
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from botanu import _current, attributes
from botanu._errors import worded

RunAttributes = dict[str, str | int | float | bool]
"""What a run says of itself on a span."""


class RunStatus(StrEnum):
    """How a run ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    PARTIAL = "partial"
    TIMEOUT = "timeout"
    CANCELED = "canceled"


@dataclass(slots=True)
class RunOutcome:
    """What a run came to: how it ended, why, and what it was worth."""

    status: RunStatus
    reason_code: str | None = None
    error_class: str | None = None
    value_type: str | None = None
    value_amount: float | None = None
    confidence: float | None = None

    def __post_init__(self) -> None:
        if type(self.status) is not RunStatus:
            self.status = RunStatus(self.status)


class _RunIds:
    """UUIDv7 (RFC 9562, method 3: the 12 bits below the millisecond are time too), each greater than the one before."""

    def __init__(self) -> None:
        self._start_over()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start_over)

    def _start_over(self) -> None:
        # A generator of our own: the program may seed the shared one, and a forked child would repeat its parent's ids.
        self._random = random.Random()  # noqa: S311 - ids, not secrets
        # A signal's handler may make an id while its thread makes one.
        self._lock = threading.RLock()
        self._last = 0

    def next(self) -> str:
        """Return the next id."""
        tail = self._random.getrandbits(62)
        with self._lock:
            stamp = time.time_ns() * 4096 // 1_000_000
            if stamp <= self._last:
                stamp = self._last + 1
            self._last = stamp
        text = f"{(stamp >> 12) << 80 | 0x7000 << 64 | (stamp & 0xFFF) << 64 | 0b10 << 62 | tail:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


generate_run_id = _RunIds().next
"""Return a new run id: a UUIDv7, so that ids sort by when they were made."""


class _Process:
    """What `enable` decides for the runs of this process; None leaves it to the environment."""

    propagation_mode: str | None = None
    environment: str | None = None


def configure_process(*, propagation_mode: str | None = None, environment: str | None = None) -> None:
    """Decide for the whole process what travels in baggage (lean or full) and where runs happen; None goes back."""
    _Process.propagation_mode = propagation_mode
    _Process.environment = environment


def current_environment() -> str:
    """Return the name of the environment this process runs in."""
    said = _Process.environment or os.environ.get("BOTANU_ENVIRONMENT") or os.environ.get("DEPLOYMENT_ENVIRONMENT")
    return said or "production"


def _is_lean() -> bool:
    return (_Process.propagation_mode or os.environ.get("BOTANU_PROPAGATION_MODE", "lean")) != "full"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class RunContext:
    """One run: who it is, where it comes from, how long it may take, and what it came to."""

    run_id: str
    use_case: str
    environment: str = field(default_factory=current_environment)
    workflow: str | None = None
    workflow_version: str | None = None
    tenant_id: str | None = None
    parent_run_id: str | None = None
    root_run_id: str | None = None
    attempt: int = 1
    retry_of_run_id: str | None = None
    start_time: datetime = field(default_factory=_now)
    deadline: float | None = None
    cancelled: bool = False
    cancelled_at: float | None = None
    outcome: RunOutcome | None = None
    business: dict[str, str] = field(default_factory=dict[str, str])
    # A clock that runs on when the one on the wall is set.
    _began: float = field(default_factory=time.monotonic, init=False, repr=False, compare=False)
    _ended: float | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.root_run_id:
            self.root_run_id = self.run_id

    @classmethod
    def create(
        cls,
        use_case: str,
        workflow: str | None = None,
        workflow_version: str | None = None,
        environment: str | None = None,
        tenant_id: str | None = None,
        parent_run_id: str | None = None,
        root_run_id: str | None = None,
        attempt: int = 1,
        retry_of_run_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> RunContext:
        """Return a new run with an id of its own."""
        return cls(
            generate_run_id(),
            use_case,
            environment or current_environment(),
            workflow,
            workflow_version,
            worded(tenant_id),
            parent_run_id,
            root_run_id,
            attempt,
            retry_of_run_id,
            deadline=None if deadline_seconds is None else time.time() + deadline_seconds,
        )

    @classmethod
    def create_retry(cls, previous: RunContext) -> RunContext:
        """Return the run that attempts `previous` once more."""
        return cls.create(
            use_case=previous.use_case,
            workflow=previous.workflow,
            workflow_version=previous.workflow_version,
            environment=previous.environment,
            tenant_id=previous.tenant_id,
            parent_run_id=previous.parent_run_id,
            root_run_id=previous.root_run_id,
            attempt=previous.attempt + 1,
            retry_of_run_id=previous.run_id,
        )

    @classmethod
    def from_baggage(cls, baggage: Mapping[str, object]) -> RunContext | None:
        """Return the run that `baggage` speaks of, or None without run_id and use_case; garbage elsewhere is ignored."""
        if attributes.RUN_ID not in baggage:
            return None
        said = {key: value for key, value in baggage.items() if _is_sensible(value)}
        run_id, use_case = _text(said, attributes.RUN_ID), _text(said, attributes.USE_CASE)
        if not run_id or not use_case:
            return None
        return cls(
            run_id=run_id,
            use_case=use_case,
            environment=_text(said, attributes.ENVIRONMENT) or current_environment(),
            workflow=_text(said, attributes.WORKFLOW),
            tenant_id=_text(said, attributes.TENANT_ID),
            parent_run_id=_text(said, attributes.PARENT_RUN_ID),
            root_run_id=_text(said, attributes.ROOT_RUN_ID),
            attempt=_whole_number(said.get(attributes.ATTEMPT)) or 1,
            retry_of_run_id=_text(said, attributes.RETRY_OF_RUN_ID),
            deadline=_seconds(said.get(attributes.BAGGAGE_DEADLINE)),
            cancelled=str(said.get(attributes.BAGGAGE_CANCELLED)).lower() == "true",
        )

    def to_baggage_dict(self, lean_mode: bool | None = None) -> dict[str, str]:
        """Return what travels: run_id and use_case when lean, else everything that says something."""
        carried = {attributes.RUN_ID: self.run_id, attributes.USE_CASE: self.use_case}
        if lean_mode if lean_mode is not None else _is_lean():
            return carried
        optional = {
            attributes.ENVIRONMENT: self.environment,
            attributes.WORKFLOW: self.workflow,
            attributes.TENANT_ID: self.tenant_id,
            attributes.PARENT_RUN_ID: self.parent_run_id,
            attributes.ROOT_RUN_ID: self.root_run_id if self.root_run_id != self.run_id else None,
            attributes.ATTEMPT: str(self.attempt) if self.attempt > 1 else None,
            attributes.RETRY_OF_RUN_ID: self.retry_of_run_id,
            attributes.BAGGAGE_DEADLINE: None if self.deadline is None else str(round(self.deadline * 1000)),
            attributes.BAGGAGE_CANCELLED: "true" if self.cancelled else None,
        }
        return carried | {key: value for key, value in optional.items() if value}

    def to_span_attributes(self) -> RunAttributes:
        """Return the run as attributes of its span."""
        attrs: RunAttributes = {
            attributes.RUN_ID: self.run_id,
            attributes.USE_CASE: self.use_case,
            attributes.ENVIRONMENT: self.environment,
            attributes.ROOT_RUN_ID: self.root_run_id or self.run_id,
            attributes.ATTEMPT: self.attempt,
            attributes.RUN_START_TIME: self.start_time.isoformat(),
        }
        if self.workflow:
            attrs[attributes.WORKFLOW] = self.workflow
        if self.workflow_version:
            attrs[attributes.WORKFLOW_VERSION] = self.workflow_version
        if self.tenant_id:
            attrs[attributes.TENANT_ID] = self.tenant_id
        if self.parent_run_id:
            attrs[attributes.PARENT_RUN_ID] = self.parent_run_id
        if self.retry_of_run_id:
            attrs[attributes.RETRY_OF_RUN_ID] = self.retry_of_run_id
        if self.deadline is not None:
            attrs[attributes.RUN_DEADLINE_TS] = self.deadline
        if self.business:
            attrs |= self.business
        if self.cancelled:
            attrs |= self.cancellation_attributes()
        if self.outcome:
            attrs |= self.outcome_attributes()
        return attrs

    def cancellation_attributes(self) -> RunAttributes:
        """Return the cancellation as attributes of the run's span."""
        at: RunAttributes = {} if self.cancelled_at is None else {attributes.RUN_CANCELLED_AT: self.cancelled_at}
        return {attributes.RUN_CANCELLED: self.cancelled} | at

    def outcome_attributes(self) -> RunAttributes:
        """Return the outcome and the duration as attributes of the run's span."""
        if self.outcome is None:
            return {}
        said: dict[str, str | float | None] = {
            attributes.OUTCOME_STATUS: self.outcome.status.value,
            attributes.OUTCOME_REASON_CODE: self.outcome.reason_code or None,
            attributes.OUTCOME_ERROR_CLASS: self.outcome.error_class or None,
            attributes.OUTCOME_VALUE_TYPE: self.outcome.value_type or None,
            attributes.OUTCOME_VALUE_AMOUNT: self.outcome.value_amount,
            attributes.OUTCOME_CONFIDENCE: self.outcome.confidence,
            attributes.RUN_DURATION_MS: self.duration_ms,
        }
        return {key: value for key, value in said.items() if value is not None}

    def as_current(self) -> AbstractContextManager[RunContext]:
        """Make this the current run, in baggage too, for the time of a `with` block; opens no span.

        Meant for the far side of a queue: `with RunContext.from_baggage(message["run"]).as_current(): ...`
        """
        return _current.as_current(self)

    def complete(
        self,
        status: RunStatus,
        reason_code: str | None = None,
        error_class: str | None = None,
        value_type: str | None = None,
        value_amount: float | None = None,
        confidence: float | None = None,
    ) -> None:
        """Say what the run came to."""
        known = status if type(status) is RunStatus else RunStatus(status)
        self.outcome = RunOutcome(known, reason_code, error_class, value_type, finite(value_amount), finite(confidence))
        self._ended = time.monotonic()

    @property
    def duration_ms(self) -> float | None:
        """Milliseconds from the start to the outcome; None while there is no outcome."""
        return None if self._ended is None else (self._ended - self._began) * 1000

    def is_past_deadline(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.time() > self.deadline

    def is_cancelled(self) -> bool:
        """Whether the run should stop: it was cancelled, or its time is up."""
        return self.cancelled or self.is_past_deadline()

    def remaining_time_seconds(self) -> float | None:
        """Return the seconds left, never less than 0; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - time.time())

    def end(self) -> float:
        """Stop the clock and return how many milliseconds the run took."""
        self._ended = time.monotonic()
        return (self._ended - self._began) * 1000

    def request_cancellation(self, reason: str = "user") -> None:
        """Ask the run to stop, and say so on its span if the run is the current one."""
        self.cancelled = True
        self.cancelled_at = time.time()
        _current.annotate(self, self.cancellation_attributes() | {attributes.OUTCOME_REASON: reason})


def finite(value: Any) -> float | None:
    """Return a number of any kind, such as a decimal or a tensor of one element, as a float; None for what is no finite number."""
    if value is None or (type(value) is float and math.isfinite(value)):
        return value
    try:
        number = float(value)
    except Exception:  # noqa: BLE001 - a foreign class
        return None
    return number if math.isfinite(number) else None


_LONGEST_BAGGAGE_VALUE = 512


def _is_sensible(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_BAGGAGE_VALUE and value.isprintable()


def _text(baggage: Mapping[str, object], key: str) -> str | None:
    value = baggage.get(key)
    return value if isinstance(value, str) and value else None


def _whole_number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _seconds(milliseconds: object) -> float | None:
    text = str(milliseconds)
    # 15 digits of milliseconds reach the year 33658.
    return int(text) / 1000 if text.isascii() and text.isdigit() and len(text) <= 15 else None
