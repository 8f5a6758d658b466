"""What runs used, added up and kept: reports read the sums or the calls, and say the same."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botanu_store import open_store
from botanu_store.engines.duckdb import connect, connect_writable
from botanu_store.filters import Filters
from botanu_store.prices import tables
from botanu_store.prices.money import grid_script
from botanu_store.prices.overrides import Discount, Overrides
from botanu_store.reports import usage
from botanu_store.store import Store
from botanu_store.store_file import StoreFile
from botanu_store.times import moment
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.builders import START, chat, document, run, spool, trace_id, write

DAY = 86_400 * 10**9
DISCOUNT = Overrides(discounts=(Discount("openai*", Decimal("0.5")),))
EVERY_SUM = (
    "select * from (select run_id, category, vendor, model, operation, step, service, sum(calls) as calls, sum(llm_calls) as llm_calls, "
    "sum(unpriced_calls) as unpriced_calls, sum(failed_calls) as failed_calls, sum(input_tokens) as input_tokens, "
    "sum(output_tokens) as output_tokens, sum(cached_tokens) as cached_tokens, sum(cost_usd) as cost_usd, sum(failed_usd) as failed_usd "
    "from {lines} group by all) order by all"
)


EVERY_RUN = "select run_id, {columns} from {relation} order by run_id"
SUMS = ("calls", "llm_calls", "unpriced_calls", "failed_calls", "input_tokens", "output_tokens", "cached_tokens", "cost_usd", "failed_usd")  # fmt: skip
USED = ("calls", "llm_calls", "unpriced", "failed", "input", "output", "cached", "usd", "failed_usd")


def used_by_runs(store: Store) -> list[dict[str, Any]]:
    """What each run with counted calls used, as `costed_runs` has it."""
    columns = ", ".join(f"used_{name} as {said}" for name, said in zip(USED, SUMS, strict=True))
    return store.query(EVERY_RUN.format(columns=columns, relation="costed_runs where used_calls is not null"))


def added_up(store: Store) -> list[dict[str, Any]]:
    """What the counted calls of each run come to."""
    columns = ", ".join(f"sum({name}) as {name}" for name in SUMS)
    return store.query(EVERY_RUN.format(columns=columns, relation="usage_by_call group by run_id"))


def sums(store: Store, lines: str) -> list[dict[str, Any]]:
    """Everything that this relation adds up to, run by run and kind by kind."""
    return store.query(EVERY_SUM.replace("{lines}", lines))


def count(store: Store, table: str) -> int:
    return int(store.query(f"select count(*) as n from {table}")[0]["n"])


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add up after any change."""
    monkeypatch.setattr(usage, "WORTH_IT", 1)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["call", "call", "run", "ingest", "prune", "discount", "lazy"]),
        st.integers(0, 4),
        st.sampled_from(["gpt-4o", "claude-sonnet-4-5", "nobody-knows"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@given(steps=STEPS)
@settings(max_examples=5, deadline=None)
def test_sums_are_those_of_the_calls_after_any_history(steps: list[tuple[str, int, str, bool]]) -> None:
    """Late spans, a run told after its calls, forgetting, other prices, changes not yet added up: recomputation gives the same."""
    overrides: Overrides | None = None
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        path = Path(folder) / "s.duckdb"
        patched.setattr(usage, "_AT_ONCE", 2)
        patched.setattr(usage, "WORTH_IT", 1)
        for number, (step, which, model, failed) in enumerate(steps):
            trace, root, start = f"{which + 1:032x}", f"{which + 1:016x}", START + which * DAY + number
            if step == "discount":
                overrides = None if overrides else DISCOUNT
            elif step == "lazy":
                patched.setattr(usage, "WORTH_IT", 4)
            elif step == "call":
                spool(path, document([chat(trace, root, model=model, status=2 if failed else 0, start=start)]))
            elif step == "run":
                spool(path, document([run(trace, f"run-{which % 2}", span_id=root, start=start)]))
            with open_store(path, overrides=overrides) as store:
                if step == "ingest":
                    store.ingest(
                        [write(Path(folder) / "more.jsonl", document([chat(trace, f"{number:016x}", start=start)]))]
                    )
                if step == "prune":
                    store.prune(moment(START + which * DAY))
                assert sums(store, "usage_lines") == sums(store, "usage_by_call")
                assert used_by_runs(store) == added_up(store)
                assert count(store, "costed_runs") == count(store, "runs")


def test_a_report_reads_the_sums_where_they_hold(tmp_path: Path, eager: None) -> None:
    """What was added up is what a report says, down to a sum that was tampered with."""
    path = write_store(tmp_path, runs=3)
    with open_store(path) as store:
        assert count(store, "run_usage") == 3
        assert count(store, "stale_runs") == 0
    with connect_writable(path) as con:
        con.execute("update run_usage set cost_usd = 1000; update runs set kept_usd = 2000")

    with open_store(path) as store:
        assert store.cost(Filters(), ["vendor"]).totals["cost_usd"] == 3000
        assert store.cost(Filters(), ["use_case"]).totals["cost_usd"] == 6000
        assert store.runs(Filters(), limit=1).totals["cost_usd"] == 3000


def test_what_is_ingested_is_added_up_at_once(tmp_path: Path) -> None:
    """However little it is: the reports after it price no call, and lay out no price."""
    path = tmp_path / "s.duckdb"
    with open_store(path) as store:
        store.ingest([write(tmp_path / "a.jsonl", document([chat(trace_id())]))])

    with open_store(path) as store:
        assert store.cost(Filters()).totals["calls"] == 1
        assert (count(store, "run_usage"), count(store, "stale_runs")) == (1, 0)
        assert store.query("select count(*) as n from duckdb_tables() where table_name like '%_grid'")[0]["n"] == 0


def test_few_changes_are_not_worth_adding_up(tmp_path: Path) -> None:
    """Runs that are not added up yet are read by their calls."""
    path = write_store(tmp_path, runs=3)

    with open_store(path) as store:
        assert count(store, "run_usage") == 0
        assert count(store, "stale_runs") >= 3
        assert store.cost(Filters()).totals["calls"] == 3


def test_other_prices_are_added_up_anew(tmp_path: Path, eager: None) -> None:
    """A discount halves the sums; without it they are as before."""
    path = write_store(tmp_path, runs=3)
    costs: list[Decimal] = []
    for overrides in (None, DISCOUNT, None):
        with open_store(path, overrides=overrides) as store:
            costs.append(store.query("select sum(cost_usd) as usd from run_usage")[0]["usd"])

    assert costs[0] == costs[1] * 2 == costs[2] > 0


def test_what_an_older_botanu_priced_otherwise_is_added_up_anew(
    tmp_path: Path, eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade what runs cost is the sum of what their calls cost, of the same book and the same discount too."""
    path = tmp_path / "s.duckdb"
    with monkeypatch.context() as older:
        older.setattr(tables, "grid_script", lambda: grid_script().replace("coalesce(d.factor, 1)", "1"))
        spool(path, document([chat(trace_id())]))
        with open_store(path, overrides=DISCOUNT) as store:
            before = store.cost(Filters()).totals["cost_usd"]

    with open_store(path, overrides=DISCOUNT) as store:
        after = store.cost(Filters()).totals["cost_usd"]
        assert (
            after
            == store.calls(Filters()).totals["cost_usd"]
            == sum(row["cost_usd"] for row in store.calls(Filters()).rows)
        )
    assert before == after * 2 > 0


def test_prices_as_of_a_day_read_the_calls(tmp_path: Path, eager: None) -> None:
    """The sums hold for what is believed today."""
    path = write_store(tmp_path, runs=3)
    with connect_writable(path) as con:
        con.execute("update run_usage set cost_usd = 1000")

    with open_store(path, believed_at=datetime.now(UTC)) as store:
        assert store.cost(Filters()).totals["cost_usd"] == Decimal("0.0105")


def test_who_only_drains_leaves_prices_alone(tmp_path: Path, eager: None) -> None:
    """A receiver does not know of the discount that the sums were made with: what it takes in waits for who does."""
    path = write_store(tmp_path, runs=3, overrides=DISCOUNT)
    spool(path, document([chat(trace_id())]))

    StoreFile(path, drains_only=True).drain()

    with connect(path, read_only=True) as con:
        assert con.execute("select count(*) from run_usage").fetchall() == [(3,)]
        assert con.execute("select count(*) from stale_runs").fetchall() == [(1,)]
    with open_store(path, overrides=DISCOUNT) as store:
        assert count(store, "run_usage") == 4


def write_store(folder: Path, runs: int, overrides: Overrides | None = None) -> Path:
    """Make a store of so many runs of one call each."""
    path = folder / "s.duckdb"
    spool(path, document([chat(trace_id()) for _ in range(runs)]))
    open_store(path, overrides=overrides).close()
    return path
