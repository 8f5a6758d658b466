"""Moments as the tables have them, in Unix nanoseconds, and as Python has them."""

from __future__ import annotations

from datetime import UTC, datetime

DAY_NS = 86_400 * 10**9
LAST_NS = 2**63 - 1
"""The last moment that a column of the tables can hold."""


def to_ns(moment: datetime) -> int:
    """Return a moment as Unix nanoseconds."""
    since_epoch = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since_epoch.days * 86_400 + since_epoch.seconds) * 1_000_000_000 + since_epoch.microseconds * 1000


def moment(nanoseconds: int) -> datetime:
    """Return Unix nanoseconds as an aware UTC datetime, to the microsecond."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
