"""A cost report beside the interval before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from botanu_store.errors import InputError
from botanu_store.filters import Interval
from botanu_store.reports.report import ZERO, Report, Row, share


def interval_before(interval: Interval, now: datetime) -> Interval:
    """Return the interval of the same length that ends where this one starts.

    Raises:
        InputError: the interval has no start, or one of the same length before it has none in the calendar.
    """
    if interval.since is None:
        raise InputError("A comparison needs to know from when: give --since, for example --since 7d.")
    since, until = interval.since.astimezone(UTC), (interval.until or now).astimezone(UTC)
    try:
        return replace(interval, since=since - (until - since), until=since)
    except OverflowError as error:
        raise InputError("No interval as long is before that one. Give a later --since.") from error


def compared(report: Report, before: Report, group_by: Sequence[str]) -> Report:
    """Return the report with what each row cost before and by what share that changed; rows that are no more cost nothing now.

    Raises:
        InputError: it is by time, where no row has a counterpart.
    """
    if any(name.startswith("time:") for name in group_by):
        raise InputError(
            "Times have no counterpart in the interval before. Group by something else, or compare without time."
        )
    earlier = {_key(row, group_by): row for row in before.rows}
    now = {_key(row, group_by) for row in report.rows}
    gone = [_nothing(row, group_by) for key, row in earlier.items() if key not in now]
    rows = [*report.rows, *gone]
    for row in rows:
        was = earlier.get(_key(row, group_by))
        _add(row, was["cost_usd"] if was else ZERO)
    _add(report.totals, before.totals["cost_usd"])
    return replace(report, rows=rows, total_rows=len(rows), before=before.interval)


def _key(row: Row, group_by: Sequence[str]) -> tuple[object, ...]:
    return tuple(row[name] for name in group_by)


def _nothing(row: Row, group_by: Sequence[str]) -> Row:
    counts = dict.fromkeys(("runs", "calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens"), 0)
    money = {"cost_usd": ZERO, "share": 0.0, "cost_per_run_usd": None, "p50_usd": None, "p95_usd": None}
    return {name: row[name] for name in group_by} | counts | money


def _add(row: Row, before: Decimal | None) -> None:
    row["before_usd"] = before
    row["change"] = None if before is None or row["cost_usd"] is None else share(row["cost_usd"] - before, before)
