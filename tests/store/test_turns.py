"""Turns: while one process takes spans in, others read what is committed, whole and with its prices, and nobody waits in a circle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from botanu_store import open_store
from botanu_store.engines.duckdb import connect, connect_writable
from botanu_store.filters import Filters
from botanu_store.ingest import ingester
from botanu_store.ingest.ingester import Ingester
from botanu_store.otlp import decoding
from botanu_store.otlp.sources import Piece
from botanu_store.reports.report import Report
from botanu_store.spool import Spool

from tests.store.builders import chat, document, lines, spool, trace_id, write
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


def test_who_waits_to_write_leaves_the_file_to_who_writes(tmp_path: Path) -> None:
    """An ingest that waits for another one does not keep the file open meanwhile: the other one opens it again for each turn."""
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id())]))
    file = write(tmp_path / "a.jsonl", document([chat(trace_id())]))
    program = (
        "import sys; from pathlib import Path; from botanu_store.engines.duckdb import connect\n"
        "from botanu_store.spool import Spool; path = Path(sys.argv[1])\n"
        "with Spool(path).drain_lock() as mine: print(mine, flush=True); connect(path, wait=5).close()"
    )

    with open_store(store) as opened:
        writes = subprocess.Popen([sys.executable, "-c", program, str(store)], stdout=subprocess.PIPE, text=True)
        assert writes.stdout is not None
        assert writes.stdout.readline() == "True\n"
        result = opened.ingest([file])

    assert writes.wait(30) == 0
    writes.stdout.close()
    assert result.new == 1


def taking(path: Path, reopen: Callable[[], duckdb.DuckDBPyConnection], wanted: Callable[[], bool], parts: int) -> int:
    """Take in so many parts, a batch each; return how many came in, of which the connection knows in the end."""
    taker = Ingester(connect_writable(path), reopen=reopen, wanted=wanted)
    taker.ingest(Piece("json", lines(document([chat(trace_id())])).strip(), "test", "") for _ in range(parts))
    with closing(taker.con) as con:
        return int(con.execute("select count(*) from spans").fetchall()[0][0])


def test_after_the_last_batch_the_file_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has taken in everything does not fail for want of the file, though somebody waits for it."""
    monkeypatch.setattr(decoding, "BATCH_BYTES", 1)
    path, opened = tmp_path / "s.duckdb", list[int]()
    monkeypatch.setattr(ingester, "_LONGEST_PAUSE_SECONDS", 0)

    def reopen() -> duckdb.DuckDBPyConnection:
        opened.append(1)
        return connect(path)

    assert taking(path, reopen, lambda: True, 3) == 3
    assert len(opened) == 2


def test_who_waits_has_the_file_before_the_next_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes one who waits to notice that the file is free, it is not taken away again meanwhile."""
    monkeypatch.setattr(decoding, "BATCH_BYTES", 1)
    path, waits = tmp_path / "s.duckdb", iter([True] * 5)

    def reopen() -> duckdb.DuckDBPyConnection:
        assert next(waits, None) is None
        return connect(path)

    assert taking(path, reopen, lambda: next(waits, False), 2) == 2
