"""A trend of spend as series to draw: one amount per bucket of time and group, the largest groups first, the rest together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from botanu_cli import text
from botanu_cli.timeline import OFFSET_AT, began
from botanu_cli.tui.themes import SERIES

if TYPE_CHECKING:
    from botanu_store.filters import Filters
    from botanu_store.store import Store

Number = TypeVar("Number", Decimal, int)

REST = "other"
_FORMATS = {"hour": "%Y-%m-%d %H:00", "day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m"}
_SPANS = (("hour", timedelta(days=3)), ("day", timedelta(days=120)), ("week", timedelta(days=750)))
_MOST_BUCKETS = 2000


@dataclass(frozen=True, slots=True)
class Series:
    """Amounts by bucket of time, one list a group."""

    unit: str
    buckets: Sequence[str]
    """Every bucket between the first and the last, those without an amount too."""
    groups: dict[str, list[Decimal]]
    """The largest first; `REST` last, where there are more groups than are told apart."""
    unpriced: dict[str, list[int]]
    """Calls without a price, which the amounts leave out, alike."""

    @property
    def spent(self) -> bool:
        """Whether any amount is more than nothing."""
        return any(map(any, self.groups.values()))

    def said(self, name: str, index: int | None) -> str:
        """Write what a group has in one bucket, or in all, and whether that is a lower bound."""
        which = slice(None) if index is None else slice(index, index + 1)
        return _said(sum(self.groups[name][which], Decimal(0)), sum(self.unpriced[name][which]))

    def said_of_all(self, index: int) -> str:
        """Write what all groups have in one bucket."""
        amount = sum((amounts[index] for amounts in self.groups.values()), Decimal(0))
        return _said(amount, sum(counts[index] for counts in self.unpriced.values()))


def unit_for(first: datetime, last: datetime) -> str:
    """Return the unit of time that divides this interval into a number of buckets that can be looked at."""
    return next((unit for unit, most in _SPANS if last - first <= most), "month")


def course(store: Store, filters: Filters, group: str) -> Series:
    """Ask the store for spend over time by a dimension, in a unit of time that suits the runs there are."""
    extent = store.extent(filters)
    unit = "day" if extent is None else unit_for(*extent)
    return series(store.spend_trend(filters, group, unit), unit, SERIES)


def series(rows: Iterable[dict[str, Any]], unit: str, most: int) -> Series:
    """Return the series in these rows of a trend of spend, at most so many and the rest."""
    amounts: dict[str, dict[str, Decimal]] = defaultdict(dict)
    unpriced: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row["time"] is not None:
            name, bucket = str(row["name"] or ""), str(row["time"])
            amounts[name][bucket] = row["cost_usd"] or Decimal(0)
            unpriced[name][bucket] = row["unpriced_calls"]
    buckets = all_buckets({bucket for found in amounts.values() for bucket in found}, unit)
    ranked = sorted(amounts, key=lambda name: (-sum(amounts[name].values()), name))
    shown = {name: [name] for name in ranked[:most]}
    if rest := ranked[most:]:
        shown[REST] = rest
    return Series(
        unit, buckets, _by_bucket(amounts, shown, buckets, Decimal(0)), _by_bucket(unpriced, shown, buckets, 0)
    )


def _by_bucket(
    found: Mapping[str, Mapping[str, Number]], shown: Mapping[str, Sequence[str]], buckets: Sequence[str], zero: Number
) -> dict[str, list[Number]]:
    """The sums of the groups that each shown one stands for."""
    return {
        name: [sum((found[group].get(bucket, zero) for group in groups), zero) for bucket in buckets]
        for name, groups in shown.items()
    }


def _said(amount: Decimal, unpriced: int) -> str:
    """An amount of 0 beside calls without a price is nothing that is known."""
    return text.usd_at_least(amount if amount or not unpriced else None, unpriced)


def all_buckets(seen: set[str], unit: str) -> list[str]:
    """Return every bucket from the first of these to the last; without those that are missing, where that would be thousands."""
    if not seen:
        return []
    named: dict[datetime, list[str]] = defaultdict(list)
    # An hour that a clock shows twice has its offset from UTC behind it, the larger one first.
    for bucket in sorted(seen, key=lambda name: -int(name[OFFSET_AT:] or 0)):
        named[began(bucket, unit)].append(bucket)
    current, last = min(named), max(named)
    found: list[str] = []
    while current <= last:
        if len(found) >= _MOST_BUCKETS:
            # One clock that is years off would else leave room for nothing but what is missing.
            return [bucket for moment in sorted(named) for bucket in named[moment]]
        found += named.get(current, [current.strftime(_FORMATS[unit])])
        current = _next(current, unit)
    return found


def _next(moment: datetime, unit: str) -> datetime:
    if unit == "month":
        return (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
    return moment + {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}[unit]


def labels(buckets: Sequence[str], unit: str) -> list[str]:
    """Return the buckets' names, short: `3 Nov`, `14:00`, `Nov 2026`; where hours are of several days, the first of each is named by its day."""
    moments = [began(bucket, unit) for bucket in buckets]
    if unit == "month":
        return [moment.strftime("%b %Y") for moment in moments]
    days = [f"{moment.day} {moment:%b}" for moment in moments]
    if unit != "hour":
        return days
    begins = [days[at] != days[at - 1] for at in range(len(days))]
    return [
        day if begin else moment.strftime("%H:%M") for day, begin, moment in zip(days, begins, moments, strict=True)
    ]
