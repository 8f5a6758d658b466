"""Retries by tenacity appear as attempts.

    @retry(stop=stop_after_attempt(3), before=botanu_before)
    def answer(question): ...

Model calls tracked inside carry the number of their attempt; a run opened inside is a retry of the run of the attempt before,
with `attempt`, `retry_of_run_id` and `root_run_id` to say so. Outside of an attempt nothing of it is left.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary, ref

from botanu._attempts import Attempts, current_attempts

_known: WeakKeyDictionary[Any, Attempts] = WeakKeyDictionary()


def botanu_before(retry_state: Any) -> None:
    """Tenacity's `before` callback: an attempt begins."""
    attempts = _known.get(retry_state)
    if attempts is None:
        attempts = _known[retry_state] = Attempts(_number_of(ref(retry_state)))
    current_attempts.set(attempts)


def botanu_after_all(retry_state: Any) -> None:  # noqa: ARG001 - tenacity passes it
    """Tenacity's `after` callback, for programs that name both; an attempt is over without it too."""
    current_attempts.set(None)


def _number_of(state: ref[Any]) -> Any:
    def number() -> int:
        # Tenacity sets the outcome when an attempt is over, and drops the state when there will be no other.
        alive = state()
        return alive.attempt_number if alive is not None and alive.outcome is None else 0

    return number
