"""The reports: each one SQL text in reports/, filled with the dimensions and conditions asked for, and the same frame around its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from botanu_store.engines.duckdb import Database, bound
from botanu_store.errors import InputError, instead
from botanu_store.filters import (
    CALL_COLUMNS,
    NO_CONDITIONS,
    RUN_COLUMNS,
    RUNS_OF_CALLS,
    TIME_UNITS,
    Filters,
    Interval,
    Where,
    only,
    where,
)
from botanu_store.money import LINES, by_meter
from botanu_store.price import ALWAYS_FROM_NS, PICO_USD
from botanu_store.records import METERS
from botanu_store.report_text import filled, joined_used, runs_used, text_of, used

Row = dict[str, Any]
RunSort = Literal["started", "cost", "duration", "tokens", "llm_calls"]

DIMENSIONS: tuple[str, ...] = (*RUN_COLUMNS, *CALL_COLUMNS, *(f"time:{unit}" for unit in TIME_UNITS))
"""Everything a cost can be broken down by."""

RUN_SORTS: dict[RunSort, str] = {
    "started": "r.start_ns desc",
    "cost": "cost_usd desc nulls last",
    "duration": "r.end_ns - r.start_ns desc",
    "tokens": "input_tokens + output_tokens desc",
    "llm_calls": "llm_calls desc",
}

_SUMMED = ("calls", "llm_calls", "failed_calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens")
_COUNTED = ("runs", "calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens")
_BY_RUN_ALONE = ("started", "duration")
_TOTALS_OF_RUNS = (
    "select count(*) as runs, "
    + ", ".join(f"cast(coalesce(sum(listed.{name}), 0) as bigint) as {name}" for name in _SUMMED)
    + ", sum(listed.cost_usd) as cost_usd from ({listed}) as listed"
)
_ZERO = Decimal(0)


@dataclass(slots=True)
class Coverage:
    """What a total rests on."""

    calls_counted: int = 0
    calls_unpriced: int = 0
    unpriced_models: list[str] = field(default_factory=list[str])
    duplicates_excluded: int = 0
    sampled: int = 0
    """Runs that emitters sampled away, estimated from `botanu.sample_rate`."""
    segments_pending: int = 0

    @property
    def complete(self) -> bool:
        """Whether every counted call has a price and nothing is missing that is known of."""
        return not (self.calls_unpriced or self.sampled or self.segments_pending)


@dataclass(slots=True)
class Report:
    """Rows of one report with what they are about. Money is Decimal in USD; None is unpriced, never free."""

    name: str
    rows: list[Row]
    totals: Row
    coverage: Coverage
    interval: Interval
    filters: dict[str, list[str]]
    total_rows: int
    """Rows before any limit; the totals are over all of them."""
    before: Interval | None = None
    """The interval that it is compared with."""
    oldest_prices: datetime | None = None
    """When the oldest prices known were read, where it is priced as of an earlier day: they are used for want of others."""


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


def occurring(db: Database) -> list[str]:
    """Return which of `LINES` any call has, and requests, of which each call is one: to add up what there is none of takes as long as what there is."""
    columns = (*METERS, "emitter_usd")
    if db.engine == "duckdb":
        # One call with each is enough, and of what no call has the file says so itself.
        firsts = (f"(select '{name}' as name from calls where {name} is not null limit 1)" for name in columns)
        found = {str(row["name"]) for row in db.rows(" union all ".join(firsts), {})}
    else:
        counts = ", ".join(f"count({name}) as {name}" for name in columns)
        found = {name for name, count in db.rows(f"select {counts} from calls", {})[0].items() if count}
    used = {name.removesuffix("_usd") for name in found}
    return [name for name in LINES if name in used or name == "requests"]


def runs(db: Database, filters: Filters, *, sort: RunSort = "started", limit: int | None = None) -> Report:
    """Runs with their outcome and cost; the totals are over all that match, whatever the limit."""
    conditions = where(filters)
    order = f"order by {RUN_SORTS[sort]}, r.run_id desc" + ("" if limit is None else f" limit {int(limit)}")
    # Where only a run's own facts decide which runs are on the page, theirs alone are priced: a page costs the same at any size.
    early = limit is not None and sort in _BY_RUN_ALONE and not conditions.needs_calls
    shown = only(conditions, _first_runs(db, conditions, order)) if early else conditions
    text = filled("runs", shown, **runs_used(db, shown), order=order)
    rows = [presentable(row) for row in db.rows(text, shown.parameters)]
    if limit is None or len(rows) < limit:
        totals = total(rows, _SUMMED) | {"runs": len(rows)}
    else:
        listed = filled("runs", conditions, **runs_used(db, conditions), order="")
        totals = _totals_of_all(db, conditions, listed, all_used=not conditions.needs_calls)
    found = coverage(db, filters, totals)
    return Report("runs", rows, totals, found, filters.interval, filters.asked(), totals["runs"])


def _totals_of_all(db: Database, conditions: Where, listed: str, *, all_used: bool) -> Row:
    """Sums over all runs that match, page or not: of all that they used, where nothing else decides which runs those are."""
    if all_used:
        totals = db.rows(filled("run_totals", conditions), conditions.parameters)[0]
        if totals["cost_usd"] is not None:
            return totals
    return db.rows(_TOTALS_OF_RUNS.replace("{listed}", listed), conditions.parameters)[0]


def _first_runs(db: Database, conditions: Where, order: str) -> list[str]:
    text = f"select r.run_id from runs as r where {conditions.runs} {order}"
    return [str(row["run_id"]) for row in db.rows(text, conditions.parameters)]


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
        totals["cost_usd"] = _ZERO
    return listed, totals


def _since_ns(db: Database, conditions: Where, kind: str, page: str) -> int:
    """When the last call of a page began, the newest first."""
    newest = f"select c.start_ns from calls as c {conditions.of_runs} where {conditions.runs} and ({conditions.calls}) and {kind} order by c.start_ns desc {page}"
    row = db.rows(f"select min(start_ns) as since_ns from ({newest}) as newest", conditions.parameters)[0]
    return int(row["since_ns"] or 0)


def coverage(db: Database, filters: Filters, counted: Row | None = None) -> Coverage:
    """Return what totals under these filters rest on; pending segments are the store's to add.

    Args:
        db: an open store.
        filters: which runs and calls.
        counted: the report's totals, if they count each of these calls once: to look for its price again takes half as long as the report.
    """
    conditions = where(filters)
    # A run may be below the least cost only because it has no price: its unpriced calls are named, though none of its calls is counted.
    of_all = where(replace(filters, min_cost=None))
    counted = counted or db.rows(filled("coverage", conditions), conditions.parameters)[0]
    everything = counted if filters.min_cost is None else db.rows(filled("coverage", of_all), of_all.parameters)[0]
    repeats = db.rows(filled("repeats", conditions), conditions.parameters)[0]["repeats"]
    models = db.rows(filled("unpriced_models", of_all), of_all.parameters) if everything["unpriced_calls"] else []
    only_runs = Where(conditions.runs, "true", bound(conditions.runs, conditions.parameters))
    sampled = db.rows(filled("sampled", only_runs), only_runs.parameters)[0]
    return Coverage(
        calls_counted=counted["calls"],
        calls_unpriced=everything["unpriced_calls"],
        unpriced_models=[str(row["model"]) for row in models],
        duplicates_excluded=repeats,
        sampled=sampled["runs_sampled_away"],
    )


def short_ids(db: Database, run_ids: Sequence[str]) -> dict[str, str]:
    """Return for each run id its shortest beginning, of eight characters or more, that no other run shares."""
    if not run_ids:
        return {}
    beginnings = {f"b{i}": run_id[:_SHORT] for i, run_id in enumerate(dict.fromkeys(run_ids))}
    text = f"select run_id from runs where left(run_id, {_SHORT}) in ({', '.join('$' + key for key in beginnings)}) order by run_id"
    near = [str(row["run_id"]) for row in db.rows(text, beginnings)]
    short: dict[str, str] = {}
    for index, run_id in enumerate(near):
        others = near[max(index - 1, 0) : index] + near[index + 1 : index + 2]
        length = max([_SHORT, *(_shared(run_id, other) + 1 for other in others)])
        short[run_id] = run_id[:length]
    return {run_id: short[run_id] for run_id in run_ids}


def _shared(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


_SHORT = 8


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


def total(rows: Sequence[Row], summed: Sequence[str]) -> Row:
    """Return the sums of these columns and of the known cost; a cost nobody knows stays None."""
    totals: Row = {name: sum(row[name] or 0 for row in rows) for name in summed}
    totals["cost_usd"] = known_sum(row["cost_usd"] for row in rows) if rows else _ZERO
    return totals


def known_sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of the amounts that are known; None where none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def per(amount: Decimal | None, count: int) -> Decimal | None:
    """Return the amount for one of `count`, rounded to a trillionth; None where either is missing."""
    return None if amount is None or not count else (amount / count).quantize(PICO_USD)


def share(part: Decimal | None, whole: Decimal | None) -> float | None:
    """Return the part as a share of the whole; None where there is no whole."""
    return None if part is None or not whole else float(part / whole)


def presentable(row: Row) -> Row:
    """Return times as aware datetimes instead of nanoseconds: `start_ns` becomes `started_at`, `end_ns` `ended_at`."""
    renamed = {"start_ns": "started_at", "end_ns": "ended_at"}
    return {renamed.get(k, k): moment(v) if k in renamed and v is not None else v for k, v in row.items()}


def moment(nanoseconds: int) -> datetime:
    """Return Unix nanoseconds as an aware UTC datetime, to the microsecond."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
