"""The spool: nothing that was flushed is lost, nothing is counted twice, whoever dies and whenever."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botanu_store import open_store
from botanu_store.engines.duckdb import connect_writable
from botanu_store.errors import StoreUnavailable
from botanu_store.filters import Filters
from botanu_store.ingest import conclude
from botanu_store.ingest.ingester import Ingester
from botanu_store.otlp.decoding import SLICE_BYTES
from botanu_store.spool import Spool

from botanu.exporters.segment import write_segment
from tests.store.builders import chat, document, lines, run, spool, trace_id, write


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


class Filling(Spool):
    """A spool into which one more segment comes as soon as it was looked at."""

    came = False

    def segments(self) -> list[Path]:
        """Return what is there now."""
        found = super().segments()
        if not self.came:
            write_segment(self.folder, lines(document([chat(trace_id())])))
        self.came = True
        return found


@pytest.mark.parametrize(("worth_it", "pending"), [(1, 0), (SLICE_BYTES, 1)])
def test_who_only_drains_goes_on_while_enough_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth_it: int, pending: int
) -> None:
    """What came while a batch was decoded is in the next batch of the same drain if it is worth it; else it waits for the next one."""
    monkeypatch.setattr("botanu_store.ingest.ingester.SLICE_BYTES", worth_it)
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id())]))

    with closing(connect_writable(store)) as con:
        ingester = Ingester(con)
        ingester.drain(waiting := Filling(store), follow=True)

    assert len(waiting.segments()) == pending
    assert ingester.result.new == 2 - pending
    assert spans_in(store) == 2


KILL = "import os, signal\ndie = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
DRAIN = (
    KILL
    + "from botanu_store import open_store, spool, store_file\nfrom botanu_store.engines import duckdb as engine\n"
    + "from botanu_store.ingest import ingester\nfrom botanu_store.otlp import decoding\n"
)


def killed(program: str, *arguments: Path) -> None:
    """Run a program that is killed in the middle."""
    done = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "moment",
    [
        "engine.migrate = die",
        "engine.Path.replace = die",
        "engine.sync_folder = die",
        "ingester.conclude.conclude = die",
        "ingester.find_new = die",
        "ingester._set_aside = die",
        "spool.Spool.retire = lambda self, segments: die() if list(segments) else None",
        "ingester.time.sleep = die; decoding.BATCH_BYTES = ingester.BATCHES_A_TURN = 1",
        "store_file.sync_prices = die",
    ],
)
def test_a_drain_killed_at_any_moment_counts_everything_once(tmp_path: Path, moment: str) -> None:
    """Killed while the store is made, before commit, between commit and delete, between batches: the next drain makes it whole."""
    store = tmp_path / "s.duckdb"
    segments = [spool(store, document([chat(trace_id()) for _ in range(3)])) for _ in range(3)]
    segments[0].write_bytes(segments[0].read_bytes() + b"{torn\n")

    killed(DRAIN + moment + "; import sys; open_store(sys.argv[1])", store)

    assert spans_in(store) == 9
    assert Spool(store).segments() == []
    assert len(Spool(store).rejected()) == 1
    assert not list(tmp_path.glob(".s.duckdb*"))


def test_a_writer_killed_after_the_rename_has_written(tmp_path: Path) -> None:
    """A segment that has its name counts, though nobody was told; one without is swept away when it is old."""
    store = tmp_path / "s.duckdb"
    payload = tmp_path / "payload"
    payload.write_bytes(lines(document([chat(trace_id())])))
    program = KILL + "import sys; from pathlib import Path; from botanu.exporters import segment\n"
    write = "\nsegment.write_segment(segment.spool_folder(sys.argv[1]), Path(sys.argv[2]).read_bytes())"

    Spool(store).folder.mkdir()
    killed(program + "segment.sync_folder = die" + write, store, payload)
    killed(program + "segment.Path.rename = die" + write, store, payload)

    assert spans_in(store) == 1
    (left,) = Spool(store).folder.iterdir()
    assert left.name.startswith(".")
    os.utime(left, (0, 0))
    spool(store, document([chat(trace_id())]))
    assert spans_in(store) == 2
    assert not left.exists()


def test_names_never_repeat_though_clock_and_process_id_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of the same id whose clocks stand still, or were set back, write segments of different names."""
    program = (
        "import os, time, sys; from pathlib import Path; time.time_ns = lambda: 5; os.getpid = lambda: 1\n"
        "from botanu.exporters.segment import write_segment\n"
        "for _ in range(3): write_segment(Path(sys.argv[1]), b'x')"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)

    assert len(list(tmp_path.glob("*.jsonl"))) == 9


def test_a_clock_set_back_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments from before the store's last one, and runs that end before they start, go in like others."""
    store = tmp_path / "s.duckdb"
    for moment in (9_000_000_000 * 10**9, 5):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        monkeypatch.setattr(time, "time", lambda moment=moment: moment / 1e9)
        write_segment(
            Spool(store).folder, lines(document([run(trace_id(), f"r{moment}", millis=-5000), chat(trace_id())]))
        )
        open_store(store).close()

    with open_store(store) as opened:
        assert {row["duration_ms"] for row in opened.runs(Filters()).rows if row["source"] == "botanu"} == {0}
    assert spans_in(store) == 4


