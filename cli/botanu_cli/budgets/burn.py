"""When a limit on all that is spent will be reached, if spending goes on as it did."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

_FURTHEST = timedelta(days=3650)


def exhausted_at(spent: Decimal, limit: Decimal, since: datetime, now: datetime) -> datetime | None:
    """Return when a limit is reached at the pace since the beginning; None where nothing is spent or that is years away.

    A limit that is broken already was reached in the past: at the same pace.
    """
    elapsed = now - since
    if spent <= 0 or elapsed <= timedelta(0):
        return None
    share = float(limit / spent)
    return since + elapsed * share if share * elapsed.total_seconds() <= _FURTHEST.total_seconds() else None
