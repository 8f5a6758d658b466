"""Runs with what they came to, in any order, and what to call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from botanu_store.engines.duckdb import fill
from botanu_store.filters import Filters, Where, only, where
from botanu_store.reports.database import Database, Named
from botanu_store.reports.report import Report, Row, coverage, presentable, total
from botanu_store.reports.text import filled, runs_used

RunSort = Literal["started", "cost", "duration", "tokens", "llm_calls"]

RUN_SORTS: dict[RunSort, str] = {
    "started": "r.start_ns desc",
    "cost": "cost_usd desc nulls last",
    "duration": "r.end_ns - r.start_ns desc",
    "tokens": "input_tokens + output_tokens desc",
    "llm_calls": "llm_calls desc",
}

_SUMMED = ("calls", "llm_calls", "failed_calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens")
_BY_RUN_ALONE = ("started", "duration")
_TOTALS_OF_RUNS = (
    "select count(*) as runs, "
    + ", ".join(f"cast(coalesce(sum(listed.{name}), 0) as bigint) as {name}" for name in _SUMMED)
    + ", sum(listed.cost_usd) as cost_usd from ({listed}) as listed"
)


def runs(db: Database, filters: Filters, *, sort: RunSort = "started", limit: int | None = None) -> Report:
    """Runs with their outcome and cost; the totals are over all that match, whatever the limit."""
    conditions = where(filters)
    order = f"order by {RUN_SORTS[sort]}, r.run_id desc" + ("" if limit is None else f" limit {int(limit)}")
    # Where only a run's own facts decide which runs are on the page, theirs alone are priced: a page costs the same at any size.
    early = limit is not None and sort in _BY_RUN_ALONE and not conditions.needs_calls
    shown = only(conditions, _first_runs(db, conditions, order)) if early else conditions
    text = filled("runs", shown, **runs_used(db, shown), order=order)
    asked = db.of(Named(ids=shown.only)) if early else db
    rows = [presentable(row) for row in asked.rows(text, shown.parameters)]
    if limit is None or len(rows) < limit:
        totals = total(rows, _SUMMED) | {"runs": len(rows)}
    else:
        listed = filled("runs", conditions, **runs_used(db, conditions), order="")
        totals = _totals_of_all(db, conditions, listed, all_used=not conditions.needs_calls)
    found = coverage(db, filters, totals)
    return Report("runs", rows, totals, found, filters.interval, filters.asked(), totals["runs"])


def _totals_of_all(db: Database, conditions: Where, listed: str, *, all_used: bool) -> Row:
    """Sums over all runs that match, page or not: of all that they used, where nothing else decides which runs those are."""
    if all_used:
        totals = db.rows(filled("run_totals", conditions), conditions.parameters)[0]
        if totals["cost_usd"] is not None:
            return totals
    return db.rows(fill(_TOTALS_OF_RUNS, listed=listed), conditions.parameters)[0]


def _first_runs(db: Database, conditions: Where, order: str) -> list[str]:
    text = f"select r.run_id from runs as r where {conditions.runs} {order}"
    return [str(row["run_id"]) for row in db.rows(text, conditions.parameters)]


def short_ids(db: Database, run_ids: Sequence[str]) -> dict[str, str]:
    """Return for each run id its shortest beginning, of eight characters or more, that no other run shares."""
    if not run_ids:
        return {}
    beginnings = {f"b{i}": run_id[:_SHORT] for i, run_id in enumerate(dict.fromkeys(run_ids))}
    text = f"select run_id from runs where left(run_id, {_SHORT}) in ({', '.join('$' + key for key in beginnings)}) order by run_id"
    here = db.of(Named(beginnings=tuple(beginnings.values())))
    near = [str(row["run_id"]) for row in here.rows(text, beginnings)]
    short: dict[str, str] = {}
    for index, run_id in enumerate(near):
        others = near[max(index - 1, 0) : index] + near[index + 1 : index + 2]
        length = max([_SHORT, *(_shared(run_id, other) + 1 for other in others)])
        short[run_id] = run_id[:length]
    return {run_id: short[run_id] for run_id in run_ids}


def _shared(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


_SHORT = 8
