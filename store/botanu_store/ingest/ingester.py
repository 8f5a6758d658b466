"""Pieces of OTLP into the tables, exactly once: decode, keep what is new, resolve every trace it touches, rebuild its runs, commit.

One transaction a batch. Spans, calls and runs come into the tables here alone; reports/usage.py adds up what runs cost, and upkeep.py forgets. A segment is in the ledger of the transaction that holds its last
span, what is wrong with it is set aside before that, and it is deleted after; so a drain may be killed anywhere.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from botanu_store.dialects import HASTY_SCOPES
from botanu_store.engines.duckdb import fill, literals, script, transaction
from botanu_store.ingest import conclude
from botanu_store.ingest.ingested import REJECTED_LIMIT, Ingested, Progress, Rejected
from botanu_store.ingest.linked import join_linked
from botanu_store.ingest.touched import calls_of
from botanu_store.otlp import content, logs, sources
from botanu_store.otlp.columns import SCHEMA
from botanu_store.otlp.content import ContentMode
from botanu_store.otlp.decoding import OF_THE_DATA, SLICE_BYTES, Batch, Decoder, Slice, slices
from botanu_store.otlp.sources import Piece
from botanu_store.prices.tables import find_new
from botanu_store.spool import Spool, size_of

BATCHES_A_TURN = 16
"""Batches for which the file stays open at most, some seconds each; it is closed for a moment earlier when another process of botanu wants it."""

MEMORY = "400MB"
"""What DuckDB may use of memory: it writes beside the file for a while what is too much, and gives back first what it only remembers of the file."""

ONCE = "qualify row_number() over (partition by trace_id, span_id order by end_ns desc, attributes::varchar) = 1"
"""Of several deliveries of one span, the one that ended last."""

_COARSE_NS = 1_000_000_000
"""How much earlier or later a span may seem to start when it comes again: some exporters tell time in milliseconds."""

# A resource is shared by all spans of its request: repeated for each bad one it would grow without bound.
_SET_ASIDE = ", ".join(name for name in SCHEMA.names if name not in ("piece", "resource"))


class Ingester:
    """Writes batches into one open database."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        mode: ContentMode = "drop",
        reopen: Callable[[], duckdb.DuckDBPyConnection] | None = None,
        wanted: Callable[[], bool] = lambda: False,
        settle: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
    ) -> None:
        """Write into an open database.

        Args:
            con: the database.
            mode: whether content is kept.
            reopen: opens it again; it is closed for a moment when it is `wanted`, and now and then, so that others get their turn.
            wanted: whether somebody waits for it.
            settle: adds up what runs cost, between turns, if nobody waits: a list of many runs that changed takes room in the file.
        """
        self.con = con
        self._reopen = reopen
        self._wanted = wanted
        self._settle = settle
        self._mode: ContentMode = mode
        self._limited = False
        self._batch = Ingested()
        self._parts: list[tuple[Rejected, bytes]] = []
        self.result = Ingested()

    def ingest(self, pieces: Iterable[Piece], progress: Progress | None = None) -> None:
        """Take in pieces of files or streams, batch by batch."""
        self._take_all(Rest(slices([(None, _counted(pieces, progress))])))

    def drain(self, spool: Spool, progress: Progress | None = None, *, follow: bool = False) -> None:
        """Take in the spool's segments and retire them; a segment that an earlier, killed drain committed is only retired.

        Args:
            spool: where they are.
            progress: hears of each.
            follow: go on with what comes meanwhile, as long as it is worth it, so that it is decoded while the batch before it is stored.
        """
        spool.sweep()
        known = set[str]()
        more = partial(self._waiting, spool, known, SLICE_BYTES) if follow else None
        self._take_all(Rest(self._waiting(spool, known), more), spool, progress)

    def _waiting(self, spool: Spool, known: set[str], worth_it: int = 0) -> Iterator[Slice]:
        """The segments that are not known yet, none where they are fewer bytes than that."""
        segments = spool.segments()
        known.intersection_update(segment.name for segment in segments)
        fresh = [segment for segment in segments if segment.name not in known]
        if size_of(fresh) < worth_it:
            return iter(())
        known.update(segment.name for segment in fresh)
        done = self._committed(fresh)
        spool.retire(segment for segment in fresh if segment.name in done)
        return slices((segment, sources.read_segment(segment)) for segment in fresh if segment.name not in done)

    def _take_all(self, rest: Rest, spool: Spool | None = None, progress: Progress | None = None) -> None:
        """Take in batch by batch, and let who waits for the file have it now and then."""
        started = time.perf_counter()
        while (reopen := self._take_turn(rest, spool, progress)) is not None:
            if self._settle and not self._wanted():
                self._settle(self.con)
            self.con.close()
            self._let_others()
            self.con = reopen()
        self.result.seconds += time.perf_counter() - started

    def _take_turn(
        self, rest: Rest, spool: Spool | None, progress: Progress | None
    ) -> Callable[[], duckdb.DuckDBPyConnection] | None:
        """Take in batches until others should have the file; return how to go on then, None when all is in."""
        self._limit_memory(MEMORY)
        with Decoder(self.con, self._mode) as decoder:
            for number, batch in enumerate(decoder.batches(rest), 1):
                self._take_in(decoder, batch, spool)
                if spool:
                    spool.retire(batch.finished)
                    if progress:
                        progress(len(batch.finished))
                if self._reopen and decoder.goes_on and (number == BATCHES_A_TURN or self._wanted()):
                    rest.give_back(decoder.undecoded())
                    return self._reopen
        return None

    def _let_others(self) -> None:
        """Wait until who waits for the file has it: on a busy machine that takes longer than a moment, and one who dies meanwhile is not waited for."""
        deadline = time.monotonic() + _LONGEST_PAUSE_SECONDS
        time.sleep(_PAUSE_SECONDS)
        while self._wanted() and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)

    def _limit_memory(self, limit: str | None) -> None:
        """Let DuckDB use so much; a batch that does not fit, even with the disk's help, gets what there is until the end of the turn."""
        self._limited = limit is not None
        self.con.execute(f"set memory_limit = '{limit}'" if limit else "reset memory_limit")

    def _committed(self, segments: list[Path]) -> set[str]:
        """Names of the segments that are in the ledger already."""
        if not segments:
            return set()
        self.con.register("waiting", pa.table({"segment": [s.name for s in segments]}))
        rows = self.con.execute("select segment from waiting semi join ledger using (segment)").fetchall()
        self.con.unregister("waiting")
        return {str(row[0]) for row in rows}

    def _take_in(self, decoder: Decoder, batch: Batch, spool: Spool | None) -> None:
        """Commit a batch; where a piece stops it, the others go in without that one."""
        try:
            if batch.error:
                raise batch.error
            self._commit(batch, spool)
        except duckdb.OutOfMemoryException:
            if not self._limited:
                raise
            self._limit_memory(None)
            decoder.release(batch)
            self._take_in(decoder, decoder.decode(batch.pieces, batch.finished), spool)
        except OF_THE_DATA as error:
            self._take_in_parts(decoder, batch, spool, error)
        finally:
            decoder.release(batch)

    def _take_in_parts(self, decoder: Decoder, batch: Batch, spool: Spool | None, error: Exception) -> None:
        pieces = batch.pieces
        decoder.release(batch)
        if len(pieces) > 1:
            middle = len(pieces) // 2
            for part, done in ((pieces[:middle], ()), (pieces[middle:], batch.finished)):
                self._take_in(decoder, decoder.decode(part, done), spool)
        elif pieces and pieces[0].kind in ("json", "protobuf"):
            self._commit(decoder.decode([_refused(pieces[0], error)], batch.finished), spool)
        else:
            raise error

    def _commit(self, batch: Batch, spool: Spool | None) -> None:
        self._batch, self._parts = Ingested(sources=len({piece.source for piece in batch.pieces})), []
        with transaction(self.con):
            count = self._write(batch)
            now = time.time()
            for segment in batch.finished:
                self.con.execute(
                    "insert into ledger values (?, ?, to_timestamp(?)::timestamp)", [segment.name, count, now]
                )
            if spool:
                _set_aside(spool, self._parts)
        self.result.add(self._batch)

    def _write(self, batch: Batch) -> int:
        for piece in batch.pieces:
            if piece.kind == "bad":
                self._reject(piece, piece.reason, self._less_content(piece))
            elif piece.kind == "refused":
                self._reject(piece, piece.reason, piece.data)
        if not batch.table:
            return 0
        self._batch.other_records = batch.other_records
        self._name_empty_pieces(batch)
        self._name_unusable(batch)
        fresh = self._arrive(batch.table)
        if fresh:
            # With the calls, not after them: a reader between two batches, or after a kill, would take them for unpriced.
            for calls in store_fresh(self.con):
                self.con.register("stored_calls", calls)
                find_new(self.con, "stored_calls")
                self.con.unregister("stored_calls")
        return fresh

    def _arrive(self, table: str) -> int:
        """Make `fresh`, count duplicates, and return the number of fresh spans."""
        low, high, usable, distinct = self.con.execute(
            "select coalesce(min(start_ns), 0), coalesce(max(start_ns), 0), count(*), count(distinct hash(trace_id, span_id)) "
            f"from {table} where usable"
        ).fetchall()[0]
        within = f"(select trace_id, span_id from spans where start_ns between {int(low) - _COARSE_NS} and {int(high) + _COARSE_NS})"
        known = self.con.execute(
            f"select 1 from {table} semi join {within} as known using (trace_id, span_id) limit 1"
        ).fetchall()
        once = usable == distinct
        unknown = f"anti join {within} as known using (trace_id, span_id)" if known else ""
        text = arriving(table, once="" if once else ONCE, unknown=unknown)
        if known or not once:
            self.con.execute(f"create or replace temp table arrived as {text}")
            text = "from arrived"
        self.con.execute(f"create or replace temp view fresh as {text}")
        fresh = int(self.con.execute("select count(*) from fresh").fetchall()[0][0])
        self._batch.spans = usable
        self._batch.new = fresh
        self._batch.duplicates = usable - fresh
        return fresh

    def _name_empty_pieces(self, batch: Batch) -> None:
        filled = {row[0] for row in self.con.execute(f"select distinct piece from {batch.table}").fetchall()}
        for index, piece in enumerate(batch.places):
            if index in filled:
                continue
            if logs.holds("logs", piece) or logs.holds("metrics", piece):
                self._batch.other_signals += 1
            elif not _is_empty_export(piece):
                self._reject(piece, "holds no OTLP spans", self._less_content(piece))

    def _name_unusable(self, batch: Batch) -> None:
        rows = self.con.execute(
            f"select piece, trace_id, span_id, name, start_ns, to_json(struct_pack({_SET_ASIDE}))::varchar "
            f"from {batch.table} where not usable order by piece limit {REJECTED_LIMIT}"
        ).fetchall()
        for index, trace_id, span_id, name, start_ns, row in rows:
            piece = batch.places[int(index)]
            unread = trace_id is None and span_id is None and name is None
            part = self._less_content(piece) if unread else row.encode()
            self._reject(piece, _why_unusable(trace_id, span_id, name, start_ns), part)
        if len(rows) == REJECTED_LIMIT:
            self._batch.rejected_count += self._unusable(batch) - REJECTED_LIMIT

    def _unusable(self, batch: Batch) -> int:
        return int(self.con.execute(f"select count(*) from {batch.table} where not usable").fetchall()[0][0])

    def _reject(self, piece: Piece, reason: str, part: bytes) -> None:
        rejected = Rejected(piece.source, piece.where, reason)
        self._batch.rejected_count += 1
        if len(self._batch.rejected) < REJECTED_LIMIT:
            self._batch.rejected.append(rejected)
        self._parts.append((rejected, part))

    def _less_content(self, piece: Piece) -> bytes:
        return piece.data if self._mode == "keep" else content.masked(piece.data)


