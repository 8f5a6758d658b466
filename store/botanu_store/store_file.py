"""The file of a store: drained and brought up to date where that is possible, opened for reading, held for writing.

Connections are short, because a file open for writing is closed to every other process, and a long drain or ingest closes it for a moment
after each batch.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from botanu.exporters.segment import real
from botanu_store import upkeep
from botanu_store.engines.duckdb import (
    RETRY_SECONDS,
    SCHEMA_VERSION,
    WAIT_SECONDS,
    check_path,
    connect,
    connect_writable,
    exists,
    store_in_memory,
    stored_version,
    transaction,
)
from botanu_store.engines.faults import explained
from botanu_store.errors import StoreError, StoreUnavailable, StoreUnusable
from botanu_store.ingest.ingested import Ingested, Progress
from botanu_store.otlp.content import ContentMode
from botanu_store.prices.overrides import Overrides
from botanu_store.prices.tables import needs_sync, sync_prices
from botanu_store.reports import usage
from botanu_store.reports.database import Database
from botanu_store.reports.views import Views
from botanu_store.spool import Spool

if TYPE_CHECKING:
    from botanu_store.ingest.ingester import Ingester

TURN_SECONDS = 20.0
"""How long one waits for a process of botanu that writes: it lets go of the file after each batch, which takes seconds."""

READERS_SECONDS = 600.0
"""How long an ingest, in the middle of its work, waits for those that it let read meanwhile: a long export is no reason to give up."""


class StoreFile:
    """One store's file and what one process wants of it: content kept or not, the user's prices, prices as of a day."""

    def __init__(
        self,
        path: Path,
        content: ContentMode = "drop",
        overrides: Overrides | None = None,
        believed_at: datetime | None = None,
        *,
        drains_only: bool = False,
    ) -> None:
        """Name a store's file; who `drains_only` knows nothing of the user's prices, and leaves what is added up with them to who reads."""
        self.path = real(path)
        self.spool = Spool(path)
        self._content: ContentMode = content
        self._overrides = overrides
        self._believed_at = believed_at
        self._drains_only = drains_only

    def __str__(self) -> str:
        """Return the path."""
        return str(self.path)

    def open(self, progress: Progress | None = None) -> tuple[Ingested, Database]:
        """Take in what waits, where that can be now, and open the file for reading; return what came in, and the file.

        Raises:
            StoreError: as `drain` and `read` do.
        """
        con = self._settled()
        return (self._drained(progress), self.read()) if con is None else (Ingested(), self._database(con))

    def drain(self, progress: Progress | None = None) -> Ingested:
        """Take in what waits in the spool and bring up to date what is derived; return what came in, nothing where that cannot be now.

        Raises:
            StoreError: as `connect` does.
        """
        con = self._settled()
        if con is None:
            return self._drained(progress)
        con.close()
        return Ingested()

    def read(self) -> Database:
        """Open the file for reading, with the views that reports read; where there is none yet, an empty store.

        Raises:
            StoreError: as `connect` does, or the file is of another version of botanu.
        """
        if not exists(self.path) and not self.spool.segments():
            return Database(store_in_memory, views=self._views())
        return self._database(self._opened())

    def read_later(self) -> Database:
        """The same of a file that was just written, opened when something is asked of it: until then whoever else writes may have it."""
        return Database(self._opened, self.path, self._views())

    def pending(self) -> int:
        """Return how many segments wait beside the file."""
        return len(self.spool.segments())

    def info(self, db: Database) -> dict[str, Any]:
        """Return what is in the store and beside it, by name."""
        return upkeep.info(db.bare, self.path, self.spool)

    @contextmanager
    def held(self) -> Generator[None]:
        """Hold the right to write.

        Raises:
            StoreUnavailable: another process has it.
        """
        check_path(self.path, read_only=False)
        with self.spool.drain_lock(wait=TURN_SECONDS) as mine, explained(self.path):
            if not mine:
                raise StoreUnavailable(
                    f"{self.path} is being written by another process. Try again when it has finished."
                )
            yield

    def open_to_write(self, wait: float = WAIT_SECONDS) -> duckdb.DuckDBPyConnection:
        """Open the file for writing, with the prices of all that is in it, and the book in which those of what comes in are found; only who holds the right may.

        Raises:
            StoreError: as `connect_writable` does.
        """
        con = connect_writable(self.path, wait=wait)
        try:
            if needs_sync(con):
                with transaction(con):
                    sync_prices(con)
        except BaseException:
            con.close()
            raise
        return con

    def ingester(self, con: duckdb.DuckDBPyConnection, *, wait: float = WAIT_SECONDS) -> Ingester:
        """Return what takes spans in on this connection, which may write; whenever it lets others have the file, it waits so long to have it back."""
        from botanu_store.ingest.ingester import Ingester  # noqa: PLC0415 - 0.15 s that who only reads does not need

        return Ingester(
            con, self._content, lambda: connect(self.path, wait=wait), self.spool.is_wanted, self.settle_much
        )

    def settle(self, con: duckdb.DuckDBPyConnection, worth_it: int = 1) -> None:
        """Bring up to date what is derived from calls: where their prices are and, from so many changed runs on, what each used."""
        sync_prices(con)
        if self._usage_is_behind(con, worth_it):
            usage.add_up(con, self._overrides, Views(self._overrides, None))

    def settle_much(self, con: duckdb.DuckDBPyConnection) -> None:
        """Bring it up to date where so much changed that this saves a report time."""
        self.settle(con, usage.WORTH_IT)

    def _usage_is_behind(self, con: duckdb.DuckDBPyConnection, worth_it: int) -> bool:
        if self._drains_only and not usage.holds(con, self._overrides):
            return False
        return usage.changed_runs(con, self._overrides) >= worth_it

    def _settled(self) -> duckdb.DuckDBPyConnection | None:
        """Open the file where nothing waits and nothing is out of date; None where something is, or there is no file."""
        check_path(self.path, read_only=True)
        if self.spool.segments() or not exists(self.path):
            return None
        with explained(self.path):
            con = self._connect_readable()
            settled = False
            try:
                of_this_version = stored_version(con, self.path) == SCHEMA_VERSION
                settled = of_this_version and not (needs_sync(con) or self._usage_is_behind(con, usage.WORTH_IT))
            finally:
                if not settled:
                    con.close()
            return con if settled else None

    def _drained(self, progress: Progress | None) -> Ingested:
        """Drain where there is something to drain and it is this process's turn."""
        if (exists(self.path) or self.spool.segments()) and self._may_write():
            with explained(self.path), self.spool.drain_lock() as mine:
                if mine:
                    return self._drain(progress)
        return Ingested()

    def _database(self, con: duckdb.DuckDBPyConnection) -> Database:
        return Database(con, self.path, self._views())

    def _may_write(self) -> bool:
        """A store that may only be read is read, whatever waits beside it."""
        return all(os.access(path, os.W_OK) for path in (self.path.parent, self.path) if path.exists())

    def _drain(self, progress: Progress | None) -> Ingested:
        """Take in what waits; where others read the file, and so keep it from being written, the rest goes on waiting."""
        result = Ingested()
        with suppress(StoreUnavailable):
            ingester = self.ingester(self.open_to_write())
            result = ingester.result
            try:
                ingester.drain(self.spool, progress, follow=self._drains_only)
                self.settle_much(ingester.con)
            finally:
                ingester.con.close()
        return result

    def _views(self) -> Views:
        return Views(self._overrides, self._believed_at)

    def _opened(self) -> duckdb.DuckDBPyConnection:
        with explained(self.path):
            con = self._connect_readable()
            try:
                self._check_version(con)
            except BaseException:
                con.close()
                raise
        return con

    def _check_version(self, con: duckdb.DuckDBPyConnection) -> None:
        if stored_version(con, self.path) != SCHEMA_VERSION:
            raise StoreUnavailable(
                f"{self.path} is of an older schema and cannot be brought up to date now. Make it writable, and close what else has it open."
            )

    def _connect_readable(self) -> duckdb.DuckDBPyConnection:
        """Open the file for reading, waiting longer for a process of botanu: that lets it go after each batch."""
        if not self._is_made():
            raise self._not_made()
        with suppress(StoreUnavailable):
            return connect(self.path, read_only=True, wait=0)
        with self.spool.wanting():
            wait = TURN_SECONDS if self.spool.being_written() else WAIT_SECONDS
            return connect(self.path, read_only=True, wait=wait)

    def _is_made(self) -> bool:
        """Wait for the process that makes the file, if there is one, and say whether it is there."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not exists(self.path):
            if time.monotonic() >= deadline or not self.spool.being_written():
                return exists(self.path)
            time.sleep(RETRY_SECONDS)
        return True

    def _not_made(self) -> StoreError:
        if self._may_write():
            return StoreUnavailable(f"{self.path} is just being made by another process. Try again.")
        return StoreUnusable(
            f"{self.path} is not there yet and cannot be made. Make its folder writable, or name another file with --store."
        )
