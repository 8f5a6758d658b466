"""What each vendor's models and products were used for and cost, how fast they answered, and what prompt caches saved."""

from __future__ import annotations

from decimal import Decimal

from botanu_store.engines.duckdb import Database
from botanu_store.filters import Filters, Where, where
from botanu_store.price import FRESH
from botanu_store.records import INPUT_METERS, METERS, OUTPUT_METERS
from botanu_store.report_text import filled
from botanu_store.reports import Report, Row, coverage, known_sum, occurring, per, share, total

_COUNTS = ("calls", "errors", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens")


def vendors(db: Database, filters: Filters) -> Report:
    """Report by vendor and model or product: calls, errors, use, cost, effective price, cache and latency of calls that did not fail."""
    conditions = where(filters)
    text = filled(
        "vendors",
        conditions,
        costs=_costs(conditions),
        product=_PRODUCT,
        meters=", ".join(f"sum(c.{meter}) as {meter}" for meter in occurring(db) if meter in METERS),
        cached=" or ".join(f"c.{meter} is not null" for meter in FRESH),
    )
    rows = [_with_meters(row) for row in db.rows(text, conditions.parameters)]
    totals = total(rows, _COUNTS)
    totals["saved_usd"] = known_sum(row["saved_usd"] for row in rows)
    for row in (*rows, totals):
        row["share"] = share(row["cost_usd"], totals["cost_usd"])
        row["error_rate"] = row["errors"] / row["calls"] if row["calls"] else None
        row["cache_hit_rate"] = row["cached_tokens"] / row["input_tokens"] if row["input_tokens"] else None
        row["usd_per_million_tokens"] = _per_million(rows if row is totals else [row])
    return Report("vendors", rows, totals, coverage(db, filters, totals), filters.interval, filters.asked(), len(rows))


def vendor_costs(db: Database, filters: Filters) -> list[Row]:
    """Return what each vendor's models and products cost, as `vendors` has it, in no order and in a fraction of its time."""
    conditions = where(filters)
    return db.rows(_costs(conditions), conditions.parameters)


def _costs(conditions: Where) -> str:
    return filled("vendor_costs", conditions, product=_PRODUCT)


_PRODUCT = "coalesce(nullif(c.model, ''), nullif(c.operation, ''), c.category)"


def _with_meters(row: Row) -> Row:
    """Put the sums of meters under one name, and those of tokens beside the rest as the cost report has them."""
    meters = {name: int(row.pop(name, None) or 0) for name in METERS}
    row["meters"] = {name: quantity for name, quantity in meters.items() if quantity}
    row["other_use"] = {k: v for k, v in row["meters"].items() if k != "requests" and not k.endswith("_tokens")}
    row["input_tokens"] = sum(meters[name] for name in INPUT_METERS)
    row["output_tokens"] = sum(meters[name] for name in OUTPUT_METERS)
    row["cached_tokens"] = sum(quantity for name, quantity in meters.items() if name.startswith("cache_read"))
    if not any(meters[name] for name in FRESH):
        row["saved_usd"] = None
    return row


def _per_million(rows: list[Row]) -> Decimal | None:
    """What a million tokens cost in these rows, at least: those without tokens are left aside, and what nobody has a price for adds nothing."""
    used = [row for row in rows if row["input_tokens"] + row["output_tokens"]]
    tokens = sum(row["input_tokens"] + row["output_tokens"] for row in used)
    known = known_sum(row["cost_usd"] for row in used)
    return None if known is None else per(known * 1_000_000, tokens)
