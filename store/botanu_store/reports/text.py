"""The SQL of the reports: one text a file in sql/, filled with the conditions and dimensions asked for."""

from __future__ import annotations

from functools import cache

from botanu_store.engines.duckdb import fill, script
from botanu_store.filters import Where
from botanu_store.reports.database import Database


def filled(name: str, conditions: Where, **values: str) -> str:
    """Return the SQL of a report with the conditions and these values filled in."""
    calls_meant = f"{conditions.calls} and {conditions.of_named_runs}"
    own = {"run_filter": conditions.runs, "call_filter": calls_meant, "of_runs": conditions.of_runs}
    return fill(text_of(name), **{**own, **values})


def used(conditions: Where, **values: str) -> str:
    """Return the query of what each run used, apart by dimensions of its calls where these are given."""
    return filled("used", conditions, **{"call_dimensions": "", "lines": "usage_lines", **values})


def runs_used(db: Database, conditions: Where) -> dict[str, str]:
    """Return the parts of a report's text that give each run `r` what it used, as `used_calls` and so on; NULL for a run without a call that is meant.

    Of `{runs} as r {join_used}` it reads that, with `{used}` among what stands before.
    """
    # Of a few runs it is known at once, and a view of all would not learn which are meant.
    if db.keeps_sums and not conditions.needs_calls and conditions.of_named_runs == "true":
        return {"used": "", "runs": "costed_runs", "join_used": ""}
    return {"used": f"used as (\n{used(conditions)}\n),\n", "runs": "runs", "join_used": joined_used(conditions.join)}


def joined_used(join: str) -> str:
    """Return how runs `r` are joined with the query `used`."""
    return f"{join} used as u on u.used_run_id = r.run_id"


@cache
def text_of(name: str) -> str:
    """Return the SQL of a report as it is written, nothing filled in."""
    return script(f"reports/sql/{name}.sql")
