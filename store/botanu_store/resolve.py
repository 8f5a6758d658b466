"""The spans of one trace to billable calls, each counted once.

Several spans may speak of one call: a framework's and the client's below it, two instrumentations side by side, an agent that repeats its
children's sum, a raw copy, the usage of a stream that comes after the call's own span. Of each such set one span is counted, the one that
tells the usage apart most finely; the others are kept with the reason and the span they stand back for.

Pure, and independent of the order in which spans come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from botanu_store.dialects import read
from botanu_store.dialects.base import Reading
from botanu_store.records import INPUT_METERS, OUTPUT_METERS, Call, Span

REPEATS = "repeats its descendants"
SAME_ID = "same call as another span (response id)"
SAME_CALL = "same call seen by another instrumentation"
NESTED = "same call as the span around it"
INNER = "same call as a span inside it"
STREAM_END = "its usage came on a later span"

_MODELS = ("llm", "embedding")
_SLACK_NS = 50_000_000
"""Two instrumentations' clocks and wrappers differ by less."""


@dataclass(slots=True, eq=False)
class _Node:
    span: Span
    reading: Reading
    above: list[_Node] = field(default_factory=list["_Node"])
    """Ancestors that speak of model calls too, nearest first."""
    below: list[_Node] = field(default_factory=list["_Node"])
    """The nearest descendants that do."""
    counted: bool = True
    reason: str = ""
    instead: str = ""
    quantities: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def has_tokens(self) -> bool:
        return bool(self.reading.quantities)

    @property
    def live(self) -> bool:
        return self.counted and self.has_tokens

    def stand_back(self, reason: str, other: _Node) -> None:
        self.counted, self.reason, self.instead = False, reason, other.span.span_id


def resolve(candidates: Sequence[Span], parents: Mapping[str, str]) -> list[Call]:
    """Return every call of one trace, counted or not.

    Args:
        candidates: the spans that may be calls, in any order.
        parents: for every span of the trace its parent's id, empty for a root.
    """
    ordered = sorted(candidates, key=lambda span: (span.start_ns, span.span_id))
    nodes = [_Node(span, reading, quantities=dict(reading.quantities)) for span in ordered if (reading := read(span)) is not None]
    models = [node for node in nodes if node.reading.category in _MODELS]
    others = [node for node in nodes if node.reading.category not in _MODELS]
    _link(models, parents)
    _link(others, parents)
    _name_models(models, ordered, parents)
    _settle_models(models)
    _settle_others(others)
    return [_call(node) for node in nodes if node.reading.role in ("call", "late") or node.has_tokens]


def _settle_models(models: list[_Node]) -> None:
    if len(models) > 1:
        _late_usage(models)
        _same_ids(models)
        _side_by_side(models)
        for node in _deepest_first(models):
            _nested(node)
        for node in models:
            _without_usage(node)
        _without_usage_side_by_side(models)
    for node in models:
        if node.counted and node.reading.role != "call" and not node.has_tokens:
            node.counted = False


def _link(nodes: list[_Node], parents: Mapping[str, str]) -> None:
    """Find for each node the nearest node above it; walks are remembered, so that a deep trace stays linear."""
    by_id = {node.span.span_id: node for node in nodes}
    nearest: dict[str, _Node | None] = {}
    for node in nodes:
        path: list[str] = []
        seen = {node.span.span_id}
        current = parents.get(node.span.span_id, "") or node.span.parent_id
        found: _Node | None = None
        while current and current not in seen:
            if current in by_id:
                found = by_id[current]
                break
            if current in nearest:
                found = nearest[current]
                break
            seen.add(current)
            path.append(current)
            current = parents.get(current, "")
        for step in path:
            nearest[step] = found
        if found is not None and found is not node:
            found.below.append(node)
            node.above.append(found)
    for node in nodes:
        _complete(node)


def _complete(node: _Node) -> None:
    """Make `above` the whole chain; a circle of parents ends it."""
    seen = {node.span.span_id}
    while node.above:
        top = node.above[-1]
        upper = top.above[0] if top.above else None
        if top.span.span_id in seen:
            node.above.pop()
            return
        seen.add(top.span.span_id)
        if upper is None or upper.span.span_id in seen or len(node.above) > _DEEPEST:
            return
        node.above.append(upper)


_DEEPEST = 200


def _deepest_first(nodes: list[_Node]) -> list[_Node]:
    return sorted(nodes, key=lambda node: (-len(node.above), node.span.start_ns, node.span.span_id))


def _name_models(models: list[_Node], spans: list[Span], parents: Mapping[str, str]) -> None:
    """A call without a model takes it from the nearest span above that names one (Codex CLI puts it on the turn)."""
    nameless = [n for n in models if n.has_tokens and not (n.reading.response_model or n.reading.request_model)]
    if not nameless:
        return
    named = {s.span_id: s.attributes["model"][:256] for s in spans if s.attributes.get("model")}
    for node in nameless:
        current, steps = parents.get(node.span.span_id, ""), 0
        while current and current not in named and steps < _DEEPEST:
            current, steps = parents.get(current, ""), steps + 1
        node.reading.response_model = named.get(current, "")


