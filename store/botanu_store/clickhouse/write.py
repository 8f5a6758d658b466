"""A concluded batch into botanu's tables: rows that are there already are replaced by their key, and those that are no longer so are deleted."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from botanu_store.clickhouse.schema import columns
from botanu_store.engines.clickhouse import Server
from botanu_store.engines.duckdb import fill, script

_PENDING = "(select run_id from botanu_pending where sync = $sync and batch = $batch)"
_KEYS = {
    "calls": "run_id, trace_id, span_id",
    "run_usage": "run_id, category, vendor, model, operation, step, service",
    "runs": "run_id",
}


def write(
    server: Server, con: duckdb.DuckDBPyConnection, known: pa.Table, parameters: Mapping[str, object]
) -> tuple[int, int, int]:
    """Write what was concluded of the runs in `known`; return how many runs and calls that are, and how many runs were left as they were.

    Calls go first, then what they come to, then runs, then the note that they are concluded: whoever is killed in between does it all again.
    """
    con.register("known", known)
    for table, keys in _KEYS.items():
        there = (
            f"select {keys}, toInt32(run_day) as run_day, version from botanu_{table} final where run_id in {_PENDING}"
        )
        con.register(f"stored_{table}", server.arrow(there, parameters))
    con.execute(script("clickhouse/sql/versions.sql"))
    written = {table: _write_table(server, con, table, keys) for table, keys in _KEYS.items()}
    noted = con.sql(
        "select run_id, trace_id, hour, found, found as concluded, linked as joined from known"
    ).to_arrow_table()
    server.insert("botanu_traces", noted)
    kept = con.execute("select count(*) from versions where expired").fetchall()[0][0]
    for name in ("known", *(f"stored_{table}" for table in _KEYS)):
        con.unregister(name)
    return written["runs"], written["calls"], int(kept)


def _write_table(server: Server, con: duckdb.DuckDBPyConnection, table: str, keys: str) -> int:
    same = " and ".join(f"s.{key} is not distinct from c.{key}" for key in keys.split(", "))
    shown = ", ".join(f"t.{name}" for name in columns(table))
    text = fill(script("clickhouse/sql/written.sql"), table=table, same=same, columns=shown)
    rows = con.sql(text).to_arrow_table()
    server.insert(f"botanu_{table}", rows)
    return sum(not deleted for deleted in rows["deleted"].to_pylist())
