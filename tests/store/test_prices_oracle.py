"""SQL prices every model of the book as genai-prices does, whatever the usage and the moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from botanu_store.engines.duckdb import store_in_memory
from botanu_store.prices.tables import sync_prices
from botanu_store.records import INPUT_METERS
from botanu_store.times import to_ns
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider, StartDateConstraint

from .pricing import make_views

_USAGES: list[dict[str, int]] = [
    {"input_tokens": 1234, "output_tokens": 567},
    {
        "input_tokens": 100,
        "cache_read_tokens": 70_000,
        "cache_write_tokens": 900,
        "cache_write_1h_tokens": 333,
        "output_tokens": 41,
    },
    {"input_tokens": 199_999, "cache_read_tokens": 1, "output_tokens": 10},
    {"input_tokens": 200_000, "cache_read_tokens": 1, "output_tokens": 10},
    {"input_tokens": 1_300_000, "output_tokens": 65_000},
    {
        "input_tokens": 10,
        "input_audio_tokens": 900,
        "cache_read_audio_tokens": 80,
        "output_tokens": 7,
        "output_audio_tokens": 600,
    },
    {
        "input_image_tokens": 1500,
        "cache_read_image_tokens": 30,
        "output_image_tokens": 4000,
        "input_video_tokens": 77,
        "output_video_tokens": 9,
    },
    {
        "input_tokens": 5,
        "output_tokens": 5,
        "web_searches": 3,
        "storage_searches": 2,
        "pages": 17,
        "characters": 12_345,
    },
    {"input_tokens": 900, "output_tokens": 700, "reasoning_tokens": 650, "output_audio_tokens": 30},
    {"output_tokens": 41, "reasoning_tokens": 41},
    {"seconds": 4},
    {"seconds": 3661, "input_tokens": 8},
    {},
]

_PARTS_OF: dict[str, tuple[str, ...]] = {
    "cache_read_tokens": ("cache_read_audio_tokens", "cache_read_image_tokens"),
    "cache_write_tokens": ("cache_write_1h_tokens",),
    "input_audio_tokens": ("cache_read_audio_tokens",),
    "input_image_tokens": ("cache_read_image_tokens",),
}
_NAMES = {
    "cache_read_audio_tokens": "cache_audio_read_tokens",
    "cache_read_image_tokens": "cache_image_read_tokens",
    "reasoning_tokens": "output_reasoning_tokens",
    "pages": "input_document_pages",
    "characters": "input_characters",
    "seconds": "input_audio_seconds",
}

_Case = tuple[Provider, ModelInfo, dict[str, int], datetime]


def test_a_sample_of_the_book_costs_what_the_library_says() -> None:
    """Every fortieth model, and all whose price depends on the hour, agree with calc_price to 1e-10 USD."""
    providers = get_snapshot().providers
    every = [(provider, model) for provider in providers for model in provider.models]
    hourly = [(provider, model) for provider, model in every if len(_moments(model)) > 6]
    assert hourly
    _compare(_cases([*every[::40], *hourly]))


@pytest.mark.slow
def test_the_whole_book_costs_what_the_library_says() -> None:
    """Every model of every provider agrees with calc_price to 1e-10 USD, on both sides of every change of price."""
    _compare(_cases([(provider, model) for provider in get_snapshot().providers for model in provider.models]))


def _cases(models: list[tuple[Provider, ModelInfo]]) -> list[_Case]:
    return [
        (provider, model, usage, moment)
        for provider, model in models
        for moment in _moments(model)
        for usage in _USAGES
    ]


def _moments(model: ModelInfo) -> list[datetime]:
    """A moment long ago, a recent one, and both sides of every change of price."""
    moments = [datetime(2022, 3, 1, 12, tzinfo=UTC), datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)]
    for constraint in (
        {str(p.constraint): p.constraint for p in model.prices}.values() if isinstance(model.prices, list) else ()
    ):
        if isinstance(constraint, StartDateConstraint):
            day = constraint.start_date
            edges = [datetime(day.year, day.month, day.day, tzinfo=UTC)]
        elif constraint is not None:
            edges = [datetime.combine(date(2026, 11, 1), edge) for edge in (constraint.start_time, constraint.end_time)]
        else:
            edges = []
        moments += [moment for edge in edges for moment in (edge - timedelta(microseconds=1), edge)]
    return moments


def _compare(cases: list[_Case]) -> None:
    con = _priced(cases)
    ours = dict(con.execute("select span_id, sum(amount_usd) from charges group by span_id").fetchall())
    wide = dict(con.execute("select span_id, cost_usd from counted_calls").fetchall())
    asked = {id(usage): _library_usage(usage) for usage in _USAGES}
    for number, (provider, model, usage, moment) in enumerate(cases):
        theirs = model.calc_price(asked[id(usage)], provider, genai_request_timestamp=moment).total_price
        assert abs((ours[str(number)] or 0) - theirs) <= Decimal("1e-10"), (provider.id, model.id, usage, moment)
        assert ours[str(number)] == wide[str(number)], (provider.id, model.id, usage, moment)


def _priced(cases: list[_Case]) -> duckdb.DuckDBPyConnection:
    con = store_in_memory()
    sync_prices(con)
    rows = [
        {"span_id": str(number), "vendor": provider.id, "model": model.id, "start_ns": to_ns(moment), **usage}
        for number, (provider, model, usage, moment) in enumerate(cases)
    ]
    names = dict.fromkeys(key for row in rows for key in row)
    con.register("given", pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows]))
    con.execute(
        "insert into calls by name "
        "select *, 't' as trace_id, 'r' as run_id, 'llm' as category, 'chat' as operation, 'reported' as usage, true as counted from given"
    )
    # Straight to the model meant: some ids in the book are not among the names that its own matcher finds.
    con.execute(
        "insert into price_keys select distinct 'llm', vendor, model, 'chat', vendor, model, 'model', '' from calls"
    )
    make_views(con)
    return con


def _library_usage(meters: dict[str, int]) -> Usage:
    """Our disjoint meters as the library wants them: each total with all that is part of it."""
    usage = {_NAMES.get(meter, meter): quantity for meter, quantity in meters.items()}
    for meter, parts in _PARTS_OF.items():
        usage[meter] = meters.get(meter, 0) + sum(meters.get(part, 0) for part in parts)
    usage["input_tokens"] = sum(q for m, q in meters.items() if m in INPUT_METERS)
    usage["output_tokens"] = sum(q for m, q in meters.items() if m.startswith("output"))
    usage["audio_seconds"] = meters.get("seconds", 0)
    return Usage(**usage)