def _late_usage(models: list[_Node]) -> None:
    """A stream's usage may come on a span of its own after the call's span: pair each with the latest open call of its scope."""
    late = [node for node in models if node.reading.role == "late"]
    if not late:
        return
    waiting: dict[tuple[str, str], list[_Node]] = defaultdict(list)
    for node in models:
        if node.reading.role == "call" and not node.has_tokens and node.span.status != "error":
            waiting[node.span.scope, node.reading.request_model].append(node)
    for node in late:
        calls = waiting[node.span.scope, node.reading.request_model]
        started = [call for call in calls if call.span.start_ns <= node.span.start_ns]
        if not started:
            continue
        call = max(started, key=lambda c: (c.span.parent_id == node.span.parent_id or c.span.span_id == node.span.parent_id, c.span.end_ns, c.span.span_id))
        calls.remove(call)
        if node.has_tokens:
            call.stand_back(STREAM_END, node)
        else:
            node.stand_back(STREAM_END, call)


def _same_ids(models: list[_Node]) -> None:
    """Spans with one response id are one call, unless one contains the other, which is decided with the containment."""
    groups: dict[str, list[_Node]] = defaultdict(list)
    for node in models:
        if node.reading.response_id and node.live and node.reading.role == "call":
            groups[node.reading.response_id].append(node)
    for group in groups.values():
        _keep_richest(group, SAME_ID)


def _keep_richest(group: list[_Node], reason: str) -> None:
    best = max(group, key=_richness)
    for node in group:
        if node is not best and node.counted and not _related(node, best):
            node.stand_back(reason, best)


def _richness(node: _Node) -> tuple[bool, int, int, str]:
    return (node.has_tokens, node.reading.detail, -node.span.start_ns, node.span.span_id)


def _related(a: _Node, b: _Node) -> bool:
    return a in b.above or b in a.above


def _side_by_side(models: list[_Node]) -> None:
    """Two instrumentations of one call that neither contain each other nor share an id: same time, same tokens, other scope.

    Spans of one scope are never merged: that keeps true parallel calls apart. Each span is merged with one of each other scope.
    """
    live = [node for node in models if node.live and node.reading.role == "call"]
    if len({node.span.scope for node in live}) < 2:  # noqa: PLR2004 - nothing to compare
        return
    partners: dict[str, set[str]] = defaultdict(set)
    for index, node in enumerate(live):
        for other in live[index + 1 :]:
            if other.span.start_ns > node.span.end_ns + _SLACK_NS:
                break
            if node.counted and other.counted and _is_same_call(node, other, partners):
                worse, better = sorted((node, other), key=_richness)
                worse.stand_back(SAME_CALL, better)
                partners[better.span.span_id].add(worse.span.scope)
                if not node.counted:
                    break


def _is_same_call(a: _Node, b: _Node, partners: Mapping[str, set[str]]) -> bool:
    if a.span.scope == b.span.scope or _related(a, b) or a.reading.category != b.reading.category:
        return False
    if a.span.scope in partners.get(b.span.span_id, ()) or b.span.scope in partners.get(a.span.span_id, ()):
        return False
    if a.reading.response_id and b.reading.response_id and a.reading.response_id != b.reading.response_id:
        return False
    return _equal(a.reading.input_total, b.reading.input_total) and _equal(a.reading.output_total, b.reading.output_total)


