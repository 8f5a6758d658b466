"""Spans that lie inside each other: one call told of twice, or a wrapper of several calls."""

from __future__ import annotations

from collections import defaultdict

from botanu_store.resolve.same_call import (
    OVERLAP_NS,
    Group,
    Groups,
    close,
    may_be_same,
    may_be_same_tokens,
    same_tokens,
)
from botanu_store.resolve.trace import Node
from botanu_store.resolve.unequal import fuller, left_out, may_be_unequal


def join_nested(calls: list[Node], groups: Groups) -> list[Node]:
    """Join spans of one call that lie inside each other; return the calls that turn out to be wrappers of several."""
    inner: dict[Node, list[Node]] = defaultdict(list)
    for node in calls:
        above = node.call_above
        if above is not None and _alike(above, node) and not _came_after(above, node):
            inner[above].append(node)
    wrappers: list[Node] = []
    for outer in sorted(inner, key=lambda node: -node.enter):
        inside = _once_each(inner[outer], groups)
        same = _same_inside(outer, inside, groups)
        for node in same:
            _join(outer, node, groups)
        if not same and _adds_up(outer, inside):
            wrappers.append(outer)
    return wrappers


def _join(outer: Node, node: Node, groups: Groups) -> None:
    """Join two spans; where one left the cached tokens or the thoughts out, of which the other need not tell apart, the one with more counts."""
    one, other = groups.of[outer].best, groups.of[node].best
    groups.join(outer, node)
    if not same_tokens(one, other) and (left_out(one, other) or _of_one_question(one, other)):
        groups.of[outer].best = fuller(one, other)


def _of_one_question(one: Node, other: Node) -> bool:
    return close(one.input, other.input) and not (one.is_partial or other.is_partial)


def _came_after(outer: Node, node: Node) -> bool:
    """Whether a call began when the one around it was over: LangChain's instrumentation by Traceloop once left spans of calls current."""
    return node.instrumentation == outer.instrumentation and node.span.start_ns >= outer.span.end_ns


def _adds_up(outer: Node, inside: list[Node]) -> bool:
    """Whether a call is rather a wrapper of those inside it; one of the same instrumentation may well set off another one (ADK)."""
    if not outer.is_model_call:
        return len(inside) > 1
    if not outer.has_tokens or (
        any(node.instrumentation != outer.instrumentation for node in inside) and not _names_another(outer, inside)
    ):
        return True
    return close(outer.input, sum(n.input for n in inside)) and close(outer.output, sum(n.output for n in inside))


def _names_another(outer: Node, inside: list[Node]) -> bool:
    """Whether a call names an answer, and all inside it others: LangSmith in JavaScript writes a stream's on the program's span around all."""
    answered = [node.own_id for node in inside if node.has_tokens]
    return bool(outer.own_id and answered) and not {"", outer.own_id} & set(answered)


def _once_each(nodes: list[Node], groups: Groups) -> list[Node]:
    """Of spans that are the same call already only the one that knows most."""
    # Only these are compared, not their whole groups: a chain of repeats would be walked again from every link of it.
    once: dict[Group, Node] = {}
    for node in nodes:
        known = once.get(groups.of[node])
        once[groups.of[node]] = node if known is None else max(known, node, key=Node.richness)
    return list(once.values())


def _alike(outer: Node, inner: Node) -> bool:
    """Whether the inner span may be the outer's call: a tool that calls a model is a call of its own."""
    if inner.reading.role == "raw" and outer.reading.dialect == inner.reading.dialect:
        return True
    if outer.is_model_call:
        return outer.reading.category == inner.reading.category
    return outer.reading.category == inner.reading.category and _same_product(outer, inner)


def _same_product(outer: Node, inner: Node) -> bool:
    one, other = outer.reading, inner.reading
    if one.category == "tool":
        return one.model == other.model
    return one.vendor == other.vendor and (
        outer.instrumentation != inner.instrumentation or one.operation.lower() == other.operation.lower()
    )


def _same_inside(outer: Node, inside: list[Node], groups: Groups) -> list[Node]:
    """Those of the spans inside that are the outer one's own call: of attempts the one that came through."""
    if not outer.is_model_call:
        return inside if len(inside) == 1 or outer.reading.dialect == "botanu" else []
    tried = [node for node in inside if not node.failed] or inside[-1:]
    tried = [node for node in tried if not _conflict(outer, node)]
    for node in tried:
        if _is_answer(outer, node) or (outer.own_id and outer.own_id == node.own_id):
            return _and_beside(node, outer, tried, groups)
    for node in tried:
        if outer.has_tokens and node.has_tokens and same_tokens(outer, node):
            return _and_beside(node, outer, tried, groups)
    for node in tried:
        if outer.instrumentation != node.instrumentation and left_out(outer, node):
            return _and_beside(node, outer, tried, groups)
    agree = [node for node in tried if node.has_tokens and outer.is_partial and may_be_same_tokens(outer, node)]
    return _and_beside(agree[0], outer, tried, groups) if len(agree) == 1 else _only_possible(outer, tried)


def _is_answer(outer: Node, node: Node) -> bool:
    """Whether LiteLLM wrote a raw answer inside its own span of the request, at the very same time; the two may count the cache differently."""
    ours, theirs = outer.span, node.span
    same_time = ours.start_ns == theirs.start_ns and ours.end_ns == theirs.end_ns
    return node.reading.role == "raw" and outer.instrumentation == node.instrumentation and same_time


def _and_beside(found: Node, outer: Node, tried: list[Node], groups: Groups) -> list[Node]:
    """The outer one's call, and what other instrumentations made of it beside that."""
    same, instrumentations = [found], {outer.instrumentation, found.instrumentation}
    for node in tried:
        if node.instrumentation not in instrumentations and _may_be_beside(groups.of[found], groups.of[node]):
            same.append(node)
            instrumentations.add(node.instrumentation)
    return same


def _may_be_beside(one: Group, other: Group) -> bool:
    # The usage of a stream may be on a span after it, of no length: only with the one before, which waited for it, has it the call's time.
    overlap = one.start <= other.end + OVERLAP_NS and other.start <= one.end + OVERLAP_NS
    return overlap and (may_be_same(one, other) or may_be_unequal(one, other))


def _only_possible(outer: Node, tried: list[Node]) -> list[Node]:
    if len(tried) == 1:
        (node,) = tried
        differing = outer.has_tokens and node.has_tokens
        of_it = outer.instrumentation != node.instrumentation or node.reading.role == "raw"
        return tried if not differing or of_it else []
    # LiteLLM writes its last call on the span around it; the raw answer of that one may be bare.
    bare = [node for node in tried if node.reading.role == "raw" and not node.has_tokens]
    return bare[-1:] if outer.has_tokens else []


def _conflict(one: Node, other: Node) -> bool:
    return bool(one.own_id and other.own_id and one.own_id != other.own_id)
