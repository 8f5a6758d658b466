"""Looking after a store: what is in it, forgetting what is old, and giving back the space."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from botanu_store.engines.duckdb import connect, fill, identifier, literal, rewritten, script, transaction
from botanu_store.prices.tables import book_version
from botanu_store.spool import Spool
from botanu_store.times import moment, to_ns


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was forgotten, or would be."""

    runs: int
    calls: int
    spans: int


def info(con: duckdb.DuckDBPyConnection, path: Path, spool: Spool) -> dict[str, Any]:
    """Return what is in a store and beside it, by name."""
    counts = con.execute(
        "select (select count(*) from spans), (select count(*) from calls), (select count(*) from runs), "
        "(select min(start_ns) from spans), (select max(end_ns) from spans), "
        "(select max(value) from meta where key = 'schema_version')"
    ).fetchall()[0]
    return {
        "store": str(path),
        "bytes": path.stat().st_size if path.exists() else 0,
        "schema_version": int(counts[5] or 0),
        "spans": counts[0],
        "calls": counts[1],
        "runs": counts[2],
        "first_span_at": None if counts[3] is None else moment(counts[3]),
        "last_span_at": None if counts[4] is None else moment(counts[4]),
        "segments_pending": len(spool.segments()),
        "parts_set_aside": len(spool.rejected()),
        "spans_dropped": spool.lost()["spans"],
        "price_book": book_version(),
    }


def prune(con: duckdb.DuckDBPyConnection, before: datetime, *, dry_run: bool) -> Pruned:
    """Forget the runs that were over before a moment, with their calls and spans; a run is forgotten whole or not at all."""
    con.execute(fill(script("ingest/sql/prune.sql"), before_ns=to_ns(before)))
    counts = con.execute(
        "select (select count(*) from old_runs), (select count(*) from calls semi join old_traces using (trace_id)), "
        "(select count(*) from spans semi join old_traces using (trace_id))"
    ).fetchall()[0]
    if not dry_run:
        with transaction(con):
            con.execute("delete from calls where trace_id in (from old_traces)")
            con.execute("delete from spans where trace_id in (from old_traces)")
            con.execute("delete from runs where run_id in (from old_runs)")
            con.execute("delete from run_usage where run_id in (from old_runs)")
    return Pruned(*counts)


def compact(path: Path) -> tuple[int, int]:
    """Write the store anew without the space of what was deleted, and put that in its place; return its size before and after."""
    before = path.stat().st_size
    with rewritten(path, ".compact") as fresh, connect(path) as con:
        name = con.execute("select current_database()").fetchall()[0][0]
        con.execute(f"attach {literal(fresh)} as botanu_compact (storage_version 'v1.5.0')")
        con.execute(f"copy from database {identifier(name)} to botanu_compact")
        con.execute("detach botanu_compact")
    return before, path.stat().st_size