class Rest(Iterator[Slice]):
    """What is still to be taken in: what was given back, then the rest of the source, then what there is `more` by then.

    Nothing of it stays in memory once it was handed out.
    """

    def __init__(self, source: Iterator[Slice], more: Callable[[], Iterator[Slice]] | None = None) -> None:
        self._source = source
        self._more = more
        self._given_back = deque[Slice]()

    def give_back(self, parts: Iterable[Slice]) -> None:
        """Hand these out again, before all others: a segment must not end before all of it is in."""
        self._given_back.extendleft(reversed(list(parts)))

    def __next__(self) -> Slice:
        if self._given_back:
            return self._given_back.popleft()
        part = next(self._source, None)
        if part is None and self._more:
            self._source = self._more()
            part = next(self._source, None)
        if part is None:
            raise StopIteration
        return part


def arriving(table: str, *, once: str, unknown: str) -> str:
    """Return the SQL of the spans of a decoded batch as they are kept, less those that these conditions leave out."""
    hasty = literals(HASTY_SCOPES)
    return fill(script("ingest/sql/arrive.sql"), hasty_scopes=hasty, incoming=table, once=once, unknown=unknown)


def store_fresh(con: duckdb.DuckDBPyConnection, *, across_traces: bool = True) -> list[pa.Table]:
    """Put the spans of the view `fresh` among the stored ones, conclude again what they touch, traces that tell of the same calls too; return the calls."""
    spans, groups = conclude.touched(con)
    # DuckDB stores what Python, at the same time, thinks about.
    with ThreadPoolExecutor(1) as beside:
        stored = beside.submit(con.execute, "insert into spans by name from fresh")
        calls = calls_of(spans, groups)
        stored.result()
    conclude.conclude(con, calls)
    return [calls, *join_linked(con, calls)] if across_traces else [calls]


