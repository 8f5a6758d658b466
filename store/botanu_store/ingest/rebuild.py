"""Reading the kept spans again with the dialect rules of today: calls and runs anew, in a new file that then takes the store's place.

The store stays as it is until the new file is whole, so a rebuild may be interrupted or killed anywhere.
"""

# pyright: reportUnknownVariableType=false
# (pyarrow ships no types.)

from __future__ import annotations

from pathlib import Path

from botanu_store.engines.duckdb import connect, literal, migrate, rewritten, transaction
from botanu_store.ingest.ingested import Progress
from botanu_store.ingest.ingester import store_fresh
from botanu_store.prices.tables import sync_prices

_BATCH_ROWS = 200_000
"""Spans read again in one transaction: bounds memory."""

_KEPT = ("ledger", "prices", "price_keys")
"""What no span says: which segments are in, and what was believed of prices when."""


def rebuild(path: Path, progress: Progress | None = None) -> int:
    """Conclude everything again from the spans of the store at this path; return how many they are."""
    with rewritten(path, ".rebuild") as fresh:
        return _write(path, fresh, progress)


def _write(path: Path, fresh: Path, progress: Progress | None) -> int:
    con = connect(fresh)
    try:
        migrate(con, fresh)
        con.execute(f"attach {literal(path)} as before (read_only)")
        for table in _KEPT:
            con.execute(f"insert into {table} by name from before.{table}")
        spans, rows = con.execute("select count(*), coalesce(max(rowid) + 1, 0) from before.spans").fetchall()[0]
        for first in range(0, rows, _BATCH_ROWS):
            last = first + _BATCH_ROWS
            with transaction(con):
                con.execute(
                    f"create or replace temp view fresh as from before.spans where rowid >= {first} and rowid < {last}"
                )
                store_fresh(con)
            if progress:
                progress(min(last, rows) - first)
        con.execute("drop view if exists fresh")
        con.execute("detach before")
        # Before anybody reads it: other rules may find other kinds of calls.
        sync_prices(con)
        con.execute("checkpoint")
    finally:
        con.close()
    return int(spans)
