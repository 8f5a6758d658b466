"""Rows of `otel_traces` into calls and runs: the very steps of a local store, in a database in memory."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa

from botanu_store.dialects import AGENTS
from botanu_store.engines.duckdb import connect, fill, literals, migrate, script
from botanu_store.ingest.ingester import ONCE, arriving, store_fresh
from botanu_store.ingest.linked import between, conclude_together
from botanu_store.otlp.columns import make_macros, with_limits
from botanu_store.reports.usage import step_of


class Concluder:
    """Concludes one batch of whole traces after another."""

    def __init__(self) -> None:
        """Make the database in memory."""
        self.con: duckdb.DuckDBPyConnection = connect(None)
        migrate(self.con, None)
        make_macros(self.con, "drop")

    def conclude(self, spans: pa.Table) -> None:
        """Fill `spans`, `calls` and `runs` of the database in memory with this batch alone; each span counts once, each trace stands for itself."""
        for table in ("spans", "calls", "runs", "run_usage", "stale_runs"):
            self.con.execute(f"delete from {table}")
        self.con.register("rows_read", spans)
        self.con.execute(
            f"create or replace temp table decoded as {with_limits(script('clickhouse/sql/decode_rows.sql'), 'drop')}"
        )
        self.con.unregister("rows_read")
        arrive = arriving("decoded", once=ONCE, unknown="")
        self.con.execute(f"create or replace temp table arrived as {arrive}")
        self.con.execute("create or replace temp view fresh as from arrived")
        # Which traces come in one batch is chance, and no number may depend on that.
        store_fresh(self.con, across_traces=False)

    def told(self, known: pa.Table) -> pa.Table:
        """Return what is told of the calls of the traces in which something was found since they were concluded, as rows of botanu_told."""
        self.con.register("known", known)
        found = self.con.sql(_told()).to_arrow_table()
        self.con.unregister("known")
        return found

    def join(self, traces: pa.Table) -> None:
        """Make `linked_traces` of those traces that are in a group, and conclude those of each group again, together.

        A coding agent's trace keeps to its session.
        """
        self.con.register("traces_read", traces)
        self.con.execute(
            "create or replace temp table linked_traces as select trace_id, together from traces_read where together <> ''"
        )
        self.con.unregister("traces_read")
        groups = self.con.execute(
            "from linked_traces where trace_id not in "
            f"(select trace_id from calls where dialect in ({literals(AGENTS)}))"
        ).fetchall()
        if groups:
            conclude_together(self.con, dict(groups))

    def add_up(self) -> None:
        """Fill `run_usage` with what the concluded runs used and cost, at the prices on this connection."""
        self.con.execute("create or replace temp table adding as select run_id from runs")
        self.con.execute(step_of("usage_by_call"))


@cache
def _told() -> str:
    of_calls = {name: f"({script(f'ingest/sql/{name}.sql')})" for name in ("told", "places")}
    return between(fill(script("clickhouse/sql/told.sql"), **of_calls), 0, _EVER_NS)


_EVER_NS = 2**62
