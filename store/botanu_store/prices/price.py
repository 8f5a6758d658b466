"""One published price, as the price book's sources hand it to the store."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from operator import attrgetter
from typing import Literal

from botanu_store.records import PICO_USD
from botanu_store.times import DAY_NS

ALWAYS_FROM_NS = -(2**63)
ALWAYS_TO_NS = 2**63 - 1
NO_TIER = -1
EVERY_TIER = 2**63 - 1

Rule = Literal["model", "rate", "free", "unknown"]
"""Where a call's price is: a model of the book; a product of rates.toml; nowhere, it is not billed; nowhere that we know."""

FALLBACKS: dict[str, tuple[str, ...]] = {
    "cache_read_tokens": ("input_tokens",),
    "cache_write_tokens": ("input_tokens",),
    "cache_write_1h_tokens": ("cache_write_tokens", "input_tokens"),
    "input_audio_tokens": ("input_tokens",),
    "cache_read_audio_tokens": ("cache_read_tokens", "input_audio_tokens", "input_tokens"),
    "input_image_tokens": ("input_tokens",),
    "cache_read_image_tokens": ("cache_read_tokens", "input_image_tokens", "input_tokens"),
    "input_video_tokens": ("input_tokens",),
    "output_audio_tokens": ("output_tokens",),
    "output_image_tokens": ("output_tokens",),
    "output_video_tokens": ("output_tokens",),
}
"""Meters that a model bills at another meter's price when it names none of their own, nearest first.

This is what genai-prices does: usage without a price of its own stays in the usage that includes it (`genai_prices/decompose.py`).
"""

FRESH: dict[str, str] = {
    "cache_read_tokens": "input_tokens",
    "cache_write_tokens": "input_tokens",
    "cache_write_1h_tokens": "input_tokens",
    "cache_read_audio_tokens": "input_audio_tokens",
    "cache_read_image_tokens": "input_image_tokens",
}
"""What cached tokens would have been without a cache."""

PROPORTIONAL_METERS = ("seconds", "bytes_read", "bytes_written", "bytes_scanned", "bytes_transferred")
"""Meters sold by the hour or the tebibyte: no decimal says what one unit costs, so an amount is quantity x usd / per."""

MINIMUM_METERS = ("seconds", "bytes_read", "bytes_scanned", "bytes_transferred")
"""Meters that some vendors bill with a minimum per call."""


def midnight_ns(day: date) -> int:
    """Return when a day began, in UTC."""
    return (day - date(1970, 1, 1)).days * DAY_NS


@dataclass(frozen=True, slots=True)
class Price:
    """One published price of one meter; `Price.row` is what the table `prices` stores."""

    vendor: str
    model: str
    meter: str
    usd: Decimal
    per: int
    unit: str
    source: str
    context: str = "standard"
    minimum: int = 0
    valid_from_ns: int = ALWAYS_FROM_NS
    valid_to_ns: int = ALWAYS_TO_NS
    day_from_ns: int = 0
    day_to_ns: int = DAY_NS
    tier_from: int = NO_TIER
    tier_to: int = EVERY_TIER

    @property
    def unit_usd(self) -> Decimal:
        """Price of one unit, to twelve decimals."""
        return (self.usd / self.per).quantize(PICO_USD)

    def row(self) -> dict[str, object]:
        """Return the price as a row of the table `prices`, less what the table says of the book's versions.

        Its `price_id` is the same for the same price in every version of the book.
        """
        values = _values(self)
        price_id = blake2b("\x1f".join(map(str, values)).encode(), digest_size=8).hexdigest()
        row: dict[str, object] = {"price_id": price_id, **dict(zip(_NAMES, values, strict=True))}
        return row | {"usd": self.usd.quantize(PICO_USD), "unit_usd": self.unit_usd}


_NAMES = tuple(field.name for field in fields(Price))
_values = attrgetter(*_NAMES)  # a quarter of what dataclasses.astuple takes, which copies each value


@dataclass(frozen=True, slots=True)
class Found:
    """Where the price of one (category, vendor, model, operation) is."""

    price_vendor: str
    price_model: str
    rule: Rule
    reason: str = ""
