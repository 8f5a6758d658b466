"""What a batch means: the calls of every trace it touches, resolved again, and the runs they belong to, rebuilt."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain

import duckdb
import pyarrow as pa

from botanu import attributes as keys
from botanu_store.dialects import OF_RUN
from botanu_store.engines.duckdb import fill, literals, script
from botanu_store.ingest import sessions
from botanu_store.ingest.touched import spans_of

RUN_FACTS: dict[str, str] = {
    "root_run_id": keys.ROOT_RUN_ID,
    "parent_run_id": keys.PARENT_RUN_ID,
    "retry_of_run_id": keys.RETRY_OF_RUN_ID,
    "attempt": keys.ATTEMPT,
    "workflow": keys.WORKFLOW,
    "workflow_version": keys.WORKFLOW_VERSION,
    "tenant": keys.TENANT_ID,
    "customer": keys.CUSTOMER_ID,
    "team": keys.TEAM,
    "cost_center": keys.COST_CENTER,
    "region": keys.REGION,
    "environment": keys.ENVIRONMENT,
    "reason": keys.OUTCOME_REASON,
    "sample_rate": keys.SAMPLE_RATE,
}
"""Columns of a run and botanu's attribute for each; the run's own span is believed first, then the earliest other, and then other instrumentations' spans.

The use case is not among them: every span carries it, so it is found apart, without looking at all else that the spans say."""


def touched(con: duckdb.DuckDBPyConnection) -> tuple[pa.Table, Mapping[str, str]]:
    """Return the spans of the traces that `fresh` touches, before it is among the stored spans, and which of the traces go together."""
    sessions.touched_traces(con)
    con.execute(script("ingest/sql/work.sql"))
    seen = con.execute(
        "select exists (from late_traces) or exists (from runs where run_id in (from maybe_touched_runs))"
    ).fetchall()[0][0]
    con.execute(fill(script("ingest/sql/earlier.sql"), seen_before="true" if seen else "false"))
    return spans_of(con), sessions.groups(con)


def conclude(con: duckdb.DuckDBPyConnection, calls: pa.Table) -> None:
    """Put these calls in the place of what earlier batches said of their traces, and rebuild the runs of all that was touched."""
    con.register("resolved", calls)
    con.execute(
        "create or replace temp table touched_runs as "
        "select run_id from fresh where run_id is not null "
        "union select run_id from resolved "
        "union select run_id from calls semi join late_traces using (trace_id)"
    )
    moved = con.execute(_MOVED).fetchall()[0][0]
    put_calls(con, "late_traces")
    con.execute(_runs_script(moved=bool(moved)))
    con.unregister("resolved")
    con.execute("insert into stale_runs from touched_runs")


def put_calls(con: duckdb.DuckDBPyConnection, traces: str) -> None:
    """Put the calls in `resolved` in the place of what is stored of the traces in this table."""
    con.execute(f"delete from calls where trace_id in (from {traces})")
    con.execute("insert into calls by name select * from resolved order by start_ns")


_MOVED = (
    "create or replace temp table moved as select trace_id, span_id from resolved "
    "semi join (select trace_id, span_id from work where kind = 'LOG') as records using (trace_id, span_id) where run_id <> trace_id"
)
"""Log records whose call belongs to a run of another trace."""


@cache
def _runs_script(*, moved: bool) -> str:
    values = {column: f"left(nullif(said['{key}'], ''), 256)" for column, key in RUN_FACTS.items()}
    values |= {f"told_{column}": _told(others) for column, others in OF_RUN.items()}
    facts = {column: _first(column) for column in RUN_FACTS}
    for column in OF_RUN:
        facts[column] = f"coalesce({facts.get(column, 'null')}, {_first(f'told_{column}')})"
    said = literals({*RUN_FACTS.values(), *chain.from_iterable(OF_RUN.values()), keys.OUTCOME, keys.OUTCOME_STATUS})
    return fill(
        script("ingest/sql/runs.sql"),
        run_keys=said,
        values=_columns(values),
        facts=_columns(facts),
        staying="(kind <> 'LOG' or (trace_id, span_id) not in (from moved))" if moved else "true",
        place="case when kind = 'LOG' then 2 when parent_id = '' then 0 else 1 end",
    )


def _columns(expressions: Mapping[str, str]) -> str:
    return ",\n    ".join(f"{expression} as {column}" for column, expression in expressions.items())


def _first(column: str) -> str:
    """SQL of what the spans of a run say first."""
    return f"arg_min({column}, (rank, start_ns))"


def _told(told: Sequence[str]) -> str:
    """SQL of what a span says under the first of these keys; Langfuse writes texts as JSON."""
    values = ", ".join(f"nullif(trim(said['{key}'], '\"'), '')" for key in told)
    return f"left(coalesce({values}), 256)"
