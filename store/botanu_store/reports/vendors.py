"""What each vendor's models and products were used for and cost, how fast they answered, and what prompt caches saved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from botanu_store.filters import Filters, Where, where
from botanu_store.prices.price import FRESH
from botanu_store.records import INPUT_METERS, METERS, OUTPUT_METERS, PICO_USD
from botanu_store.reports.database import Database
from botanu_store.reports.report import Report, Row, coverage, known_sum, occurring, per, share, total
from botanu_store.reports.text import filled

_COUNTS = ("calls", "errors", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens")


def vendors(db: Database, filters: Filters) -> Report:
    """Report by vendor and model or product: calls, errors, use, cost, effective price, cache and latency of calls that did not fail."""
    conditions = where(filters)
    meters = [meter for meter in occurring(db) if meter in METERS]
    text = filled("vendors", conditions, costs=_costs(conditions), product=_PRODUCT, meters=_sums(meters))
    rows = [_with_meters(row) for row in db.rows(text, conditions.parameters)]
    saved = _saved(db, conditions, [meter for meter in meters if meter in FRESH])
    for row in rows:
        row["saved_usd"] = saved.get((row["vendor"], row["product"]))
    return _report(db, filters, rows)


def vendor_costs(db: Database, filters: Filters) -> Report:
    """Report as `vendors` does, in a fraction of its time, less what no sum is kept of: other use, latency and what caches saved are not said."""
    conditions = where(filters)
    text = f"select * from ({_costs(conditions)}) as costs order by cost_usd desc nulls last, vendor, product"
    unsaid: Row = {"meters": {}, "other_use": {}, "saved_usd": None, "p50_ms": None, "p95_ms": None}
    return _report(db, filters, [row | unsaid for row in db.rows(text, conditions.parameters)])


def _report(db: Database, filters: Filters, rows: list[Row]) -> Report:
    totals = total(rows, _COUNTS)
    totals["saved_usd"] = known_sum(row["saved_usd"] for row in rows)
    for row in (*rows, totals):
        row["share"] = share(row["cost_usd"], totals["cost_usd"])
        row["error_rate"] = row["errors"] / row["calls"] if row["calls"] else None
        row["cache_hit_rate"] = row["cached_tokens"] / row["input_tokens"] if row["input_tokens"] else None
        row["usd_per_million_tokens"] = _per_million(rows if row is totals else [row])
    return Report("vendors", rows, totals, coverage(db, filters, totals), filters.interval, filters.asked(), len(rows))


def _sums(meters: Iterable[str]) -> str:
    return ", ".join(f"sum(c.{meter}) as {meter}" for meter in meters)


def _saved(db: Database, conditions: Where, cached: Sequence[str]) -> dict[tuple[str, str], Decimal]:
    """What the caches of a vendor's model saved: cached tokens at the price of fresh ones, less what they cost. Reading saves, writing costs something first."""
    if not cached:
        return {}
    text = filled(
        "saved",
        conditions,
        product=_PRODUCT,
        cached=_sums(cached),
        any_cached=" or ".join(f"c.{meter} is not null" for meter in cached),
        cached_and_saved=", ".join(
            f"b.{meter}, c.{FRESH[meter]}_usd - c.{meter}_usd as {meter}_saved" for meter in cached
        ),
    )
    saved = dict[tuple[str, str], Decimal]()
    for row in db.rows(text, conditions.parameters):
        if not any(row[meter] for meter in cached):
            continue
        tokens = 1 if row["exact"] else 1_000_000
        amount = sum(((row[meter] or 0) * (row[f"{meter}_saved"] or Decimal(0)) for meter in cached), Decimal(0))
        of = row["vendor"], row["product"]
        saved[of] = saved.get(of, Decimal(0)) + (amount / tokens).quantize(PICO_USD)
    return saved


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
    return row


def _per_million(rows: list[Row]) -> Decimal | None:
    """What a million tokens cost in these rows, at least: those without tokens are left aside, and what nobody has a price for adds nothing."""
    used = [row for row in rows if row["input_tokens"] + row["output_tokens"]]
    tokens = sum(row["input_tokens"] + row["output_tokens"] for row in used)
    known = known_sum(row["cost_usd"] for row in used)
    return None if known is None else per(known * 1_000_000, tokens)
