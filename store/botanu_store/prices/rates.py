"""Prices of what is no model: public list prices of rates.toml, each with its source, and what is not billed by operation."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

from botanu_store.prices.price import ALWAYS_FROM_NS, ALWAYS_TO_NS, Found, Price, midnight_ns


@dataclass(frozen=True, slots=True)
class Product:
    """One product of rates.toml: the calls it is billed for, by class of operation."""

    category: str
    vendors: tuple[str, ...]
    classes: tuple[tuple[str, tuple[str, ...]], ...]
    """Name of a class of operations and the operations in it, `*` being anything; the first that matches holds."""
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True)
class Free:
    """Calls that nobody bills one by one."""

    category: str
    vendors: tuple[str, ...]
    except_models: tuple[str, ...]
    reason: str

    def holds(self, category: str, vendor: str, model: str) -> bool:
        """Whether it is about this kind of call."""
        return (
            self.category == category and vendor.lower() in self.vendors and not _any_matches(model, self.except_models)
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """All of rates.toml."""

    products: tuple[Product, ...]
    free: tuple[Free, ...]

    def find(self, category: str, vendor: str, model: str, operation: str) -> Found | None:
        """Return where a call's price is, None when nothing here is about it."""
        for free in self.free:
            if free.holds(category, vendor, model):
                return Found("", "", "free", free.reason)
        for product in self.products:
            if product.category == category and vendor.lower() in product.vendors:
                return _in_class(product, operation)
        return None


def _in_class(product: Product, operation: str) -> Found:
    for name, operations in product.classes:
        if _any_matches(operation, operations):
            return Found(product.vendors[0], name, "rate")
    return Found(
        product.vendors[0], "", "unknown", f"rates.toml lists {product.vendors[0]}, but not its operation {operation!r}"
    )


def _any_matches(value: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(value.lower(), pattern) for pattern in patterns)


@cache
def rates() -> Rates:
    """Return the list prices that botanu ships."""
    return parse(text())


@cache
def text() -> str:
    """Return the text of rates.toml."""
    return resources.files("botanu_store").joinpath("prices", "rates.toml").read_text("utf-8")


def parse(toml: str) -> Rates:
    """Read a rates.toml."""
    document = tomllib.loads(toml, parse_float=Decimal)
    return Rates(tuple(map(_product, document["product"])), tuple(map(_free, document["free"])))


def _product(entry: dict[str, Any]) -> Product:
    return Product(
        category=entry["category"],
        vendors=tuple(entry["vendors"]),
        classes=tuple((rate["class"], tuple(rate["operations"])) for rate in entry["class"]),
        prices=tuple(_price(entry, rate) for rate in entry["class"]),
    )


def _price(entry: dict[str, Any], rate: dict[str, Any]) -> Price:
    return Price(
        vendor=entry["vendors"][0],
        model=rate["class"],
        meter=rate["meter"],
        usd=Decimal(rate["usd"]),
        per=rate["per"],
        unit=rate["unit"],
        source=f"{entry['source']} ({entry['region']}, {_confirmed(entry)})",
        minimum=rate.get("minimum", 0),
        valid_from_ns=midnight_ns(rate["from"]) if "from" in rate else ALWAYS_FROM_NS,
        valid_to_ns=midnight_ns(rate["until"]) if "until" in rate else ALWAYS_TO_NS,
    )


def _confirmed(entry: dict[str, Any]) -> str:
    return f"read {entry['read']}" if "read" in entry else "long-standing list price, not read again for this release"


def _free(entry: dict[str, Any]) -> Free:
    return Free(entry["category"], tuple(entry["vendors"]), tuple(entry.get("except_models", ())), entry["reason"])
