"""Log records that name no trace, and the spans of their session: both may tell of the same calls, so they are looked at together.

Such records are in a trace of their session's (see otlp/logs.py); the spans of the same program, wherever they are, name that session too. So do
spans of whoever runs that program, which add up what it did.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING

from botanu_store.dialects import SESSION_DIALECTS, SESSION_SCOPES, SESSION_TOTALS
from botanu_store.engines.duckdb import fill, literals, script
from botanu_store.otlp.logs import SESSION_KEYS, SESSION_TRACE
from botanu_store.records import Span
from botanu_store.times import DAY_NS

if TYPE_CHECKING:
    import duckdb

_OF_SESSIONS = "(" + " or ".join(f"starts_with(scope, '{scope}')" for scope in SESSION_SCOPES) + ")"
"""Records too: one of a tool names the trace where those of calls may not (Codex)."""


def touched_traces(con: duckdb.DuckDBPyConnection) -> None:
    """Make `touched`: the traces of `fresh`, and those that share a session with one of them."""
    con.execute("create or replace temp table touched as select distinct trace_id from fresh")
    told = f"from calls where dialect in ({literals(SESSION_DIALECTS)}) and trace_id in (from touched)"
    asked = f"select exists (from fresh where kind = 'LOG' or {_OF_SESSIONS}) or exists ({told})"
    if con.execute(asked).fetchall()[0][0]:
        while _more(con):
            pass


def _more(con: duckdb.DuckDBPyConnection) -> bool:
    records = " union all ".join(f"select start_ns, end_ns from {table} semi join touched using (trace_id) where kind = 'LOG'" for table in ("fresh", "spans"))  # fmt: skip
    first, last = con.execute(f"select min(start_ns), max(end_ns) from ({records})").fetchall()[0]
    extent = (first - DAY_NS, last + DAY_NS) if first is not None else (1, 0)
    text = fill(_script(), from_ns=extent[0], to_ns=extent[1])
    return bool(con.execute(text).fetchall()[0][0])


@cache
def _script() -> str:
    return fill(script("ingest/sql/sessions.sql"), of_sessions=_OF_SESSIONS, session_trace=SESSION_TRACE)


def groups(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return of each trace in `work` that shares a session's log records with others, which of them stands for them all."""
    links = con.execute(
        f"select distinct trace_id, {SESSION_TRACE} as session_trace from work where {_OF_SESSIONS} "
        "and trace_id <> session_trace and session_trace in (select trace_id from work where kind = 'LOG')"
    )
    return joined(links.fetchall())


def joined(links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the connected components of these pairs of traces: for each trace the one that stands for its component (a union-find)."""
    together: dict[str, list[str]] = {}
    for one, other in links:
        into, out = together.setdefault(one, [one]), together.setdefault(other, [other])
        if into is not out:
            into += out
            together.update(dict.fromkeys(out, into))
    return {trace: members[0] for trace, members in together.items()}


def told_within(spans: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """Yield each log record, and each span of the program's own, with the span that added up what its session did at that time.

    Of several that did, that is the last to begin. The Agent SDK in JavaScript lets the program's spans begin beside the total, not inside it.
    """
    totals = defaultdict[str, list[Span]](list)
    for span in spans:
        if span.scope.startswith(SESSION_TOTALS):
            totals[_session(span)].append(span)
    totals.pop("", None)
    for begun in totals.values():
        begun.sort(key=_BEGIN)
    for span in spans if totals else ():
        begun = totals.get(_session(span), []) if span.kind == "LOG" or span.scope.startswith(_OWN_SCOPES) else []
        place = bisect_right(begun, span.end_ns, key=_BEGIN)
        if place and span.end_ns <= begun[place - 1].end_ns:
            yield span, begun[place - 1]


_OWN_SCOPES = tuple(scope for scope in SESSION_SCOPES if scope not in SESSION_TOTALS)
_BEGIN = attrgetter("start_ns")


def _session(span: Span) -> str:
    return next(filter(None, map(span.attributes.get, SESSION_KEYS)), "")
