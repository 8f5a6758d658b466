"""From the spans of one trace to its billable calls, each counted exactly once.

Dialects say what each span says; here it is decided which spans are the same call, which repeat others, and which one counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter

from botanu_store.dialects import read
from botanu_store.dialects.common.reading import Reading
from botanu_store.dialects.common.vendors import maker
from botanu_store.records import PART_METERS, Call, Span
from botanu_store.resolve.nested import join_nested
from botanu_store.resolve.same_call import Group, Groups, close, join_across, join_by_id, join_late_usage, same_tokens
from botanu_store.resolve.totals import Totals
from botanu_store.resolve.trace import MODEL_CATEGORIES, Node, instrumentation, link, nearest
from botanu_store.resolve.unequal import join_guessed, join_unequal

SAME_ID = "same call as another span (response id)"
SAME_INSIDE = "repeats a span inside it"
SAME_AROUND = "repeats the span around it"
SAME_ELSEWHERE = "same call seen by another instrumentation"
LATE_USAGE = "its usage is on a later span"
REPEATS = "repeats its descendants"
WRAPS = "wraps other calls"
COVERED = "its usage is in that of a span around it"


@dataclass(slots=True)
class _Verdict:
    """Whether a span counts, and if not, why and which one does."""

    quantities: dict[str, int]
    group: Group | None = None
    reason: str = ""
    instead: Node | None = None


def resolve(candidates: Sequence[Span], parents: Mapping[str, str]) -> list[Call]:
    """Return the calls of one trace, those that do not count with the reason and the span that counts in their place.

    `candidates` are its spans that may matter, in any order; `parents` maps every span of the trace to its parent.
    """
    said = _said(candidates)
    if _unrelated(said, parents):
        return [_call(span, found, found.quantities, found.emitter_usd) for span, found in said]
    nodes = [Node(span, found, place) for place, (span, found) in enumerate(said)]
    link(nodes, parents)
    _name_models(nodes)
    for node in nodes:
        node.is_call |= _is_around_nothing(node)
    calls = [node for node in nodes if node.is_call]
    groups = Groups(calls)
    wrappers: list[Node] = []
    if len(calls) > 1:
        wrappers = _join(calls, groups)
    verdicts = {node: verdict for group in groups for node, verdict in _of_group(group)}
    wrappers += [node for node in nodes if not node.is_call]
    if wrappers:
        _judge_wrappers(wrappers, groups, verdicts)
    return [_judged(node, verdicts[node]) for node in nodes if node in verdicts]


def _said(candidates: Sequence[Span]) -> list[tuple[Span, Reading]]:
    """The spans that say something, and what, in the order of their start."""
    once = {span.span_id: span for span in candidates}
    if len(once) < len(candidates):
        for span in candidates:
            once[span.span_id] = max(span, once[span.span_id], key=_fullness)
    spans = sorted(once.values(), key=_BY_START)
    return [(span, found) for span in spans if (found := read(span)) is not None]


_BY_START = attrgetter("start_ns", "span_id")


def _fullness(span: Span) -> tuple[object, ...]:
    """Of two deliveries of one span the fuller holds; nothing may depend on which came first."""
    rest = (span.start_ns, span.end_ns, span.status, span.name, span.kind, span.scope, span.parent_id)
    return len(span.attributes), sorted(span.attributes.items()), rest


def _unrelated(said: list[tuple[Span, Reading]], parents: Mapping[str, str]) -> bool:
    """Whether all are calls, side by side, and of each kind made by one instrumentation, and of answers of their own, so that no two can be the same (most traces)."""
    instrumentations: dict[str, tuple[str, str, bool]] = {}
    answers = set[str]()
    for span, found in said:
        if found.role != "call" or found.response_id in answers:
            return False
        if found.response_id:
            answers.add(found.response_id)
        kind = "model" if found.category in MODEL_CATEGORIES else found.category
        if instrumentations.setdefault(kind, instrumentation(span, found)) != instrumentation(span, found):
            return False
    known: dict[str, Span | None] = {span.span_id: span for span, _ in said}
    known[""] = None
    return all(nearest(parents.get(span.span_id, span.parent_id), parents, known) is None for span, _ in said)


def _name_models(nodes: list[Node]) -> None:
    """Name the model of calls that do not, after the span around them that does (Codex)."""
    naming = {node: node.reading.model for node in nodes if node.reading.role == "context"}
    if naming:
        for node in sorted(nodes, key=lambda node: node.enter):
            around = naming.get(node.parent, "") if node.parent else ""
            naming.setdefault(node, around)
            if not node.reading.model and node.reading.dialect == "codex":
                node.reading.model = node.reading.request_model = around


def _is_around_nothing(node: Node) -> bool:
    """Whether a wrapper is rather one more span of the call around it: LlamaIndex has two instrumentations, and Traceloop's calls a call a workflow."""
    above = node.call_above
    alone = node.reading.role == "wrapper" and node.has_tokens and not node.children
    return alone and above is not None and same_tokens(above, node)


