"""What was spent, by any dimensions of runs and of their calls."""

from __future__ import annotations

import re
from collections.abc import Sequence

from botanu_store.errors import InputError, instead
from botanu_store.filters import (
    CALL_COLUMNS,
    NO_CONDITIONS,
    RUN_COLUMNS,
    RUNS_OF_CALLS,
    TIME_UNITS,
    Filters,
    Where,
    where,
)
from botanu_store.prices.money import by_meter
from botanu_store.reports.database import Database
from botanu_store.reports.report import Report, Row, coverage, occurring, per, share, total
from botanu_store.reports.text import filled, joined_used, runs_used, text_of, used

DIMENSIONS: tuple[str, ...] = (*RUN_COLUMNS, *CALL_COLUMNS, *(f"time:{unit}" for unit in TIME_UNITS))
"""Everything a cost can be broken down by."""

_COUNTED = ("runs", "calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens")


def cost(
    db: Database, filters: Filters, group_by: Sequence[str] = ("use_case",), *, limit: int | None = None
) -> Report:
    """Cost by any of `DIMENSIONS`, the dearest first, of times the newest: runs, calls, tokens, cost, share, and cost per run.

    The totals are over all groups, whatever the limit.

    Raises:
        InputError: an unknown dimension.
    """
    conditions = where(filters)
    by_call = any(name in CALL_COLUMNS for name in group_by if name != "service")
    parts = _by(db, group_by, filters.interval.tz, conditions, by_call=by_call)
    listed = filled(
        "cost",
        conditions,
        grouped=text_of("cost_of_runs" if "run" in group_by else "cost_of_groups"),
        **parts,
    )
    times = "".join(f"g.{_alias(name)} desc, " for name in group_by if name.startswith("time:"))
    order = f"order by {times}g.cost_usd desc nulls last, {parts['names']}"
    rows, totals, groups = _groups(db, conditions, listed, order, limit)
    if by_call:
        totals["runs"] = _distinct_runs(db, filters)
    if "meter" in group_by:  # A call is in the row of each of its meters.
        once = db.rows(filled("coverage", conditions), conditions.parameters)[0]
        totals |= {name: once[name] for name in ("calls", "unpriced_calls")}
    for row in (*rows, totals):
        row["cost_per_run_usd"] = per(row["cost_usd"], row["runs"])
        row["share"] = share(row["cost_usd"], totals["cost_usd"])
    found = coverage(db, filters, totals)
    return Report("cost", rows, totals, found, filters.interval, filters.asked(), groups)


def _groups(db: Database, conditions: Where, listed: str, order: str, limit: int | None) -> tuple[list[Row], Row, int]:
    """The groups of a cost report up to the limit, what all come to, and how many there are."""
    if limit is None:
        rows = db.rows(f"select * from ({listed}) as g {order}", conditions.parameters)
        return rows, total(rows, _COUNTED), len(rows)
    page = "cost_page" if db.engine == "duckdb" else f"cost_page.{db.engine}"
    text = filled(page, NO_CONDITIONS, listed=listed, order=order, limit=str(int(limit)))
    rows = db.rows(text, conditions.parameters)
    altogether = [{name: row.pop(f"all_{name}") for name in ("groups", *_COUNTED, "cost_usd")} for row in rows]
    totals = altogether[0] if altogether else {"groups": 0} | total([], _COUNTED)
    return rows, totals, totals.pop("groups")


def _by(db: Database, group_by: Sequence[str], tz: str, conditions: Where, *, by_call: bool) -> dict[str, str]:
    """The parts of cost.sql that say what to group by: the dimensions that a run has as a whole, and those of its calls."""
    dimensions = {_alias(name): dimension(name, tz) for name in group_by}
    of_calls = {name: sql for name, sql in dimensions.items() if name in CALL_COLUMNS}
    # A run without calls has a service all the same.
    grouped = {name: f"u.{name}" for name in of_calls} | (
        {"service": "coalesce(u.service, r.service)"} if "service" in of_calls else {}
    )
    # What only calls say needs no run beside it: the usage is of the right runs already.
    alone = by_call and not any("r." in sql for sql in (dimensions | grouped).values())
    if of_calls:
        join = joined_used("inner join" if by_call else conditions.join)
        parts = {"used": f"used as (\n{_used_by(db, of_calls, conditions)}\n),\n", "runs": "runs", "join_used": join}
    else:
        parts = runs_used(db, conditions)
    of_runs = f"{parts['runs']} as r {parts['join_used']} where {conditions.runs}"
    return {
        "used": parts["used"],
        "runs_used": "used as u" if alone else of_runs,
        "dimensions": ",\n        ".join(f"{sql} as {name}" for name, sql in (dimensions | grouped).items()),
        "names": ", ".join(f"g.{name}" for name in dimensions),
    }


def _used_by(db: Database, of_calls: dict[str, str], conditions: Where) -> str:
    """The query of what each run used, apart by these dimensions of its calls."""
    columns = {name: sql for name, sql in of_calls.items() if name != "meter"}
    apart = {
        "call_dimensions": "".join(f"{sql} as {name},\n    " for name, sql in columns.items()),
        "of_runs": RUNS_OF_CALLS if "service" in columns else conditions.of_runs,
    }
    if "meter" not in of_calls:
        return used(conditions, **apart)
    apart["other_dimensions"] = "".join(f"c.{name},\n        " for name in columns)
    return filled("used_by_meter", conditions, **apart, **by_meter(occurring(db)))


def _distinct_runs(db: Database, filters: Filters) -> int:
    conditions = where(filters)
    text = (
        f"select count(distinct c.run_id) as n from usage_lines as c {conditions.of_runs} "
        f"where {conditions.runs} and ({conditions.calls})"
    )
    return int(db.rows(text, conditions.parameters)[0]["n"])


def dimension(name: str, tz: str) -> str:
    """Return the SQL of a dimension; days of `time:day` begin in the zone.

    Raises:
        InputError: there is no such dimension or zone.
    """
    columns = RUN_COLUMNS | CALL_COLUMNS
    if name in columns:
        return columns[name]
    kind, _, unit = name.partition(":")
    if kind == "time" and unit in TIME_UNITS:
        return f"botanu_bucket(r.start_ns, '{unit}', '{_zone(tz)}')"
    raise InputError(f"{name!r} is no dimension.{instead(name, DIMENSIONS)}")


def _zone(tz: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_+\-/]+", tz):
        raise InputError(f"{tz!r} is no time zone. Name one like Europe/Berlin or UTC.")
    return tz


def _alias(name: str) -> str:
    return name.partition(":")[0] if name.startswith("time:") else name
