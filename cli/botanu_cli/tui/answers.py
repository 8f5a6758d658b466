"""What the store answered, kept for other screens that ask the same of the same store: a key then shows at once what was read before."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from botanu_cli.tui.view import View

Stat = tuple[int, ...]
Fingerprint = tuple[Stat, tuple[str, ...], Stat]
"""Of the store's file, what waits in its spool, and the settings."""
UNREAD: Fingerprint = ((), (), ())
"""Before anything was read."""

Words = tuple[str, ...]
"""A view, as it is asked for on a command line."""

MOVING_SECONDS = 60.0
"""How long an answer holds where the interval moves with the clock."""
_MOST = 40


class Answers:
    """Answers by question and view, of one state of the store."""

    def __init__(self) -> None:
        self._of = UNREAD
        self._found: dict[tuple[str, Words], tuple[float, Any]] = {}

    def known(self, of: Fingerprint, view: View) -> dict[str, Any]:
        """Return what is known of a view while the store is in this state; nothing where no file tells its state."""
        if of != self._of or not any(of):
            return {}
        now, words = monotonic(), tuple(view.flags())
        return {
            question: answer
            for (question, looked_at), (asked_at, answer) in list(self._found.items())
            if looked_at == words and not (view.moving and now - asked_at > MOVING_SECONDS)
        }

    def keep(self, of: Fingerprint, view: View, answers: Mapping[str, Any]) -> None:
        """Keep what was answered; what another state of the store answered is forgotten."""
        if of != self._of or len(self._found) > _MOST:
            self.forget()
        self._of, now, words = of, monotonic(), tuple(view.flags())
        self._found |= {(question, words): (now, answer) for question, answer in answers.items()}

    def forget(self) -> None:
        """Ask the store again, whatever is asked next."""
        self._found = {}
