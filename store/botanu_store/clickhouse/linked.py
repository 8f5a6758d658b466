"""Which traces tell of the same calls, found among all that was ever concluded: by the comparison of a local store, some minutes of calls at a time."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb
import pyarrow as pa

from botanu_store.engines.clickhouse import Server
from botanu_store.engines.duckdb import connect, fill, script
from botanu_store.ingest.linked import INSTRUMENTATIONS, LONGEST_NS, SLOT_NS, between, not_too_many, pairs_of
from botanu_store.ingest.sessions import joined

WINDOW_CALLS = 200_000
"""Calls compared at once, more where a minute has more: bounds memory."""

_MINUTE_NS = 60_000_000_000

_Pairs = set[tuple[str, str]]


def compare(server: Server, from_ns: int) -> bool:
    """Compare the calls that began since a moment, if they were not yet, with all others; return whether any are told of in several traces.

    Which traces are linked is written first, then that their runs are pending, then that all is compared: whoever is killed in between does it again.
    """
    collect, flag, note = script("clickhouse/sql/compare.sql").split(";\n")
    server.run(collect, {"from_ns": from_ns})
    if not server.rows("select 1 from uncompared limit 1"):
        return False
    found = False
    con = connect(None)
    try:
        for first_ns, last_ns in _windows(server, from_ns):
            pairs = _pairs(con, _told(server, first_ns, last_ns), first_ns, last_ns)
            _link(server, pairs)
            found = found or bool(pairs)
    finally:
        con.close()
    if found:
        server.run(flag)
    server.run(note)
    return found


def _windows(server: Server, from_ns: int) -> Iterator[tuple[int, int]]:
    """Cut the time in which calls are to be compared into whole minutes of a bounded number of calls; none where one instrumentation told of all."""
    minutes = server.rows(
        f"select intDiv(start_ns, {_MINUTE_NS}) as minute, count() as calls, countIf(trace_id in (select trace_id from uncompared)) as asked "
        "from botanu_told where start_ns >= $from_ns group by minute order by minute",
        {"from_ns": from_ns},
    )
    asked = [row["minute"] * _MINUTE_NS for row in minutes if row["asked"]]
    if not asked or _instrumentations(server, asked[0], asked[-1] + _MINUTE_NS) < 2:
        return
    begin, end, filled = 0, 0, 0
    for row in minutes:
        at = row["minute"] * _MINUTE_NS
        if row["asked"]:
            begin, end = begin if filled else at, at + _MINUTE_NS
        if row["asked"] or filled:
            filled += row["calls"]
        if filled >= WINDOW_CALLS:
            yield begin, end - 1
            filled = 0
    if filled:
        yield begin, end - 1


def _instrumentations(server: Server, first_ns: int, last_ns: int) -> int:
    """How many instrumentations tell of calls around this time."""
    text = f"{INSTRUMENTATIONS} from botanu_told where start_ns between {{from_ns}} and {{to_ns}}"
    return int(server.rows(between(text, first_ns, last_ns + LONGEST_NS))[0]["instrumentations"])


def _told(server: Server, first_ns: int, last_ns: int) -> pa.Table:
    text = fill(script("clickhouse/sql/told_at.sql"), longest=LONGEST_NS)
    return server.arrow(text, {"first_ns": first_ns - SLOT_NS, "last_ns": last_ns + SLOT_NS})


def _pairs(con: duckdb.DuckDBPyConnection, told: pa.Table, first_ns: int, last_ns: int) -> _Pairs:
    """The pairs of traces that tell of a call of this time."""
    con.register("told_at", told)
    con.execute("create or replace temp table told as select * exclude (scope, name, begun) from told_at")
    # Whoever only names the same answer has others beside him that are not here: his time says nothing.
    con.execute(
        "create or replace temp table places as select trace_id, span_id, start_ns, scope, name, begun from told_at where within"
    )
    con.execute("create or replace temp table looked_at as select distinct trace_id from told_at where looked_at")
    con.unregister("told_at")
    return pairs_of(con, first_ns, last_ns + LONGEST_NS, "told", "places")


def _link(server: Server, pairs: Iterable[tuple[str, str]]) -> None:
    """Put the traces of these pairs into groups, with those that they were linked with before.

    It is done when what is stored says so, as another sync may write at the same time.
    """
    pairs = set(pairs)
    while pairs:
        server.run("create or replace temporary table paired (trace_id String)")
        server.insert("paired", pa.table({"trace_id": sorted({trace for pair in pairs for trace in pair})}))
        stored = {row["trace_id"]: row["label"] for row in server.rows(_STORED)}
        groups = not_too_many(joined(pairs | set(stored.items())))
        least = dict[str, str]()
        for trace, group in groups.items():
            least[group] = min(trace, least.get(group, trace))
        new = {trace: least[group] for trace, group in groups.items() if stored.get(trace) != least[group]}
        if not new:
            return
        server.insert("botanu_links", pa.table({"trace_id": list(new), "together": list(new.values())}))


_STORED = (
    "select trace_id, min(together) as label from botanu_links where together in "
    "(select together from botanu_links where trace_id in (select trace_id from paired)) group by trace_id"
)
