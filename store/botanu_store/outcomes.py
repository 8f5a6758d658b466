"""Unit economics: what an outcome cost, what it was worth, and what was spent for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from botanu_store.engines.duckdb import Database
from botanu_store.filters import NO_CONDITIONS, Filters, where
from botanu_store.report_text import filled, used
from botanu_store.reports import Report, Row, at_least, coverage, per, share, total

_COUNTS = ("runs", "root_runs", "success", "partial", "failed", "unknown", "calls", "unpriced_calls")
_WASTE = ("failed_runs_usd", "retried_usd", "failed_calls_usd")


def outcomes(db: Database, filters: Filters, values: Mapping[str, Decimal]) -> Report:
    """Report unit economics per use case and value type; the unit is the root run, whose attempts are one.

    Args:
        db: an open store.
        filters: which runs.
        values: what one unit of a value type is worth in USD; a type named `usd` or `…_usd` counts as itself.
    """
    units, parameters = units_of(filters, values)
    rows = db.rows(filled("outcomes", NO_CONDITIONS, units=units), parameters)
    totals = total(rows, _COUNTS) | {name: sum((row[name] for row in rows), Decimal(0)) for name in _WASTE}
    totals["value_usd"] = _all_values(rows)
    for row in (*rows, totals):
        _economics(row)
    return Report("outcomes", rows, totals, coverage(db, filters, totals), filters.interval, filters.asked(), len(rows))


def units_of(filters: Filters, values: Mapping[str, Decimal]) -> tuple[str, dict[str, Any]]:
    """Return the start of a query that defines `units`, one row per root run, and what it binds."""
    conditions = where(filters)
    text = filled(
        "units",
        conditions,
        used=used(conditions),
        join="inner join" if conditions.needs_calls else "left join",
        having=at_least(filters, conditions, "coalesce(cost_usd, 0) >= $min_cost") or "true",
    )
    bound = {"value_types": list(values), "value_usd": list(values.values())}
    return text, conditions.parameters | bound


def _all_values(rows: list[Row]) -> Decimal | None:
    """The sum of values, None where some achieved value has no price."""
    if any(row["value_usd"] is None and row["value_amount"] is not None for row in rows):
        return None
    known = [row["value_usd"] for row in rows if row["value_usd"] is not None]
    return sum(known, Decimal(0)) if known else None


def _economics(row: Row) -> None:
    cost = row["cost_usd"]
    row["waste_usd"] = None if cost is None else sum((row[name] for name in _WASTE), Decimal(0))
    row["waste_share"] = share(row["waste_usd"], cost)
    add_rates(row)


def add_rates(row: Row) -> None:
    """Add what follows from cost, value and how many units succeeded: per outcome, success rate and return."""
    cost, value, success = row["cost_usd"], row["value_usd"], row["success"]
    known = row["root_runs"] - row["unknown"]
    row["success_rate"] = success / known if known else None
    row["cost_per_outcome_usd"] = per(cost, success)
    row["value_per_outcome_usd"] = per(value, success)
    row["roi"] = None if value is None or cost is None else share(value - cost, cost)
