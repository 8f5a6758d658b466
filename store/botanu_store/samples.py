"""What each run, root run, day or call used and cost: the numbers that budgets take their statistics from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from botanu_store.engines.duckdb import Database
from botanu_store.filters import Filters, where
from botanu_store.outcomes import units_of
from botanu_store.report_text import filled, used
from botanu_store.reports import Row, at_least, dimension

Per = Literal["run", "outcome", "root_run", "day", "call"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One unit: what it used and cost, and whether it achieved its outcome."""

    cost_usd: Decimal | None
    """None where no call of it has a price."""
    tokens: int
    llm_calls: int
    unpriced_calls: int
    achieved: bool


def samples(db: Database, filters: Filters, per: Per) -> list[Sample]:
    """Return one sample per unit, in no order; `outcome` and `root_run` have root runs for units."""
    if per in ("outcome", "root_run"):
        rows = _root_runs(db, filters)
    elif per == "call":
        rows = _calls(db, filters)
    else:
        rows = _runs(db, filters, "r.run_id" if per == "run" else dimension("time:day", filters.interval.tz))
    return [
        Sample(row["cost_usd"], int(row["tokens"]), int(row["llm_calls"]), int(row["unpriced_calls"]), row["achieved"])
        for row in rows
    ]


_COLUMNS = "cost_usd, tokens, llm_calls, unpriced_calls"


def _root_runs(db: Database, filters: Filters) -> list[Row]:
    units, parameters = units_of(filters, {})
    return db.rows(f"{units} select {_COLUMNS}, outcome = 'success' as achieved from units", parameters)


def _calls(db: Database, filters: Filters) -> list[Row]:
    conditions = where(filters)
    text = (
        "select c.cost_usd, c.input_tokens + c.output_tokens as tokens, c.category in ('llm', 'embedding') as llm_calls, "
        "c.priced = 'no' as unpriced_calls, true as achieved from counted_calls as c inner join runs as r on r.run_id = c.run_id "
        f"where {conditions.runs} and ({conditions.calls})"
    )
    return db.rows(text, conditions.parameters)


def _runs(db: Database, filters: Filters, unit: str) -> list[Row]:
    conditions = where(filters)
    text = filled(
        "samples",
        conditions,
        unit=unit,
        used=used(conditions),
        join="inner join" if conditions.needs_calls else "left join",
        having=at_least(filters, conditions, "coalesce(sum(u.used_usd), 0) >= $min_cost") or "true",
    )
    return db.rows(text, conditions.parameters)
