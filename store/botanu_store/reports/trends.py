"""What changes over time: when the runs were, and unit economics bucket by bucket."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from botanu_store.filters import CALL_COLUMNS, NO_CONDITIONS, Filters, where
from botanu_store.reports.cost import cost, dimension
from botanu_store.reports.database import Database
from botanu_store.reports.outcomes import add_rates, units_of
from botanu_store.reports.report import Row
from botanu_store.reports.text import filled, runs_used
from botanu_store.times import moment


def extent(db: Database, filters: Filters) -> tuple[datetime, datetime] | None:
    """Return when the first and the last run under these filters started; None where there is none. Filters on calls are left aside."""
    conditions = where(filters)
    text = f"select min(r.start_ns) as first, max(r.start_ns) as last from runs as r where {conditions.runs}"
    row = db.rows(text, conditions.parameters)[0]
    return None if row["first"] is None else (moment(row["first"]), moment(row["last"]))


def spend_trend(db: Database, filters: Filters, name: str, unit: str) -> list[Row]:
    """Return calls without a price and cost by unit of time (hour, day, week, month) and by a dimension, whose value is `name`; in no order.

    Raises:
        InputError: no such dimension or unit of time.
    """
    if name == "meter":  # A call has several.
        return [row | {"name": row["meter"]} for row in cost(db, filters, (f"time:{unit}", name)).rows]
    conditions = where(filters)
    parts = {"group": dimension(name, filters.interval.tz), "time": dimension(f"time:{unit}", filters.interval.tz)}
    if name in CALL_COLUMNS:
        text = filled("spend_trend_of_calls", conditions, **parts)
    else:
        text = filled("spend_trend", conditions, **parts, **runs_used(db, conditions))
    return db.rows(text, conditions.parameters)


def outcome_trend(db: Database, filters: Filters, values: Mapping[str, Decimal], unit: str) -> list[Row]:
    """Return unit economics by use case and unit of time (hour, day, week, month), in order of time.

    Raises:
        InputError: no such unit of time.
    """
    units, parameters = units_of(db, filters, values)
    time = dimension(f"time:{unit}", filters.interval.tz)
    rows = db.rows(filled("outcome_trend", NO_CONDITIONS, units=units, time=time), parameters)
    for row in rows:
        add_rates(row)
    return rows
