"""What broke a limit on quality: root runs that were no success, by reason."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botanu_store.reports.report import Row

QUALITY = frozenset(("min_success_rate", "min_roi"))
"""Limits on what runs achieve, not on what they use."""
_MOST = 5
_Kind = tuple[str | None, str, str]


def unsuccessful(outcomes: Iterable[Row]) -> list[dict[str, Any]]:
    """Return what root runs came to in these rows of `outcomes` that was no success, and why; what happened most often first, at most five."""
    from botanu_store.reports.report import known_sum

    counts: dict[_Kind, int] = {}
    costs: dict[_Kind, Decimal | None] = {}
    for row in outcomes:
        for found in row["unsuccessful"]:
            kind = (row["use_case"], found["outcome"], found["reason"])
            counts[kind] = counts.get(kind, 0) + found["root_runs"]
            costs[kind] = known_sum((costs.get(kind), found["cost_usd"]))
    most = sorted(counts, key=lambda kind: (-counts[kind], *map(str, kind)))[:_MOST]
    return [
        dict(zip(("use_case", "outcome", "reason"), kind, strict=True))
        | {"root_runs": counts[kind], "cost_usd": costs[kind]}
        for kind in most
    ]
