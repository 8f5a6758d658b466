"""Unit economics: what an outcome cost, what it was worth, and what was spent for nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from botanu_store.filters import NO_CONDITIONS, Filters, where
from botanu_store.reports.database import Database
from botanu_store.reports.report import ZERO, Report, Row, coverage, known_sum, per, share, total
from botanu_store.reports.text import filled, runs_used

_COUNTS = ("runs", "root_runs", "success", "partial", "failed", "unknown", "calls", "unpriced_calls")
_WASTE = ("failed_runs_usd", "retried_usd", "failed_calls_usd")


def outcomes(db: Database, filters: Filters, values: Mapping[str, Decimal]) -> Report:
    """Report unit economics per use case and value type; the unit is the root run, whose attempts are one.

    Args:
        db: an open store.
        filters: which runs.
        values: what one unit of a value type is worth in USD; a type named `usd` or `…_usd` counts as itself.
    """
    units, parameters = units_of(db, filters, values)
    rows = _by_type(db.rows(filled("outcomes", NO_CONDITIONS, units=units), parameters))
    totals = total(rows, _COUNTS) | {name: sum((row[name] for row in rows), ZERO) for name in _WASTE}
    totals["value_usd"] = _value(rows)
    for row in (*rows, totals):
        _economics(row)
    return Report("outcomes", rows, totals, coverage(db, filters, totals), filters.interval, filters.asked(), len(rows))


def units_of(db: Database, filters: Filters, values: Mapping[str, Decimal]) -> tuple[str, dict[str, Any]]:
    """Return the start of a query that defines `units`, one row per root run, and what it binds."""
    conditions = where(filters)
    text = filled(
        "units",
        conditions,
        **runs_used(db, conditions),
        worth=_worth(len(values)),
    )
    bound = {f"value_type_{number}": value_type for number, value_type in enumerate(values)}
    return text, conditions.parameters | bound | {f"value_usd_{n}": usd for n, usd in enumerate(values.values())}


def _worth(count: int) -> str:
    """The query of what one unit of each of so many value types is worth."""
    row = "select cast({} as varchar) as value_type, cast({} as decimal(12, 6)) as usd"
    named = [row.format(f"$value_type_{number}", f"$value_usd_{number}") for number in range(count)]
    return " union all ".join(named) or f"{row.format('null', 'null')} where false"


def _by_type(alike: list[Row]) -> list[Row]:
    """Add up units that are alike by use case and value type, the dearest first."""
    types: dict[str | None, set[str]] = defaultdict(set)
    for row in alike:
        types[row["use_case"]].update({row["value_type"]} - {None})
    groups: dict[tuple[str | None, str | None], list[Row]] = defaultdict(list)
    for row in alike:
        # A unit that named no value type, as failed ones seldom do, counts with its use case's only one.
        only = next(iter(types[row["use_case"]])) if len(types[row["use_case"]]) == 1 else None
        groups[row["use_case"], row["value_type"] or only].append(row)
    rows = [_summed(*kind, units) for kind, units in groups.items()]
    return sorted(rows, key=lambda row: (*_dearest(row), *map(_last, (row["use_case"], row["value_type"]))))


def _summed(use_case: str | None, value_type: str | None, units: list[Row]) -> Row:
    failed = [unit for unit in units if unit["outcome"] in _FAILED]
    others = [unit for unit in units if unit["outcome"] not in _FAILED]
    return {
        "use_case": use_case,
        "value_type": value_type,
        "runs": _count(units, "runs"),
        "root_runs": _count(units, "root_runs"),
        "success": _count((unit for unit in units if unit["outcome"] == "success"), "root_runs"),
        "partial": _count((unit for unit in units if unit["outcome"] == "partial"), "root_runs"),
        "failed": _count(failed, "root_runs"),
        "unknown": _count((unit for unit in units if unit["outcome"] == "none"), "root_runs"),
        "value_amount": known_sum(unit["value_amount"] for unit in units),
        "value_usd": _value(units),
        "values_without_price": _count(units, "values_without_price"),
        "calls": _count(units, "calls"),
        "unpriced_calls": _count(units, "unpriced_calls"),
        "cost_usd": known_sum(unit["cost_usd"] for unit in units),
        # Each call once: first by its unit, then by its attempt, then by itself.
        "failed_runs_usd": known_sum(unit["cost_usd"] for unit in failed) or ZERO,
        "retried_usd": known_sum(unit["retried_usd"] for unit in others) or ZERO,
        "failed_calls_usd": known_sum(unit["failed_calls_usd"] for unit in others) or ZERO,
        "reasons": _reasons(failed),
        "unsuccessful": [
            {"outcome": outcome, **row}
            for outcome in ("partial", *_FAILED)
            for row in _reasons([unit for unit in units if unit["outcome"] == outcome]) or ()
        ],
    }


def _reasons(failed: list[Row]) -> list[Row] | None:
    """Why units failed, the dearest reason first; None where none did."""
    by_reason: dict[str | None, list[Row]] = defaultdict(list)
    for unit in failed:
        by_reason[unit["reason"]].append(unit)
    reasons: list[Row] = [
        {
            "reason": reason,
            "root_runs": _count(units, "root_runs"),
            "cost_usd": known_sum(unit["cost_usd"] for unit in units),
        }
        for reason, units in by_reason.items()
    ]
    return sorted(reasons, key=lambda row: (*_dearest(row), -row["root_runs"], _last(row["reason"]))) or None


def _count(units: Iterable[Row], name: str) -> int:
    return sum(int(unit[name]) for unit in units)


def _value(rows: Sequence[Row]) -> Decimal | None:
    """What was achieved is worth; None where it is not known of all of it."""
    return None if _count(rows, "values_without_price") else known_sum(row["value_usd"] for row in rows)


def _dearest(row: Row) -> tuple[bool, Decimal]:
    return row["cost_usd"] is None, -(row["cost_usd"] or ZERO)


def _last(text: str | None) -> tuple[bool, str]:
    return text is None, text or ""


_FAILED = ("failed", "timeout", "canceled")


def _economics(row: Row) -> None:
    cost = row["cost_usd"]
    row["waste_usd"] = None if cost is None else sum((row[name] for name in _WASTE), Decimal(0))
    row["waste_share"] = share(row["waste_usd"], cost)
    add_rates(row)


def added_up(rows: Sequence[Row]) -> Row:
    """Return what rows of a trend come to together, and what follows from that."""
    whole = total(rows, ("root_runs", "success", "unknown", "unpriced_calls")) | {"value_usd": _value(rows)}
    add_rates(whole)
    return whole


def add_rates(row: Row) -> None:
    """Add what follows from cost, value and how many units succeeded: per outcome, success rate and return."""
    cost, value, success = row["cost_usd"], row["value_usd"], row["success"]
    known = row["root_runs"] - row["unknown"]
    row["success_rate"] = success / known if known else None
    row["cost_per_outcome_usd"] = per(cost, success)
    # By the same count as the cost, though partial outcomes bring value too: what one is worth beside what it cost is the return.
    row["value_per_outcome_usd"] = per(value, success)
    row["roi"] = None if value is None or cost is None else share(value - cost, cost)
