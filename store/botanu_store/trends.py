"""What changes over time: when the runs were, and unit economics bucket by bucket."""

from __future__ import annotations

from datetime import datetime

from botanu_store.engines.duckdb import Database
from botanu_store.filters import Filters, where
from botanu_store.reports import moment


def extent(db: Database, filters: Filters) -> tuple[datetime, datetime] | None:
    """Return when the first and the last run under these filters started; None where there is none. Filters on calls are left aside."""
    conditions = where(filters)
    text = f"select min(r.start_ns) as first, max(r.start_ns) as last from runs as r where {conditions.runs}"
    row = db.rows(text, conditions.parameters)[0]
    return None if row["first"] is None else (moment(row["first"]), moment(row["last"]))
