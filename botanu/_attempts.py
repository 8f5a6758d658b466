"""Which attempt of a retried operation is under way: set by the integrations of retrying libraries, read by trackers and runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botanu.models.run_context import RunContext


@dataclass(slots=True)
class Attempts:
    """The attempts of one operation, and the runs that were made in them."""

    number: Callable[[], int]
    """Says which attempt is under way, counted from 1; 0 when none is."""
    _runs: dict[Hashable, tuple[int, RunContext]] = field(default_factory=dict[Hashable, "tuple[int, RunContext]"])

    def repeated_by(self, plan: Hashable, attempt: int) -> RunContext | None:
        """Return the run of the same plan in an earlier attempt."""
        made = self._runs.get(plan)
        return made[1] if made is not None and made[0] < attempt else None

    def made(self, plan: Hashable, attempt: int, run: RunContext) -> None:
        """Remember the run that was made for `plan` in this attempt."""
        self._runs[plan] = (attempt, run)


current_attempts: ContextVar[Attempts | None] = ContextVar("botanu_attempts", default=None)
"""The attempts of the innermost retried operation."""


def current_attempt() -> int:
    """Return the number of the attempt under way, 0 when none is."""
    attempts = current_attempts.get()
    return 0 if attempts is None else attempts.number()
