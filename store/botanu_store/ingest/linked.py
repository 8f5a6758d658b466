"""One call told of in two traces: by an instrumentation whose spans may lie in a trace of their own, as LiteLLM's, and by a client's.

Or by any two where the program has no span around the call, so that each begins a trace.

Traces that may tell of the same call are looked at together, as if they were one, so that it counts once: in the run that one of them names, else
where it is part of something.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportAttributeAccessIssue=false
# (pyarrow ships no types, and makes the functions of `compute` when it is imported.)

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from botanu_store.dialects import AGENTS, OWN_TRACES, SHARING_SCOPE
from botanu_store.engines.duckdb import fill, literals, script
from botanu_store.ingest.conclude import put_calls
from botanu_store.ingest.sessions import joined
from botanu_store.ingest.touched import calls_of, spans_of
from botanu_store.prices.money import summed
from botanu_store.prices.price import FRESH
from botanu_store.records import INPUT_METERS, OUTPUT_METERS
from botanu_store.resolve.same_call import SKEW_NS

if TYPE_CHECKING:
    import duckdb

_APART_NS = 2_000_000_000
"""Two machines that tell of one call have clocks at most this far apart."""

LONGEST_NS = 3_600_000_000_000
"""Calls that began further apart than this are never the same."""

SLOT_NS = 500_000_000
"""Two instrumentations of one program begin their spans of one call at most this far apart."""

_MOST_NAMED = 16
"""At most this many spans tell of one answer, in all traces together: a name that more of them share, as test servers give, names nothing."""

_MOST_AT_ONCE = 64
"""Where more calls than this begin within one slot, their times do not tell which is which, and none is linked by time."""

_MOST_PAIRS = 500_000
"""At most this many pairs are looked for: bounds memory."""

_MOST_ROUNDS = 12
"""At most this many traces in a row are followed from one to the next: a program that goes on making calls that are all alike has no end of them."""

_MOST_TOGETHER = 5000
"""At most this many traces are looked at together: calls that are all alike would make one group of everything there is."""


def join_linked(con: duckdb.DuckDBPyConnection, calls: pa.Table) -> list[pa.Table]:
    """Conclude again, together, the traces of these calls and those that tell of the same ones; return the calls, none where there are no such traces."""
    groups = _groups(con, calls) if calls.num_rows else {}
    return [conclude_together(con, groups)] if groups else []


def conclude_together(con: duckdb.DuckDBPyConnection, groups: Mapping[str, str]) -> pa.Table:
    """Conclude stored traces again, those of one group as if they were one trace; return their calls."""
    con.execute("create or replace temp table linked as select unnest($traces) as trace_id", {"traces": list(groups)})
    con.execute("create or replace temp view work as from spans semi join linked using (trace_id)")
    calls = calls_of(spans_of(con), groups)
    con.register("resolved", calls)
    con.execute(
        "insert into stale_runs select run_id from calls semi join linked using (trace_id) union select run_id from resolved"
    )
    put_calls(con, "linked")
    con.unregister("resolved")
    return calls


def _groups(con: duckdb.DuckDBPyConnection, calls: pa.Table) -> Mapping[str, str]:
    """Which traces share a call with one of these calls' traces, or with one that does, and which of them go together."""
    extent = pc.min(calls["start_ns"]).as_py(), pc.max(calls["end_ns"]).as_py()
    if con.execute(between(_INSTRUMENTATIONS, *extent)).fetchall()[0][0] < 2:
        return {}
    traces: list[str] = calls["trace_id"].unique().to_pylist()
    pairs = set[tuple[str, str]]()
    for _ in range(_MOST_ROUNDS):
        con.execute("create or replace temp table looked_at as select unnest($traces) as trace_id", {"traces": traces})
        found = pairs_of(con, *extent) - pairs
        if not found or len(pairs) > _MOST_PAIRS:
            break
        pairs |= found
        traces = list({trace for pair in found for trace in pair})
        extent = con.execute(
            "select min(start_ns), max(end_ns) from calls where trace_id in (select unnest($traces))",
            {"traces": traces},
        ).fetchall()[0]
    return not_too_many(joined(pairs))


def pairs_of(
    con: duckdb.DuckDBPyConnection, first_ns: int, last_ns: int, told: str = "", places: str = ""
) -> set[tuple[str, str]]:
    """Return the pairs of traces, one of them in `looked_at`, that may tell of a same call between these times.

    Args:
        con: holds what is told of calls in tables of these names, else the calls and spans themselves.
        first_ns: when the first call of those looked at began.
        last_ns: when the last one ended.
        told: a table of what `ingest/sql/told.sql` says.
        places: a table of what `ingest/sql/places.sql` says.
    """
    text = fill(
        script("ingest/sql/linked.sql"),
        told=told or f"({script('ingest/sql/told.sql')})",
        places=places or f"({script('ingest/sql/places.sql')})",
    )
    return set(con.execute(between(text, first_ns, last_ns)).fetchall())


def not_too_many(groups: Mapping[str, str]) -> Mapping[str, str]:
    """Return the groups of traces that are few enough to be looked at together."""
    sizes = Counter(groups.values())
    return {trace: group for trace, group in groups.items() if sizes[group] <= _MOST_TOGETHER}


INSTRUMENTATIONS = "select greatest(count(distinct dialect), count(distinct scope), count(distinct name) filter (where dialect in ({shared}))) as instrumentations"
"""How many instrumentations tell of calls of models: where it is one, nothing is told of twice."""

_INSTRUMENTATIONS = (
    f"{INSTRUMENTATIONS} from calls "
    "left join (select trace_id, span_id, scope, name from spans where start_ns between {first_ns} and {to_ns}) using (trace_id, span_id) "
    "where {of_models}"
)

_OF_MODELS = "category in ('llm', 'embedding') and dialect not in ({agents}) and start_ns between {from_ns} and {to_ns}"


def between(text: str, first_ns: int, last_ns: int) -> str:
    """Return a text of this step for the calls between these times."""
    return fill(
        text,
        of_models=_OF_MODELS,
        first_ns=first_ns,
        from_ns=first_ns - LONGEST_NS,
        to_ns=last_ns + _APART_NS,
        apart=_APART_NS,
        slot=SLOT_NS,
        skew=SKEW_NS,
        longest=LONGEST_NS,
        most_named=_MOST_NAMED,
        most_at_once=_MOST_AT_ONCE,
        agents=literals(AGENTS),
        alone=literals(OWN_TRACES),
        shared=literals(SHARING_SCOPE),
        input_tokens=summed(INPUT_METERS),
        cached_tokens=summed(FRESH),
        output_tokens=summed(OUTPUT_METERS),
    )
