"""Lists of runs too long to hold: their order first, as ids alone, then any piece of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botanu_store.filters import Filters, only, where
from botanu_store.reports.database import Database, Named
from botanu_store.reports.report import Row, presentable
from botanu_store.reports.runs import RunSort
from botanu_store.reports.text import filled, runs_used

_SORTS: dict[RunSort, str] = {
    "started": "start_ns desc",
    "cost": "cost_usd desc nulls last",
    "duration": "duration_ms desc",
    "tokens": "input_tokens + output_tokens desc",
    "llm_calls": "llm_calls desc",
}


class RunOrder:
    """The ids of all runs under some filters in one order, at about forty bytes a run."""

    def __init__(self, ids: Any) -> None:
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self, first: int, last: int) -> list[str]:
        """Return the ids from one place on up to another, exclusive."""
        return [str(run_id) for run_id in self._ids.slice(max(first, 0), max(last - max(first, 0), 0)).to_pylist()]

    def find(self, run_id: str) -> int | None:
        """Return where a run stands; None where it is not among them."""
        place = int(self._ids.index(run_id).as_py())
        return None if place < 0 else place


def run_order(db: Database, filters: Filters, sort: RunSort) -> RunOrder:
    """Return the order in which `runs` lists the runs under these filters."""
    conditions = where(filters)
    if sort == "started" and not conditions.needs_calls:
        text = f"select r.run_id from runs as r where {conditions.runs} order by r.start_ns desc, r.run_id desc"
    else:
        listed = filled("runs", conditions, **runs_used(db, conditions), order="")
        text = f"select run_id from ({listed}) as listed order by {_SORTS[sort]}, run_id desc"
    return RunOrder(db.arrow(text, conditions.parameters).column("run_id"))


def runs_named(db: Database, filters: Filters, run_ids: Sequence[str]) -> list[Row]:
    """Return the rows that `runs` has for these runs under these filters, in the order of the ids; those that are gone are left out."""
    if not run_ids:
        return []
    conditions = where(filters)
    these = only(conditions, run_ids)
    text = filled("runs", these, **runs_used(db, these), order="")
    rows = {row["run_id"]: presentable(row) for row in db.of(Named(ids=these.only)).rows(text, these.parameters)}
    return [rows[run_id] for run_id in run_ids if run_id in rows]
