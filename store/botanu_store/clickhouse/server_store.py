"""A ClickHouse that `botanu sync` fills, read as a local store is.

What is about many runs is answered on the server, by the very text that a local store answers with; what names single runs, in memory, where
those come with their calls and spans. The prices are laid out in memory for both.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb

from botanu_store.clickhouse import otel_traces
from botanu_store.clickhouse.conclude import Concluder
from botanu_store.clickhouse.prices import BOOK, USAGE, send_prices, take_prices, usage_holds
from botanu_store.clickhouse.schema import columns
from botanu_store.clickhouse.views import stored, whole
from botanu_store.engines.clickhouse import Address, Server, connect
from botanu_store.engines.duckdb import store_in_memory
from botanu_store.errors import StoreUnusable
from botanu_store.prices.overrides import Overrides
from botanu_store.reports import usage
from botanu_store.reports.database import Database, Named
from botanu_store.reports.views import Views
from botanu_store.times import DAY_NS, moment


class ServerStore:
    """What one process wants of a ClickHouse store: the user's prices, prices as of a day."""

    def __init__(self, address: Address, overrides: Overrides | None, believed_at: datetime | None) -> None:
        self._address = address
        self._overrides = overrides
        self._believed_at = believed_at

    def read(self) -> Mirror:
        """Open a session with the server.

        Raises:
            StoreError: it does not answer, refuses this user, or was never synced.
        """
        server = connect(self._address)
        try:
            return Mirror(server, Views(self._overrides, self._believed_at), is_published=self._is_published)
        except BaseException:
            server.close()
            raise

    def __str__(self) -> str:
        """Return the address, without its password."""
        return str(self._address)

    def pending(self) -> int:
        """Return 0: a server has no spool."""
        return 0

    def info(self, db: Database) -> dict[str, Any]:
        """Return what is in the store, by name, as `upkeep.info` does of a local one."""
        nothing = {"schema_version": None, "segments_pending": 0, "parts_set_aside": 0, "spans_dropped": 0}
        return (db.counts() if isinstance(db, Mirror) else {}) | nothing

    @property
    def _is_published(self) -> bool:
        """Whether the published prices are meant, as they are now."""
        return self._believed_at is None and (self._overrides or Overrides()) == Overrides()