def _join(calls: list[Node], groups: Groups) -> list[Node]:
    """Put the spans of each call together; return those that turned out to be wrappers of several calls."""
    join_late_usage(calls, groups)
    wrappers = groups.drop(join_nested(calls, groups))
    gone = set(wrappers)
    left = [node for node in calls if node not in gone]
    join_by_id(left, groups)
    join_across(groups)
    join_unequal(groups)
    join_guessed(groups)
    return wrappers


def _of_group(group: Group) -> Iterator[tuple[Node, _Verdict]]:
    best = group.best
    yield best, _Verdict(best.reading.quantities, group)
    for node in group.members:
        if node is not best:
            yield node, _Verdict(node.reading.quantities, group, _why(node, best), best)


def _why(node: Node, best: Node) -> str:
    if best.reading.role == "usage":
        return LATE_USAGE
    if node.is_around(best):
        return SAME_INSIDE
    if best.is_around(node):
        return SAME_AROUND
    return SAME_ID if node.own_id and node.own_id == best.own_id else SAME_ELSEWHERE


def _judge_wrappers(wrappers: list[Node], groups: Groups, verdicts: dict[Node, _Verdict]) -> None:
    """Count of a span that adds others up only what they do not account for, and all of it when there are none."""
    totals = Totals(wrappers, groups)
    for node in totals.inmost_first:
        inside = totals.first_inside(node)
        quantities = totals.count_excess(node)
        if quantities:
            verdicts[node] = _Verdict(quantities, Group(node))
        elif inside is not None:
            verdicts[node] = _Verdict(node.reading.quantities, None, REPEATS, inside)
    for node in wrappers:
        if not node.has_tokens and node.is_call:
            verdicts[node] = _Verdict(node.reading.quantities, None, WRAPS, totals.first_inside(node))
    covered = dict(totals.covered())
    for verdict in verdicts.values():
        verdict.instead = covered.get(verdict.instead, verdict.instead) if verdict.instead else None
    for node, around in covered.items():
        verdicts[node].reason, verdicts[node].instead = COVERED, around


def _call(span: Span, found: Reading, quantities: dict[str, int], cost: Decimal | None) -> Call:
    return Call(
        span.trace_id,
        span.span_id,
        found.category,
        found.vendor,
        found.model,
        found.operation,
        span.start_ns,
        span.end_ns,
        span.status == "error",
        quantities,
        found.usage,
        found.request_model,
        found.response_id,
        found.request_id,
        found.attempt,
        cost,
        dialect=found.dialect,
    )


def _judged(node: Node, verdict: _Verdict) -> Call:
    # What an emitter says a total cost is not what the rest of it cost.
    cost = node.reading.emitter_usd if verdict.quantities == node.reading.quantities else None
    call = _call(node.span, node.reading, verdict.quantities, cost)
    if verdict.reason:
        call.counted = False
        call.not_counted_reason = verdict.reason
        call.duplicate_of = verdict.instead.span.span_id if verdict.instead else ""
    elif verdict.group is not None and len(verdict.group.members) > 1:
        _complete(call, verdict.group)
    return call


def _complete(call: Call, group: Group) -> None:
    """Name what the counted span leaves open, from the other spans of its call; numbers of model calls are never mixed, but for parts of the same output."""
    call.quantities = _with_parts(call.quantities, group) if group.best.is_model_call else _side_by_side(group)
    for node in sorted(group.members, key=Node.richness, reverse=True):
        found = node.reading
        call.vendor = call.vendor or found.vendor
        call.model = call.model or found.model
        call.request_model = call.request_model or found.request_model
        call.response_id = call.response_id or found.response_id
        call.request_id = call.request_id or found.request_id
        call.emitter_usd = call.emitter_usd or found.emitter_usd
        call.attempt = max(call.attempt, found.attempt)
    if call.model == call.request_model and not maker(call.model):
        call.model = _answering(group) or call.model
    call.vendor = call.vendor or maker(call.model)


def _with_parts(quantities: dict[str, int], group: Group) -> dict[str, int]:
    """What the counted span says, and what part of its output was reasoning if only another span says so, of as many tokens."""
    best = group.best
    parts = {
        meter: min(node.reading.quantities[meter], best.output)
        for node in group.members
        for meter in PART_METERS
        if meter in node.reading.quantities and close(node.output, best.output)
    }
    return parts | quantities


def _answering(group: Group) -> str:
    """The model that some span of the call says answered, where that has a known maker: what was asked for may be a deployment, which has no price."""
    answers = (node.reading for node in group.members)
    return next((found.model for found in answers if found.model != found.request_model and maker(found.model)), "")


def _side_by_side(group: Group) -> dict[str, int]:
    """Every meter that any span of an operation counts: a tracker knows the bytes scanned, the client inside it the rows.

    Where both say, the outer is believed: it was written for this operation.
    """
    found: dict[str, int] = {}
    for node in sorted(group.members, key=lambda node: (node.depth, node.order)):
        found = node.reading.quantities | found
    return found
