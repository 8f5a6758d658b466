"""Vendors: what each was used for and cost, the price that came of it, what caches saved, and how fast it answered."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import Document, chat, document, span, trace_id, write

pytestmark = pytest.mark.usefixtures("begun")

CACHED = {"gen_ai__usage__cache_read__input_tokens": 800}


def vendors(botanu: Botanu, folder: Path, *spans: Document) -> Any:
    botanu("ingest", str(write(folder / "a.jsonl", document(spans))))
    result = botanu("vendors", "-f", "json")
    assert result.code == 0
    return json.loads(result.out)


def test_the_effective_price_is_cost_over_tokens_and_the_cache_saves_the_difference(
    botanu: Botanu, tmp_path: Path
) -> None:
    """800 of 1,000 input tokens from gpt-4o's cache at half price: hit rate 80 %, 800 x $1.25 a million saved."""
    (row,) = vendors(botanu, tmp_path, chat(trace_id(), **CACHED))["rows"]

    cost = (200 * Decimal("2.50") + 800 * Decimal("1.25") + 100 * 10) / 1_000_000
    assert (row["vendor"], row["product"]) == ("openai", "gpt-4o")
    assert Decimal(row["cost_usd"]) == cost
    assert Decimal(row["usd_per_million_tokens"]) == pytest.approx(cost * 1_000_000 / 1100)
    assert row["cache_hit_rate"] == 0.8
    assert Decimal(row["saved_usd"]) == 800 * Decimal("1.25") / 1_000_000
    assert row["meters"]["cache_read_tokens"] == 800


def test_writing_a_cache_that_is_never_read_costs_more_than_it_saves(botanu: Botanu, tmp_path: Path) -> None:
    """Claude bills a cache write a quarter above fresh input, so the saving is negative."""
    written = {"gen_ai__provider__name": "anthropic", "gen_ai__usage__cache_creation__input_tokens": 1000}

    (row,) = vendors(botanu, tmp_path, chat(trace_id(), model="claude-sonnet-4-5", **written))["rows"]

    assert Decimal(row["saved_usd"]) == -1000 * Decimal("0.75") / 1_000_000


def test_what_is_saved_is_reckoned_at_the_prices_of_each_call(botanu: Botanu, tmp_path: Path) -> None:
    """Gemini bills long prompts dearer: 800 tokens from its cache save $1.125 a million, 200,000 of a long one $2.25, as genai-prices has them."""
    google = {"model": "gemini-2.5-pro", "gen_ai__provider__name": "gcp.gemini"}
    short = chat(trace_id(), **google, **CACHED)
    long = chat(trace_id(), **google, tokens=(300_000, 0), gen_ai__usage__cache_read__input_tokens=200_000)

    (row,) = vendors(botanu, tmp_path, short, long)["rows"]

    assert Decimal(row["saved_usd"]) == (800 * Decimal("1.125") + 200_000 * Decimal("2.25")) / 1_000_000


def test_latency_is_of_calls_that_did_not_fail_and_errors_are_counted(botanu: Botanu, tmp_path: Path) -> None:
    """Three answers of 100, 200 and 300 ms and one time-out of a minute: the median is 200 ms, one of four failed."""
    trace = trace_id()
    answered = [chat(trace, millis=millis) for millis in (100, 200, 300)]

    (row,) = vendors(botanu, tmp_path, *answered, chat(trace, millis=60_000, status=2))["rows"]

    assert (row["calls"], row["errors"], row["error_rate"]) == (4, 1, 0.25)
    assert (row["p50_ms"], row["p95_ms"]) == (pytest.approx(200), pytest.approx(290))


def test_what_bills_no_tokens_has_no_price_per_token(botanu: Botanu, tmp_path: Path) -> None:
    """A warehouse's bytes are listed as such, and stay out of the total's price per million tokens."""
    scan = {"db__system": "bigquery", "db__operation__name": "SELECT", "botanu__warehouse__bytes_scanned": 1024**4}

    whole = vendors(botanu, tmp_path, chat(trace_id()), span(trace_id(), kind=3, **scan))

    rows = {row["vendor"]: row for row in whole["rows"]}
    assert rows["bigquery"]["usd_per_million_tokens"] is None
    assert rows["bigquery"]["saved_usd"] is None
    assert whole["totals"]["usd_per_million_tokens"] == rows["openai"]["usd_per_million_tokens"]


def test_vendors_add_up_to_the_cost_report(botanu: Botanu, filled: Path) -> None:
    """The same calls, tokens and money as `botanu cost` by vendor."""
    whole = json.loads(botanu("vendors", "-f", "json").out)
    cost = json.loads(botanu("cost", "-f", "json").out)

    for name in ("calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens", "cost_usd"):
        assert whole["totals"][name] == cost["totals"][name]
    assert sum(Decimal(row["cost_usd"] or 0) for row in whole["rows"]) == Decimal(whole["totals"]["cost_usd"])


@pytest.mark.parametrize("width", ["80", "200"])
def test_the_page_fits_and_shows_the_costliest_first(
    botanu: Botanu, filled: Path, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    """No line is wider than the terminal; the first row has the largest share."""
    monkeypatch.setenv("COLUMNS", width)

    lines = botanu("vendors").out.splitlines()

    assert "75.6%" in lines[2]
    assert max(len(line) for line in lines if "$" in line) <= int(width)
