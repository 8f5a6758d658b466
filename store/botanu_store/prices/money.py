"""The scripts price_grid.sql and charges.sql with one term per meter filled in: `{meter}`, `{meter}_usd` and so on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from botanu_store.engines.duckdb import Engine, fill, literals, script
from botanu_store.prices.price import FALLBACKS, MINIMUM_METERS, PROPORTIONAL_METERS
from botanu_store.records import INPUT_METERS, METERS, OUTPUT_METERS, PART_METERS

_COMMON = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "requests")
"""The meters that nearly all calls use and no others."""

LINES = (*METERS, "emitter")
"""What a charge may be for: a meter, or what the emitter says the call cost."""

CACHED = tuple(meter for meter in METERS if meter.startswith("cache_read"))

RANKS = 1_000_000
"""More than the user's prices ever are."""

_TOKENS = tuple(meter for meter in METERS if meter.endswith("_tokens"))


@cache
def grid_script() -> str:
    """Return the script that lays out the prices of every combination in calls."""
    fallbacks = (
        f"('{meter}', '{billed_as}', {distance})"
        for meter in METERS
        for distance, billed_as in enumerate((meter, *FALLBACKS.get(meter, ())))
    )
    return fill(
        script("prices/sql/price_grid.sql"),
        fallbacks=", ".join(fallbacks),
        tokens=literals(_TOKENS),
        ranks=RANKS,
        columns=",\n    ".join(_price_columns()),
    )


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
    asks = f"(bills_requests or coalesce({', '.join(used)}) is null or (requests is not null and not every_meter))"
    values = {
        "rare_used": f"coalesce({', '.join(rare)}) is not null",
        "all_input": summed(INPUT_METERS, "c."),
        "amount": f"case when {_PLAIN} then {_all_amounts(_amount, _COMMON, rare)} else {_all_amounts(_any_amount, (*_COMMON, *PART_METERS), rare)} end",
        "apart": _APART,
        "lacks": f"{_lacks(_COMMON, ' or ')} or case when c.rare then {_lacks(rare, ' or ')} else false end",
        "measured": " or ".join(f"(c.{meter} is not null and p.{meter}_usd is not null)" for meter in used),
        "meters_without_price": _lacks(used, " + "),
        "asks": asks,
        "meters_used": _count(used),
        "amounts": ",\n    ".join(f"{_amount_if_used(meter)} as {meter}_usd" for meter in METERS),
        "quantity": _of_meter("c.{meter}", LINES),
        "amount_of_meter": _of_meter("c.{meter}_usd", LINES),
        "every_meter_name": _names(LINES),
        "input_tokens": summed(INPUT_METERS),
        "output_tokens": summed(OUTPUT_METERS),
        "cached_tokens": summed(CACHED),
        "without": "exclude" if engine == "duckdb" else "except",
    }
    return fill(script("prices/sql/charges.sql"), **values)


def by_meter(meters: Iterable[str]) -> dict[str, str]:
    """Return what used_by_meter.sql needs to know of these meters (some of `LINES`); the fewer, the faster."""
    used = list(meters)
    kinds = {"input": INPUT_METERS, "output": (*OUTPUT_METERS, *PART_METERS), "cached": CACHED}
    tokens = {kind: [meter for meter in used if meter in of_kind] for kind, of_kind in kinds.items()}
    return {
        "sums": ",\n            ".join(
            f"count(c.{meter}) as {meter}_calls, count(c.{meter}) - count(c.{meter}_usd) as {meter}_unpriced, "
            f"sum(c.{meter}) as {meter}_quantity, sum(c.{meter}_usd) as {meter}_amount"
            for meter in used
        ),
        "meters": _names(used),
        "calls": _of_meter("c.{meter}_calls", used),
        "unpriced": _of_meter("c.{meter}_unpriced", used),
        "amount": _of_meter("c.{meter}_amount", used),
        **{kind: _of_meter("c.{meter}_quantity", of_kind, "0") for kind, of_kind in tokens.items()},
    }


def _names(meters: Iterable[str]) -> str:
    """A relation of the names of meters."""
    return "(" + " union all ".join(f"select '{meter}' as meter" for meter in meters) + ")"


def _of_meter(column: str, meters: Iterable[str], otherwise: str = "null") -> str:
    """The column of whichever meter `m` is."""
    cases = " ".join(f"when '{meter}' then {column.format(meter=meter)}" for meter in meters)
    return f"case m.meter {cases} else {otherwise} end" if cases else otherwise


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
    return _amount_of(meter, parts.get(meter, f"c.{meter}"))


def _amount_if_used(meter: str) -> str:
    """What a call's use of a meter cost: NULL where it used none of it or nobody knows."""
    # A model's meter without a price is unpriced; one that a product's rates do not name is not billed, nor are requests unless they have a price.
    unbilled = "c.known" if meter == "requests" else "c.known and not c.every_meter"
    return (
        f"case when c.{meter} is null then null when c.settled then 0 "
        f"when c.known and p.{meter}_usd is not null then coalesce({_amount_of(meter, f'c.{meter}')}, 0) when {unbilled} then 0 end"
    )


def _amount_of(meter: str, tokens: str) -> str:
    if meter not in _TOKENS:
        return _amount(meter)
    product = _product(meter, tokens)
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


def _lacks(meters: Iterable[str], operator: str) -> str:
    terms = (f"(c.{meter} is not null and p.{meter}_usd is null)" for meter in meters if meter != "requests")
    return operator.join(f"cast({term} as integer)" if operator == " + " else term for term in terms)


def summed(meters: Iterable[str], alias: str = "") -> str:
    """Return the SQL of the sum of these columns, those that are NULL being 0."""
    return " + ".join(f"coalesce({alias}{meter}, 0)" for meter in meters)


def _count(meters: Iterable[str]) -> str:
    return "(" + " + ".join(f"cast({meter} is not null as integer)" for meter in meters) + ")"
