"""The traces that a batch touches, from DuckDB's rows to the rows of their calls; Python looks only at spans that may be calls.

Rows come and go by columns: a span costs a fraction of what it would as a row of its own.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportAttributeAccessIssue=false
# (pyarrow ships no types, and makes the functions of `compute` when it is imported.)

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, NamedTuple

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from botanu import attributes as keys
from botanu_store.dialects import CANDIDATE_KEYS, CANDIDATE_SCOPES
from botanu_store.engines.duckdb import literals
from botanu_store.ingest.sessions import told_within
from botanu_store.records import METERS, Call, Span
from botanu_store.resolve.calls import resolve
from botanu_store.resolve.trace import nearest


def spans_of(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return every span in `work`: its place in its trace, and of those that may be calls what they say, as JSON."""
    return con.sql(
        "select trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, service, scope, run_id, "
        f"attributes['{keys.STEP}'] as step, case when {_candidate()} then to_json(attributes)::varchar end as said, scope_version, "
        f"(hash(trace_id) % {_PARTS})::utinyint as part from work"
    ).to_arrow_table()


def calls_of(spans: pa.Table, groups: Mapping[str, str]) -> pa.Table:
    """Return the calls of these spans, as rows of the table `calls`; `groups` names traces that are looked at together."""
    with _no_collection():
        found = [_calls(part, groups) for part in _parts(spans, groups)]
    return pa.concat_tables(found, promote_options="default")


_PARTS = 16
AT_ONCE = 16_000
"""Of more spans than that a sixteenth is looked at at a time: as objects of Python they take ten times their size."""


def _parts(spans: pa.Table, groups: Mapping[str, str]) -> Iterator[pa.Table]:
    """Yield the spans in parts: each trace is whole in one of them, and so are traces that are looked at together."""
    number, spans = spans["part"], spans.drop_columns("part")
    if spans.num_rows <= AT_ONCE:
        yield spans
        return
    if groups:
        number = pc.if_else(pc.is_in(spans["trace_id"], pa.array(groups, pa.string())), _small(0), number)
    for part in range(_PARTS):
        yield spans.filter(pc.equal(number, _small(part)))


def _small(number: int) -> pa.Scalar:
    return pa.scalar(number, pa.uint8())


def _calls(spans: pa.Table, groups: Mapping[str, str]) -> pa.Table:
    return _table(spans, [found for rows in _by_trace(spans, groups) for found in _resolved(rows)])


@contextmanager
def _no_collection() -> Generator[None]:
    """Keep the garbage collector from looking at every object of a batch again and again, which takes a third of the time: few are in cycles."""
    usual = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if usual:
            gc.enable()


def _candidate() -> str:
    scopes = " or ".join(f"starts_with(scope, '{scope}')" for scope in CANDIDATE_SCOPES)
    return f"kind = 'LOG' or list_has_any(map_keys(attributes), [{literals(CANDIDATE_KEYS)}])" + (
        f" or {scopes}" if scopes else ""
    )


class _Found(NamedTuple):
    """A call, and what it has of its span and of those around it."""

    call: Call
    place: int
    """Which row its span is."""
    run_id: str
    step: str | None


_Row = tuple[Any, ...]


def _by_trace(spans: pa.Table, groups: Mapping[str, str]) -> Iterable[list[_Row]]:
    """The spans of each trace, each with its place; of traces that are looked at together, they have their trace before their id."""
    traces: dict[str, list[_Row]] = defaultdict(list)
    for row in zip(*(column.to_pylist() for column in spans.columns), range(spans.num_rows), strict=True):
        group = groups.get(row[0])
        if group is None:
            traces[row[0]].append(row)
        else:
            traces[group].append(_marked(*row))
    return traces.values()


def _marked(trace_id: str, span_id: str, parent_id: str, *rest: Any) -> _Row:
    mark = trace_id + _MARK
    return (trace_id, mark + span_id, parent_id and mark + parent_id, *rest)


_MARK = ":"


