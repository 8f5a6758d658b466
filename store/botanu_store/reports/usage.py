"""What each run used and cost, added up and kept: a cache of the calls' prices, so that a report on millions of calls prices none of them.

Kept twice: by what the calls were, in `run_usage`, and altogether, with the run. Whatever changes a run names it in `stale_runs` within the same
transaction. Sums hold for the prices they were made with and for no stale run; where they do not, reports read the calls themselves. So they may be
late, or missing, and no number is different for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import duckdb

from botanu_store.engines.duckdb import fill, script, transaction
from botanu_store.filters import NO_CONDITIONS
from botanu_store.prices.money import charges_script
from botanu_store.prices.overrides import Overrides
from botanu_store.prices.tables import ways
from botanu_store.reports.text import used
from botanu_store.reports.view_text import definitions, needed

if TYPE_CHECKING:
    from botanu_store.reports.views import Views

WORTH_IT = 10_000
"""Runs that changed before they are added up on the way to a report: below that, pricing their calls takes it less time."""

_AT_ONCE = 200_000
"""Runs added up in one transaction: bounds memory."""

_COLUMNS = (
    "run_id, category, vendor, model, operation, step, service, calls, llm_calls, unpriced_calls, failed_calls, "
    "input_tokens, output_tokens, cached_tokens, cost_usd, failed_usd"
)
BY_CALL = f"select {_COLUMNS} from usage_by_call"
BY_RUN = f"select {_COLUMNS} from run_usage"
"""What reports sum: calls, or what runs come to where that holds."""

_SUMS = ("calls", "llm_calls", "unpriced", "failed", "input", "output", "cached", "usd", "failed_usd")
KEPT_COLUMNS = tuple(f"kept_{name}" for name in _SUMS)
"""Where a run keeps what it used, in a local store alone."""

_KEPT = f"select *, {', '.join(f'kept_{name} as used_{name}' for name in _SUMS)} from runs"


def _added_up(lines: str) -> str:
    """The query of runs with what these lines say that they used."""
    return (
        f"select r.*, {', '.join(f'u.used_{name}' for name in _SUMS)} "
        f"from runs as r left join ({used(NO_CONDITIONS, lines=lines)}) as u on u.used_run_id = r.run_id"
    )


@dataclass(frozen=True, slots=True)
class Sums:
    """What reports add up, as queries."""

    lines: str = BY_CALL
    """What runs did of each kind, or calls."""
    runs: str = _added_up("usage_lines")
    """Runs with what they used."""
    kept: bool = False
    """Whether what runs used is kept with them, all but a few."""


def changed_runs(con: duckdb.DuckDBPyConnection, overrides: Overrides | None) -> int:
    """Return how many runs have to be added up again, as they changed or their prices did."""
    changed = "stale_runs" if holds(con, overrides) else "runs"
    return int(con.execute(f"select count(*) from {changed}").fetchall()[0][0])


def holds(con: duckdb.DuckDBPyConnection, overrides: Overrides | None) -> bool:
    """Whether the sums were made with these prices."""
    return bool(con.execute("select 1 from meta where key = ? and value = ?", [_KEY, _name(overrides)]).fetchall())


def add_up(con: duckdb.DuckDBPyConnection, overrides: Overrides | None, views: Views) -> None:
    """Add up the usage of all runs that changed, or of all runs where the prices did; may be killed anywhere.

    Args:
        con: an open store that may be written.
        overrides: the user's prices.
        views: the views of this connection, with these prices.
    """
    if not holds(con, overrides):
        _begin_anew(con, _name(overrides))
    step = step_of(_by_call_of("adding"))
    while _choose(con):
        views.make(con, step)
        with transaction(con):
            con.execute(step)


def step_of(usage: str) -> str:
    """Return the script that adds up the runs in `adding` of this relation, which has all of their calls."""
    added = used(NO_CONDITIONS, lines="(select * from run_usage where run_id in (from adding))")
    kept = ", ".join(f"kept_{name} = u.used_{name}" for name in _SUMS)
    return fill(script("reports/sql/add_up.sql"), usage=usage, used=added, kept=kept)


def sums(con: duckdb.DuckDBPyConnection, overrides: Overrides | None, believed_at: datetime | None) -> Sums:
    """Return what reports add up: what is kept where that holds, calls where it does not."""
    if believed_at is not None or not holds(con, overrides):
        return Sums()
    if not con.execute("select 1 from stale_runs limit 1").fetchall():
        return Sums(BY_RUN, _KEPT, kept=True)
    fresh, stale = "run_id not in (from stale_runs)", "run_id in (from stale_runs)"
    by_call = f"select {_COLUMNS} from {_by_call_of('stale_runs')}"
    return Sums(
        f"{BY_RUN} where {fresh} union all {by_call}",
        f"{_KEPT} where {fresh} union all {_added_up(f'({by_call})')} where r.{stale}",
        kept=True,
    )


def usage_script(of: Sums) -> str:
    """Return the script of the views that reports sum."""
    return fill(script("reports/sql/usage.sql"), lines=of.lines, runs=of.runs)


@cache
def _by_call_of(runs: str) -> str:
    """The relation `usage_by_call` of the runs in this table alone: DuckDB prices all calls before it asks which are meant.

    Written out, as views take some hundredths of a second each to make.
    """
    views = definitions(charges_script() + script("reports/sql/usage.sql"))
    chain = needed("usage_by_call", views)
    text = ", ".join(f"{name} as ({views[name]})" for name in chain)
    text = text.replace("from calls as c", f"from (select * from calls where run_id in (from {runs})) as c")
    for name in chain:
        text = re.sub(rf"\b{name}\b", f"{name}_of_{runs}", text)
    return f"(with {text} select * from usage_by_call_of_{runs})"


def _choose(con: duckdb.DuckDBPyConnection) -> bool:
    con.execute(
        f"create or replace temp table adding as select distinct run_id from stale_runs order by run_id limit {_AT_ONCE}"
    )
    return bool(con.execute("select 1 from adding limit 1").fetchall())


def _begin_anew(con: duckdb.DuckDBPyConnection, name: str) -> None:
    with transaction(con):
        con.execute("delete from run_usage; delete from stale_runs; insert into stale_runs select run_id from runs")
        con.execute(f"delete from meta where key = '{_KEY}'; insert into meta values ('{_KEY}', '{name}')")


def _name(overrides: Overrides | None) -> str:
    """What tells these prices from others, and this botanu from one that priced otherwise."""
    return blake2b(ways(overrides).encode(), digest_size=8).hexdigest()


_KEY = "usage_prices"
