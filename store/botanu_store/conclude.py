"""What a batch means: the calls of every trace it touches, resolved again, and the runs they belong to, rebuilt."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from botanu import attributes as keys
from botanu_store import sessions
from botanu_store.dialects import CANDIDATE_KEYS, CANDIDATE_SCOPES
from botanu_store.engines.duckdb import script
from botanu_store.records import METERS, Call, Span
from botanu_store.resolve import resolve

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
"""Columns of a run and the attribute that says each; the run's own span is believed first, then the earliest other.

The use case is not among them: every span carries it, so it is found apart, without looking at all else that the spans say."""


def touched_traces(con: duckdb.DuckDBPyConnection) -> list[_Trace]:
    """Return the traces that `fresh` touches and that hold a span which may be a call, before `fresh` is among the stored spans."""
    sessions.touched_traces(con)
    con.execute(script("steps/late.sql"))
    seen = con.execute(
        "select exists (from late_traces) or exists (from runs where run_id in (from maybe_touched_runs))"
    ).fetchall()[0][0]
    con.execute(script("steps/earlier.sql").replace("{seen_before}", "true" if seen else "false"))
    return list(_traces(con))


def calls_of(traces: Iterable[_Trace]) -> pa.Table:
    """Return the calls of these traces, as rows of the table; pure, for DuckDB stores spans meanwhile."""
    return _calls_table([row for trace in traces for row in _resolved(trace)])


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
    con.execute("delete from calls where trace_id in (from late_traces)")
    con.execute("insert into calls by name select * from resolved order by start_ns")
    con.unregister("resolved")
    con.execute(_runs_script(moved=bool(moved)))


_MOVED = (
    "create or replace temp table moved as select trace_id, span_id from resolved "
    "semi join (select trace_id, span_id from candidates where kind = 'LOG') as records using (trace_id, span_id) where run_id <> trace_id"
)
"""Log records whose call belongs to a run of another trace."""


@cache
def _runs_script(*, moved: bool) -> str:
    said = ", ".join(f"'{key}'" for key in {*RUN_FACTS.values(), keys.OUTCOME, keys.OUTCOME_STATUS})
    facts = ",\n    ".join(
        f"arg_min(nullif(left(said['{key}'], 256), ''), (rank, start_ns)) filter (coalesce(said['{key}'], '') <> '') as {column}"
        for column, key in RUN_FACTS.items()
    )
    text = script("steps/runs.sql").replace("{run_keys}", said).replace("{facts}", facts)
    staying = "(kind <> 'LOG' or (trace_id, span_id) not in (from moved))"
    text = text.replace("{staying}", staying if moved else "true")
    return text.replace("{place}", "case when kind = 'LOG' then 2 when parent_id = '' then 0 else 1 end")


def _traces(con: duckdb.DuckDBPyConnection) -> Iterator[_Trace]:
    """The touched traces that hold a span which may be a call."""
    con.execute(
        "create or replace temp table candidates as "
        f"select * exclude (attributes, resource), to_json(attributes)::varchar as attributes from work where {_candidate()}"
    )
    places = _Places(sessions.groups(con))
    structure = con.execute(
        f"select trace_id, span_id, parent_id, run_id, attributes['{keys.STEP}'] from work "
        "semi join (select distinct trace_id from candidates) as holding using (trace_id)"
    )
    for trace_id, span_id, parent_id, run_id, step in structure.fetchall():
        trace, mark = places.of(trace_id)
        me = mark + span_id
        trace.parents[me] = parent_id and mark + parent_id
        if run_id:
            trace.runs[me] = run_id
        if step:
            trace.steps[me] = step
    spans = con.execute(
        "select trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, service, scope, attributes from candidates"
    )
    for (
        trace_id,
        span_id,
        parent_id,
        name,
        kind,
        start_ns,
        end_ns,
        status,
        service,
        scope,
        attributes,
    ) in spans.fetchall():
        said = orjson.loads(attributes)
        trace, mark = places.of(trace_id)
        me, above = mark + span_id, parent_id and mark + parent_id
        span = Span(trace_id, me, above, name, kind, start_ns, end_ns, status, service, scope, said)
        trace.candidates.append(span)
    yield from places.traces.values()


def _candidate() -> str:
    wanted = ", ".join(f"'{key}'" for key in CANDIDATE_KEYS)
    scopes = " or ".join(f"starts_with(scope, '{scope}')" for scope in CANDIDATE_SCOPES)
    return f"kind = 'LOG' or list_has_any(map_keys(attributes), [{wanted}])" + (f" or {scopes}" if scopes else "")


_CALL_COLUMNS: dict[str, pa.DataType] = {
    **dict.fromkeys(
        (
            "trace_id",
            "span_id",
            "run_id",
            "category",
            "vendor",
            "model",
            "request_model",
            "operation",
            "step",
            "service",
        ),
        pa.string(),
    ),
    "start_ns": pa.int64(),
    "end_ns": pa.int64(),
    "error": pa.bool_(),
    "attempt": pa.int32(),
    **dict.fromkeys(("usage", "response_id", "request_id"), pa.string()),
    "emitter_usd": pa.decimal128(38, 12),
    "counted": pa.bool_(),
    **dict.fromkeys(("not_counted_reason", "duplicate_of", "dialect"), pa.string()),
    **dict.fromkeys(METERS, pa.int64()),
}


@dataclass(slots=True)
class _Trace:
    candidates: list[Span] = field(default_factory=list[Span])
    parents: dict[str, str] = field(default_factory=dict[str, str])
    runs: dict[str, str] = field(default_factory=dict[str, str])
    steps: dict[str, str] = field(default_factory=dict[str, str])


class _Places:
    """The traces that are resolved by themselves, and those that are resolved together, whose spans then have their trace before their id."""

    def __init__(self, groups: Mapping[str, str]) -> None:
        self._groups = groups
        self.traces: dict[str, _Trace] = defaultdict(_Trace)

    def of(self, trace_id: str) -> tuple[_Trace, str]:
        """Return where a trace's spans go, and what goes before their ids there."""
        group = self._groups.get(trace_id)
        return (self.traces[trace_id], "") if group is None else (self.traces[group], trace_id + _MARK)


