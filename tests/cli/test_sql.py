"""`botanu sql` answers questions, and can do nothing else."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Botanu


def test_a_query_is_answered_in_every_format(botanu: Botanu, filled: Path) -> None:
    """The same numbers as the reports, money exact."""
    query = "select sum(cost_usd) as cost_usd, count(*) as calls from priced_calls where counted"
    total = json.loads(botanu("cost", "-f", "json").out)["totals"]

    whole = json.loads(botanu("sql", query, "-f", "json").out)
    (line,) = csv.DictReader(io.StringIO(botanu("sql", query, "-f", "csv").out))

    assert whole["schema"] == "botanu.sql/1"
    assert whole["rows"] == [{"cost_usd": total["cost_usd"], "calls": total["calls"]}]
    assert line == {"cost_usd": total["cost_usd"], "calls": str(total["calls"])}
    assert str(total["calls"]) in botanu("sql", query).out


def test_the_store_at_large_is_not_said_of_a_query(botanu: Botanu, filled: Path) -> None:
    """Its unpriced calls may have nothing to do with the rows: none are named under a table, and no flag fails on them."""
    assert "unpriced" not in botanu("sql", "select 1 as one").out
    assert "unpriced" not in botanu("sql", "select 1 as one", "-f", "markdown").out
    assert botanu("sql", "select 1 as one", "--strict").code == 2


@pytest.mark.parametrize(
    "query",
    [
        "with a as (select 1 as one) from a",
        "show tables",
        "describe runs",
        "explain select 1",
        "values (1), (2)",
        "select 1 as a, 2 as a",
        "select 'nan'::double, [1, 2], {'a': 1.5}, map {'k': 'v'}, now(), [now()], date '2026-01-01', interval 1 day, uuid(), '\\x00'::blob, null",
        "from spans limit 3",
        "select 1 where false",
    ],
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_whatever_a_query_gives_can_be_shown(botanu: Botanu, filled: Path, query: str, form: str) -> None:
    """Every type of value, repeated names and no rows at all, in every format."""
    result = botanu("sql", query, "-f", form)

    assert (result.code, result.err) == (0, "")
    assert result.out


def test_columns_by_time_are_moments_in_utc(botanu: Botanu, filled: Path) -> None:
    """A moment is written as every report writes it, to the microsecond."""
    query = "select make_timestamptz(1795000000123456) as moment, sum(range) as big from range(3) group by 1"

    assert json.loads(botanu("sql", query, "-f", "json", "--tz", "Asia/Tokyo").out)["rows"] == [
        {"moment": "2026-11-18T11:06:40.123456Z", "big": 3}
    ]


@pytest.mark.parametrize(
    "query",
    [
        "delete from runs",
        "insert into runs (run_id) values ('x')",
        "drop table spans",
        "update runs set outcome = 'success'",
        "create table mine as select 1",
        "create temp table mine as select 1",
        "attach 'other.duckdb' as other",
        "copy runs to 'runs.csv'",
        "export database 'folder'",
        "set enable_external_access = true",
        "pragma database_list",
        "call pragma_version()",
        "install httpfs",
        "load httpfs",
        "checkpoint",
        "begin",
        "select 1; drop table runs",
        "explain analyze delete from runs",
        "select * from read_csv('secret.csv')",
        "select * from 'secret.csv'",
        "select * from read_text('secret.csv')",
        "select * from glob('*')",
        "select * from query('delete from runs returning *')",
        "select * from read_blob('botanu.duckdb')",
        "select * from \"READ_BLOB\" /* a comment */ ('botanu.duckdb')",
        "select * from read_blob -- a comment\n('botanu.duckdb')",
        "select content from main.read_text('botanu.duckdb')",
        "select * from query('select * from read_blob(''botanu.duckdb'')')",
        "select * from 'botanu.duckdb'",
        "select (select count(*) from read_duckdb('botanu.duckdb'))",
        "select * from duckdb_secrets()",
        "select getenv('HOME')",
        "from checkpoint()",
        "",
        "no sql at all",
    ],
)
def test_a_query_can_neither_write_nor_leave_the_store(
    botanu: Botanu, filled: Path, tmp_path: Path, query: str
) -> None:
    """Exit code 2 with a message; nothing on stdout, no file appears, and the store's bytes stay."""
    (tmp_path / "secret.csv").write_text("a\nsecret\n")
    before = filled.read_bytes()
    files = sorted(path.name for path in tmp_path.iterdir())

    result = botanu("sql", query)

    assert (result.code, result.out) == (2, "")
    assert "secret\n" not in result.err
    assert filled.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == files


def test_a_store_that_was_just_drained_cannot_be_written_either(botanu: Botanu, tmp_path: Path) -> None:
    """Opening drains the spool with the right to write; the query still has none."""
    from tests.store.builders import chat, document, spool, trace_id

    spool(tmp_path / "botanu.duckdb", document([chat(trace_id())]))

    assert "1" in botanu("sql", "select count(*) from calls").out
    spool(tmp_path / "botanu.duckdb", document([chat(trace_id())]))
    assert botanu("sql", "explain analyze delete from calls").code == 2
    assert json.loads(botanu("sql", "select count(*) as n from calls", "-f", "json").out)["rows"] == [{"n": 2}]
