"""What the user says of prices: `[prices]`, `[discounts]` and `[tools]` of botanu.toml, or of `[tool.botanu]` in pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from botanu_store.errors import InputError
from botanu_store.filters import to_ns
from botanu_store.price import ALWAYS_FROM_NS, ALWAYS_TO_NS
from botanu_store.records import METERS


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
    """A share off the published prices of every call whose vendor or vendor/model matches a pattern."""

    pattern: str
    share: Decimal
    valid_from_ns: int = ALWAYS_FROM_NS
    valid_to_ns: int = ALWAYS_TO_NS


@dataclass(frozen=True, slots=True)
class Overrides:
    """All that the user says of prices; of several that match a call the most specific pattern holds, then the later one."""

    prices: tuple[UserPrice, ...] = ()
    discounts: tuple[Discount, ...] = ()


def read_overrides(path: Path) -> Overrides | None:
    """Read the user's prices from botanu.toml, or from [tool.botanu] of pyproject.toml; None when it says nothing of prices.

    Raises:
        InputError: the file is no TOML, or a key or value in it is none of those allowed.
    """
    document = _settings(path)
    found = Overrides(
        prices=(*_prices(document.get("prices", {}), path), *_tools(document.get("tools", {}), path)),
        discounts=tuple(_discounts(document.get("discounts", {}), path)),
    )
    return found if found.prices or found.discounts else None


def _settings(path: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Name a file that can.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}. Correct that line.") from error
    if path.name == "pyproject.toml":
        return _table(_table(document.get("tool", {}), "tool", path).get("botanu", {}), "tool.botanu", path)
    return document


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
_MOST_USD = 1_000_000


def _prices(section: Any, path: Path) -> Iterator[UserPrice]:
    for pattern, value in _table(section, "prices", path).items():
        for entry in _entries(value):
            yield from _model_prices(pattern, entry, f"prices.{_quoted(pattern)}", path)


def _model_prices(pattern: str, value: Any, where: str, path: Path) -> Iterator[UserPrice]:
    entry = _table(value, where, path)
    _known(entry, (*PRICE_KEYS, "operation", *_DATES), where, path)
    priced = [key for key in PRICE_KEYS if key in entry]
    if not priced:
        raise InputError(f"{path}: {where} names no price. Give at least one of input, output, per_call, ...")
    valid_from, valid_to = _dates(entry, where, path)
    for key in priced:
        meter, per = PRICE_KEYS[key]
        yield UserPrice(
            pattern=pattern,
            meter=meter,
            usd=_usd(entry[key], f"{where}.{key}", path),
            per=per,
            operation=_text(entry.get("operation", "*"), f"{where}.operation", path),
            per_call=priced == ["per_call"],
            valid_from_ns=valid_from,
            valid_to_ns=valid_to,
        )


def _tools(section: Any, path: Path) -> Iterator[UserPrice]:
    for name, value in _table(section, "tools", path).items():
        for entry in _entries(value):
            where = f"tools.{_quoted(name)}"
            fields = _fields(entry, "per_call")
            _known(fields, ("per_call", *_DATES), where, path)
            if "per_call" not in fields:
                raise InputError(f"{path}: {where} names no price. Give per_call, in USD.")
            valid_from, valid_to = _dates(fields, where, path)
            usd = _usd(fields["per_call"], where, path)
            yield UserPrice(
                name, "requests", usd, 1, "tool", per_call=True, valid_from_ns=valid_from, valid_to_ns=valid_to
            )


def _discounts(section: Any, path: Path) -> Iterator[Discount]:
    for pattern, value in _table(section, "discounts", path).items():
        for entry in _entries(value):
            where = f"discounts.{_quoted(pattern)}"
            fields = _fields(entry, "discount")
            _known(fields, ("discount", *_DATES), where, path)
            share = _share(fields.get("discount"), where, path)
            yield Discount(pattern, share, *_dates(fields, where, path))


def _entries(value: Any) -> list[Any]:
    """One entry, or several dated ones."""
    return [*cast("Iterable[Any]", value)] if isinstance(value, list) else [value]


def _fields(entry: Any, key: str) -> dict[str, Any]:
    """An entry written out as a table, or as the value of its one key."""
    return cast("dict[str, Any]", entry) if isinstance(entry, dict) else {key: entry}


def _table(value: Any, where: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{path}: {where} must be a table, not {_shown(value)}.")
    return cast("dict[str, Any]", value)


def _known(entry: Mapping[str, Any], allowed: tuple[str, ...], where: str, path: Path) -> None:
    for key, value in entry.items():
        if key not in allowed and isinstance(value, dict):
            name = f"{where.partition('.')[2]}.{key}"
            raise InputError(f'{path}: {where} holds a table {key!r}. A name with a dot needs quotes: "{name}".')
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InputError(f"{path}: {where} has an unknown key {key!r}.{hint} Allowed: {', '.join(allowed)}.")


def _usd(value: Any, where: str, path: Path) -> Decimal:
    try:
        amount = Decimal(value) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
    except ArithmeticError:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount < _MOST_USD:
        raise InputError(
            f"{path}: {where} is {_shown(value)}. Give an amount in USD from 0 to below a million, such as 2.50."
        )
    return amount


def _share(value: Any, where: str, path: Path) -> Decimal:
    try:
        if isinstance(value, str) and value.strip().endswith("%"):
            share = Decimal(value.strip()[:-1]) / 100
        else:
            share = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal(-1)
    except ArithmeticError:
        share = Decimal(-1)
    if not share.is_finite() or not 0 <= share <= 1:
        raise InputError(
            f'{path}: {where} is {_shown(value)}. Give a share off the published price, such as "15%" or 0.15.'
        )
    return share


def _dates(entry: Mapping[str, Any], where: str, path: Path) -> tuple[int, int]:
    valid_from = _moment(entry["from"], f"{where}.from", path) if "from" in entry else ALWAYS_FROM_NS
    valid_to = _moment(entry["until"], f"{where}.until", path) if "until" in entry else ALWAYS_TO_NS
    if valid_from >= valid_to:
        raise InputError(f"{path}: {where} ends before it begins: from {entry['from']} until {entry['until']}.")
    return valid_from, valid_to


def _moment(value: Any, where: str, path: Path) -> int:
    if isinstance(value, datetime):
        return to_ns(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return to_ns(datetime(value.year, value.month, value.day, tzinfo=UTC))
    raise InputError(f"{path}: {where} is {_shown(value)}. Give a date without quotes, such as 2026-07-01.")


def _text(value: Any, where: str, path: Path) -> str:
    if isinstance(value, str):
        return value
    raise InputError(f"{path}: {where} is {_shown(value)}. Give text in quotes.")


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _quoted(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else f'"{name}"'
