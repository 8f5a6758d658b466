"""The price book in ClickHouse."""

from __future__ import annotations

from botanu_store.clickhouse.schema import columns
from botanu_store.engines.clickhouse import Server
from botanu_store.engines.duckdb import connect, migrate
from botanu_store.prices import sync_prices

_KINDS = ("category", "vendor", "model", "operation")


def upload_prices(server: Server) -> None:
    """Bring the price book on the server up to date, with the price of every kind of call found there."""
    con = connect(None)
    try:
        migrate(con, None)
        for table in ("prices", "price_keys"):
            stored = server.arrow(f"select {', '.join(columns(table))} from botanu_{table} final")
            con.register("stored", stored)
            con.execute(f"insert into {table} by name from stored; create temp table before_{table} as from {table}")
            con.unregister("stored")
        con.register("kinds", server.arrow(f"select distinct {', '.join(_KINDS)} from botanu_calls final"))
        con.execute("insert into calls by name from kinds")
        sync_prices(con)
        for table in ("prices", "price_keys"):
            server.insert(f"botanu_{table}", con.sql(f"from {table} except from before_{table}").to_arrow_table())
    finally:
        con.close()
