"""How budgets stand: what `botanu budget check` says of each, its course day by day, and when it runs out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from botanu_cli.budgets.burn import exhausted_at
from botanu_cli.tui.series import all_buckets

if TYPE_CHECKING:
    from botanu_store.store import Store

    from botanu_cli.budgets.evaluate import Check, Result
    from botanu_cli.budgets.read import Budget
    from botanu_cli.tui.reader import Scope

Daily = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """One limit of one budget: its row in the report, and what the dashboard draws beside it."""

    result: Result
    row: dict[str, Any]
    sentence: str
    daily: Daily
    """The figure by day; empty where it has none."""
    adds_up: bool
    """Whether days add up towards the limit."""
    runs_out: datetime | None

    @property
    def buckets(self) -> list[str]:
        """Every day from the first to the last."""
        return all_buckets(set(self.daily), "day")

    @property
    def course(self) -> list[float | None]:
        """The figure of each day, or all up to it."""
        figures = [self.daily.get(bucket) for bucket in self.buckets]
        return list(accumulate(figure or 0.0 for figure in figures)) if self.adds_up else figures


def judge(store: Store, scope: Scope, budgets: Sequence[Budget]) -> list[Result]:
    """Judge budgets, as `botanu budget check` does under the same filters."""
    from botanu_cli.budgets.evaluate import Context, evaluate

    context = Context(store, scope.filters, scope.zone, scope.now, scope.worth)
    return evaluate(budgets, context, remembering=False)


def standings(store: Store, scope: Scope, budgets: Sequence[Budget]) -> list[Standing]:
    """Judge budgets, and find the course of each of their limits."""
    results = judge(store, scope, budgets)
    return [_standing(result, check, store, scope) for result in results for check in result.checks]


def _standing(result: Result, check: Check, store: Store, scope: Scope) -> Standing:
    from botanu_cli.budgets import words
    from botanu_cli.budgets.formats import row_of

    adds_up = check.limit in ("max_usd", "max_tokens") and result.budget.per == "total"
    return Standing(
        result=result,
        row=row_of(result, check),
        sentence=words.sentence(result, check),
        daily=_daily(result, check, store, scope),
        adds_up=adds_up,
        runs_out=_runs_out(result, check, store, scope) if adds_up else None,
    )


def _daily(result: Result, check: Check, store: Store, scope: Scope) -> Daily:
    if check.limit in ("max_usd", "max_tokens"):
        rows = store.cost(result.filters, ("time:day",)).rows
        return {str(row["time"]): _amount(row, check.limit, result.budget.per) for row in rows}
    if check.limit in ("min_success_rate", "min_roi"):
        return _economic(store.outcome_trend(result.filters, scope.worth, "day"), check.limit.removeprefix("min_"))
    return {}


def _amount(row: dict[str, Any], limit: str, per: str) -> float | None:
    amount = row["cost_usd"] if limit == "max_usd" else row["input_tokens"] + row["output_tokens"]
    if amount is None:
        return None
    count = {"total": 1, "day": 1, "call": row["calls"]}.get(per, row["runs"])
    return float(amount) / count if count else None


def _economic(rows: Iterable[dict[str, Any]], figure: str) -> Daily:
    from botanu_store.reports.outcomes import added_up

    days: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        days[str(row["time"])].append(row)
    found = {day: added_up(of_day)[figure] for day, of_day in days.items()}
    return {day: None if each is None else float(each) for day, each in found.items()}


def _runs_out(result: Result, check: Check, store: Store, scope: Scope) -> datetime | None:
    interval = result.filters.interval
    extent = store.extent(result.filters)
    since = interval.since or (extent[0] if extent else None)
    until = min(scope.now, interval.until or scope.now)
    if since is None or check.measured is None:
        return None
    return exhausted_at(check.measured, check.allowed, since, until)
