"""The price book in ClickHouse, and where in it the price of every kind of call is."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (pyarrow ships no types.)

from __future__ import annotations

import duckdb
import pyarrow as pa

from botanu_store.clickhouse.schema import columns
from botanu_store.engines.clickhouse import Server
from botanu_store.engines.duckdb import connect, migrate
from botanu_store.prices import book_version, key_row, sync_prices

Kind = tuple[str, str, str, str]
"""Category, vendor, model and operation of a call: what its price depends on."""

KIND = "category, vendor, model, operation"

BOOK = "price book"
"""Name of the book's version in botanu_sync."""


def upload_book(server: Server) -> None:
    """Bring the price book on the server up to date, and find the price of every kind of call anew where the book is another."""
    stored = server.rows("select value from botanu_sync final where name = $name", {"name": BOOK})
    if stored and stored[0]["value"] == book_version():
        return
    con = connect(None)
    try:
        migrate(con, None)
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


def priced_kinds(server: Server) -> set[Kind]:
    """Return the kinds of call whose price has been looked for."""
    return {
        (row["category"], row["vendor"], row["model"], row["operation"])
        for row in server.rows(f"select {KIND} from botanu_price_keys")
    }


def price_kinds(server: Server, con: duckdb.DuckDBPyConnection, known: set[Kind]) -> None:
    """Find the price of each kind of call in a concluded batch that is not known yet."""
    new = [kind for kind in con.execute(f"select distinct {KIND} from calls").fetchall() if kind not in known]
    server.insert("botanu_price_keys", pa.Table.from_pylist([dict(key_row(*kind)) for kind in new]))
    known.update(new)
