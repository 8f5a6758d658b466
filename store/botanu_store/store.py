"""`open_store(url)`: the whole API of the store on one page.

Opening drains what waits in the spool when the right to write is free; otherwise the store is read as it is and says how many segments
are pending. A store is one DuckDB file with its spool beside it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from botanu_store import sql, upkeep
from botanu_store.engines.clickhouse import SCHEME, read_address
from botanu_store.engines.duckdb import check_path
from botanu_store.errors import InputError
from botanu_store.filters import Filters, Interval
from botanu_store.ingest.ingested import Ingested, Progress
from botanu_store.otlp import sources
from botanu_store.otlp.content import ContentMode
from botanu_store.otlp.sources import Piece
from botanu_store.prices import tables
from botanu_store.prices.overrides import Overrides
from botanu_store.reports import calls, cost, export, known, outcomes, pages, runs, samples, tree, trends, vendors
from botanu_store.reports import prices as price_reports
from botanu_store.reports.compare import compared
from botanu_store.reports.database import Database
from botanu_store.reports.report import Coverage, Report, Row, coverage
from botanu_store.reports.runs import RunSort
from botanu_store.spool import Spool
from botanu_store.store_file import READERS_SECONDS, TURN_SECONDS, StoreFile

if TYPE_CHECKING:
    from botanu_store.clickhouse.server_store import ServerStore


def open_store(
    url: str | Path,
    *,
    content: ContentMode = "drop",
    overrides: Overrides | None = None,
    progress: Progress | None = None,
    believed_at: datetime | None = None,
) -> Store:
    """Open a store for reading, draining its spool first where that is possible.

    Args:
        url: path of a DuckDB file, which need not exist yet, or clickhouse://user:password@host:port/database.
        content: whether prompts, completions and tool arguments are kept ("keep") or removed on the way in.
        overrides: the user's own prices and discounts.
        progress: called with the number of segments just drained.
        believed_at: price by what the store's price book said then, instead of by what it says now.

    Raises:
        StoreUnusable: the path holds something that is no botanu store.
        StoreUnavailable: another process holds the file past the wait.
    """
    if str(url).startswith(SCHEME):
        from botanu_store.clickhouse.server_store import ServerStore  # noqa: PLC0415 - an extra, and 150 ms that a local store does not need

        server = ServerStore(read_address(str(url)), overrides, believed_at)
        return Store(server, server.read(), overrides, believed_at)
    if "://" in str(url):
        raise InputError(
            f"{str(url).split('://', 1)[0]}:// is no kind of store known here. Name a DuckDB file, or {SCHEME}user@host/database."
        )
    path = Path(url)
    if not path.name:  # `.` and `/` are folders, beside which no spool can be named
        check_path(path, read_only=True)
    file = StoreFile(path, content, overrides, believed_at)
    drained, db = file.open(progress)
    return Store(file, db, overrides, believed_at, drained)


class Store:
    """An open store; use it as a context manager, or close it."""

    def __init__(
        self,
        home: StoreFile | ServerStore,
        db: Database,
        overrides: Overrides | None = None,
        believed_at: datetime | None = None,
        drained: Ingested | None = None,
    ) -> None:
        self._home = home
        self._db = db
        self._overrides = overrides
        self._believed_at = believed_at
        self.drained = drained or Ingested()
        """What opening took in from the spool."""

    @property
    def file(self) -> StoreFile:
        """The store's file with its spool.

        Raises:
            InputError: the store is a server.
        """
        if isinstance(self._home, StoreFile):
            return self._home
        raise InputError("This works on a local store only. Name a DuckDB file with --store.")

    @property
    def path(self) -> Path:
        """Where the store's file is; InputError where it is a server."""
        return self.file.path

    @property
    def spool(self) -> Spool:
        """What waits beside the file; InputError where it is a server."""
        return self.file.spool

    @property
    def name(self) -> str:
        """What the store is called: its path, or the server's address without its password."""
        return str(self._home)

    def behind(self) -> datetime | None:
        """Return up to when a server's spans were synced, where there are later ones."""
        return self._db.behind()

    @property
    def empty(self) -> bool:
        """Whether the store holds no span at all."""
        return not self._db.holds_spans()

    def ingest(self, paths: Iterable[Path], progress: Progress | None = None, *, stdin: bool = False) -> Ingested:
        """Take in OTLP files and folders, and standard input when asked; what was in the store already is counted, not doubled.

        Raises:
            InputError: a path does not exist or a folder holds nothing to read.
            StoreUnavailable: another process is writing.
        """
        files = sources.find_files(paths)
        pieces: Iterable[Piece] = (piece for file in files for piece in sources.read_file(file))
        if stdin:
            said = sources.read_stdin()
            # Who writes there may take long to begin, and the store is not held for that.
            self._let_go()
            pieces = chain(pieces, list(islice(said, 1)), said)
        with self._writing() as file:
            ingester = file.ingester(self._db.bare, wait=READERS_SECONDS)
            try:
                ingester.ingest(pieces, progress)
            finally:
                self._db.bare = ingester.con
            file.settle(self._db.bare)
        return ingester.result

    def export(self, filters: Filters, folder: Path, form: export.Form = "parquet") -> dict[Path, int]:
        """Write runs, calls and charges as files into a folder; return the rows of each file.

        Raises:
            InputError: the path is no folder.
        """
        return export.export(self._db.con, filters, folder, form)

    def info(self) -> dict[str, Any]:
        """Return what is in the store and beside it, by name."""
        return self._home.info(self._db)

    def prune(self, before: datetime, *, dry_run: bool = False) -> upkeep.Pruned:
        """Forget the runs that were over before a moment, whole, with their calls and spans.

        Raises:
            StoreUnavailable: another process is writing.
        """
        with self._writing():
            return upkeep.prune(self._db.con, before, dry_run=dry_run)

    def compact(self) -> tuple[int, int]:
        """Give back the space of what was deleted; return the file's size in bytes before and after.

        Raises:
            StoreUnavailable: another process is writing.
        """
        with self._writing() as file:
            self._db.close()
            return upkeep.compact(file.path)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Read the kept spans again with the rules of today; return how many they are. The store is as it was until all is done.

        Raises:
            StoreUnavailable: another process is writing.
        """
        from botanu_store.ingest import rebuild  # noqa: PLC0415 - 0.15 s that who only reads does not need

        with self._writing() as file:
            self._db.close()
            return rebuild.rebuild(file.path, progress)

    def cost(
        self,
        filters: Filters,
        group_by: Sequence[str] = ("use_case",),
        *,
        before: Interval | None = None,
        limit: int | None = None,
    ) -> Report:
        """Report cost by any dimensions, the costliest groups first; with `before`, beside that interval."""
        if before is None:
            return self._covered(cost.cost(self._db, filters, group_by, limit=limit))
        now, then = (cost.cost(self._db, f, group_by) for f in (filters, replace(filters, interval=before)))
        report = compared(self._covered(now), then, group_by)
        return replace(report, rows=report.rows[:limit])

    def runs(self, filters: Filters, *, sort: RunSort = "started", limit: int | None = None) -> Report:
        """Report runs with their outcome and cost."""
        return self._covered(runs.runs(self._db, filters, sort=sort, limit=limit))

    def run_order(self, filters: Filters, sort: RunSort = "started") -> pages.RunOrder:
        """Return the ids of all runs under these filters in the order that `runs` has."""
        return pages.run_order(self._db, filters, sort)

    def runs_named(self, filters: Filters, run_ids: Sequence[str]) -> list[Row]:
        """Return the rows that `runs` has for these runs, in the order of the ids."""
        return pages.runs_named(self._db, filters, run_ids)

    def outcomes(self, filters: Filters, values: Mapping[str, Decimal] | None = None) -> Report:
        """Report unit economics; `values` says what one unit of a value type is worth in USD."""
        return self._covered(outcomes.outcomes(self._db, filters, values or {}))

    def outcome_trend(self, filters: Filters, values: Mapping[str, Decimal], unit: str) -> list[Row]:
        """Return unit economics by use case and unit of time: hour, day, week or month."""
        return trends.outcome_trend(self._db, filters, values, unit)

    def spend_trend(self, filters: Filters, dimension: str, unit: str) -> list[Row]:
        """Return spend by a dimension and unit of time: hour, day, week or month."""
        return trends.spend_trend(self._db, filters, dimension, unit)

    def extent(self, filters: Filters) -> tuple[datetime, datetime] | None:
        """Return when the first and the last run under these filters started; None where there is none."""
        return trends.extent(self._db, filters)

    def samples(self, filters: Filters, per: samples.Per) -> samples.Samples:
        """Return what each run, root run, day or call used and cost, for statistics."""
        return samples.samples(self._db, filters, per)

    def coverage(self, filters: Filters) -> Coverage:
        """Return what totals under these filters rest on."""
        found = coverage(self._db, filters)
        found.segments_pending = self._home.pending()
        return found

    def vendors(self, filters: Filters) -> Report:
        """Report by vendor and model or product."""
        return self._covered(vendors.vendors(self._db, filters))

    def vendor_costs(self, filters: Filters) -> Report:
        """Report by vendor and model or product at once, less other use, latency and what caches saved."""
        return self._covered(vendors.vendor_costs(self._db, filters))

    def prices(self, filters: Filters, *, kind: Literal["used", "all"] = "used") -> Report:
        """Report what this store's kinds of call are priced at now, or all that the price book publishes."""
        self._need_book()
        report = price_reports.in_use if kind == "used" else price_reports.published
        return self._covered(report(self._db, filters))

    def price(self, filters: Filters, name: str) -> Report:
        """Report everything known of the price of one model or product, over time.

        Raises:
            NotFound: nothing is.
        """
        self._need_book()
        return self._covered(price_reports.of_model(self._db, filters, name, self._overrides))

    def unpriced(self, filters: Filters) -> Report:
        """Report the kinds of call that have no price, how much they used, and what would give them one."""
        return self._covered(price_reports.unpriced(self._db, filters))

    def calls(
        self, filters: Filters, *, kind: Literal["all", "not_counted", "unpriced"] = "all", limit: int | None = None
    ) -> Report:
        """Report every call, counted or not."""
        return self._covered(calls.calls(self._db, filters, kind=kind, limit=limit))

    def run(self, prefix: str) -> tree.RunDetail:
        """Return one run, named by a unique beginning of its id, with its tree of spans.

        Raises:
            NotFound: no run, or more than one, begins so.
        """
        detail = tree.run_detail(self._db, prefix)
        return replace(detail, report=self._covered(detail.report))

    def run_charges(self, run_id: str) -> list[Row]:
        """Return what each call of a run was charged, meter by meter, with the price that was used."""
        return tree.run_charges(self._db, run_id)

    def short_ids(self, run_ids: Sequence[str]) -> dict[str, str]:
        """Return for each run id its shortest beginning, of eight characters or more, that no other run shares."""
        return runs.short_ids(self._db, run_ids)

    def known_values(self, dimension: str) -> list[str]:
        """Return the values that a dimension, or `value_type`, has in this store, most frequent first."""
        return known.known_values(self._db, dimension)

    def is_known(self, dimension: str, value: str) -> bool:
        """Return whether this store has a value of a dimension; it may hold `*`."""
        return known.is_known(self._db, dimension, value)

    def query(self, text: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a query on the store's relations and return its rows by column."""
        return self._db.rows(text, parameters or {})

    def ask(self, query: str) -> sql.Answer:
        """Answer one query of the user's, which can only read; the store then answers only such queries.

        Raises:
            InputError: it is not one query, or cannot be run, or the store is a server, which has a client of its own.
        """
        if not isinstance(self._home, StoreFile):
            raise InputError(
                "A server answers SQL itself: its tables are botanu_runs and botanu_calls. Ask it with clickhouse-client."
            )
        return sql.ask(self._db.con, query)

    def limit_memory(self, limit: str | None) -> None:
        """Let queries take no more memory than this ("300MB"), and write beside the file for a while what is too much; None lifts it.

        Where nothing can be written beside the file, and on a server, no limit is set.
        """
        if isinstance(self._home, StoreFile) and os.access(self._home.path.parent, os.W_OK):
            self._db.bare.execute(f"set memory_limit = '{limit}'" if limit else "reset memory_limit")

    def interrupt(self) -> None:
        """Stop the query that another thread runs here; there it raises RuntimeError, and the store stays usable."""
        self._db.interrupt()

    def close(self) -> None:
        """Close the connection; the file is free for others again."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Generator[StoreFile]:
        """Hold the right to write, on a connection that can; afterwards the store only reads again, so that others can too."""
        file = self.file
        # Before the wait for the right: who has it may be waiting for the file.
        self._let_go()
        with file.held():
            self._db = Database(file.open_to_write(TURN_SECONDS), file.path)
            try:
                yield file
            finally:
                self._db.close()
            self._db = file.read_later()

    def _let_go(self) -> None:
        """Leave the file to others until something is asked of it again."""
        later = self.file.read_later()
        self._db.close()
        self._db = later

    def _need_book(self) -> None:
        """Read the price book where there is no store yet that holds it."""
        if isinstance(self._home, StoreFile) and not self._home.path.exists():
            tables.sync_prices(self._db.con)

    def _covered(self, report: Report) -> Report:
        report.coverage.segments_pending = self._home.pending()
        if self._believed_at is not None:
            report.filters["as_priced"] = [self._believed_at.astimezone(UTC).isoformat()]
            oldest = price_reports.oldest(self._db)
            report.oldest_prices = oldest if oldest is not None and oldest > self._believed_at else None
        return report