def test_a_piece_that_stops_botanu_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in what reads a span costs that line only, which is kept as it came for a botanu without the fault."""
    store = tmp_path / "s.duckdb"
    poison = chat(trace_id(), model="poison")
    segment = spool(store, *(document([chat(trace_id())]) for _ in range(5)), document([poison]))
    whole = segment.read_bytes().splitlines()[-1]

    def failing(con: Any, calls: Any) -> None:
        if con.execute("select 1 from fresh where attributes['gen_ai.request.model'] = 'poison'").fetchall():
            raise KeyError("no such thing")
        real(con, calls)

    real = conclude.conclude
    monkeypatch.setattr(conclude, "conclude", failing)
    assert spans_in(store) == 5
    monkeypatch.undo()

    (kept,) = Spool(store).rejected()
    assert kept.read_bytes() == whole
    assert "stops this version of botanu (KeyError)" in kept.with_name(kept.name + ".reason").read_text()


def test_what_cannot_be_read_now_goes_on_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment that the disk does not give back is not deleted; folders and pipes of such a name are not waited for."""
    store = tmp_path / "s.duckdb"
    segment = spool(store, document([chat(trace_id())]))
    spool(store, document([chat(trace_id())]))
    (segment.parent / "folder.jsonl").mkdir()
    os.mkfifo(segment.parent / "pipe.jsonl")
    real = Path.open

    def broken(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == segment:
            raise OSError(5, "Input/output error")
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", broken)
    assert spans_in(store) == 1
    assert Spool(store).segments() == [segment]
    monkeypatch.undo()
    assert spans_in(store) == 2


def test_who_reads_gets_a_turn_while_another_takes_in(tmp_path: Path) -> None:
    """A long ingest closes the file between batches: others read what is in by then, and it goes on afterwards."""
    store, parts = tmp_path / "s.duckdb", 8
    file = write(tmp_path / "a.jsonl", *(document([chat(trace_id())]) for _ in range(parts)))
    spool(store, document([chat(trace_id())]))
    assert spans_in(store) == 1
    program = (
        "import sys; from pathlib import Path; from botanu_store import open_store\n"
        "from botanu_store.ingest import ingester; from botanu_store.otlp import decoding\n"
        "decoding.BATCH_BYTES = ingester.BATCHES_A_TURN = 1\n"
        "with open_store(sys.argv[1]) as store: print(store.ingest([Path(sys.argv[2])]).new)"
    )
    other = subprocess.Popen([sys.executable, "-c", program, str(store), str(file)], stdout=subprocess.PIPE, text=True)
    seen = set[int]()
    while other.poll() is None:
        seen.add(spans_in(store))

    assert other.communicate()[0].split() == [str(parts)]
    assert [spans for spans in seen if 1 < spans < parts]
    assert spans_in(store) == parts + 1


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


def test_a_process_that_opens_a_store_twice_keeps_writers_out(tmp_path: Path) -> None:
    """Whoever reads a store, in however many places, keeps other processes from writing under it: they would change what is being read."""
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id())]))
    writes = [sys.executable, "-c", "import duckdb, sys; duckdb.connect(sys.argv[1])", str(store)]

    with open_store(store):
        with open_store(store):
            kept_out = subprocess.run(writes, check=False, capture_output=True, text=True)
        later = subprocess.run(writes, check=False, capture_output=True, text=True)
    subprocess.run(writes, check=True)

    assert "onflicting lock" in kept_out.stderr
    assert "onflicting lock" in later.stderr


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


def test_a_child_that_was_forked_does_not_keep_the_lock(tmp_path: Path) -> None:
    """A program that forks while one of its threads drains gives a copy of the lock to its child, which may live for long."""
    store = Spool(tmp_path / "s.duckdb")
    with store.drain_lock() as mine, store.wanting():
        assert mine
        child = os.fork()
        if not child:
            time.sleep(60)
            os._exit(0)
    try:
        with store.drain_lock() as free:
            assert free
        assert not store.is_wanted()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_who_waits_for_the_file_is_known_to_who_writes(tmp_path: Path) -> None:
    """The file is wanted for as long as at least one process waits for it, and no longer, even when that one was killed."""
    store = Spool(tmp_path / "s.duckdb")
    assert not store.is_wanted()
    with store.wanting():
        with store.wanting():
            assert store.is_wanted()
        assert store.is_wanted()
    assert not store.is_wanted()

    killed(KILL + "from pathlib import Path; from botanu_store.spool import Spool; import sys\n"
           "with Spool(Path(sys.argv[1])).wanting(): die()", tmp_path / "s.duckdb")  # fmt: skip

    assert not store.is_wanted()
