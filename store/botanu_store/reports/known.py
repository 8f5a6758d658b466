"""Which values the store has: what a filter could have meant, and what can be offered while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botanu_store.filters import RUN_COLUMNS, any_of

if TYPE_CHECKING:
    from botanu_store.reports.database import Database


def kept_in(dimension: str) -> dict[str, str]:
    """Return the columns that hold the values of a dimension, by their table."""
    if dimension == "service":
        # A run without calls has a service all the same.
        return {"runs": "service", "calls": "service"}
    if dimension == "value_type":
        return {"runs": dimension}
    return {"runs": RUN_COLUMNS[dimension].removeprefix("r.")} if dimension in RUN_COLUMNS else {"calls": dimension}


def is_known(db: Database, dimension: str, value: str) -> bool:
    """Return whether the store has this value of a dimension; it may hold `*`."""
    parameters: dict[str, Any] = {}
    return any(
        db.rows(
            f"select 1 as found from {table} where {any_of(column, [value], 'value', parameters)} limit 1", parameters
        )
        for table, column in kept_in(dimension).items()
    )


def known_values(db: Database, dimension: str) -> list[str]:
    """Return the values that a dimension, or `value_type`, has in the store, most frequent first, at most a thousand."""
    kept = " union all ".join(f"select {column} as known from {table}" for table, column in kept_in(dimension).items())
    text = (
        f"select k.known as value from ({kept}) as k where coalesce(k.known, '') <> '' "
        "group by k.known order by count(*) desc, k.known limit 1000"
    )
    return [str(row["value"]) for row in db.rows(text, {})]
