"""What every dialect speaks of: a reading of one span, and the counts and names it is made of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import orjson

from botanu_store.records import INPUT_METERS, OUTPUT_METERS, Category, Span

Role = Literal["call", "wrapper", "raw", "late"]
"""What a span is to a call: the call itself; something around calls that may repeat their sum; a raw copy of the call that is its parent;
or the usage of a stream that ended, reported after the span of the call."""

_MOST = 2**53


@dataclass(slots=True)
class Reading:
    """What one span says of what was used."""

    dialect: str
    category: Category
    operation: str
    role: Role = "call"
    vendor: str = ""
    request_model: str = ""
    response_model: str = ""
    quantities: dict[str, int] = field(default_factory=dict[str, int])
    """Units by meter, disjoint; without `requests`."""
    reported: bool = False
    """Whether the span carries its usage."""
    free: bool = False
    """Whether the vendor bills this kind of call at nothing."""
    response_id: str = ""
    request_id: str = ""
    attempt: int = 1
    emitter_usd: str | None = None

    @property
    def input_total(self) -> int:
        """All input tokens, cached ones included."""
        return sum(self.quantities.get(meter, 0) for meter in INPUT_METERS)

    @property
    def output_total(self) -> int:
        """All output tokens."""
        return sum(self.quantities.get(meter, 0) for meter in OUTPUT_METERS)

    @property
    def detail(self) -> int:
        """How finely the usage is told apart: among spans of one call the one with most detail is believed."""
        return len(self.quantities) + bool(self.response_id) + bool(self.response_model)


@dataclass(slots=True)
class Tokens:
    """Token counts as an emitter gives them, before they are told apart into meters; None is not said."""

    input: int | None = None
    output: int | None = None
    cache_read: int = 0
    cache_write: int = 0
    """All that was written to a cache, whatever for how long."""
    cache_write_1h: int = 0
    input_audio: int = 0
    output_audio: int = 0
    input_image: int = 0
    output_image: int = 0
    excludes_cache: bool = False
    """Whether `input` leaves out what was read from or written to a cache."""

    def meters(self) -> dict[str, int]:
        """Return disjoint quantities by meter, only those above zero.

        An input smaller than the cached tokens that should be within it leaves them out, whatever the emitter promises.
        """
        cached = self.cache_read + self.cache_write
        total = self.input or 0
        if self.excludes_cache or cached > total:
            total += cached
        audio, image = min(self.input_audio, total - cached), min(self.input_image, total - cached)
        image = min(image, total - cached - audio)
        out = self.output or 0
        out_audio = min(self.output_audio, out)
        out_image = min(self.output_image, out - out_audio)
        long = min(self.cache_write_1h, self.cache_write)
        found = {
            "input_tokens": total - cached - audio - image,
            "cache_read_tokens": self.cache_read,
            "cache_write_tokens": self.cache_write - long,
            "cache_write_1h_tokens": long,
            "input_audio_tokens": audio,
            "input_image_tokens": image,
            "output_tokens": out - out_audio - out_image,
            "output_audio_tokens": out_audio,
            "output_image_tokens": out_image,
        }
        return {meter: count for meter, count in found.items() if count > 0}

    @property
    def said(self) -> bool:
        """Whether there is any count at all."""
        return self.input is not None or self.output is not None


def number(value: Any) -> int | None:
    """Return a count, from text or a number; None for what is no count (negative, fractional, absurd, not a number)."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        count = int(value)
    except (ValueError, TypeError, OverflowError):
        try:
            count = int(float(value))
        except (ValueError, TypeError, OverflowError):
            return None
    return count if 0 <= count <= _MOST else None


def first(attributes: Mapping[str, Any], keys: Iterable[str]) -> int | None:
    """Return the first of these attributes that is a count: aliases of one number are never added up."""
    for key in keys:
        value = attributes.get(key)
        if value is not None:
            count = number(value)
            if count is not None:
                return count
    return None


def text(attributes: Mapping[str, str], *keys: str) -> str:
    """Return the first of these attributes that says something, bounded."""
    for key in keys:
        value = attributes.get(key)
        if value:
            return value[:256]
    return ""


def usd(attributes: Mapping[str, Any], *keys: str) -> str | None:
    """Return the first of these attributes that is an amount of money above zero."""
    for key in keys:
        value = attributes.get(key)
        if value is None:
            continue
        try:
            amount = Decimal(str(value))
        except ArithmeticError:
            continue
        if amount.is_finite() and amount > 0:
            return str(value)
    return None


def json_object(value: str | None) -> dict[str, Any]:
    """Return a JSON object held as text; anything else is an empty one."""
    if not value:
        return {}
    try:
        found: Any = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return _objects(found)


def python_object(value: str | None) -> dict[str, Any]:
    """Return a dict held as Python's own notation, as LiteLLM and LangSmith write it; anything else is an empty one."""
    if not value or len(value) > _LONGEST_REPR:
        return {}
    try:
        found: Any = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {}
    return _objects(found)


def _objects(found: Any) -> dict[str, Any]:
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def inner(value: Any) -> dict[str, Any]:
    """Return a member of a JSON object that should be an object itself."""
    return _objects(value)


def provider_usage(usage: Mapping[str, Any]) -> Tokens:
    """Read a provider's own usage object: OpenAI's chat or responses, Anthropic's, or a mix of both as routers send it."""
    details = inner(usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or usage.get("input_token_details"))
    outputs = inner(usage.get("completion_tokens_details") or usage.get("output_tokens_details") or usage.get("output_token_details"))
    created = inner(usage.get("cache_creation"))
    read = first({**details, **usage}, ("cache_read_input_tokens", "cached_tokens", "cache_read"))
    write = first({**details, **usage}, ("cache_creation_input_tokens", "cache_creation_tokens", "cache_write_tokens", "cache_creation"))
    long = first(created, ("ephemeral_1h_input_tokens",)) or first(inner(details.get("cache_creation_token_details")), ("ephemeral_1h_input_tokens",))
    return Tokens(
        input=first(usage, ("prompt_tokens", "input_tokens")),
        output=first(usage, ("completion_tokens", "output_tokens")),
        cache_read=read or 0,
        cache_write=write or 0,
        cache_write_1h=long or first(usage, ("cache_creation_input_tokens_above_1hr",)) or 0,
        input_audio=first(details, ("audio_tokens", "audio")) or 0,
        output_audio=first(outputs, ("audio_tokens", "audio")) or 0,
    )


def attempt(span: Span, *keys: str) -> int:
    """Return which attempt the span is; 1 where it does not say."""
    count = first(span.attributes, keys)
    return count if count and count < _MOST_ATTEMPTS else 1


_LONGEST_REPR = 20_000
_MOST_ATTEMPTS = 2**31
