"""A store in memory with calls in it, priced: for the tests of prices, charges and overrides."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
from botanu_store.engines.duckdb import store_in_memory
from botanu_store.prices.overrides import Overrides
from botanu_store.prices.tables import sync_prices
from botanu_store.reports.views import Views
from botanu_store.times import to_ns

WHEN = datetime(2026, 11, 2, 12, tzinfo=UTC)


def call(
    vendor: str = "openai",
    model: str = "gpt-4o",
    category: str = "llm",
    *,
    at: datetime = WHEN,
    operation: str = "chat",
    **values: Any,
) -> dict[str, Any]:
    """Return a row of calls; meters and other columns by name."""
    return {
        "category": category, "vendor": vendor, "model": model, "operation": operation, "start_ns": to_ns(at), "usage": "reported",
        "counted": True, "error": False, "attempt": 1, "run_id": "run", "trace_id": "trace", **values,
    }  # fmt: skip


def store(*calls: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Return a connection to a store in memory that holds these calls, its price book in step."""
    con = store_in_memory()
    for table, rows in _book().items():
        con.register("given", rows)
        con.execute(f"insert into {table} from given")
        con.unregister("given")
    for number, row in enumerate(calls):
        values = {"span_id": f"{number:04}", **row}
        con.execute(
            f"insert into calls ({', '.join(values)}) values ({', '.join('?' * len(values))})", list(values.values())
        )
    sync_prices(con)
    return con


@cache
def _book() -> dict[str, Any]:
    """The tables of a synced book, read once: half a second."""
    con = store_in_memory()
    sync_prices(con)
    return {table: con.sql(f"from {table}").to_arrow_table() for table in ("prices", "price_book")}


def priced(*calls: dict[str, Any], overrides: Overrides | None = None) -> duckdb.DuckDBPyConnection:
    """Return such a store with its views of money."""
    con = store(*calls)
    make_views(con, overrides)
    return con


def make_views(
    con: duckdb.DuckDBPyConnection, overrides: Overrides | None = None, believed_at: datetime | None = None
) -> None:
    """Make the views of money on a connection."""
    Views(overrides, believed_at).make(con, "priced_calls counted_calls metered_calls charges")


def costs(con: duckdb.DuckDBPyConnection) -> list[tuple[Decimal | None, str | None]]:
    """Return (cost, how it is priced) of every call in the order given."""
    return con.execute("select cost_usd, priced from priced_calls order by span_id").fetchall()


def cost(one: dict[str, Any], overrides: Overrides | None = None) -> tuple[Decimal | None, str | None]:
    """Return (cost, how it is priced) of one call."""
    return costs(priced(one, overrides=overrides))[0]


def charges(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int, Decimal | None, str]]:
    """Return (meter, quantity, amount, how it is priced) of every charge."""
    return con.execute("select meter, quantity, amount_usd, priced from charges order by span_id, meter").fetchall()
