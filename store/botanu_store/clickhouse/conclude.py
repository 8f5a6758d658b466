"""Rows of `otel_traces` into calls and runs: the very steps of a local store, in a database in memory."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

import duckdb
import pyarrow as pa

from botanu_store.engines.duckdb import connect, migrate, script
from botanu_store.ingest import ONCE, store_fresh
from botanu_store.otlp import filled, make_macros
from botanu_store.usage import step_of


class Concluder:
    """Concludes one batch of whole traces after another."""

    def __init__(self) -> None:
        """Make the database in memory."""
        self.con: duckdb.DuckDBPyConnection = connect(None)
        migrate(self.con, None)
        make_macros(self.con, "drop")

    def conclude(self, spans: pa.Table) -> None:
        """Fill `spans`, `calls` and `runs` of the database in memory with this batch alone; each span counts once."""
        for table in ("spans", "calls", "runs", "run_usage", "stale_runs"):
            self.con.execute(f"delete from {table}")
        self.con.register("rows_read", spans)
        self.con.execute(f"create or replace temp table decoded as {filled(script('steps/decode_rows.sql'), 'drop')}")
        self.con.unregister("rows_read")
        arrive = script("steps/arrive.sql").replace("{incoming}", "decoded").replace("{unknown}", "")
        self.con.execute(f"create or replace temp table arrived as {arrive.replace('{once}', ONCE)}")
        self.con.execute("create or replace temp view fresh as from arrived")
        # Which traces come in one batch is chance, and no number may depend on that.
        store_fresh(self.con, across_traces=False)

    def add_up(self) -> None:
        """Fill `run_usage` with what the concluded runs used and cost, at the prices on this connection."""
        self.con.execute("create or replace temp table adding as select run_id from runs")
        self.con.execute(step_of("usage_by_call"))
