"""The scripts price_grid.sql and charges.sql with one term per meter filled in: what a meter's column is called is known only here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from botanu_store.engines.duckdb import Engine, literals, script
from botanu_store.price import FALLBACKS, FRESH, MINIMUM_METERS, PROPORTIONAL_METERS
from botanu_store.records import INPUT_METERS, METERS, OUTPUT_METERS, PART_METERS

_COMMON = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "requests")
"""The meters that nearly all calls use and no others."""

_TOKENS = tuple(meter for meter in METERS if meter.endswith("_tokens"))


@cache
def grid_script() -> str:
    """Return the script that lays out the prices of every combination in calls."""
    fallbacks = (
        f"('{meter}', '{billed_as}', {distance})"
        for meter in METERS
        for distance, billed_as in enumerate((meter, *FALLBACKS.get(meter, ())))
    )
    text = (
        script("schema/price_grid.sql")
        .replace("{fallbacks}", ", ".join(fallbacks))
        .replace("{tokens}", literals(_TOKENS))
    )
    return text.replace("{columns}", ",\n    ".join(_price_columns()))


def _price_columns() -> Iterable[str]:
    for meter in METERS:
        price = "g.usd" if meter in PROPORTIONAL_METERS else "g.unit_usd"
        if meter in _TOKENS:
            price = "case when g.exact then g.unit_usd else g.usd end"
        yield f"max(cast({price} as decimal(18, 12))) filter (where g.meter = '{meter}') as {meter}_usd"
        if meter in PROPORTIONAL_METERS:
            yield f"max(cast(g.per as double)) filter (where g.meter = '{meter}') as {meter}_per"
        if meter in MINIMUM_METERS:
            yield f"coalesce(max(g.minimum) filter (where g.meter = '{meter}'), 0) as {meter}_minimum"


@cache
def charges_script(engine: Engine = "duckdb") -> str:
    """Return the script of the views that turn quantities into money."""
    used = [meter for meter in METERS if meter not in ("requests", *PART_METERS)]
    rare = [meter for meter in used if meter not in _COMMON]
    cached = [meter for meter in METERS if meter.startswith("cache_read")]
    asks = f"(bills_requests or coalesce({', '.join(used)}) is null or (requests is not null and not every_meter))"
    values = {
        "rare_used": f"coalesce({', '.join(rare)}) is not null",
        "all_input": total(INPUT_METERS, "c."),
        "amount": f"case when {_PLAIN} then {_all_amounts(_amount, _COMMON, rare)} else {_all_amounts(_any_amount, (*_COMMON, *PART_METERS), rare)} end",
        "apart": _APART,
        "lacks": f"{_lacks(_COMMON, ' or ')} or case when c.rare then {_lacks(rare, ' or ')} else false end",
        "measured": " or ".join(f"(c.{meter} is not null and p.{meter}_usd is not null)" for meter in used),
        "meters_without_price": _lacks(used, " + "),
        "asks": asks,
        "saved": " + ".join(_saved(cached, fresh) for cached, fresh in FRESH.items()),
        "meters_used": _count(used),
        "one_amount": _one_amount(),
        "meters": ", ".join(METERS),
        "input_tokens": total(INPUT_METERS),
        "output_tokens": total(OUTPUT_METERS),
        "cached_tokens": total(cached),
        "input_names": literals(INPUT_METERS),
        "output_names": literals((*OUTPUT_METERS, *PART_METERS)),
        "cached_names": literals(cached),
    }
    values |= {
        "lines": script("schema/lines.sql" if engine == "duckdb" else f"schema/lines.{engine}.sql"),
        "without": "exclude" if engine == "duckdb" else "except",
        "pairs": ", ".join(f"('{meter}', {meter})" for meter in (*METERS, "emitter")),
    }
    text = script("schema/charges.sql").replace("{lines}", values.pop("lines"))
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _all_amounts(amount: Callable[[str], str], often: Iterable[str], rare: Iterable[str]) -> str:
    always, others = (" + ".join(f"coalesce({amount(meter)}, 0)" for meter in meters) for meters in (often, rare))
    return f"{always} + case when c.rare then {others} else 0 end"


_PLAIN = "p.exact and p.reasoning_tokens_usd is null"
"""Whether a call's amount is no more than the sum of quantity x price: so it is for all but twenty-five models, and costs no time."""

_APART = (
    "case when p.reasoning_tokens_usd is not null and c.reasoning_tokens > 0 and c.output_tokens > 0 "
    "then least(c.reasoning_tokens, c.output_tokens) end"
)
"""The reasoning tokens that are billed at a price of their own; the rest of the output tokens at theirs."""


def _any_amount(meter: str) -> str:
    parts = {"output_tokens": f"(c.output_tokens - coalesce({_APART}, 0))", "reasoning_tokens": _APART}
    if meter not in _TOKENS:
        return _amount(meter)
    product = _product(meter, parts.get(meter, f"c.{meter}"))
    return f"case when p.exact then {product} else botanu_divided({product}, 1000000) end"


def _product(meter: str, quantity: str) -> str:
    return f"cast({quantity} as decimal(20, 0)) * p.{meter}_usd"


def _amount(meter: str) -> str:
    quantity = "coalesce(c.requests, 1)" if meter == "requests" else f"c.{meter}"
    if meter in MINIMUM_METERS:
        quantity = f"case when {quantity} > 0 then greatest({quantity}, p.{meter}_minimum) end"
    product = _product(meter, quantity)
    if meter in PROPORTIONAL_METERS:
        return f"botanu_divided({product}, p.{meter}_per)"
    return product


def _saved(cached: str, fresh: str) -> str:
    whole = f"cast(c.{cached} as decimal(20, 0)) * (p.{fresh}_usd - p.{cached}_usd)"
    return f"coalesce(case when p.exact then {whole} else botanu_divided({whole}, 1000000) end, 0)"


def _lacks(meters: Iterable[str], operator: str) -> str:
    terms = (f"(c.{meter} is not null and p.{meter}_usd is null)" for meter in meters if meter != "requests")
    return operator.join(f"cast({term} as integer)" if operator == " + " else term for term in terms)


def _one_amount() -> str:
    billed = "cast(case when c.quantity > 0 then greatest(c.quantity, g.minimum) else 0 end as decimal(20, 0))"
    proportional = f"botanu_divided({billed} * cast(g.usd as decimal(18, 12)), g.per)"
    by_the_million = f"not g.exact and c.meter in ({literals(_TOKENS)})"
    return f"case when c.meter in ({literals(PROPORTIONAL_METERS)}) or {by_the_million} then {proportional} else {billed} * g.unit_usd end"


def total(meters: Iterable[str], alias: str = "") -> str:
    """Return the SQL of the sum of these columns, those that are NULL being 0."""
    return " + ".join(f"coalesce({alias}{meter}, 0)" for meter in meters)


def _count(meters: Iterable[str]) -> str:
    return "(" + " + ".join(f"cast({meter} is not null as integer)" for meter in meters) + ")"
