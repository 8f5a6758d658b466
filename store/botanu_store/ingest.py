"""Pieces of OTLP into the tables, exactly once: decode, keep what is new, resolve every trace it touches, rebuild its runs, commit.

One transaction a batch. Nothing else writes to `spans`, `calls` and `runs`.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from botanu_store import otlp, sources
from botanu_store.conclude import conclude
from botanu_store.engines.duckdb import script
from botanu_store.sources import Piece
from botanu_store.spool import Spool

BATCH_BYTES = 64 * 1024 * 1024
"""Bytes of OTLP in one transaction: bounds memory, whatever the input."""


@dataclass(slots=True)
class Rejected:
    """Something that was set aside: where it was and why."""

    source: str
    where: str
    reason: str


@dataclass(slots=True)
class Ingested:
    """What came of an ingest, counted."""

    sources: int = 0
    spans: int = 0
    new: int = 0
    duplicates: int = 0
    other_signals: int = 0
    """Documents of logs or metrics only, which are left aside."""
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    seconds: float = 0.0


_USABLE = "regexp_full_match(trace_id, '[0-9a-f]{32}') and regexp_full_match(span_id, '[0-9a-f]{16}') and start_ns > 0"
_ONCE = "qualify row_number() over (partition by trace_id, span_id order by end_ns desc, attributes::varchar) = 1"

Progress = Callable[[int], None]
"""Called with the number of bytes just read."""


class Ingester:
    """Writes batches into one open database."""

    def __init__(self, con: duckdb.DuckDBPyConnection, mode: otlp.ContentMode = "drop") -> None:
        self._con = con
        self._mode: otlp.ContentMode = mode
        self._decoder = otlp.JsonDecoder(mode, con)
        self.result = Ingested()

    def ingest(self, pieces: Iterable[Piece], progress: Progress | None = None) -> None:
        """Take in pieces of files or streams, batch by batch."""
        started = time.perf_counter()
        for batch in _batches(pieces, progress):
            self._commit(batch, [])
        self.result.seconds += time.perf_counter() - started

    def drain(self, spool: Spool, progress: Progress | None = None) -> None:
        """Take in the spool's segments and retire them; a segment that an earlier, killed drain committed is only retired."""
        started = time.perf_counter()
        segments = spool.segments()
        done = self._committed(segments)
        spool.retire(segment for segment in segments if segment.name in done)
        for share in _segment_batches([segment for segment in segments if segment.name not in done]):
            self._drain_share(spool, share)
            if progress:
                progress(len(share))
        self.result.seconds += time.perf_counter() - started

    def _drain_share(self, spool: Spool, share: list[Path]) -> None:
        pieces = [piece for segment in share for piece in sources.read_file(segment)]
        known = len(self.result.rejected)
        self._commit(pieces, share)
        for index, rejected in enumerate(self.result.rejected[known:]):
            _set_aside(spool, rejected, pieces, index)
        spool.retire(share)

    def _committed(self, segments: list[Path]) -> set[str]:
        """Names of the segments that are in the ledger already."""
        if not segments:
            return set()
        self._con.register("waiting", pa.table({"segment": [s.name for s in segments]}))
        rows = self._con.execute("select segment from waiting semi join ledger using (segment)").fetchall()
        self._con.unregister("waiting")
        return {str(row[0]) for row in rows}

    def _commit(self, pieces: list[Piece], segments: list[Path]) -> None:
        self._con.execute("begin")
        try:
            count = self._write(pieces)
            now = time.time()
            for segment in segments:
                self._con.execute(
                    "insert into ledger values (?, ?, to_timestamp(?)::timestamp)", [segment.name, count, now]
                )
            self._con.execute("commit")
        except BaseException:
            self._con.execute("rollback")
            raise
        self.result.sources += len({piece.source for piece in pieces})

    def _write(self, pieces: list[Piece]) -> int:
        places = self._decode(pieces)
        self._name_empty_pieces(places)
        self._name_unusable(places)
        fresh = self._arrive()
        if fresh:
            conclude(self._con)
            self._con.execute("insert into spans by name select * from fresh order by start_ns")
        return fresh

    def _decode(self, pieces: list[Piece]) -> list[Piece]:
        """Make `incoming` of these pieces and return them in the order in which it numbers them."""
        self.result.rejected += [Rejected(p.source, p.where, p.reason) for p in pieces if p.kind == "bad"]
        documents = [p for p in pieces if p.kind == "json"]
        messages = [p for p in pieces if p.kind == "protobuf"]
        self._decoder.decode_into("incoming", [p.data.decode("utf-8", "replace") for p in documents])
        if messages:
            decoded = otlp.decode_protobuf([p.data for p in messages], self._mode)
            self._con.register("decoded", decoded)
            self._con.execute(
                "insert into incoming by name select * replace (piece + ? as piece) from decoded", [len(documents)]
            )
            self._con.unregister("decoded")
        return documents + messages

    def _arrive(self) -> int:
        """Make `fresh`, count duplicates, and return the number of fresh spans."""
        low, high, usable, distinct = self._con.execute(
            "select coalesce(min(start_ns), 0), coalesce(max(start_ns), 0), count(*), count(distinct hash(trace_id, span_id)) "
            f"from incoming where {_USABLE}"
        ).fetchall()[0]
        within = f"(select trace_id, span_id from spans where start_ns between {int(low)} and {int(high)})"
        known = self._con.execute(f"select 1 from {within} limit 1").fetchall()
        text = script("steps/arrive.sql").replace("{usable}", _USABLE)
        text = text.replace("{unknown}", f"anti join {within} as known using (trace_id, span_id)" if known else "")
        self._con.execute(text.replace("{once}", _ONCE if usable != distinct else ""))
        fresh = int(self._con.execute("select count(*) from fresh").fetchall()[0][0])
        self.result.spans += usable
        self.result.new += fresh
        self.result.duplicates += usable - fresh
        return fresh

    def _name_empty_pieces(self, places: list[Piece]) -> None:
        filled = {row[0] for row in self._con.execute("select distinct piece from incoming").fetchall()}
        for index, piece in enumerate(places):
            if index in filled:
                continue
            if piece.kind == "json" and (b'"resourceLogs"' in piece.data or b'"resourceMetrics"' in piece.data):
                self.result.other_signals += 1
            elif not _is_empty_export(piece):
                self.result.rejected.append(Rejected(piece.source, piece.where, "holds no OTLP spans"))

    def _name_unusable(self, places: list[Piece]) -> None:
        rows = self._con.execute(
            f"select piece, trace_id, span_id, name, start_ns from incoming where not coalesce({_USABLE}, false) order by piece"
        ).fetchall()
        for index, trace_id, span_id, name, start_ns in rows:
            piece = places[int(index)]
            self.result.rejected.append(
                Rejected(piece.source, piece.where, _why_unusable(trace_id, span_id, name, start_ns))
            )


def _batches(pieces: Iterable[Piece], progress: Progress | None) -> Iterator[list[Piece]]:
    batch, filled = list[Piece](), 0
    for piece in pieces:
        batch.append(piece)
        filled += len(piece.data)
        if progress:
            progress(len(piece.data))
        if filled >= BATCH_BYTES:
            yield batch
            batch, filled = [], 0
    if batch:
        yield batch


def _segment_batches(segments: list[Path]) -> Iterator[list[Path]]:
    batch, filled = list[Path](), 0
    for segment in segments:
        batch.append(segment)
        filled += segment.stat().st_size
        if filled >= BATCH_BYTES:
            yield batch
            batch, filled = [], 0
    if batch:
        yield batch


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


def _set_aside(spool: Spool, rejected: Rejected, pieces: list[Piece], index: int) -> None:
    segment = Path(rejected.source)
    part = next((p.data for p in pieces if p.source == rejected.source and p.where == rejected.where), b"")
    spool.reject_part(f"{segment.name}.{index}", part, f"{rejected.where}: {rejected.reason}")
