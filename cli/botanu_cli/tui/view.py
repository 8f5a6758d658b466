"""What all screens look at: filters and an interval, in the words of the command line, so that they can be copied back to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from botanu_store.filters import Filters

from botanu_cli import text
from botanu_cli.interval import interval_until_now
from botanu_cli.options import KINDS
from botanu_cli.settings import as_words

EVERYTHING = "all time"


@dataclass(frozen=True, slots=True)
class View:
    """Filters by value, an interval in words, and a least cost."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    since: str | None = None
    until: str | None = None
    min_cost: Decimal | None = None

    def filters(self, zone: ZoneInfo, now: datetime) -> Filters:
        """Return the filters that these words name at this moment.

        Raises:
            InputError: words that name no time.
        """
        return Filters(
            **self.values, min_cost=self.min_cost, interval=interval_until_now(self.since, self.until, zone, now)
        )

    def flags(self) -> list[str]:
        """Return the words that make a command line of `botanu` look at the same."""
        words = [word for name, value in self.pairs() for word in (KINDS[name][0], value)]
        given = {"--since": self.since, "--until": self.until, "--min-cost": self.min_cost}
        return words + as_words(given)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield each filter by value: its kind and the value."""
        for name, values in self.values.items():
            for value in values:
                yield name, value

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.flags())

    @property
    def moving(self) -> bool:
        """Whether the interval's words name another time as time goes on."""
        return any(word is not None and not _is_date(word) for word in (self.since, self.until))

    @property
    def interval_words(self) -> str:
        """The interval as a person would say it."""
        if self.since is None and self.until is None:
            return EVERYTHING
        since = INTERVALS.get(self.since or "", f"since {self.since}") if self.since else "from the beginning"
        return text.safe(since if self.until is None else f"{since} until {self.until}")

    def toggled(self, kind: str, value: str) -> View:
        """Return the view with this value asked for, or no longer where it was."""
        now = self.values.get(kind, ())
        values = tuple(v for v in now if v != value) if value in now else (*now, value)
        return self.with_values(kind, values)

    def with_values(self, kind: str, values: tuple[str, ...]) -> View:
        """Return the view with exactly these values of one kind asked for."""
        others = {name: kept for name, kept in self.values.items() if name != kind}
        return replace(self, values=others | ({kind: values} if values else {}))

    def within(self, since: str | None, until: str | None) -> View:
        """Return the view of another interval."""
        return replace(self, since=since, until=until)


INTERVALS: dict[str, str] = {
    "1h": "last hour",
    "24h": "last 24 hours",
    "7d": "last 7 days",
    "30d": "last 30 days",
    "90d": "last 90 days",
    "today": "today",
    "yesterday": "yesterday",
    "this-month": "this month",
    "last-month": "last month",
}
"""Intervals to choose from, and how they are called."""


def _is_date(word: str) -> bool:
    try:
        datetime.fromisoformat(word)
    except ValueError:
        return False
    return True
