"""p50 and p95 of money: between two values, and exact, as a budget measures them."""

from __future__ import annotations

import json
import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from botanu_cli.budgets.statistics import Sample, measure
from botanu_store.engines.duckdb import script
from botanu_store.records import PICO_USD

from tests.cli.conftest import Botanu

_ASKED = "botanu_p50(usd) as p50, botanu_p95(usd) as p95"


def connected() -> duckdb.DuckDBPyConnection:
    """Return a connection with the functions of reports."""
    con = duckdb.connect()
    con.execute(script("reports/sql/functions.sql"))
    return con


def expected(amounts: list[int]) -> tuple[Decimal, Decimal]:
    """Return both by the percentiles of budgets, a half of a trillionth upwards."""
    found = [measure(Sample(amounts), metric) for metric in ("p50", "p95")]
    p50, p95 = ((figure or Decimal(0)).quantize(Decimal(1), ROUND_HALF_UP) * PICO_USD for figure in found)
    return p50, p95


def test_percentiles_are_exact_however_many_values_there_are() -> None:
    """For each number of runs, cheap and dear, with and without such as cost the same, to the last of twelve places."""
    chance = random.Random(1)
    groups = [[chance.randrange(10 ** chance.randrange(1, 24)) for _ in range(count)] for count in range(1, 260)]
    groups += [[chance.randrange(3) for _ in range(count)] for count in range(1, 60)]
    rows = [{"place": place, "usd": amount * PICO_USD} for place, amounts in enumerate(groups) for amount in amounts]
    kinds = pa.schema([("place", pa.int64()), ("usd", pa.decimal128(38, 12))])
    con = connected()
    con.register("tried", pa.Table.from_pylist(rows, schema=kinds))

    found = con.execute(f"select {_ASKED} from tried group by place order by place").fetchall()

    assert found == [expected(amounts) for amounts in groups]


def test_percentiles_of_many_values_find_their_neighbours() -> None:
    """Around each power of two and beyond a million, where values are their own places."""
    con = connected()
    counts = [2**power + more for power in range(9, 20) for more in (-1, 0, 1)] + list(range(1_250_000, 1_250_020, 3))
    for count in counts:
        asked = f"select {_ASKED} from (select cast(range as decimal(38, 12)) as usd from range({count}))"

        assert con.execute(asked).fetchall() == [(Decimal(count - 1) / 2, Decimal(19 * (count - 1)) / 20)], count


def test_percentiles_of_nothing_are_unknown() -> None:
    """No value, or none that is known, has no percentile, which is not 0."""
    con = connected()

    for rows in ("(values (1), (2)) as t(usd) where usd > 2", "(values (cast(null as decimal(38, 12)))) as t(usd)"):
        assert con.execute(f"select {_ASKED} from (select cast(usd as decimal(38, 12)) as usd from {rows})").fetchall() == [(None, None)]  # fmt: skip


@pytest.mark.parametrize("metric", ["p50", "p95"])
def test_a_report_and_a_budget_give_one_figure(botanu: Botanu, filled: Path, metric: str) -> None:
    """Of each use case of the samples, to the last digit."""
    for row in json.loads(botanu("cost", "-f", "json").out)["rows"]:
        about = ("--use-case", row["use_case"], "--max-usd", "100", "--metric", metric)
        if row["use_case"] is not None and row["cost_usd"] is not None:
            (check,) = json.loads(botanu("budget", "check", "-f", "json", *about).out)["rows"]

            assert check["measured"] == row[f"{metric}_usd"], row["use_case"]
