"""What all reports share: rows with what they add up to and rest on, and the sums, shares and times in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from botanu_store.filters import Filters, Interval, Where, where
from botanu_store.prices.money import LINES
from botanu_store.records import METERS, PICO_USD
from botanu_store.reports.database import Database, bound
from botanu_store.reports.text import filled
from botanu_store.times import moment

Row = dict[str, Any]
ZERO = 0 * PICO_USD
"""No money, written with as many digits as any other amount."""


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


def occurring(db: Database) -> list[str]:
    """Return those of `LINES` that any call has, and requests, as each call is one: adding up a meter that no call has takes as long as any other."""
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


def total(rows: Sequence[Row], summed: Sequence[str]) -> Row:
    """Return the sums of these columns and of the known cost; a cost nobody knows stays None."""
    totals: Row = {name: sum(row[name] or 0 for row in rows) for name in summed}
    totals["cost_usd"] = known_sum(row["cost_usd"] for row in rows) if rows else ZERO
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
