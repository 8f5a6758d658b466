"""Reports on prices themselves: what this store's calls are priced at, what a model costs and since when, and what has no price."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from botanu_store.engines.duckdb import script
from botanu_store.errors import NotFound
from botanu_store.filters import Filters, where
from botanu_store.prices import book
from botanu_store.prices.money import summed
from botanu_store.prices.overrides import PRICE_KEYS, Overrides, UserPrice
from botanu_store.prices.price import ALWAYS_FROM_NS, ALWAYS_TO_NS, EVERY_TIER, NO_TIER
from botanu_store.prices.rates import rates
from botanu_store.records import INPUT_METERS, OUTPUT_METERS
from botanu_store.reports.database import Database
from botanu_store.reports.report import Report, Row, coverage, total
from botanu_store.reports.text import filled
from botanu_store.times import moment

_UNITS = {
    meter: f"million {meter.replace('_', ' ')}"
    if per == 1_000_000
    else meter.replace("_", " ").removesuffix("s")
    if per == 1
    else f"{per:,} {meter.replace('_', ' ')}"
    for meter, per in PRICE_KEYS.values()
}


def in_use(db: Database, filters: Filters) -> Report:
    """What the kinds of call in this store are priced at now, the user's prices and discounts included; unpriced kinds too."""
    now_ns = time.time_ns()
    found = db.rows(script("reports/sql/prices.sql"), {"now_ns": now_ns})
    # Together first: a price is cut wherever another price of the same model changes.
    held = _merged(_presented(row) for row in found)
    return _report("prices", db, filters, [row for row in held if _holds(row, moment(now_ns))])


def published(db: Database, filters: Filters) -> Report:
    """The whole price book: what is published now, of every vendor and model."""
    found = db.rows(
        "select * from prices where superseded is null order by vendor, model, context, meter, valid_from_ns", {}
    )
    return _report("prices", db, filters, _merged(_presented(row) for row in found))


def of_model(db: Database, filters: Filters, name: str, overrides: Overrides | None) -> Report:
    """Everything published of one model or product, past prices and coming ones too, and what the user says of it.

    The name is a model, `vendor/model`, or a vendor of rates.toml.

    Raises:
        NotFound: the book has nothing of that name; the message names the nearest.
    """
    rows = [row for vendor, model in _places(name) for row in _published(db, vendor, model)]
    own = (overrides or Overrides()).prices
    if own:
        names, vendors = _names(name, rows) | _called(db, name), _vendors(db)
        rows += [_said(price, vendors) for price in own if _is_of(price.pattern, name, names)]
    if not rows:
        raise NotFound(f"No price of {name!r} is known.{_nearest(db, name)} Yours can be set: {_set_command(name)}")
    return _report("prices", db, filters, rows)


def discounts_on(name: str, rows: Sequence[Row], overrides: Overrides) -> list[Row]:
    """Return the user's discounts on what `of_model` reported of this name: pattern, share of one, since and until when."""
    return [
        {
            "pattern": discount.pattern,
            "share": discount.share,
            "since": _date(discount.valid_from_ns, ALWAYS_FROM_NS),
            "until": _date(discount.valid_to_ns, ALWAYS_TO_NS),
        }
        for discount in overrides.discounts
        if _matches(discount.pattern, _names(name, rows))
    ]


def unpriced(db: Database, filters: Filters) -> Report:
    """The kinds of call that have no price: how much they used, why, and what would give them one; most calls first."""
    conditions = where(filters)
    tokens = {"input_tokens": summed(INPUT_METERS, "c."), "output_tokens": summed(OUTPUT_METERS, "c.")}
    rows = db.rows(filled("unpriced", conditions, **tokens), conditions.parameters)
    for row in rows:
        row["fix"] = _fix(row)
    report = _report("unpriced", db, filters, rows)
    report.totals = total([row | {"cost_usd": None} for row in rows], ("calls", "input_tokens", "output_tokens"))
    return report