def _equal(a: int, b: int) -> bool:
    return abs(a - b) <= max(2, max(a, b) // 1000)


def _nested(node: _Node) -> None:
    """A span with counted calls below it counts only what exceeds them."""
    if not node.live:
        return
    below = list(_counted_below(node))
    if not below:
        return
    tokens_in, tokens_out = sum(_total(n, INPUT_METERS) for n in below), sum(_total(n, OUTPUT_METERS) for n in below)
    own_in, own_out = _total(node, INPUT_METERS), _total(node, OUTPUT_METERS)
    if node.reading.role == "wrapper" or (own_in <= tokens_in + _tolerance(tokens_in) and own_out <= tokens_out + _tolerance(tokens_out)):
        _one_of(node, below, alike=_equal(own_in, tokens_in) and _equal(own_out, tokens_out))
        return
    if len(below) == 1 and _equal(own_in, tokens_in):
        # The same call, whose outer span knows of more output (Gemini's thoughts): it is the fuller account.
        below[0].stand_back(NESTED, node)
        return
    node.quantities = _excess(own_in - tokens_in, own_out - tokens_out)


def _one_of(node: _Node, below: list[_Node], *, alike: bool) -> None:
    only = below[0] if len(below) == 1 else None
    if alike and only is not None and node.reading.role == "call" and node.reading.detail > only.reading.detail:
        only.stand_back(NESTED, node)
    else:
        node.stand_back(INNER if only is not None and node.reading.role == "call" else REPEATS, below[0])


def _tolerance(total: int) -> int:
    return max(2, total // 1000)


def _total(node: _Node, meters: Iterable[str]) -> int:
    return sum(node.quantities.get(meter, 0) for meter in meters)


def _excess(tokens_in: int, tokens_out: int) -> dict[str, int]:
    found = {"input_tokens": tokens_in, "output_tokens": tokens_out}
    return {meter: count for meter, count in found.items() if count > 0}


def _counted_below(node: _Node) -> Iterable[_Node]:
    waiting, seen = list(node.below), {node.span.span_id}
    while waiting:
        child = waiting.pop(0)
        if child.span.span_id in seen:
            continue
        seen.add(child.span.span_id)
        if child.live:
            yield child
        waiting.extend(child.below)


def _without_usage(node: _Node) -> None:
    """A call whose span carries no usage is counted, unpriced, unless another span of the same call carries it or speaks for it."""
    if not node.counted or node.has_tokens or node.reading.free:
        return
    inside = next((n for n in _counted_below(node)), None)
    if inside is not None:
        node.stand_back(INNER, inside)
        return
    around = next((n for n in node.above if n.counted and (n.has_tokens or n.reading.role == "call")), None)
    if around is not None:
        node.stand_back(NESTED, around)


def _without_usage_side_by_side(models: list[_Node]) -> None:
    """A span without usage beside one of another scope at the same time that is the same call."""
    bare = [n for n in models if n.counted and not n.has_tokens and not n.reading.free and n.reading.role == "call"]
    for node in bare:
        twin = min(
            (o for o in models if o.counted and o is not node and _covers(o, node)),
            key=lambda o: (abs(o.span.start_ns - node.span.start_ns), o.span.span_id),
            default=None,
        )
        if twin is not None:
            node.stand_back(SAME_CALL, twin)


def _covers(other: _Node, node: _Node) -> bool:
    """Whether `other` is the same call as a span without usage: another scope, the same model, one within the other's time."""
    if other.span.scope == node.span.scope or _related(other, node) or other.reading.category != node.reading.category:
        return False
    if other.reading.response_id and node.reading.response_id and other.reading.response_id != node.reading.response_id:
        return False
    if not other.has_tokens and _richness(other) < _richness(node):
        return False
    within = other.span.start_ns - _SLACK_NS <= node.span.start_ns and node.span.end_ns <= other.span.end_ns + _SLACK_NS
    around = node.span.start_ns - _SLACK_NS <= other.span.start_ns and other.span.end_ns <= node.span.end_ns + _SLACK_NS
    return (within or around) and _same_model(other.reading, node.reading)


def _same_model(a: Reading, b: Reading) -> bool:
    names = {name for name in (a.request_model, a.response_model) if name}
    others = {name for name in (b.request_model, b.response_model) if name}
    return not names or not others or any(n.startswith(o) or o.startswith(n) for n in names for o in others)


def _settle_others(others: list[_Node]) -> None:
    """A tracker around an instrumented client is one operation: the outer span counts, with what the inner one knows besides."""
    for node in _deepest_first(others):
        outer = node.above[0] if node.above else None
        if outer is None or not node.counted or not _same_operation(outer, node):
            continue
        for meter, count in node.quantities.items():
            outer.quantities.setdefault(meter, count)
        node.stand_back(NESTED, outer)


def _same_operation(outer: _Node, node: _Node) -> bool:
    a, b = outer.reading, node.reading
    if a.category != b.category or a.category == "tool":
        return a.category == b.category == "tool" and outer.span.scope != node.span.scope and a.response_model == b.response_model
    return a.vendor == b.vendor and outer.span.scope != node.span.scope


def _call(node: _Node) -> Call:
    span, reading = node.span, node.reading
    model = reading.category in _MODELS
    failed = span.status == "error"
    free = reading.free or (model and failed and not node.has_tokens)
    return Call(
        trace_id=span.trace_id,
        span_id=span.span_id,
        category=reading.category,
        vendor=reading.vendor,
        model=reading.response_model or reading.request_model,
        operation=reading.operation,
        start_ns=span.start_ns,
        end_ns=span.end_ns,
        error=failed,
        quantities={} if free else {**node.quantities, "requests": 1},
        usage="free" if free else "reported" if reading.reported and (node.has_tokens or not model) else "none",
        request_model=reading.request_model,
        response_id=reading.response_id,
        request_id=reading.request_id,
        attempt=reading.attempt,
        emitter_usd=reading.emitter_usd,
        counted=node.counted,
        not_counted_reason=node.reason,
        duplicate_of=node.instead,
        dialect=reading.dialect,
    )
