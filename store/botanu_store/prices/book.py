"""Model prices from genai-prices: its whole book as rows, and its own matcher for a vendor and a model.

A model's price there depends on the date, the hour of the day, the tier of its total input, and a context such as batch. Each model is cut at
all the moments where its price may change, and the library itself is asked what holds in each piece, so that the rows say what it says.
genai_prices is imported only when the book is read or a new model turns up: importing it takes 0.3 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from botanu_store.prices import updates
from botanu_store.prices.price import ALWAYS_FROM_NS, ALWAYS_TO_NS, EVERY_TIER, NO_TIER, Found, Price, midnight_ns
from botanu_store.times import DAY_NS

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

# What the library calls our meters. Its other units (pixels, messages, code executions, ...) have no meter here.
METERS_BY_PRICE_KEY: dict[str, tuple[str, int, str]] = {
    "input_mtok": ("input_tokens", 1_000_000, "million input tokens"),
    "cache_read_mtok": ("cache_read_tokens", 1_000_000, "million cached input tokens"),
    "cache_write_mtok": ("cache_write_tokens", 1_000_000, "million tokens written to the cache"),
    "cache_write_1h_mtok": ("cache_write_1h_tokens", 1_000_000, "million tokens written to the cache for an hour"),
    "output_mtok": ("output_tokens", 1_000_000, "million output tokens"),
    "output_reasoning_mtok": ("reasoning_tokens", 1_000_000, "million reasoning tokens"),
    "input_audio_mtok": ("input_audio_tokens", 1_000_000, "million audio input tokens"),
    "cache_audio_read_mtok": ("cache_read_audio_tokens", 1_000_000, "million cached audio input tokens"),
    "output_audio_mtok": ("output_audio_tokens", 1_000_000, "million audio output tokens"),
    "input_image_mtok": ("input_image_tokens", 1_000_000, "million image input tokens"),
    "cache_image_read_mtok": ("cache_read_image_tokens", 1_000_000, "million cached image input tokens"),
    "output_image_mtok": ("output_image_tokens", 1_000_000, "million image output tokens"),
    "input_video_mtok": ("input_video_tokens", 1_000_000, "million video input tokens"),
    "output_video_mtok": ("output_video_tokens", 1_000_000, "million video output tokens"),
    "requests_kcount": ("requests", 1_000, "thousand requests"),
    "web_searches_kcount": ("web_searches", 1_000, "thousand web searches"),
    "storage_searches_kcount": ("storage_searches", 1_000, "thousand storage searches"),
    "input_document_kpages": ("pages", 1_000, "thousand pages"),
    "input_mchars": ("characters", 1_000_000, "million characters"),
    "input_audio_hours": ("seconds", 3_600, "hour of audio"),
    "audio_hours": ("seconds", 3_600, "hour of audio"),
}

# Vendors as dialects name them (OpenTelemetry's gen_ai.provider.name where it has one) to the library's provider ids.
PROVIDERS: dict[str, str] = {
    "aws.bedrock": "aws",
    "azure.openai": "azure",
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "gcp.vertex_ai": "google",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "x.ai": "x-ai",
    "x_ai": "x-ai",
    "mistral_ai": "mistral",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "moonshot": "moonshotai",
    "voyage": "voyageai",
    "zhipu": "zhipuai",
    "z.ai": "zai",
}

_GROQ_BY_THE_SECOND = ("whisper-large-v3", "whisper-large-v3-turbo")
_GROQ_LEAST_SECONDS = 10  # https://console.groq.com/docs/speech-to-text; ModelInfo.calc_price has the same exception
_FREE_WORDS = ("free of charge", "included in the subscription")


def prices() -> Iterator[Price]:
    """Yield every price of the book."""
    for provider in _providers():
        for model in provider.models:
            yield from _model_prices(provider, model)


def find(vendor: str, model: str) -> Found:
    """Find a model in the book as the library does; an empty vendor only if a single vendor's models are named so."""
    providers = _providers()
    provider, names = _named(vendor, model)
    for name in names:
        info = provider.find_model(name, all_providers=providers) if provider else None
        if info is not None:
            owner = next(p for p in providers if any(m is info for m in p.models))
            return _found(owner, info)
    return Found("", "", "unknown", f"{model or 'a call without a model'} is not in the price book")


def find_everywhere(name: str) -> list[tuple[str, str]]:
    """Return (vendor, model) of every vendor that the book lists a model of this name for; `vendor/model` names one of them."""
    prefix, _, rest = name.partition("/")
    if rest and (found := find(prefix, rest)).rule == "model":
        return [(found.price_vendor, found.price_model)]
    places = [(provider, provider.find_model(name)) for provider in _providers()]
    return sorted({(provider.id, info.id) for provider, info in places if info is not None})


def _found(owner: Provider, model: ModelInfo) -> Found:
    if _has_prices(model):
        return Found(owner.id, model.id, "model")
    comment = (model.price_comments or "").lower()
    if model.id.endswith(":free") or any(words in comment for words in _FREE_WORDS):
        return Found(owner.id, model.id, "free", "marked free in the price book")
    return Found(owner.id, model.id, "unknown", f"the price book lists {model.id} without a price")


