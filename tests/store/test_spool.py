"""The spool: nothing that was flushed is lost, nothing is counted twice, whoever dies and whenever."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
from botanu_store import ingest, open_store
from botanu_store.errors import StoreUnavailable
from botanu_store.filters import Filters
from botanu_store.spool import Spool

from botanu.exporters.segment import write_segment
from tests.store.builders import chat, document, lines, spool, trace_id


def spans_in(store: Path) -> int:
    with open_store(store) as opened:
        rows = opened.query("select count(*) as n, count(distinct (trace_id, span_id)) as ids from spans")[0]
    assert rows["n"] == rows["ids"]
    return int(rows["n"])


def test_opening_drains_and_deletes_the_segments(tmp_path: Path) -> None:
    """Who opens the store to read finds what was flushed a moment ago; the segments are gone afterwards."""
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id())]))

    assert spans_in(store) == 1
    assert Spool(store).segments() == []


def test_a_drain_killed_between_commit_and_delete_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments that were committed but not deleted are recognised by name and only deleted."""
    store = tmp_path / "s.duckdb"
    segment = spool(store, document([chat(trace_id()), chat(trace_id())]))
    copy = segment.read_bytes()
    assert spans_in(store) == 2
    segment.write_bytes(copy)

    with open_store(store) as opened:
        assert opened.drained.spans == 0

    assert spans_in(store) == 2
    assert Spool(store).segments() == []


def test_temporary_names_are_not_read(tmp_path: Path) -> None:
    """A segment still being written is nobody's business."""
    store = tmp_path / "s.duckdb"
    folder = Spool(store).folder
    folder.mkdir()
    (folder / ".00000000000000000001-1-1.jsonl").write_bytes(b'{"resourceSp')

    with open_store(store) as opened:
        assert opened.empty


def test_a_bad_part_of_a_segment_is_set_aside_with_the_reason(tmp_path: Path) -> None:
    """The good lines go in, the bad one is kept in rejected/ beside why."""
    store = tmp_path / "s.duckdb"
    segment = spool(store, document([chat(trace_id())]))
    segment.write_bytes(segment.read_bytes() + b"{torn\n")

    assert spans_in(store) == 1

    (kept,) = Spool(store).rejected()
    assert kept.read_bytes() == b"{..."
    assert "line 2" in kept.with_name(kept.name + ".reason").read_text()


def test_a_reader_without_the_lock_reads_what_is_there_and_says_what_is_pending(tmp_path: Path) -> None:
    """While another process drains, a reader works from the committed part and counts the segments that wait."""
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id())]))
    assert spans_in(store) == 1
    spool(store, document([chat(trace_id())]))

    with Spool(store).drain_lock() as mine, open_store(store) as opened:
        report = opened.cost(Filters())

    assert mine
    assert (report.coverage.segments_pending, report.coverage.complete, report.totals["calls"]) == (1, False, 1)


def test_a_store_held_by_another_process_is_unavailable_after_a_wait(tmp_path: Path) -> None:
    """A file that another process keeps open for writing ends in a clear error, not in a hang."""
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id())]))
    assert spans_in(store) == 1
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(store, ready, done))
    holder.start()
    try:
        assert ready.wait(30)
        with pytest.raises(StoreUnavailable, match="in use by another process"):
            open_store(store)
    finally:
        done.set()
        holder.join(30)


def _hold(store: Path, ready: object, done: object) -> None:
    import duckdb

    con = duckdb.connect(str(store))
    ready.set()  # type: ignore[attr-defined]
    done.wait(30)  # type: ignore[attr-defined]
    con.close()


def test_two_drains_at_once_do_not_meet(tmp_path: Path) -> None:
    """Only one process drains; the lock of a process that dies is free."""
    spool_ = Spool(tmp_path / "s.duckdb")
    with spool_.drain_lock() as first, spool_.drain_lock() as second:
        assert (first, second) == (True, False)
    with spool_.drain_lock() as again:
        assert again


def _write_for_ever(store: Path, written: Path) -> None:
    folder = Spool(store).folder
    while True:
        spans = [chat(os.urandom(16).hex(), span_id=os.urandom(8).hex()) for _ in range(20)]
        write_segment(folder, lines(document(spans)))
        with written.open("a") as log:
            log.write(f"{len(spans)}\n")
        time.sleep(0.02)


def _drain_for_ever(store: Path) -> None:
    while True:
        try:
            open_store(store).close()
        except StoreUnavailable:
            time.sleep(0.05)


@pytest.mark.slow
def test_kill_nine_at_random_points_loses_nothing_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers and drains are killed at random, again and again: every span whose flush returned is in the store exactly once."""
    store = tmp_path / "s.duckdb"
    context = multiprocessing.get_context("spawn")
    chance = random.Random(7)
    logs = [tmp_path / f"{n}.log" for n in range(3)]
    for log in logs:
        log.touch()
    deaths = 0
    for _ in range(4):
        writers = [context.Process(target=_write_for_ever, args=(store, log)) for log in logs]
        drains = [context.Process(target=_drain_for_ever, args=(store,)) for _ in range(2)]
        for process in [*writers, *drains]:
            process.start()
        time.sleep(2.5 + chance.random())
        for process in [*drains, *writers]:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            deaths += process.exitcode == -signal.SIGKILL
            time.sleep(chance.random() / 20)

    confirmed = sum(int(line) for log in logs for line in log.read_text().split())
    stored = spans_in(store)

    assert deaths == 20
    assert confirmed > 0
    # A writer killed between the rename and its own log line has flushed one segment more than it could say.
    assert confirmed <= stored <= confirmed + 20 * len(logs) * 4
    assert Spool(store).segments() == []
    assert ingest.BATCH_BYTES > 0