def _resolved(rows: Sequence[_Row]) -> Iterator[_Found]:
    """The calls of one trace; its objects are gone before the next one's are made, which spares the garbage collector."""
    candidates, places, parents = list[Span](), dict[str, int](), dict[str, str]()
    runs: dict[str, str | None] = {"": None}
    steps: dict[str, str | None] = {"": None}
    together = _MARK in rows[0][1]
    begun = {(row[0], row[9]) for row in rows if not row[2]} if together else set[tuple[str, str]]()
    for *own, run_id, step, said, version, place in rows:
        trace_id, span_id, parent_id, name, kind, start, end, status, service, scope = own
        parents[span_id] = parent_id
        if run_id:
            runs[span_id] = run_id
        if step:
            steps[span_id] = step
        if said is not None:
            places[span_id] = place
            told = orjson.loads(said)
            span = Span(trace_id, span_id, parent_id, name, kind, start, end, status, service, scope, told)
            span.scope_version = version or ""
            span.begun = (trace_id, scope) in begun
            candidates.append(span)
    inside = {told.span_id: total.span_id for told, total in told_within(candidates)}
    inside = {told: total for told, total in inside.items() if parents[told] not in inside}
    parents.update(inside)
    calls = resolve(candidates, parents)
    beside = _beside(calls, {span.span_id: span for span in candidates}, parents, runs) if together else {}
    beside |= inside
    for call in calls:
        belongs = beside.get(call.span_id, call.span_id)
        run_id = nearest(belongs, parents, runs) or belongs.rpartition(_MARK)[0] or call.trace_id
        step = nearest(belongs, parents, steps) if len(steps) > 1 else None
        yield _Found(call, places[call.span_id], run_id, step)


def _beside(
    calls: Iterable[Call], spans: Mapping[str, Span], parents: Mapping[str, str], runs: dict[str, str | None]
) -> dict[str, str]:
    """Of spans and log records that another trace tells of too, the span of the same call there, if they belong to what that one belongs to."""
    found: dict[str, str] = {}
    for call in calls:
        one, other = call.span_id, call.duplicate_of
        if not other or spans[other].trace_id == call.trace_id:
            continue
        if spans[one].kind == "LOG":
            one, other = other, one
        # A log record is in no trace of its own; a span that counts belongs to the run that is named, else to where it is part of something.
        if spans[other].kind == "LOG":
            found.setdefault(other, one)
        elif _rank(one, parents, runs) > _rank(found.get(other, other), parents, runs):
            found[other] = one
    return found


def _rank(span_id: str, parents: Mapping[str, str], runs: dict[str, str | None]) -> tuple[bool, bool]:
    return nearest(span_id, parents, runs) is not None, bool(parents.get(span_id))


_OF_THE_SPAN = ("trace_id", "span_id", "start_ns", "end_ns", "service")
"""Columns that a call has of its span."""

_COLUMNS: dict[str, pa.DataType] = {
    **dict.fromkeys(("category", "vendor", "model", "request_model", "operation", "usage"), pa.string()),
    **dict.fromkeys(("error", "counted"), pa.bool_()),
    "attempt": pa.int32(),
    **dict.fromkeys(("response_id", "request_id", "not_counted_reason", "dialect"), pa.string()),
}
"""Columns that are a call's as they stand."""

_columns_of = attrgetter(*_COLUMNS)


def _table(spans: pa.Table, found: Sequence[_Found]) -> pa.Table:
    calls = [each.call for each in found]
    of_the_span = spans.select(_OF_THE_SPAN).take(pa.array([each.place for each in found], pa.int64()))
    columns: dict[str, Any] = dict(zip(_OF_THE_SPAN, of_the_span.columns, strict=True))
    of_the_call = zip(*map(_columns_of, calls), strict=True) if calls else [()] * len(_COLUMNS)
    for (name, kind), values in zip(_COLUMNS.items(), of_the_call, strict=True):
        columns[name] = pa.array(values, kind)
    columns["run_id"] = pa.array([each.run_id for each in found], pa.string())
    columns["step"] = pa.array([each.step for each in found], pa.string())
    columns["duplicate_of"] = pa.array([call.duplicate_of.rpartition(_MARK)[2] for call in calls], pa.string())
    columns["emitter_usd"] = pa.array([call.emitter_usd for call in calls], pa.decimal128(38, 12))
    quantities = [call.quantities for call in calls]
    said = {meter for counted in quantities for meter in counted}
    for meter in METERS:
        # Most meters are in no call of a batch; the table has NULL where there is no column.
        if meter in said:
            columns[meter] = pa.array([counted.get(meter) for counted in quantities], pa.int64())
    return pa.table(columns)
