"""The price book in ClickHouse, and where in it the price of every kind of call is."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from hashlib import blake2b

import duckdb
import pyarrow as pa

from botanu_store.clickhouse.schema import column_list, columns
from botanu_store.clickhouse.views import stored, whole
from botanu_store.engines.clickhouse import Server
from botanu_store.engines.duckdb import script, store_in_memory
from botanu_store.prices.money import charges_script, grid_script
from botanu_store.prices.tables import book_version, key_row, lay_out, lay_out_again, sync_prices
from botanu_store.reports.usage import BY_CALL
from botanu_store.reports.views import Views

KIND = "category, vendor, model, operation"
"""Columns of a call that its price depends on."""

BOOK = "price book"
"""Name of the book's version in botanu_sync."""

USAGE = "price book of botanu_run_usage"
"""Name of what all runs were added up with, in botanu_sync: the version of the book, and the scripts."""

_RUNS_AT_ONCE = 1_000_000
"""Runs priced again by one statement: bounds the server's memory."""


def upload_book(server: Server) -> None:
    """Bring the price book on the server up to date, and find the price of every kind of call anew where the book is another."""
    stored = server.rows("select value from botanu_sync final where name = $name", {"name": BOOK})
    if stored and stored[0]["value"] == book_version():
        return
    con = store_in_memory()
    try:
        for table in ("prices", "price_keys"):
            con.register("stored", server.arrow(f"select {', '.join(columns(table))} from botanu_{table} final"))
            con.execute(f"insert into {table} by name from stored; create temp table before_{table} as from {table}")
            con.unregister("stored")
        con.execute(f"insert into calls ({KIND}) select {KIND} from price_keys")
        sync_prices(con)
        for table in ("prices", "price_keys"):
            server.insert(f"botanu_{table}", con.sql(f"from {table} except from before_{table}").to_arrow_table())
    finally:
        con.close()
    server.run("insert into botanu_sync (name, value) values ($name, $value)", {"name": BOOK, "value": book_version()})


class Pricer:
    """The published prices on a connection of a worker, with those of each kind of call that turns up."""

    def __init__(self, server: Server, con: duckdb.DuckDBPyConnection) -> None:
        """Bring the price book over."""
        self._server, self._con = server, con
        self._views = Views(None, None)
        take_prices(server, con)

    def find(self) -> None:
        """Find the price of each kind of call on the connection that is not known yet, for the server too, so that `usage_by_call` has what they cost."""
        new = self._con.execute(f"select distinct {KIND} from calls anti join price_keys using ({KIND})").fetchall()
        if new:
            rows = pa.Table.from_pylist([dict(key_row(*kind)) for kind in new])
            self._server.insert("botanu_price_keys", rows)
            _add(self._con, "price_keys", rows)
            lay_out_again(self._con)
        self._views.make(self._con, BY_CALL)


def take_prices(server: Server, con: duckdb.DuckDBPyConnection) -> None:
    """Bring the server's price book over to a connection."""
    for table in ("prices", "price_keys"):
        _add(con, table, server.arrow(f"select {', '.join(columns(table))} from botanu_{table} final"))


def _add(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    con.register("taken", rows)
    con.execute(f"insert into {table} by name from taken")
    con.unregister("taken")


def send_prices(server: Server, con: duckdb.DuckDBPyConnection) -> None:
    """Give a session the prices that are laid out on a connection, as temporary tables of the same names."""
    for table in ("price_rows", "price_grid"):
        server.run(f"create or replace temporary table {table} ({column_list(con, table)})")
        server.insert(table, con.sql(f"from {table}").to_arrow_table())


def usage_holds(server: Server) -> bool:
    """Whether what runs cost was added up at the prices that the server has."""
    made = {row["name"]: row["value"] for row in server.rows("select name, value from botanu_sync final")}
    return made.get(BOOK) is not None and made.get(USAGE) == _way(made[BOOK])


def _way(book: str) -> str:
    """What tells one way to price calls from others: the book, and the scripts of this version."""
    scripts = grid_script() + charges_script("clickhouse")
    return f"{book}, {blake2b(scripts.encode(), digest_size=4).hexdigest()}"


def price_again(server: Server) -> None:
    """Add up again, on the server, what all runs cost where the price book is another than it was; may be killed anywhere."""
    if usage_holds(server):
        return
    days = server.rows("select toInt32(run_day) as day, count() as runs from botanu_runs final group by day")
    if days:
        _send_book(server)
    text = script("clickhouse/sql/price_again.sql")
    for day in days:
        parts = day["runs"] // _RUNS_AT_ONCE + 1
        for part in range(parts):
            chosen = f"toInt32(run_day) = {day['day']} and cityHash64(run_id) % {parts} = {part}"
            query = whole(
                text,
                {
                    "calls": stored("calls", chosen),
                    "versions": f"select run_id, run_day, version from botanu_runs final where {chosen}",
                },
            )
            names = ", ".join(columns("run_usage"))
            server.run(f"insert into botanu_run_usage (run_day, {names}, version, deleted) {query}")
    server.run(
        "insert into botanu_sync (name, value) values ($name, $value)", {"name": USAGE, "value": _way(book_version())}
    )


def _send_book(server: Server) -> None:
    """Give a session the published prices, laid out."""
    con = store_in_memory()
    try:
        take_prices(server, con)
        lay_out(con, None)
        send_prices(server, con)
    finally:
        con.close()
