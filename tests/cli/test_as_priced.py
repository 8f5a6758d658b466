"""What a report would have said with the prices that were known on an earlier day."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import chat, document, trace_id, write

pytestmark = pytest.mark.usefixtures("begun")


@pytest.fixture
def repriced(botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with one call of a million input tokens, whose book learned on 1 June 2026 that they cost 4 and not 2.50."""
    monkeypatch.chdir(tmp_path)
    botanu("ingest", write(tmp_path / "a.jsonl", document([chat(trace_id(), tokens=(1_000_000, 0))])))
    with duckdb.connect(str(tmp_path / "botanu.duckdb")) as con:
        con.execute("update prices set first_read = timestamp '2026-01-01'")
        con.execute(
            "update prices set superseded = timestamp '2026-06-01' "
            "where vendor = 'openai' and model = 'gpt-4o' and meter = 'input_tokens'"
        )
        con.execute(
            "insert into prices select * replace ('new' as price_id, 4 as usd, 0.000004 as unit_usd, "
            "timestamp '2026-06-01' as first_read, null as superseded) from prices where superseded is not null"
        )
        # As where a new version of the book came: what runs came to was added up with the old one.
        con.execute("delete from meta where key = 'usage_prices'")
    return tmp_path


@pytest.mark.parametrize("report", [["cost"], ["runs", "list"], ["calls", "list"], ["vendors"]], ids=" ".join)
def test_reports_are_priced_by_what_was_believed_then(botanu: Botanu, repriced: Path, report: list[str]) -> None:
    """The flag changes the money and nothing else, and JSON names the moment in UTC."""
    now = json.loads(botanu(*report, "-f", "json").out)
    then = json.loads(botanu(*report, "--as-priced", "2026-05-31", "--tz", "Europe/Berlin", "-f", "json").out)

    assert Decimal(now["totals"]["cost_usd"]) == 4
    assert Decimal(then["totals"]["cost_usd"]) == Decimal("2.5")
    assert (now["filters"], then["filters"]) == ({}, {"as_priced": ["2026-05-30T22:00:00+00:00"]})


def test_a_table_says_as_of_when_it_is_priced(botanu: Botanu, repriced: Path) -> None:
    """Below it, beside the interval if one was asked for."""
    assert "as priced on 2026-05-31 00:00" in botanu("cost", "--as-priced", "2026-05-31", "--tz", "UTC").out
    assert "as priced" not in botanu("cost").out


def test_what_is_no_day_is_refused(botanu: Botanu, repriced: Path) -> None:
    """By the flag's name."""
    result = botanu("cost", "--as-priced", "soon")

    assert result.code == 2
    assert "--as-priced 'soon' is no time" in result.err


def test_a_day_before_all_known_prices_says_whose_are_used(botanu: Botanu, repriced: Path) -> None:
    """In the table beside the day, in machine formats on stderr; a day that has prices of its own says nothing more."""
    said = "he oldest prices known here were read on 2026-01-01 00:00:00 and are used"
    asked = ("cost", "--as-priced", "2020-01-01", "--tz", "UTC")

    assert f"as priced on 2020-01-01 00:00:00 · t{said}" in botanu(*asked).out
    assert f"T{said}." in botanu(*asked, "-f", "json").err
    assert said not in botanu("cost", "--as-priced", "2026-05-31", "--tz", "UTC").out
