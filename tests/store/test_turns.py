"""Turns: while one process takes spans in, others read what is committed, whole and with its prices, and nobody waits in a circle."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from botanu_store import open_store
from botanu_store.filters import Filters
from botanu_store.reports.report import Report
from botanu_store.spool import Spool

from tests.store.builders import chat, document, spool, trace_id, write
from tests.store.test_spool import DRAIN, killed

MODELS = ("gpt-4o", "gpt-4o-mini", "o3-mini")
TURNS = (
    "decoding.BATCH_BYTES = 1; spool.Spool.is_wanted = lambda self: True; ingester._LONGEST_PAUSE_SECONDS = 0\n"
    "turns = iter(range({turns})); ingester.Ingester._limit_memory = lambda *_: next(turns, None) is None and die()\n"
    "import sys; from pathlib import Path\n"
)
"""A batch each turn, for somebody waits, and the end after so many."""


def cost_as_it_is(store: Path) -> Report:
    """What a reader sees while another process has the right to write."""
    with Spool(store).drain_lock() as mine, open_store(store) as opened:
        assert mine
        return opened.cost(Filters())


def each_model(store: Path, *, begun: bool) -> None:
    """Let a call of each model wait for a store, which knows some others already or is not there yet."""
    if begun:
        spool(store, document([chat(trace_id(), model="gpt-4.1")]))
        with open_store(store) as opened:
            assert opened.cost(Filters()).coverage.calls_unpriced == 0
    for model in MODELS:
        spool(store, document([chat(trace_id(), model=model)]))


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("batch", [1, 2])
def test_what_is_committed_has_its_price(tmp_path: Path, begun: bool, batch: int) -> None:
    """Between two batches, and after a kill there, no call whose price is known is unpriced: a budget would pass that is broken."""
    store = tmp_path / "s.duckdb"
    each_model(store, begun=begun)

    killed(DRAIN + TURNS.format(turns=batch) + "open_store(sys.argv[1])", store)
    report = cost_as_it_is(store)

    assert (report.totals["calls"], report.coverage.calls_unpriced) == (batch + begun, 0)
    assert report.totals["cost_usd"] > 0


def test_an_ingested_file_has_its_prices_from_batch_to_batch(tmp_path: Path) -> None:
    """`ingest` takes the same road as a drain."""
    store = tmp_path / "s.duckdb"
    file = write(tmp_path / "a.jsonl", *(document([chat(trace_id(), model=model)]) for model in MODELS))

    killed(DRAIN + TURNS.format(turns=1) + "open_store(sys.argv[1]).ingest([Path(sys.argv[2])])", store, file)
    report = cost_as_it_is(store)

    assert (report.totals["calls"], report.coverage.calls_unpriced) == (1, 0)


def test_what_was_read_again_has_its_prices(tmp_path: Path) -> None:
    """The file that a rebuild puts in the store's place has the price of every kind of call that today's rules find."""
    store = tmp_path / "s.duckdb"
    each_model(store, begun=False)
    with open_store(store) as opened:
        before = opened.cost(Filters())
    with closing(duckdb.connect(str(store))) as con:
        con.execute("delete from price_keys where model = 'gpt-4o'")

    with open_store(store) as opened:
        opened.rebuild()
    report = cost_as_it_is(store)

    assert report.coverage.calls_unpriced == 0
    assert report.totals["cost_usd"] == before.totals["cost_usd"]