class Mirror(Database):
    """A session with a ClickHouse store, and in memory its prices and the runs that were named so far."""

    engine = "clickhouse"

    def __init__(self, server: Server, views: Views, *, is_published: bool) -> None:
        """Take over the prices; runs, calls and spans come when a query asks for them."""
        con = store_in_memory()
        super().__init__(con, None, views)
        self._here = Database(con, None, views)
        self.server = server
        self._loaded: set[str] = set()
        self._priced = False
        self._last = _synced_table(server)
        self._lines = usage.BY_RUN if is_published and usage_holds(server) else usage.BY_CALL
        take_prices(server, con)

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The connection with all runs and calls of the store, for a query that may read anything."""
        self._load(_EVERYTHING, {})
        return super().con

    def of(self, named: Named) -> Database:
        """Take over these runs, and return what is in memory."""
        condition, parameters = _condition(named)
        if condition:
            self._load(condition, parameters)
        if named.with_spans or named.traces:
            self._load_spans(named)
        return self._here

    def rows(self, text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run a query where what it reads is, and return its rows by column."""
        if _READS.search(text):
            return self.server.rows(self._whole(text, parameters), parameters)
        return super().rows(text, parameters)

    def arrow(self, text: str, parameters: Mapping[str, Any]) -> Any:
        """Run a query where what it reads is, and return its rows as a pyarrow table."""
        if _READS.search(text):
            return self.server.arrow(self._whole(text, parameters), parameters)
        return super().arrow(text, parameters)

    def behind(self) -> datetime | None:
        """Return up to when spans were synced, if the collector wrote later ones."""
        (row,) = self.server.rows(
            "select (select toInt64OrZero(any(value)) from botanu_sync final where name = $table) as read_ns, "
            f"(select toUnixTimestamp64Nano(max(Timestamp)) from {otel_traces.identifier(self._last)} where Timestamp <= now64(9)) as last_ns",
            {"table": self._last},
        )
        return moment(row["read_ns"]) if (row["last_ns"] or 0) >= row["read_ns"] else None

    def holds_spans(self) -> bool:
        """Whether any span was synced."""
        return bool(self.server.rows("select 1 from botanu_runs limit 1"))

    def close(self) -> None:
        """End the session."""
        super().close()
        self.server.close()

    def counts(self) -> dict[str, Any]:
        """Return how much is in the store and since when."""
        (counts,) = self.server.rows(
            f"select $store as store, (select count() from {otel_traces.identifier(self._last)}) as spans, (select count() from botanu_calls final) as calls, "
            f"(select count() from botanu_runs final) as runs, (select min(start_ns) from botanu_runs final) as first_span_at, "
            "(select max(end_ns) from botanu_runs final) as last_span_at, "
            "(select value from botanu_sync final where name = $book) as price_book, "
            "(select sum(bytes_on_disk) from system.parts where active and database = currentDatabase() and table like 'botanu%') as bytes",
            {"book": BOOK, "store": str(self.server)},
        )
        for name in ("first_span_at", "last_span_at"):
            counts[name] = None if counts[name] is None else moment(counts[name])
        return counts

    def _whole(self, text: str, parameters: Mapping[str, Any]) -> str:
        """The query with the views it reads before it, on the days it asks for, priced as this user's prices say."""
        days = _days(parameters)
        tables = {name: stored(name, days) for name in ("runs", "calls", "run_usage")}
        query = whole(text, tables | {"price_keys": stored("price_keys", "true")}, self._lines)
        if not self._priced and "price_" in query:
            self._priced = True
            send_prices(self.server, super().con)
        return query

    def _load(self, condition: str, parameters: Mapping[str, Any]) -> None:
        """Take over the runs that meet a condition, with their calls; what is there already is left as it is."""
        key = f"{condition} {sorted(parameters.items())}"
        if _EVERYTHING in self._loaded or key in self._loaded:
            return
        self._loaded.add(_EVERYTHING if condition == _EVERYTHING else key)
        self.bare.execute("create or replace temp table there as select run_id from runs")
        self._take(
            "from arrived anti join there using (run_id)", "runs", f"botanu_runs final where {condition}", parameters
        )
        of_runs = f"run_id in (select run_id from botanu_runs final where {condition})"
        calls = condition if condition == _EVERYTHING else of_runs
        self._take(
            "from arrived anti join there using (run_id)", "calls", f"botanu_calls final where {calls}", parameters
        )

    def _load_spans(self, named: Named) -> None:
        """Take over the spans of the traces named, and of those in which the runs were found."""
        traces = sorted(named.traces)
        if named.with_spans:
            found = self.server.rows(
                "select distinct trace_id from botanu_traces where run_id in (select arrayJoin($ids))",
                {"ids": list(named.ids)},
            )
            traces += [str(row["trace_id"]) for row in found]
        source = otel_traces.find(self.server, self._last)
        spans = source.read(self.server, _SPANS, {"traces": traces})
        concluder = Concluder()
        concluder.conclude(spans)
        self.bare.register("arrived", concluder.con.sql("from spans").to_arrow_table())
        self.bare.execute("insert into spans by name from arrived anti join spans using (trace_id, span_id)")
        self.bare.unregister("arrived")

    def _take(self, chosen: str, table: str, source: str, parameters: Mapping[str, Any] | None = None) -> None:
        rows = self.server.arrow(f"select {', '.join(columns(table))} from {source}", parameters)
        self.bare.register("arrived", rows)
        self.bare.execute(f"insert into {table} by name {chosen}")
        self.bare.unregister("arrived")


_EVERYTHING = "true"
_READS = re.compile(r"\b(?:runs|calls|charges|\w+_calls|\w+_charges|usage_\w+)\b")
# A trace is found by the hours in which it was: the collector's table is sorted by time, not by trace.
_SPANS = (
    "lower(TraceId) in (select arrayJoin($traces)) and toStartOfHour(toDateTime(Timestamp, 'UTC')) in "
    "(select hour from botanu_traces where trace_id in (select arrayJoin($traces)))"
)


def _condition(named: Named) -> tuple[str, dict[str, Any]]:
    """The condition of these runs in ClickHouse, and what it binds; none where no run is named."""
    bound = {
        "ids": ("run_id in (select arrayJoin($ids))", named.ids),
        "beginnings": ("arrayExists(b -> startsWith(run_id, b), $beginnings)", named.beginnings),
        "roots": ("root_run_id in (select arrayJoin($roots))", named.roots),
        "parents": ("parent_run_id in (select arrayJoin($parents))", named.parents),
    }
    asked = {name: each for name, each in bound.items() if each[1]}
    return " or ".join(text for text, _ in asked.values()), {name: list(values) for name, (_, values) in asked.items()}


def _days(parameters: Mapping[str, Any]) -> str:
    """The condition of the days in which a query with these parameters looks."""
    signs = {"since_ns": ">=", "until_ns": "<="}
    days = (
        f"toInt32(run_day) {sign} {int(parameters[name]) // DAY_NS}"
        for name, sign in signs.items()
        if name in parameters
    )
    return " and ".join(days) or "true"


def _synced_table(server: Server) -> str:
    """The collector's table that was synced last."""
    rows = server.rows(
        "select name from botanu_sync final where name not in ($book, $usage) order by made desc limit 1",
        {"book": BOOK, "usage": USAGE},
    )
    if not rows:
        raise StoreUnusable("Nothing was synced here yet. Run: botanu sync")
    return str(rows[0]["name"])
