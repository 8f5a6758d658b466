"""Calls one by one, counted or not, and why."""

from __future__ import annotations

from typing import Literal

from botanu_store.filters import Filters, Where, where
from botanu_store.prices.price import ALWAYS_FROM_NS
from botanu_store.records import METERS
from botanu_store.reports.database import Database
from botanu_store.reports.report import ZERO, Report, Row, coverage, occurring, presentable
from botanu_store.reports.text import filled


def calls(
    db: Database, filters: Filters, *, kind: Literal["all", "not_counted", "unpriced"] = "all", limit: int | None = None
) -> Report:
    """Every call, counted or not; the totals are over the counted ones."""
    conditions = where(filters)
    kinds = {"all": "true", "not_counted": "not c.counted", "unpriced": "c.counted and c.priced = 'no'"}
    page = "" if limit is None else f"limit {int(limit)}"
    # Only the newest are priced where that alone decides which are on the page.
    since_ns = _since_ns(db, conditions, kinds[kind], page) if page and kind != "unpriced" else ALWAYS_FROM_NS
    values = {"meters": ", ".join(f"c.{meter}" for meter in METERS), "kind_filter": kinds[kind]}
    text = filled("calls", conditions, **values, since_ns=str(since_ns), page=page)
    rows = [presentable(row) for row in db.rows(text, conditions.parameters)]
    listed, totals = _totals_of_calls(db, conditions, kind, kinds[kind])
    found = coverage(db, filters, totals if kind == "all" else None)
    return Report("calls", rows, totals, found, filters.interval, filters.asked(), listed)


def _totals_of_calls(db: Database, conditions: Where, kind: str, kind_filter: str) -> tuple[int, Row]:
    """How many calls the whole list has, and what those that count used and cost; prices are looked up only where nothing else tells."""
    sums = ", ".join(
        f"cast(coalesce(sum(c.{meter}) filter (where c.counted), 0) as bigint) as {meter}"
        for meter in occurring(db)
        if meter in METERS
    )
    priced = kind == "unpriced"
    of_list = {"kind_filter": kind_filter, "sums": sums, "relation": "priced_calls" if priced else "calls"}
    costs = "count(*) as unpriced_calls, sum(c.cost_usd) as cost_usd," if priced else ""
    used = db.rows(filled("call_totals", conditions, **of_list, costs=costs), conditions.parameters)[0]
    listed = used.pop("listed")
    totals: Row = {"calls": 0, "unpriced_calls": 0, "cost_usd": None} | dict.fromkeys(METERS, 0) | used
    if kind == "all":
        totals |= db.rows(filled("coverage", conditions), conditions.parameters)[0]
    if not totals["calls"]:
        totals["cost_usd"] = ZERO
    return listed, totals


def _since_ns(db: Database, conditions: Where, kind: str, page: str) -> int:
    """When the last call of a page began, the newest first."""
    newest = f"select c.start_ns from calls as c {conditions.of_runs} where {conditions.runs} and ({conditions.calls}) and {kind} order by c.start_ns desc {page}"
    row = db.rows(f"select min(start_ns) as since_ns from ({newest}) as newest", conditions.parameters)[0]
    return int(row["since_ns"] or 0)