def oldest(db: Database) -> datetime | None:
    """Return when the oldest prices of this store's book were read; None where it has none."""
    read: datetime | None = db.rows("select min(first_read) as read from prices", {})[0]["read"]
    return None if read is None else read.replace(tzinfo=UTC)


def _report(name: str, db: Database, filters: Filters, rows: list[Row]) -> Report:
    return Report(name, rows, {}, coverage(db, filters), filters.interval, filters.asked(), len(rows))


def _published(db: Database, vendor: str, model: str | None) -> list[Row]:
    text = (
        "select * from prices where superseded is null and vendor = $vendor and ($model is null or model = $model) "
        "order by vendor, model, context <> 'standard', context, meter, valid_from_ns, tier_from"
    )
    return _merged(_presented(row) for row in db.rows(text, {"vendor": vendor, "model": model}))


def _places(name: str) -> Iterable[tuple[str, str | None]]:
    """Where the book has something of that name: (vendor, model), a product of rates.toml as (vendor, None)."""
    vendors = {vendor: product.vendors[0] for product in rates().products for vendor in product.vendors}
    if name.lower() in vendors:
        return [(vendors[name.lower()], None)]
    return book.find_everywhere(name)


def _presented(row: Mapping[str, Any]) -> Row:
    """A stored price as people read it: dates instead of nanoseconds, tiers in words."""
    shown = {field: row.get(field) for field in ("category", "vendor", "model", "operation", "meter", "source")}
    usd = Decimal(0) if row.get("rule") == "free" else row.get("usd")
    return shown | {
        "variant": None if row.get("context") == "standard" else row.get("context"),
        "usd": None if usd is None else _shortest(usd),
        "unit": row.get("unit") or _UNITS.get(str(row.get("meter")), ""),
        "tier": _tier(row.get("tier_from"), row.get("tier_to")),
        "since": _date(row.get("valid_from_ns"), ALWAYS_FROM_NS),
        "until": _date(row.get("valid_to_ns"), ALWAYS_TO_NS),
        "rule": row.get("rule") or "published",
        "price_id": row.get("price_id"),
    }


def _merged(rows: Iterable[Row]) -> list[Row]:
    """Put rows of one meter together whose price is the same, in every tier or in intervals that follow each other."""
    in_one_tier = [
        tier
        for tiers in _grouped(rows, ("usd", "tier", "price_id"))
        for tier in ([tiers[0] | {"tier": None}] if len({row["usd"] for row in tiers}) == 1 else tiers)
    ]
    merged = list[Row]()
    for windows in _grouped(in_one_tier, ("usd", "since", "until", "price_id")):
        merged.append(windows[0])
        for row in windows[1:]:
            if (row["usd"], row["since"]) == (merged[-1]["usd"], merged[-1]["until"]):
                merged[-1] = merged[-1] | {"until": row["until"]}
            else:
                merged.append(row)
    return merged


def _holds(row: Row, now: datetime) -> bool:
    return (row["since"] is None or row["since"] <= now) and (row["until"] is None or now < row["until"])


def _grouped(rows: Iterable[Row], but: Sequence[str]) -> Iterable[list[Row]]:
    """Rows that differ in these fields only, in the order in which they come."""
    groups = dict[tuple[Any, ...], list[Row]]()
    for row in rows:
        groups.setdefault(tuple(row[field] for field in row if field not in but), []).append(row)
    return groups.values()


def _said(price: UserPrice, vendors: AbstractSet[str]) -> Row:
    vendor, slash, model = price.pattern.partition("/")
    # What stands before a slash may be a path too, as in meta-llama/Llama-3-70b.
    named = {"vendor": vendor, "model": model} if slash and vendor.lower() in vendors else {"model": price.pattern}
    return _presented(
        named
        | {
            "category": price.category or None,
            "operation": price.operation,
            "meter": price.meter,
            "usd": price.usd,
            "valid_from_ns": price.valid_from_ns,
            "valid_to_ns": price.valid_to_ns,
            "rule": "yours",
            "source": "your settings",
            "price_id": f"user:{price.pattern}",
        }
    )


