"""One run as a tree of its spans, each with what it cost itself and what it and everything below it cost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from botanu_store.engines.duckdb import script
from botanu_store.errors import NotFound
from botanu_store.filters import Filters
from botanu_store.reports.database import Database, Named
from botanu_store.reports.report import ZERO, Report, Row
from botanu_store.reports.runs import runs
from botanu_store.resolve.trace import nearest
from botanu_store.times import moment

_CANDIDATES_SHOWN = 5


@dataclass(slots=True)
class SpanNode:
    """One span of a run, its own call if it is one, and the spans below it in order of time."""

    trace_id: str
    span_id: str
    name: str
    kind: str
    service: str
    scope: str
    status: str
    status_message: str
    started_at: datetime
    duration_ms: float
    attributes: dict[str, str]
    call: Row | None
    own_usd: Decimal | None
    """Cost of its own counted call; None where it is unpriced; 0 where it has none."""
    total_usd: Decimal = ZERO
    """Known cost of it and everything below it."""
    calls: int = 0
    """Counted calls, in it and below it."""
    unpriced: int = 0
    """Those of them without a price."""
    children: list[SpanNode] = field(default_factory=list["SpanNode"])


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One run: its row, its tree, and the runs it is linked with."""

    report: Report
    """The run's own row, with its coverage."""
    roots: list[SpanNode]
    calls: list[Row]
    related: list[Row]
    """Attempts of the same root run, and the runs nested in it; without the run itself."""

    @property
    def run(self) -> Row:
        """The run's own row."""
        return self.report.rows[0]


def run_detail(db: Database, prefix: str) -> RunDetail:
    """Read one run by a unique beginning of its id.

    Raises:
        NotFound: no run, or more than one, begins so.
    """
    run_id = _unique(db, prefix)
    report = runs(db, Filters(run_id=(run_id,)))
    report.rows = [row for row in report.rows if row["run_id"] == run_id]
    run = report.rows[0]
    own = db.of(Named(ids=(run_id,), with_spans=True))
    calls = own.rows("select * from priced_calls where run_id = $run_id order by start_ns, span_id", {"run_id": run_id})
    named = own.rows("select distinct trace_id from spans where run_id = $run_id", {"run_id": run_id})
    traces = {row["trace_id"] for row in (*named, *calls)} | ({run_id} if run["source"] == "trace" else set[str]())
    found = db.of(Named(traces=tuple(traces))).rows(script("reports/sql/span_tree.sql"), {"traces": list(traces)})
    spans = _own_spans(found, run_id, calls)
    return RunDetail(
        report, _tree(spans, {row["span_id"]: row for row in calls}), calls, _related(db, run["root_run_id"], run_id)
    )


def run_charges(db: Database, run_id: str) -> list[Row]:
    """Return what each call of a run was charged: meter, quantity, unit price, amount, and where the price is from."""
    return db.of(Named(ids=(run_id,))).rows(script("reports/sql/run_charges.sql"), {"run_id": run_id})


def _related(db: Database, root: str, run_id: str) -> list[Row]:
    ids = db.of(Named(roots=(root,), parents=(run_id,))).rows(
        "select run_id from runs where (root_run_id = $root or parent_run_id = $run_id) and run_id <> $run_id",
        {"root": root, "run_id": run_id},
    )
    if not ids:
        return []
    return sorted(runs(db, Filters(run_id=tuple(row["run_id"] for row in ids))).rows, key=lambda row: row["started_at"])


def _unique(db: Database, prefix: str) -> str:
    found = db.of(Named(beginnings=(prefix,))).rows(
        "select run_id from runs where starts_with(run_id, $prefix) order by start_ns desc limit $most",
        {"prefix": prefix, "most": _CANDIDATES_SHOWN + 1},
    )
    ids = [str(row["run_id"]) for row in found]
    if prefix in ids:
        return prefix
    if not ids:
        raise NotFound(f"No run begins with {prefix!r}. List them with: botanu runs list")
    if len(ids) > 1:
        shown = ", ".join(ids[:_CANDIDATES_SHOWN]) + (", …" if len(ids) > _CANDIDATES_SHOWN else "")
        raise NotFound(f"More than one run begins with {prefix!r}: {shown}. Give more of the id.")
    return ids[0]


def _own_spans(spans: list[Row], run_id: str, calls: list[Row]) -> list[Row]:
    """Keep the spans whose nearest ancestor that names a run names this one, and what tells elsewhere of its calls; a trace without any name is its own run."""
    parents = {span["span_id"]: span["parent_id"] for span in spans}
    named: dict[str, str | None] = {span["span_id"]: span["run_id"] for span in spans if span["run_id"]} | {"": None}
    own = {s["span_id"] for s in spans if (nearest(s["span_id"], parents, named) or s["trace_id"]) == run_id}
    beside = _beside(calls, own)
    return [
        span if span["span_id"] in own else {**span, "parent_id": beside[span["span_id"]]}
        for span in spans
        if span["span_id"] in own or span["span_id"] in beside
    ]


def _beside(calls: list[Row], own: set[str]) -> dict[str, str]:
    """Of the calls told of outside the run, in a log record or another trace, the span of the same call in it: below that one is their place."""
    twins = {call["duplicate_of"]: call["span_id"] for call in calls if call["span_id"] in own}
    return {
        call["span_id"]: call["duplicate_of"] if call["duplicate_of"] in own else twins.get(call["span_id"], "")
        for call in calls
        if call["span_id"] not in own
    }


def _tree(spans: list[Row], calls: dict[str, Row]) -> list[SpanNode]:
    nodes = {span["span_id"]: _node(span, calls.get(span["span_id"])) for span in spans}
    below: dict[str, list[SpanNode]] = defaultdict(list)
    for span in spans:
        below[span["parent_id"] if span["parent_id"] in nodes else ""].append(nodes[span["span_id"]])
    roots = below.get("", [])
    reached = _link(roots, below)
    # A cycle of parents has no root of its own: its earliest span becomes one.
    for span in spans:
        if span["span_id"] not in reached:
            roots.append(nodes[span["span_id"]])
            reached |= _link([nodes[span["span_id"]]], below, reached)
    _add_up(roots)
    return roots


def _link(roots: list[SpanNode], below: dict[str, list[SpanNode]], known: set[str] | None = None) -> set[str]:
    reached = set(known or ()) | {root.span_id for root in roots}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        node.children = [child for child in below.get(node.span_id, []) if child.span_id not in reached]
        reached.update(child.span_id for child in node.children)
        waiting.extend(node.children)
    return reached


def _add_up(roots: list[SpanNode]) -> None:
    order: list[SpanNode] = []
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(node.children)
    for node in reversed(order):
        counted = node.call if node.call is not None and node.call["counted"] else None
        node.calls = int(counted is not None) + sum(child.calls for child in node.children)
        node.unpriced = int(counted is not None and counted["priced"] == "no") + sum(
            child.unpriced for child in node.children
        )
        node.total_usd = (node.own_usd or ZERO) + sum((child.total_usd for child in node.children), ZERO)


def _node(span: Row, call: Row | None) -> SpanNode:
    own = call["cost_usd"] if call is not None and call["counted"] else ZERO
    return SpanNode(
        trace_id=span["trace_id"],
        span_id=span["span_id"],
        name=span["name"],
        kind=span["kind"],
        service=span["service"],
        scope=span["scope"],
        status=span["status"],
        status_message=span["status_message"],
        started_at=moment(span["start_ns"]),
        duration_ms=(span["end_ns"] - span["start_ns"]) / 1e6,
        attributes=dict(span["attributes"]),
        call=call,
        own_usd=own,
    )
