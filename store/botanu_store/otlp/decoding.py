"""Pieces of OTLP into batches of decoded spans in memory, each while the batch before it is still being taken in.

Pieces are decoded a slice at a time, because what is being decoded takes many times its size. A batch is about as many as fill
one of DuckDB's row groups (see engines/duckdb.py): twice as many take a fifth more memory and as long, fewer take longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from botanu_store.engines.duckdb import ROW_GROUP
from botanu_store.otlp import logs
from botanu_store.otlp.content import ContentMode
from botanu_store.otlp.documents import JsonDecoder
from botanu_store.otlp.sources import Piece

SLICE_BYTES = 12 * 1024 * 1024
"""Bytes of OTLP that are decoded at a time."""

BATCH_BYTES = 106 * 1024 * 1024
"""Bytes of OTLP in one transaction: bounds memory, whatever the input."""

BATCH_SPANS = ROW_GROUP
"""Spans in one transaction, as far as they can be told before they are decoded."""

OF_THE_DATA = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError, duckdb.DataError)
"""Errors that a piece may cause by what it holds; whatever else stops a batch (disk, memory, the user) is no fault of the data."""

_MEMORY = "arriving"
"""Name of the database in memory where decoded batches wait; both connections see it."""

_SLICE = f"{_MEMORY}.slice"
"""The table of the slice that was decoded last."""


@dataclass(slots=True)
class Slice:
    """Pieces that are decoded at a time, of inputs one after the other."""

    pieces: list[Piece] = field(default_factory=list[Piece])
    finished: list[Path] = field(default_factory=list[Path])
    """Segments of which these are the last pieces."""
    ends_batch: bool = False


@dataclass(slots=True)
class Batch:
    """Decoded spans, and what they were decoded from."""

    pieces: list[Piece] = field(default_factory=list[Piece])
    finished: list[Path] = field(default_factory=list[Path])
    """Segments whose last piece is in this batch."""
    places: list[Piece] = field(default_factory=list[Piece])
    """The pieces that were decoded, in the order in which the column `piece` numbers them."""
    other_records: int = 0
    """Log records that say nothing of usage, which are in no table."""
    table: str = ""
    """The spans in memory; "" where there is none yet."""
    error: Exception | None = None
    """Why the data could not be decoded."""


def slices(inputs: Iterable[tuple[Path | None, Iterable[Piece]]]) -> Iterator[Slice]:
    """Yield the pieces of segments, or of other inputs, in slices of batches; a segment that cannot be read now is left where it is."""
    part, in_slice, in_batch, spans = Slice(), 0, 0, 0
    for segment, pieces in inputs:
        try:
            for piece in pieces:
                size, more = len(piece.data) + _PIECE_BYTES, _spans(piece)
                full = in_batch > 0 and (in_batch + size > BATCH_BYTES or spans + more > BATCH_SPANS)
                if full or in_slice >= SLICE_BYTES:
                    part.ends_batch = full
                    yield part
                    part, in_slice = Slice(), 0
                    in_batch, spans = (0, 0) if full else (in_batch, spans)
                part.pieces.append(piece)
                in_slice, in_batch, spans = in_slice + size, in_batch + size, spans + more
        except OSError:
            if segment is None:
                raise
            continue
        if segment is not None:
            part.finished.append(segment)
    if part.pieces or part.finished:
        yield part


def _spans(piece: Piece) -> int:
    """About how many spans a piece holds."""
    return piece.data.count(b'"startTimeUnixNano"') if piece.kind == "json" else len(piece.data) // _SPAN_BYTES


_PIECE_BYTES = 256
"""What a piece costs beside its data: a million empty lines are no small batch."""

_SPAN_BYTES = 600
"""A span in protobuf."""


class Decoder:
    """Decodes beside an open store, on a connection and in a thread of its own; use it as a context manager.

    What is decoded is read by who asks for batches, so that an interrupt finds nobody waiting for standard input in a thread.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, mode: ContentMode) -> None:
        con.execute(f"attach if not exists ':memory:' as {_MEMORY}")
        self._store = con
        self._con = con.cursor()
        # A query that looked for names in the store would keep the store's checkpoints from freeing what they replace.
        self._con.execute(f"use {_MEMORY}")
        self._mode: ContentMode = mode
        self._json = JsonDecoder(mode, self._con)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="botanu-decode")
        self._ahead: Future[Batch] | None = None
        self._made = 0

    def batches(self, source: Iterator[Slice]) -> Iterator[Batch]:
        """Yield the batches of these slices, each while the next one is decoded."""
        self._ahead = self._start(source)
        while self._ahead is not None:
            batch = self._ahead.result()
            self._ahead = self._start(source)
            yield batch

    @property
    def goes_on(self) -> bool:
        """Whether there is another batch after the one that came last."""
        return self._ahead is not None

    def undecoded(self) -> Iterator[Slice]:
        """Yield again what was read of the source, but is in no batch that came of it."""
        if self._ahead is not None:
            batch = self._ahead.result()
            again = list(slices([(None, batch.pieces)])) or [Slice()]
            again[-1].finished, again[-1].ends_batch = batch.finished, True
            yield from again

    def decode(self, pieces: Sequence[Piece], finished: Sequence[Path] = ()) -> Batch:
        """Return the batch of these pieces alone, no more than a batch had before."""
        started = self._start(slices([(None, pieces)]))
        batch = started.result() if started else Batch()
        batch.finished = list(finished)
        return batch

    def release(self, batch: Batch) -> None:
        """Give back the memory of a batch that was taken in."""
        if batch.table:
            self._con.cursor().execute(f"drop table {batch.table}")
        batch.table = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.shutdown(cancel_futures=True)
        self._con.close()
        self._store.execute(f"detach {_MEMORY}")

    def _start(self, source: Iterator[Slice]) -> Future[Batch] | None:
        """Read the next batch and begin to decode it; None at the end."""
        parts = list[Slice]()
        for part in source:
            parts.append(part)
            if part.ends_batch:
                break
        self._made += 1
        return self._worker.submit(self._fill, f"{_MEMORY}.batch_{self._made}", parts) if parts else None

    def _fill(self, name: str, parts: Sequence[Slice]) -> Batch:
        batch = Batch()
        for part in parts:
            batch.pieces += part.pieces
            batch.finished += part.finished
            try:
                if batch.error is None:
                    self._decode(batch, part.pieces)
                    self._add(batch, name)
            except (*OF_THE_DATA, duckdb.OutOfMemoryException) as error:
                batch.error = error
        return batch

    def _add(self, batch: Batch, name: str) -> None:
        """Add the decoded slice to the batch's table: row groups are filled by rows that lie in one table (see engines/duckdb.py)."""
        if batch.table:
            self._con.execute(f"insert into {name} from {_SLICE}")
        else:
            self._con.execute(f"alter table {_SLICE} rename to {name.removeprefix(f'{_MEMORY}.')}")
        batch.table = name

    def _decode(self, batch: Batch, pieces: Sequence[Piece]) -> None:
        first = len(batch.places)
        documents = [piece for piece in pieces if piece.kind == "json"]
        messages = [piece for piece in pieces if piece.kind == "protobuf"]
        self._json.decode_into(_SLICE, [piece.data for piece in documents], first)
        if messages:
            from botanu_store.otlp.protobuf import decode_protobuf_into  # noqa: PLC0415 - 40 ms that JSON does not need

            traces = [piece.data if logs.holds("traces", piece) else b"" for piece in messages]
            decode_protobuf_into(self._con, _SLICE, traces, self._mode, first + len(documents))
        places = documents + messages
        with_logs = [(number, piece) for number, piece in enumerate(places, first) if logs.holds("logs", piece)]
        if with_logs:
            batch.other_records += logs.decode_logs_into(self._con, _SLICE, with_logs, self._mode)
        batch.places += places