_MARK = ":"


def _resolved(trace: _Trace) -> Iterator[dict[str, Any]]:
    spans = {span.span_id: span for span in trace.candidates}
    calls = resolve(trace.candidates, trace.parents)
    beside = _beside(calls, spans)
    for call in calls:
        place = beside.get(call.span_id, call.span_id)
        run_id = _nearest(place, trace.runs, trace.parents) or spans[place].trace_id
        step = _nearest(place, trace.steps, trace.parents)
        yield _call_row(call, run_id, step, spans[call.span_id].service)


def _beside(calls: Iterable[Call], spans: Mapping[str, Span]) -> dict[str, str]:
    """Of the log records that are in no trace of their own, the span of the same call: what that one belongs to, they belong to."""
    found: dict[str, str] = {}
    for call in calls:
        other = call.duplicate_of
        if other and spans[other].trace_id != call.trace_id:
            record, span = (call.span_id, other) if spans[other].kind != "LOG" else (other, call.span_id)
            found.setdefault(record, span)
    return found


def _nearest(span_id: str, said: dict[str, str], parents: dict[str, str]) -> str | None:
    """What the span, or its nearest ancestor that says anything, says; a cycle of parents ends the search."""
    if not said:
        return None
    seen = set[str]()
    while span_id and span_id not in seen:
        if span_id in said:
            return said[span_id]
        seen.add(span_id)
        span_id = parents.get(span_id, "")
    return None


def _calls_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema(list(_CALL_COLUMNS.items())))


def _call_row(call: Call, run_id: str, step: str | None, service: str) -> dict[str, Any]:
    return {
        "trace_id": call.trace_id,
        "span_id": call.span_id.rpartition(_MARK)[2],
        "run_id": run_id,
        "category": call.category,
        "vendor": call.vendor,
        "model": call.model,
        "request_model": call.request_model,
        "operation": call.operation,
        "step": step,
        "service": service,
        "start_ns": call.start_ns,
        "end_ns": call.end_ns,
        "error": call.error,
        "attempt": call.attempt,
        "usage": call.usage,
        "response_id": call.response_id,
        "request_id": call.request_id,
        "emitter_usd": _money(call.emitter_usd),
        "counted": call.counted,
        "not_counted_reason": call.not_counted_reason,
        "duplicate_of": call.duplicate_of.rpartition(_MARK)[2],
        "dialect": call.dialect,
        **call.quantities,
    }


def _money(text: str | None) -> Decimal | None:
    """The emitter's cost to twelve decimals; what is no amount between 0 and a trillion dollars is no cost."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
        return amount.quantize(_PICO_USD) if 0 <= amount < _MOST_USD else None
    except ArithmeticError:
        return None


_PICO_USD = Decimal("1e-12")
_MOST_USD = Decimal("1e12")
