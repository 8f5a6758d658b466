"""The budgets of a view as far as they are judged: over millions of runs that takes seconds, and what is known is shown before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botanu_cli.tui.screens.page import Question
from botanu_cli.tui.standing import Standing, standings

if TYPE_CHECKING:
    from botanu_cli.budgets.evaluate import Result
    from botanu_cli.budgets.read import Budget
    from botanu_cli.tui.reader import Scope
    from botanu_cli.tui.view import View

Row = dict[str, Any]


class Board:
    """Every limit of every budget, in the order of the settings file, with how it stands or, before that is known, its name alone."""

    def __init__(self) -> None:
        self.budgets: Sequence[Budget] = ()
        self._view: View | None = None
        self._judged: dict[str, list[Standing]] = {}

    def begin(self, budgets: Sequence[Budget], view: View) -> None:
        """Go on with these budgets; how they stood in the same view stays until they are judged anew."""
        kept = {budget.name for budget in budgets} if view == self._view else ()
        self._judged = {name: found for name, found in self._judged.items() if name in kept}
        self.budgets, self._view = budgets, view

    def add(self, found: Sequence[Standing]) -> None:
        """Put down how some budgets stand."""
        for name in {standing.row["budget"] for standing in found}:
            self._judged[name] = [standing for standing in found if standing.row["budget"] == name]

    @property
    def results(self) -> list[Result]:
        """The budgets that are judged."""
        return [self._judged[budget.name][0].result for budget in self.budgets if budget.name in self._judged]

    @property
    def summary(self) -> str:
        """How many are kept, or how far they are judged."""
        found = [result.status for result in self.results]
        if len(found) < len(self.budgets):
            return f"{len(found)} of {len(self.budgets)} judged …"
        broken = f"{found.count('fail')} broken · " if "fail" in found else ""
        return f"{broken}{found.count('pass') + found.count('warn')} of {len(found)} kept"

    def rows(self, now: datetime) -> list[Row]:
        """Return the rows that a grid shows."""
        return [row for budget in self.budgets for row in self._rows(budget, now)]

    def _rows(self, budget: Budget, now: datetime) -> list[Row]:
        if budget.name in self._judged:
            return [_judged_row(standing, now) for standing in self._judged[budget.name]]
        return [_named_row(budget, limit) for limit in budget.limits]


def board_questions(
    scope: Scope,
    config: Path | None,
    begin: Callable[[Sequence[Budget]], None],
    add: Callable[[Sequence[Standing]], None],
) -> list[Question]:
    """Return what to ask for a board: which budgets there are, and then how they stand, some at a time."""
    from botanu_cli.budgets.evaluate import alike
    from botanu_cli.budgets.read import budgets_of

    budgets = budgets_of(config)
    asked = [partial(standings, scope=scope, budgets=some) for some in alike(budgets)]
    return [
        Question(lambda _: budgets, begin, "budgets"),
        *(Question(ask, add, f"budgets {number}") for number, ask in enumerate(asked)),
    ]


def day_of(standing: Standing, now: datetime) -> str:
    """Write the day on which a limit is reached, if it is."""
    if standing.runs_out is None:
        return ""
    day = standing.runs_out.astimezone(now.tzinfo)
    return f"{day.day} {day:%b}" if day.year == now.year else f"{day.day} {day:%b %Y}"


def _judged_row(standing: Standing, now: datetime) -> Row:
    shown = {"standing": standing, "course": standing.course, "calls": 1, "runs_out": day_of(standing, now)}
    return standing.row | shown


def _named_row(budget: Budget, limit: str) -> Row:
    from botanu_cli.budgets import words
    from botanu_cli.budgets.evaluate import unit_of

    return {
        "standing": None,
        "status": None,
        "budget": budget.name,
        "limit": limit,
        "what": words.what(budget, limit),
        "measured_text": "…",
        "limit_text": words.figure(budget.limits[limit], unit_of(limit)),
        "used": None,
        "course": (),
        "calls": 1,
        "runs_out": "",
    }
