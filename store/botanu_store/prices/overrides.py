"""What the user says of prices: `[prices]`, `[discounts]` and `[tools]` of a settings file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, cast

from botanu_store.errors import instead
from botanu_store.prices.price import ALWAYS_FROM_NS, ALWAYS_TO_NS
from botanu_store.records import METERS, PICO_USD
from botanu_store.settings_file import SettingsFile, quoted
from botanu_store.times import to_ns


@dataclass(frozen=True, slots=True)
class UserPrice:
    """A price of one meter that holds for every call whose model, vendor/model or vendor matches a pattern (`*` is anything)."""

    pattern: str
    meter: str
    usd: Decimal
    per: int
    category: str = ""
    operation: str = "*"
    per_call: bool = False
    """A fixed price per use, in place of whatever else the call would be billed for."""
    valid_from_ns: int = ALWAYS_FROM_NS
    valid_to_ns: int = ALWAYS_TO_NS


@dataclass(frozen=True, slots=True)
class Discount:
    """A share off the published prices of every call whose model, vendor/model or vendor matches a pattern."""

    pattern: str
    share: Decimal
    valid_from_ns: int = ALWAYS_FROM_NS
    valid_to_ns: int = ALWAYS_TO_NS


@dataclass(frozen=True, slots=True)
class Overrides:
    """All that the user says of prices; of several that match a call the most specific pattern holds, then the later one."""

    prices: tuple[UserPrice, ...] = ()
    discounts: tuple[Discount, ...] = ()


def read_overrides(source: SettingsFile) -> Overrides | None:
    """Return the user's prices in a settings file; None when it says nothing of prices.

    Raises:
        InputError: a key or value in it is none of those allowed.
    """
    said = source.said
    found = Overrides(
        prices=(*_prices(said.get("prices", {}), source), *_tools(said.get("tools", {}), source)),
        discounts=tuple(_discounts(said.get("discounts", {}), source)),
    )
    return found if found.prices or found.discounts else None


# What a number beside a key of [prices] buys: as vendors publish it.
_MILLION = 1_000_000
_TEBIBYTE = 1024**4
_TOKEN_KEYS = {meter.removesuffix("_tokens"): (meter, _MILLION) for meter in METERS if meter.endswith("_tokens")}
_OTHER_KEYS = {
    meter: (
        meter,
        _TEBIBYTE
        if meter.startswith("bytes_")
        else 3600
        if meter == "seconds"
        else _MILLION
        if meter == "characters"
        else 1,
    )
    for meter in METERS
    if not meter.endswith("_tokens")
}
PRICE_KEYS: dict[str, tuple[str, int]] = {**_TOKEN_KEYS, **_OTHER_KEYS, "per_call": ("requests", 1)}
"""Keys of one price, the meter each prices, and how many units of it the number is for."""

_DATES = ("from", "until")
MOST_USD = 1_000_000
"""What any price stays below."""


def _prices(section: Any, source: SettingsFile) -> Iterator[UserPrice]:
    for pattern, value in _named(section, "prices", source):
        for entry in _entries(value):
            yield from _model_prices(pattern, entry, f"prices.{quoted(pattern)}", source)


def _model_prices(pattern: str, value: Any, where: str, source: SettingsFile) -> Iterator[UserPrice]:
    entry = _table(value, where, source)
    _known(entry, (*PRICE_KEYS, "operation", *_DATES), where, source)
    priced = [key for key in PRICE_KEYS if key in entry]
    if not priced:
        raise source.wrong(where, "names no price. Give at least one of input, output, per_call, ...")
    valid_from, valid_to = _dates(entry, where, source)
    for key in priced:
        meter, per = PRICE_KEYS[key]
        yield UserPrice(
            pattern=pattern,
            meter=meter,
            usd=_usd(entry[key], f"{where}.{key}", source),
            per=per,
            operation=_text(entry.get("operation", "*"), f"{where}.operation", source),
            per_call=priced == ["per_call"],
            valid_from_ns=valid_from,
            valid_to_ns=valid_to,
        )


def _tools(section: Any, source: SettingsFile) -> Iterator[UserPrice]:
    for name, value in _named(section, "tools", source):
        for entry in _entries(value):
            where = f"tools.{quoted(name)}"
            fields = _fields(entry, "per_call")
            _known(fields, ("per_call", *_DATES), where, source)
            if "per_call" not in fields:
                raise source.wrong(where, "names no price. Give per_call, in USD.")
            valid_from, valid_to = _dates(fields, where, source)
            usd = _usd(fields["per_call"], where, source)
            yield UserPrice(
                name, "requests", usd, 1, "tool", per_call=True, valid_from_ns=valid_from, valid_to_ns=valid_to
            )


def _discounts(section: Any, source: SettingsFile) -> Iterator[Discount]:
    for pattern, value in _named(section, "discounts", source):
        for entry in _entries(value):
            where = f"discounts.{quoted(pattern)}"
            fields = _fields(entry, "discount")
            _known(fields, ("discount", *_DATES), where, source)
            share = _share(fields.get("discount"), where, source)
            yield Discount(pattern, share, *_dates(fields, where, source))


def _named(section: Any, where: str, source: SettingsFile) -> Iterable[tuple[str, Any]]:
    said = _table(section, where, source)
    for name in said:
        if not name.strip():
            raise source.wrong(
                f"{where}.{quoted(name)}", "names nothing. Name a model, vendor/model, vendor or tool; * is anything."
            )
    return said.items()


def _entries(value: Any) -> list[Any]:
    """One entry, or several dated ones."""
    return [*cast("Iterable[Any]", value)] if isinstance(value, list) else [value]


def _fields(entry: Any, key: str) -> dict[str, Any]:
    """An entry written out as a table, or as the value of its one key."""
    return cast("dict[str, Any]", entry) if isinstance(entry, dict) else {key: entry}


def _table(value: Any, where: str, source: SettingsFile) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise source.wrong(where, f"must be a table, not {_shown(value)}.")
    return cast("dict[str, Any]", value)


def _known(entry: Mapping[str, Any], allowed: tuple[str, ...], where: str, source: SettingsFile) -> None:
    for key, value in entry.items():
        if key not in allowed and isinstance(value, dict):
            name = f"{where.partition('.')[2]}.{key}"
            raise source.wrong(where, f'holds a table {key!r}. A name with a dot needs quotes: "{name}".')
        if key not in allowed:
            what = f"has an unknown key {key!r}.{instead(key, allowed)}"
            raise source.wrong(where, what, at=f"{where}.{quoted(key)}")


def _usd(value: Any, where: str, source: SettingsFile) -> Decimal:
    try:
        amount = Decimal(value) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
    except ArithmeticError:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount <= MOST_USD - PICO_USD:
        raise source.wrong(where, f"is {_shown(value)}. Give an amount in USD from 0 to below a million, such as 2.50.")
    return amount


def _share(value: Any, where: str, source: SettingsFile) -> Decimal:
    try:
        if isinstance(value, str) and value.strip().endswith("%"):
            share = Decimal(value.strip()[:-1]) / 100
        else:
            share = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal(-1)
    except ArithmeticError:
        share = Decimal(-1)
    if not share.is_finite() or not 0 <= share <= 1:
        raise source.wrong(where, f'is {_shown(value)}. Give a share off the published price, such as "15%" or 0.15.')
    return share


def _dates(entry: Mapping[str, Any], where: str, source: SettingsFile) -> tuple[int, int]:
    valid_from = _moment(entry["from"], f"{where}.from", source) if "from" in entry else ALWAYS_FROM_NS
    valid_to = _moment(entry["until"], f"{where}.until", source) if "until" in entry else ALWAYS_TO_NS
    if "from" in entry and "until" in entry and valid_from >= valid_to:
        raise source.wrong(where, f"ends before it begins: from {entry['from']} until {entry['until']}.")
    return valid_from, valid_to


def _moment(value: Any, where: str, source: SettingsFile) -> int:
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time.min)
        ns = to_ns(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        # Many write 9999-12-31 for no end, which is more nanoseconds than the database holds.
        return min(max(ns, ALWAYS_FROM_NS), ALWAYS_TO_NS)
    raise source.wrong(where, f"is {_shown(value)}. Give a date without quotes, such as 2026-07-01.")


def _text(value: Any, where: str, source: SettingsFile) -> str:
    if isinstance(value, str):
        return value
    raise source.wrong(where, f"is {_shown(value)}. Give text in quotes.")


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)