def _named(vendor: str, model: str) -> tuple[Provider | None, list[str]]:
    """The provider of a call, and the names to look its model up by: as it is, then without a path before it (`models/gemini-2.5-pro`)."""
    from genai_prices.data_snapshot import find_provider_by_id  # noqa: PLC0415 - see the module's docstring

    providers = _providers()
    prefix, _, rest = model.partition("/")
    names = [model, model.rpartition("/")[2]] if rest else [model]
    if vendor and vendor.lower() != "litellm":
        return find_provider_by_id(providers, PROVIDERS.get(vendor.lower(), vendor)), names
    if rest:  # LiteLLM and other routers put the vendor before the model.
        return find_provider_by_id(providers, PROVIDERS.get(prefix.lower(), prefix)), [rest, *names]
    named_so = [p for p in providers if p.model_match is not None and p.model_match.is_match(model.lower())]
    return (named_so[0] if len(named_so) == 1 else None), names


def _providers() -> list[Provider]:
    fetched = updates.newest()
    return _installed() if fetched is None else _read(fetched)


@cache
def _read(fetched: Path) -> list[Provider]:
    return updates.providers(fetched)


def _installed() -> list[Provider]:
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - see the module's docstring

    return get_snapshot().providers


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of time in which one model's prices do not change: dates, and hours of the day."""

    moment: datetime
    valid_from_ns: int
    valid_to_ns: int
    day_from_ns: int
    day_to_ns: int


def _model_prices(provider: Provider, model: ModelInfo) -> Iterator[Price]:
    contexts: dict[str, dict[str, str]] = {"standard": {}}
    for variant in model.price_variants or ():
        contexts.setdefault(",".join(variant.when.values()), variant.when)
    for context, when in contexts.items():
        pieces = _pieces(model, variants=bool(when))
        seen = [(piece, model.get_prices(piece.moment, when)) for piece in pieces]
        tiers = _tiers([price for _, price in seen])
        for piece, price in seen:
            yield from _piece_prices(provider, model, context, piece, price, tiers)


def _piece_prices(
    provider: Provider, model: ModelInfo, context: str, piece: _Piece, price: ModelPrice, tiers: list[tuple[int, int]]
) -> Iterator[Price]:
    taken = set[str]()
    named = vars(price)  # as an attribute, each that has no price would be looked up in the library's registry
    for key, (meter, per, unit) in METERS_BY_PRICE_KEY.items():
        value = named.get(key)
        if value is None or meter in taken:
            continue
        taken.add(meter)
        for low, high in tiers:
            yield Price(
                vendor=provider.id,
                model=model.id,
                meter=meter,
                usd=_at_tier(value, high),
                per=per,
                unit=unit,
                source=f"genai-prices {(provider.pricing_urls or [''])[0]}".strip(),
                context=context,
                minimum=_GROQ_LEAST_SECONDS if meter == "seconds" and _groq_whisper(provider, model) else 0,
                valid_from_ns=piece.valid_from_ns,
                valid_to_ns=piece.valid_to_ns,
                day_from_ns=piece.day_from_ns,
                day_to_ns=piece.day_to_ns,
                tier_from=low,
                tier_to=high,
            )


def _groq_whisper(provider: Provider, model: ModelInfo) -> bool:
    return provider.id == "groq" and model.id in _GROQ_BY_THE_SECOND


def _has_prices(model: ModelInfo) -> bool:
    return any(model.get_prices(piece.moment).__dict__ for piece in _pieces(model, variants=False))


def _pieces(model: ModelInfo, *, variants: bool) -> list[_Piece]:
    from genai_prices.types import StartDateConstraint, TimeOfDateConstraint  # noqa: PLC0415 - see the module's docstring

    constraints = [price.constraint for price in model.prices] if isinstance(model.prices, list) else []
    if variants:
        constraints += [variant.constraint for variant in model.price_variants or ()]
    dates = sorted({c.start_date for c in constraints if isinstance(c, StartDateConstraint)})
    hours = {
        _of_day(edge) for c in constraints if isinstance(c, TimeOfDateConstraint) for edge in (c.start_time, c.end_time)
    }
    day_edges = sorted({0, DAY_NS, *hours})
    date_edges = [ALWAYS_FROM_NS, *(midnight_ns(day) for day in dates), ALWAYS_TO_NS]
    first_days = [dates[0] - timedelta(days=1) if dates else date(2020, 1, 1), *dates]
    return [
        _Piece(_moment(day, day_from), valid_from, valid_to, day_from, day_to)
        for day, (valid_from, valid_to) in zip(first_days, pairwise(date_edges), strict=True)
        for day_from, day_to in pairwise(day_edges)
    ]


def _tiers(prices: list[ModelPrice]) -> list[tuple[int, int]]:
    """The tiers of all the prices of a model together: above the first number, up to the second."""
    starts = {
        tier.start for price in prices for value in price.__dict__.values() for tier in getattr(value, "tiers", ())
    }
    return list(pairwise([NO_TIER, *sorted(starts), EVERY_TIER]))


def _at_tier(value: Decimal | TieredPrices, highest: int) -> Decimal:
    if isinstance(value, Decimal):
        return value
    reached = [tier.price for tier in value.tiers if tier.start < highest]
    return reached[-1] if reached else value.base


def _moment(day: date, day_ns: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(microseconds=day_ns // 1000)


def _of_day(edge: time) -> int:
    utc = datetime.combine(date(2000, 1, 2), edge if edge.tzinfo else edge.replace(tzinfo=UTC)).astimezone(UTC)
    return (utc.hour * 3600 + utc.minute * 60 + utc.second) * 10**9
