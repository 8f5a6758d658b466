"""`botanu sync`: what the collector wrote into `otel_traces` becomes calls and runs, incrementally, and safe to kill anywhere.

What is to do is kept in one table, botanu_traces: how many spans of each run were found in each trace, hour by hour, and how many of them its
numbers rest on; and of how many traces that tell of the same calls it is known to be one, and of how many it was then. All of them only grow. A run of which
more was found than concluded is pending, whoever killed whom and however often; it is read again with all its traces, and those linked with them,
and concluded as a whole, by the code of a local store.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from multiprocessing import get_context

import pyarrow as pa

from botanu_store.clickhouse import otel_traces
from botanu_store.clickhouse.conclude import Concluder
from botanu_store.clickhouse.linked import compare
from botanu_store.clickhouse.otel_traces import OtelTraces
from botanu_store.clickhouse.prices import Pricer, price_again, upload_book
from botanu_store.clickhouse.schema import create_tables
from botanu_store.clickhouse.write import write
from botanu_store.engines.clickhouse import Address, Server, connect
from botanu_store.engines.duckdb import fill, script
from botanu_store.ingest.ingested import Progress

OVERLAP = timedelta(hours=1)
"""How far before the last span read a sync looks again, for spans that came late."""

LONGEST_SPAN = timedelta(days=1)
"""How far before that a span may have begun that ends later: it is written when it ends, with the time at which it began."""

BATCH_SPANS = 50_000
"""Spans concluded at once by one worker: bounds its memory."""

SLICE_SPANS = 20_000_000
"""Spans of whole hours looked through at once: bounds the server's memory."""

_HOUR_NS = 3_600_000_000_000

_END_NS = 2**32 // 3600 * _HOUR_NS
"""In 2106 ClickHouse's DateTime, of which hours are, begins anew at 1970: no clock is that fast, and what seemed to be of 1970 would have all be looked through, by each sync."""