_PAUSE_SECONDS = 0.05
"""Longer than who waits for the file sleeps between two tries."""

_LONGEST_PAUSE_SECONDS = 2.0
"""Longer than it takes to open a file that nobody holds."""


def _refused(piece: Piece, error: Exception) -> Piece:
    """A piece that is good OTLP for all we know: it is kept as it came, for a botanu that can read it."""
    return replace(piece, kind="refused", reason=f"stops this version of botanu ({type(error).__name__})")


def _counted(pieces: Iterable[Piece], progress: Progress | None) -> Iterator[Piece]:
    for piece in pieces:
        if progress:
            progress(len(piece.data))
        yield piece


def _is_empty_export(piece: Piece) -> bool:
    return piece.kind == "json" and b'"resourceSpans"' in piece.data


def _why_unusable(trace_id: str | None, span_id: str | None, name: str | None, start_ns: int | None) -> str:
    if trace_id is None and span_id is None and name is None:
        return "is neither an OTLP JSON document nor an OTLP protobuf message"
    if not trace_id or len(trace_id) != 32:
        return f"span {name!r} has no valid trace id"
    if not span_id or len(span_id) != 16:
        return f"span {name!r} has no valid span id"
    if start_ns is None or start_ns <= 0:
        return f"span {name!r} has no start time between 1970 and 2262"
    return f"span {name!r} has ids that are not hexadecimal"


def _set_aside(spool: Spool, parts: list[tuple[Rejected, bytes]]) -> None:
    """Put what is wrong with a segment beside why, under a name that is the same when a killed drain is done again."""
    by_source: dict[str, list[tuple[Rejected, bytes]]] = {}
    for rejected, part in parts:
        by_source.setdefault(rejected.source, []).append((rejected, part))
    for source, found in by_source.items():
        reasons = "\n".join(f"{rejected.where}: {rejected.reason}" for rejected, _ in found)
        name = f"{Path(source).name}.{found[0][0].where.replace(' ', '-')}"
        spool.set_aside(name, b"\n".join(part for _, part in found), reasons)
