"""What may be wrong with the file, the folder and the disk: a clear error, nothing destroyed, and it works again when that is put right."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from botanu_store import open_store
from botanu_store.engines.faults import explained
from botanu_store.errors import StoreError, StoreFull, StoreUnusable
from botanu_store.filters import Filters
from botanu_store.spool import Spool

from botanu.exporters.segment import spool_folder, write_segment
from tests.store.builders import Document, chat, document, lines, spool, trace_id, write


def bulky(spans: int) -> Document:
    """Spans that do not compress."""
    return document([chat(trace_id(), note=os.urandom(1000).hex()) for _ in range(spans)])


def spans_in(store: Path) -> int:
    with open_store(store) as opened:
        rows = opened.query("select count(*) as n, count(distinct (trace_id, span_id)) as ids from spans")[0]
    assert rows["n"] == rows["ids"]
    return int(rows["n"])


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of this size, or read-only, over a folder."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)


@pytest.mark.parametrize("size", ["900k", "1100k", "1600k", "2600k"])
def test_a_disk_that_fills_up_in_the_middle_of_a_drain(tmp_path: Path, size: str) -> None:
    """Wherever in the drain the room ends, the error says so, every segment is kept, and with room it goes on where it was."""
    disk = tmp_path / "disk"
    with small_disk(disk, size):
        store = disk / "s.duckdb"
        for _ in range(3):
            spool(store, bulky(100))

        with pytest.raises(StoreFull, match="no room"):
            open_store(store)
        with pytest.raises(StoreFull, match="no room"):
            open_store(store)
        remount(disk, "size=64m")

        assert spans_in(store) == 300
        assert Spool(store).segments() == []


def test_a_disk_that_fills_up_in_the_middle_of_a_flush(tmp_path: Path) -> None:
    """A segment that does not fit leaves nothing behind, and the ones before it are in."""
    disk = tmp_path / "disk"
    with small_disk(disk, "4m"):
        folder = Spool(disk / "s.duckdb").folder
        write_segment(folder, lines(bulky(10)))
        with pytest.raises(OSError, match="No space left"):
            write_segment(folder, lines(bulky(3000)))

        assert len(list(folder.iterdir())) == 1
        assert spans_in(disk / "s.duckdb") == 10


def test_a_disk_that_fills_up_in_the_middle_of_an_ingest(tmp_path: Path) -> None:
    """The store holds what was committed before; with room the same command completes, and nothing is counted twice."""
    file, disk = write(tmp_path / "a.jsonl", *(bulky(500) for _ in range(6))), tmp_path / "disk"
    with small_disk(disk, "6m"):
        store = disk / "s.duckdb"
        spool(store, document([chat(trace_id())]))
        assert spans_in(store) == 1
        with open_store(store) as opened, pytest.raises(StoreFull):
            opened.ingest([file])
        assert spans_in(store) == 1
        remount(disk, "size=64m")
        with open_store(store) as opened:
            assert opened.ingest([file]).new == 3000
        assert spans_in(store) == 3001


def test_no_room_for_files_this_long_is_no_room() -> None:
    """A limit on the size of files, which needs no root to try, ends a drain with the same error and keeps the segments."""
    program = (
        "import resource, signal, sys, tempfile; from pathlib import Path\n"
        "from botanu_store import open_store; from botanu_store.errors import StoreFull; from botanu_store.spool import Spool\n"
        "from tests.store.test_files import bulky, spans_in, spool\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "store = Path(tempfile.mkdtemp()) / 's.duckdb'; spool(store, bulky(400))\n"
        "unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, unlimited[1]))\n"
        "try: open_store(store)\n"
        "except StoreFull as error: print('full')\n"
        "waiting = len(Spool(store).segments())\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)\n"
        "print(waiting, spans_in(store))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )

    assert done.stdout.split() == ["full", "1", "400"]


def test_a_read_only_disk_is_read(tmp_path: Path) -> None:
    """A store on a file system that cannot be written reports what is there and says what waits; what would write says that it cannot."""
    disk = tmp_path / "disk"
    with small_disk(disk, "16m"):
        store = disk / "s.duckdb"
        spool(store, document([chat(trace_id())]))
        assert spans_in(store) == 1
        spool(store, document([chat(trace_id())]))
        nothing = disk / "t.duckdb"
        spool(nothing, document([chat(trace_id())]))
        remount(disk, "ro")

        with open_store(store) as opened:
            report = opened.cost(Filters())
            with pytest.raises(StoreUnusable, match="cannot be written"):
                opened.ingest([write(tmp_path / "a.jsonl", document([chat(trace_id())]))])
        with pytest.raises(StoreUnusable, match="cannot be made"):
            open_store(nothing)
        remount(disk, "rw")

        assert (report.totals["calls"], report.coverage.segments_pending) == (1, 1)
        assert spans_in(store) == 2


def test_a_file_of_no_bytes_becomes_a_store(tmp_path: Path) -> None:
    """An empty file, as mktemp makes one, is no foreign database."""
    store = tmp_path / "s.duckdb"
    store.touch()
    with open_store(store) as opened:
        assert opened.empty
    spool(store, document([chat(trace_id())]))

    assert spans_in(store) == 1


def damage(store: Path, chance: random.Random) -> None:
    """Change some bytes of a file, or cut it."""
    data = bytearray(store.read_bytes())
    if chance.random() < 0.2:
        del data[chance.randrange(len(data)) :]
    for _ in range(chance.choice((1, 20, 500))):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    store.write_bytes(bytes(data))


@pytest.mark.slow
def test_a_damaged_file_is_an_error_of_the_store_and_is_left_alone(tmp_path: Path) -> None:
    """Whatever bytes are wrong, opening and reporting give an answer or an error that names the file, never anything else."""
    whole, store = tmp_path / "whole.duckdb", tmp_path / "s.duckdb"
    spool(whole, *(document([chat(trace_id()) for _ in range(50)]) for _ in range(10)))
    assert spans_in(whole) == 500
    chance, found = random.Random(5), set[str]()
    for _ in range(40):
        shutil.copy(whole, store)
        damage(store, chance)
        before = store.read_bytes()
        try:
            with open_store(store) as opened:
                opened.cost(Filters(), ["model"])
                opened.calls(Filters())
        except StoreError as error:
            found.add(str(error))
        assert store.read_bytes() == before
    assert found
    assert all(str(store) in message for message in found)


def test_somebody_elses_tables_of_our_names_are_refused(tmp_path: Path) -> None:
    """A database that happens to have tables `meta` and `spans` is foreign all the same."""
    store = tmp_path / "s.duckdb"
    with duckdb.connect(str(store)) as con:
        con.execute("create table meta (k integer); create table spans (id integer)")
    before = store.read_bytes()
    spool(store, document([chat(trace_id())]))

    with pytest.raises(StoreUnusable, match="not a botanu store"):
        open_store(store)
    assert store.read_bytes() == before
    assert len(Spool(store).segments()) == 1


@pytest.mark.slow
def test_a_store_copied_while_in_use_is_whole_or_refused(tmp_path: Path) -> None:
    """Database, log and spool copied file by file while spans go in: the copy holds each span once, or says that it is damaged."""
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id())]))
    assert spans_in(store) == 1
    ends, written = threading.Event(), [1]

    def work() -> None:
        while not ends.is_set():
            for _ in range(5):
                write_segment(Spool(store).folder, lines(document([chat(os.urandom(16).hex()) for _ in range(50)])))
                written[0] += 50
            open_store(store).close()

    worker = threading.Thread(target=work)
    worker.start()
    found = [_of_a_copy(tmp_path, number) for number in range(12)]
    ends.set()
    worker.join()
    assert any(isinstance(spans, int) for spans in found)
    assert all(0 < spans <= written[0] if isinstance(spans, int) else "copy" in spans for spans in found)
    assert spans_in(store) == written[0]


def _of_a_copy(source: Path, number: int) -> int | str:
    """The spans in a copy made now, or what is said to be wrong with it."""
    copy = source / f"copy{number}"
    copy.mkdir()
    # Files that go away while they are copied are what this is about.
    subprocess.run(f"cp -r {source}/s.duckdb* {copy}/", shell=True, check=False, capture_output=True)
    try:
        return spans_in(copy / "s.duckdb")
    except StoreUnusable as error:
        return str(error)


def test_a_link_to_a_store_is_that_store(tmp_path: Path) -> None:
    """By a link and by its own name a store has one spool, one lock and one file, which stays where it is when it is compacted."""
    store, link = tmp_path / "real" / "s.duckdb", tmp_path / "link.duckdb"
    store.parent.mkdir()
    link.symlink_to(store)
    for name in (link, store):
        write_segment(spool_folder(name), lines(document([chat(trace_id())])))

    with open_store(store) as opened:
        assert opened.drained.new == 2
    with open_store(link) as opened:
        opened.compact()
    write_segment(spool_folder(link), lines(document([chat(trace_id())])))
    with open_store(store) as opened:
        assert opened.info()["spans"] == 3
    with Spool(link).drain_lock(), Spool(store).drain_lock() as second:
        assert not second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.duckdb", "real"]


@pytest.mark.parametrize(
    "error",
    [
        duckdb.FatalException("FATAL Error: fsync failed!"),
        duckdb.TransactionException('Failed to commit: Could not write file "/data/s.duckdb.wal": Input/output error'),
    ],
)
def test_a_disk_that_fails_is_named(error: duckdb.Error, tmp_path: Path) -> None:
    """What DuckDB says of a disk that fails is an error of the store: the receiver's drain goes on trying, and a command says what to do."""
    with pytest.raises(StoreUnusable, match="disk"), explained(tmp_path / "s.duckdb"):
        raise error


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("what", ["compact", "rebuild"])
def test_a_store_that_is_written_anew_stays_whose_it_was(tmp_path: Path, what: str) -> None:
    """What root looks after, by cron or sudo, still belongs to who can read it then."""
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id())]))
    open_store(store).close()
    os.chown(store, 12345, 12346)
    store.chmod(0o640)

    with open_store(store) as opened:
        getattr(opened, what)()

    found = store.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12346, 0o640)
