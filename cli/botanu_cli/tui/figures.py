"""The figures that stand at the top of screens, from the totals of reports."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botanu_cli import text
from botanu_cli.tui.widgets.tiles import Tile

if TYPE_CHECKING:
    from botanu_store.reports.report import Coverage

Totals = Mapping[str, Any]


def spend_tile(totals: Totals) -> Tile:
    """What was spent, and by what share that is more or less than before."""
    change = totals.get("change")
    note = text.counted(totals["runs"], "run")
    if change is not None:
        note = f"{'▲' if change > 0 else '▼'} {text.change(change)} on before"
    return Tile("Spend", text.usd_at_least(totals["cost_usd"], totals["unpriced_calls"]), note)


def economic_tiles(totals: Totals) -> list[Tile]:
    """What an outcome cost, what it was worth, how often one came, and what was spent for nothing."""
    cost, value = totals["cost_per_outcome_usd"], totals["value_usd"]
    each = "—" if cost is None else text.usd_at_least(cost, totals["unpriced_calls"])
    known = totals["root_runs"] - totals["unknown"]
    return [
        Tile("Per outcome", each, text.counted(totals["success"], "outcome")),
        Tile("ROI", roi(totals), "no value known" if value is None else f"value {text.usd(value)}"),
        Tile("Success", text.percent(totals["success_rate"]) or "—", f"of {known:,} known"),
        Tile("Waste", text.percent(totals["waste_share"]) or "—", text.usd(totals["waste_usd"] or Decimal(0))),
    ]


def roi(totals: Totals) -> str:
    """Return on cost; costs that nobody knows make it look better than it is."""
    if totals["roi"] is None:
        return "—"
    return ("≤" if totals["unpriced_calls"] else "") + text.percent(totals["roi"])


def coverage_tile(coverage: Coverage) -> Tile:
    """Which share of the calls has a price."""
    counted, unpriced = coverage.calls_counted, coverage.calls_unpriced
    # However few are missing, that is not all.
    share = min((counted - unpriced) / counted, 0.999) if unpriced else 1.0
    note = ("all calls priced", "$text-success") if not unpriced else (f"{unpriced:,} unpriced", "$text-warning")
    return Tile("Coverage", text.percent(share), *note)
