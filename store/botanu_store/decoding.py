"""Batches of OTLP pieces into tables of spans in memory, each while the batch before it is still being taken in."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import duckdb

from botanu_store import logs, otlp
from botanu_store.sources import Piece

_MEMORY = "arriving"
"""Name of the database in memory where decoded batches wait; both connections see it."""

_Batch = TypeVar("_Batch")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded batch: the table that holds its spans, and its pieces in the order in which the table numbers them."""

    table: str
    places: list[Piece]
    other_records: int
    """Log records that say nothing of usage, which are not in it."""


class Decoder:
    """Decodes beside an open store, on a connection and in a thread of its own; use it as a context manager."""

    def __init__(self, con: duckdb.DuckDBPyConnection, mode: otlp.ContentMode) -> None:
        con.execute(f"attach if not exists ':memory:' as {_MEMORY}")
        self._con = con.cursor()
        self._mode: otlp.ContentMode = mode
        self._json = otlp.JsonDecoder(mode, self._con)
        self._names = itertools.cycle(f"{_MEMORY}.batch_{number}" for number in range(_TABLES))
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="botanu-decode")

    def start(self, pieces: Sequence[Piece]) -> Future[Decoded]:
        """Begin to decode; the table lasts until two more batches were begun."""
        return self._worker.submit(self._decode, next(self._names), pieces)

    def ahead(
        self, batches: Iterable[tuple[list[Piece], _Batch]]
    ) -> Iterator[tuple[list[Piece], _Batch, Future[Decoded]]]:
        """Yield each batch while the next one is being decoded."""
        before: tuple[list[Piece], _Batch, Future[Decoded]] | None = None
        for pieces, rest in batches:
            begun = (pieces, rest, self.start(pieces))
            if before is not None:
                yield before
            before = begun
        if before is not None:
            yield before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.shutdown(cancel_futures=True)
        for _ in range(_TABLES):
            self._con.execute(f"drop table if exists {next(self._names)}")
        self._con.close()

    def _decode(self, table: str, pieces: Sequence[Piece]) -> Decoded:
        documents = [piece for piece in pieces if piece.kind == "json"]
        messages = [piece for piece in pieces if piece.kind == "protobuf"]
        self._json.decode_into(table, [piece.data.decode("utf-8", "replace") for piece in documents])
        if messages:
            from botanu_store.protobuf import decode_protobuf_into  # noqa: PLC0415 - 40 ms that JSON does not need

            traces = [piece.data if logs.holds("traces", piece) else b"" for piece in messages]
            decode_protobuf_into(self._con, table, traces, self._mode, len(documents))
        places = documents + messages
        with_logs = [(number, piece) for number, piece in enumerate(places) if logs.holds("logs", piece)]
        return Decoded(
            table, places, logs.decode_logs_into(self._con, table, with_logs, self._mode) if with_logs else 0
        )


_TABLES = 3
"""One being taken in, one that waits, and one for a part of a batch that is tried again."""
