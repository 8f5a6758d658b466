"""The user's own prices, written into botanu.toml without disturbing what else is there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import tomlkit
from botanu_store.errors import InputError, instead
from botanu_store.prices.overrides import MOST_USD, PRICE_KEYS, read_overrides
from botanu_store.settings_file import parse_settings
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, InlineTable, Item

from botanu_cli.output import write_file


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """What the user says of one name: prices by key, as `input`, or a discount; from and until a day, where given."""

    name: str
    said: Mapping[str, Decimal | str]
    tool: bool = False
    operation: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def section(self) -> str:
        """The section of the file that it belongs to."""
        return "discounts" if "discount" in self.said else "tools" if self.tool else "prices"


def parse(pairs: Sequence[str]) -> dict[str, Decimal | str]:
    """Read `key=USD` pairs.

    Raises:
        InputError: one is no such pair, or its key prices nothing; the message names the nearest key.
    """
    said = dict[str, Decimal | str]()
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not value:
            raise InputError(f"{pair!r} says no price. Write KEY=USD, for example input=2.50.")
        if key not in (*PRICE_KEYS, "discount"):
            raise InputError(f"Nothing is priced by {key!r}.{instead(key, (*PRICE_KEYS, 'discount'))}")
        said[key] = value if key == "discount" else _amount(key, value)
    if "discount" in said and len(said) > 1:
        raise InputError("A discount is off the published price, so it stands alone. Set it and prices apart.")
    return said


def write(path: Path, price: OwnPrice) -> str:
    """Put a price into the file, making it if need be, and return the line that says it now.

    Raises:
        InputError: the file is no TOML, or could not be used with it in; it is left as it was.
    """
    text = path.read_text("utf-8") if path.exists() else ""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise InputError(f"{path} is not TOML: {error}. Correct that line.") from error
    own: Any = document
    for name in ("tool", "botanu") if path.name == "pyproject.toml" else ():
        own = _inside(own, name)
    section = _inside(own, price.section)
    entries = [_inline(entry) for entry in _entries(section.get(price.name), price)]
    section[price.name] = entries[0] if len(entries) == 1 else _listed(entries)
    _replace(path, tomlkit.dumps(document))
    return f"[{price.section}] {tomlkit.key(price.name).as_string()} = {section[price.name].as_string()}"


def _amount(key: str, value: str) -> Decimal:
    try:
        amount = Decimal(value.removeprefix("$"))
    except ArithmeticError as error:
        raise InputError(f"{key}={value} is no amount. Give USD, for example {key}=2.50.") from error
    if not amount.is_finite() or not 0 <= amount < MOST_USD:
        raise InputError(f"{key}={value} is no price. Give USD from 0 to below a million, for example {key}=2.50.")
    return amount


def _inside(table: Any, name: str) -> Any:
    if name not in table:
        table[name] = tomlkit.table()
    found: Any = table[name]
    if not isinstance(found, AbstractTable | Container):
        raise InputError(f"{name} is no table there. Make it one: [{name}].")
    return found


def _entries(known: Item | None, price: OwnPrice) -> list[dict[str, Any]]:
    """What was said of the name, and last, where it goes before the rest, what is said now: in place of the same keys of that operation and those days."""
    before: Any = [] if known is None else known.unwrap()
    earlier = [*cast("Iterable[Any]", before)] if isinstance(before, list) else [before]
    said = _said(price)
    merged, others = dict[str, Any](), list[dict[str, Any]]()
    for each in earlier:
        alone = "discount" if price.section == "discounts" else "per_call"
        entry = cast("dict[str, Any]", each) if isinstance(each, dict) else {alone: each}
        if all(entry.get(key) == said.get(key) for key in ("operation", "from", "until")):
            merged |= entry
        else:
            others.append(entry)
    return [*others, merged | said]


def _said(price: OwnPrice) -> dict[str, Any]:
    said: dict[str, Any] = {"operation": price.operation} if price.operation else {}
    for key, value in price.said.items():
        digits = value if isinstance(value, str) else f"{value:f}"
        said[key] = value if isinstance(value, str) else tomlkit.float_(digits) if "." in digits else int(value)
    days = {"from": price.since, "until": price.until}
    return said | {key: tomlkit.date(day.isoformat()) for key, day in days.items() if day is not None}


def _inline(entry: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    for key, value in entry.items():
        table[key] = value
    return table


def _listed(entries: Iterable[Item]) -> Item:
    """In one line: a table for each would stand apart from the other prices."""
    listed: Any = tomlkit.array()
    for entry in entries:
        listed.append(entry)
    made: Item = listed
    return made


def _replace(path: Path, text: str) -> None:
    """Write the whole file or nothing, and only what the price book can read."""
    read_overrides(parse_settings(path, text))
    trial = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        write_file(trial, text)
        if path.exists():
            trial.chmod(path.stat().st_mode)
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)