@dataclass(slots=True)
class Synced:
    """What came of a sync, counted."""

    spans: int = 0
    runs: int = 0
    calls: int = 0
    kept: int = 0
    """Runs left as they were, because spans that they rest on have expired."""
    seconds: float = 0.0

    def add(self, batch: Synced) -> None:
        """Count a batch that was written."""
        for name in ("spans", "runs", "calls", "kept"):
            setattr(self, name, getattr(self, name) + getattr(batch, name))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some pending runs."""

    sync: str
    number: int
    table: OtelTraces


def sync(
    server: Server,
    *,
    table: str = "otel_traces",
    since_ns: int | None = None,
    overlap: timedelta = OVERLAP,
    address: Address | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Synced:
    """Bring calls and runs up to date with `otel_traces`.

    Args:
        server: an open session, which may create tables.
        table: where the collector's exporter writes spans.
        since_ns: look again from here on, if that is earlier than where the last sync ended less the overlap; the first one begins here.
        overlap: how far back to look for late spans.
        address: where other processes find the server.
        workers: processes that conclude runs at once; more than one needs the address.
        progress: called with the number of spans just concluded.

    Raises:
        StoreError: the server, its rights or the table are not as needed.
    """
    started = time.perf_counter()
    create_tables(server)
    source = otel_traces.find(server, table)
    upload_book(server)
    price_again(server)
    done, worker = Synced(), cache(lambda: _Worker(server))
    begin_ns = _begin(server, table, since_ns, overlap)
    looked_ns = _find_long_spans(server, source, begin_ns)
    for from_ns, to_ns in _slices(server, source, begin_ns):
        _find(server, source, "find_spans", {"from_ns": from_ns, "to_ns": to_ns})
        looked_ns = min(looked_ns, from_ns)
        for batch in _concluded(_batches(server, source, looked_ns), worker, address, workers):
            done.add(batch)
            if progress:
                progress(batch.spans)
        if compare(server, looked_ns):
            # Some of the same runs once more: now it is known what other traces tell of their calls.
            for _ in _concluded(_batches(server, source, looked_ns), worker, address, workers):
                pass
        server.run(_NOTE, {"name": table, "to_ns": to_ns})
        looked_ns = to_ns
    done.seconds = time.perf_counter() - started
    return done


# One clock that is fast must not have all others' spans taken for late ones, unseen until its time has come.
_NOTE = "insert into botanu_sync (name, value) select $name, toString(least($to_ns, toUnixTimestamp64Nano(now64(9))))"


def _begin(server: Server, table: str, since_ns: int | None, overlap: timedelta) -> int:
    """The hour from which on to look: where the last sync ended, less the overlap, or an earlier one that is asked for. None is ever skipped."""
    rows = server.rows("select value from botanu_sync final where name = $name", {"name": table})
    read_ns = int(rows[0]["value"]) if rows else 0
    begin_ns = read_ns - _in_ns(overlap)
    if since_ns is not None:
        begin_ns = min(begin_ns, since_ns) if rows else since_ns
    return begin_ns - begin_ns % _HOUR_NS


def _find_long_spans(server: Server, source: OtelTraces, from_ns: int) -> int:
    """Find the traces in which a span has ended since, however late it is for its beginning; return from when on there is something to conclude."""
    oldest_ns = from_ns - _in_ns(LONGEST_SPAN)
    if oldest_ns <= 0:
        return from_ns
    _find(server, source, "find_long_spans", {"oldest_ns": oldest_ns, "from_ns": from_ns})
    return oldest_ns


def _slices(server: Server, source: OtelTraces, from_ns: int) -> Iterator[tuple[int, int]]:
    """Cut what is to be read into whole hours of a bounded number of spans together; the last one ends with the last span."""
    hours = server.rows(
        "select toUnixTimestamp(toStartOfHour(toDateTime(Timestamp, 'UTC'))) * toInt64(1000000000) as hour_ns, count(*) as spans, "
        f"max(toUnixTimestamp64Nano(Timestamp)) as last_ns from {source.name} "
        "where Timestamp >= fromUnixTimestamp64Nano($from_ns) and Timestamp < fromUnixTimestamp64Nano($end_ns) group by hour_ns order by hour_ns",
        {"from_ns": max(from_ns, 0), "end_ns": _END_NS},
    )
    filled, begin = 0, None
    for number, hour in enumerate(hours):
        begin = hour["hour_ns"] if begin is None else begin
        filled += hour["spans"]
        if filled >= SLICE_SPANS or number == len(hours) - 1:
            yield int(begin), int(hour["last_ns"]) + 1
            filled, begin = 0, None


def _in_ns(length: timedelta) -> int:
    return length // timedelta(microseconds=1) * 1000


def _find(server: Server, source: OtelTraces, name: str, parameters: dict[str, int]) -> None:
    text = fill(script(f"clickhouse/sql/{name}.sql"), run_id=source.run_id, otel_traces=source.name)
    server.run(text, parameters)


def _batches(server: Server, source: OtelTraces, from_ns: int) -> list[_Batch]:
    """Note which runs are pending from a moment on, and return them in batches."""
    name = uuid.uuid4().hex
    due, *rest = fill(script("clickhouse/sql/find_pending.sql"), batch_spans=BATCH_SPANS).split(";\n")
    server.run(due, {"from_ns": from_ns})
    if not server.rows("select 1 from due limit 1"):
        return []
    for statement in rest:
        server.run(statement, {"sync": name})
    numbers = server.rows(
        "select distinct batch from botanu_pending where sync = $sync and run_id <> '' order by batch", {"sync": name}
    )
    return [_Batch(name, int(row["batch"]), source) for row in numbers]


def _concluded(
    batches: list[_Batch], worker: Callable[[], _Worker], address: Address | None, workers: int
) -> Iterable[Synced]:
    if workers == 1 or address is None or len(batches) < 2:
        return (worker().conclude(batch) for batch in batches)
    return _in_parallel(batches, address, workers)


def _in_parallel(batches: list[_Batch], address: Address, workers: int) -> Iterator[Synced]:
    with ProcessPoolExecutor(min(workers, len(batches)), get_context("spawn")) as pool:
        yield from pool.map(_in_worker, batches, [address] * len(batches))


def _in_worker(batch: _Batch, address: Address) -> Synced:
    if not _mine:
        _mine.append(_Worker(connect(address)))
    return _mine[0].conclude(batch)


class _Worker:
    """Whoever concludes batches: a session, a database in memory, and the prices."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._concluder = Concluder()
        self._pricer = Pricer(server, self._concluder.con)

    def conclude(self, batch: _Batch) -> Synced:
        """Conclude the runs of a batch from all spans of all their traces and of those linked with them, and write what is new of them."""
        parameters = {"sync": batch.sync, "batch": batch.number}
        known = self._server.arrow(_KNOWN, parameters)
        traces = self._server.arrow(_TRACES, parameters)
        spans = batch.table.read(self._server, _SPANS, parameters | _extent(traces))
        self._concluder.conclude(spans)
        told = self._concluder.told(known)
        self._concluder.join(traces)
        self._pricer.find()
        self._concluder.add_up()
        self._server.insert("botanu_told", told)
        runs, calls, kept = write(self._server, self._concluder.con, known, parameters)
        return Synced(spans.num_rows, runs, calls, kept)


_mine: list[_Worker] = []
"""The worker of this process."""

_OF_THE_BATCH = "sync = $sync and batch = $batch and run_id <> ''"
# What came in since the batch was made is not read with it, so it is not noted as concluded.
_KNOWN = (
    "select k.run_id, k.trace_id, k.hour, k.found, k.concluded, p.linked from "
    "(select run_id, trace_id, toUnixTimestamp(hour) as hour, max(found) as found, max(concluded) as concluded from botanu_traces "
    f"where run_id in (select run_id from botanu_pending where {_OF_THE_BATCH}) group by run_id, trace_id, hour) as k "
    f"inner join (select * from botanu_pending where {_OF_THE_BATCH}) as p on p.run_id = k.run_id and p.trace_id = k.trace_id "
    "where k.hour between toUnixTimestamp(p.first_hour) and toUnixTimestamp(p.last_hour)"
)
_TO_READ = (
    f"botanu_pending where sync = $sync and ({_OF_THE_BATCH} or together in "
    f"(select together from botanu_pending where {_OF_THE_BATCH} and together <> ''))"
)
_TRACES = f"select distinct trace_id, together, toUnixTimestamp(first_hour) as first_hour, toUnixTimestamp(last_hour) as last_hour from {_TO_READ}"
_SPANS = (
    f"lower(TraceId) in (select trace_id from {_TO_READ}) "
    "and Timestamp >= fromUnixTimestamp64Nano($from_ns) and Timestamp < fromUnixTimestamp64Nano($to_ns)"
)


def _extent(traces: pa.Table) -> dict[str, int]:
    first, last = min(traces["first_hour"].to_pylist()), max(traces["last_hour"].to_pylist())
    return {"from_ns": int(first) * 1_000_000_000, "to_ns": int(last) * 1_000_000_000 + _HOUR_NS}