def _is_of(pattern: str, name: str, names: AbstractSet[str]) -> bool:
    """Whether what is said of a pattern holds for one of these names, or for a model of this name whatever its vendor."""
    model = pattern.lower().partition("/")[2]
    alike = model.strip("*") and model.count("/") == name.count("/") and fnmatchcase(name.lower(), model)
    return bool(alike) or _matches(pattern, names)


def _matches(pattern: str, names: AbstractSet[str]) -> bool:
    return any(fnmatchcase(known, pattern.lower()) for known in names)


def _names(name: str, rows: Iterable[Row]) -> set[str]:
    """All that a pattern may say to mean what was asked for, or what these rows are about: model, vendor/model, vendor."""
    found = {name}
    for row in rows:
        found |= {str(row["vendor"]), str(row["model"]), f"{row['vendor']}/{row['model']}"}
    return {each.lower() for each in found}


def _called(db: Database, name: str) -> set[str]:
    """The same of the calls in this store of a model of that name: the book may not list it."""
    text = "select distinct vendor, model from price_keys where lower($name) in (lower(model), lower(vendor || '/' || model))"
    return _names(name, db.rows(text, {"name": name}))


def _vendors(db: Database) -> set[str]:
    """What is the name of a vendor: in the book, in the rates, or in this store's calls."""
    found = db.rows(
        "select distinct lower(vendor) as vendor from prices union select lower(vendor) from price_keys", {}
    )
    listed = {vendor for product in rates().products for vendor in product.vendors}
    return {*book.PROVIDERS, *listed, *(str(row["vendor"]) for row in found)}


def _shortest(usd: Decimal) -> Decimal:
    """The amount without the zeros that its column's scale adds, but no fewer than two decimals."""
    short = usd.normalize()
    return short.quantize(_CENT) if int(short.as_tuple().exponent) > -2 else short


def _tier(low: int | None, high: int | None) -> str | None:
    if (low is None or low == NO_TIER) and (high is None or high == EVERY_TIER):
        return None
    if high is None or high == EVERY_TIER:
        return f"over {low:,} input tokens"
    return f"up to {high:,} input tokens"


def _date(nanoseconds: int | None, always: int) -> Any:
    return None if nanoseconds is None or nanoseconds == always else moment(nanoseconds)


def _fix(row: Row) -> str:
    """What gives these calls a price and leaves that of all others as it is."""
    if str(row["reason"]).startswith("nobody recorded"):
        return "record its usage: no price helps where nobody counted"
    vendor, model, operation = row["vendor"], row["model"], row["operation"]
    if row["category"] == "tool":
        name = "/".join(part for part in (vendor, model or operation or "TOOL") if part)
        return f"botanu prices set {_word(name)} per_call=USD --tool"
    if row["category"] in ("llm", "embedding"):
        # A vendor's name alone would set the price of all its models.
        name = f"{vendor}/{model}" if vendor or not model else model
        keys = "METER=USD" if row["reason"] == _A_METER else "input=USD output=USD"
        return f"botanu prices set {_word(name)} {keys}"
    name = "/".join(part for part in (vendor, model) if part) or row["category"]
    listed = any(vendor.lower() in product.vendors for product in rates().products)
    return f"botanu prices set {_word(name)} per_call=USD" + (f" --operation {_word(operation)}" if listed else "")


_A_METER = "a meter that it used has no price"
"""Why a call has no price whose model has one: see sql/unpriced.sql."""


def _word(name: str) -> str:
    return name if name.replace("/", "").replace("-", "").replace(".", "").replace("_", "").isalnum() else f"'{name}'"


def _set_command(name: str) -> str:
    return f"botanu prices set {_word(name)} input=USD output=USD"


def _nearest(db: Database, name: str) -> str:
    known = [
        str(row["name"])
        for row in db.rows("select distinct unnest([model, vendor || '/' || model]) as name from prices", {})
    ]
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    return f" Nearest: {', '.join(near)}." if near else ""


_CENT = Decimal("0.01")
