"""`botanu export`: files that add up to the reports."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import Botanu


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("filters", [[], ["--use-case", "Customer Support"], ["--vendor", "openai"]])
def test_exported_charges_add_up_to_the_cost(
    botanu: Botanu, filled: Path, tmp_path: Path, form: str, filters: list[str]
) -> None:
    """The amounts of charges, of calls and of runs are what `botanu cost` says under the same filters; runs are those it counts."""
    result = botanu("export", "it's here", "-f", form, *filters)

    totals = json.loads(botanu("cost", "-f", "json", *filters).out)["totals"]
    with duckdb.connect() as con:
        folder = str(tmp_path / "it's here").replace("'", "''")
        money = f"cast(sum(cast({{}} as decimal(38, 12))) as varchar) from '{folder}/{{}}.{form}'"
        sums = [
            con.execute(f"select {money.format('amount_usd', 'charges')}").fetchall()[0][0],
            con.execute(f"select {money.format('cost_usd', 'calls')}").fetchall()[0][0],
            con.execute(f"select {money.format('cost_usd', 'runs')}").fetchall()[0][0],
        ]
        runs = con.execute(f"select count(*) from '{folder}/runs.{form}'").fetchall()[0][0]
    assert (result.code, result.out) == (0, "")
    assert [Decimal(found) for found in sums] == [Decimal(totals["cost_usd"])] * 3
    assert runs == totals["runs"]
    assert sorted(path.name for path in (tmp_path / "it's here").iterdir()) == sorted(
        f"{name}.{form}" for name in ("runs", "calls", "charges")
    )


def test_a_file_is_no_folder_to_export_into(botanu: Botanu, filled: Path) -> None:
    """Exit code 2, and the file stays."""
    result = botanu("export", str(filled))

    assert result.code == 2
    assert "is a file" in result.err
    assert botanu("cost").code == 0


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="every folder here can be written to")
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("/proc/folder", "The folder /proc/folder cannot be made: No such file or directory. Name another."),
        ("/proc/self", "/proc/self/runs.parquet cannot be written: IO Error: "),
    ],
)
def test_where_nothing_can_be_written_it_is_said_so(botanu: Botanu, folder: str, said: str) -> None:
    """A folder that cannot be made, or takes no file, is named with what went wrong: no missing file, and nothing unexpected."""
    result = botanu("export", folder)

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"Error: {said}")
