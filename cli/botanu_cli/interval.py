"""`--since` and `--until` in the words people use: dates, times, `7d`, `today`, `last-month`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from botanu_store.errors import InputError
from botanu_store.filters import Interval

from botanu_cli.text import minute

_AGO = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_NAMED = ("today", "yesterday", "this-month", "last-month")


def interval(since: str | None, until: str | None, zone: ZoneInfo, now: datetime) -> Interval:
    """Return the interval that these words name; a period's name as `since` alone means that period to its end.

    Raises:
        InputError: words that name no time, or an end before the start.
    """
    start = None if since is None else moment(since, zone, now, "--since")
    end = _end_of(since, zone, now) if until is None else moment(until, zone, now, "--until")
    if start is not None and end is not None and end <= start:
        raise InputError(_empty(start, end, zone))
    return Interval(start, end, zone.key)


def interval_until_now(since: str | None, until: str | None, zone: ZoneInfo, now: datetime) -> Interval:
    """Return the interval that these words name; without an end it goes on until now, so it must have begun.

    Raises:
        InputError: as `interval` does, or a start after now without an end.
    """
    found = interval(since, until, zone, now)
    if found.since is not None and found.until is None and found.since > now:
        raise InputError(
            f"The interval starts ({minute(found.since, zone)}) after now ({minute(now.replace(second=0), zone)}). Give an earlier --since."
        )
    return found


def _empty(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Say why an interval holds no moment, and what would make it hold some."""
    if start != end:
        return (
            f"The interval ends ({minute(end, zone)}) before it starts ({minute(start, zone)}). "
            "Exchange --since and --until, or leave --until out to go on until now."
        )
    day = start.astimezone(zone).date() + timedelta(days=1)
    return (
        f"--since and --until both name {minute(start, zone)}, and --until is exclusive, so no run is between them. "
        f"To take in that day, give --until {day}."
    )


def _end_of(since: str | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    if since == "yesterday":
        return _midnight(now, zone)
    if since == "last-month":
        return _midnight(now, zone).replace(day=1)
    return None


def moment(text: str, zone: ZoneInfo, now: datetime, flag: str) -> datetime:
    """Return the moment that these words name.

    Raises:
        InputError: they name none; the message names the flag.
    """
    midnight = _midnight(now, zone)
    first = midnight.replace(day=1)
    named = {
        "now": now,
        "today": midnight,
        "yesterday": midnight - timedelta(days=1),
        "this-month": first,
        "last-month": (first - timedelta(days=1)).replace(day=1),
    }
    if text in named:
        return named[text]
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        parsed = datetime.fromisoformat(text)
        known = parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
        # The calendar's first and last day have no beginning or end in some zones.
        return known.astimezone(UTC).astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{flag} {text!r} is no time. Give an ISO date or time, a span back from now like 30m, 24h or 7d, or {', '.join(_NAMED)}."
        ) from error


def _midnight(now: datetime, zone: ZoneInfo) -> datetime:
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
