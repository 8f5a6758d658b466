"""Calls that two instrumentations saw and one of them without its cached tokens: the same call, though their numbers differ."""

from __future__ import annotations

from collections import defaultdict

from botanu_store.same_call import MOST_COMPARED, Group, Groups, are_apart, covers, related, same_model
from botanu_store.trace import Node

_SLIP = 2
"""Outputs of one answer are at most this far apart: some add one to a stream's."""


def join_unequal(groups: Groups) -> None:
    """Join what two instrumentations made of one call where one left the cached tokens out: at one time, of one model, with one answer."""
    before: dict[tuple[str, int], list[Group]] = defaultdict(list)
    for group in sorted(groups, key=lambda group: (group.start, group.best.order)):
        node = group.best
        if not node.is_model_call or not node.output:
            continue
        category = node.reading.category
        near = (
            other
            for output in range(node.output - _SLIP, node.output + _SLIP + 1)
            for other in before[category, output][-MOST_COMPARED:]
        )
        partner = next((other for other in near if may_be_unequal(other, group)), None)
        if partner is not None:
            before[category, partner.best.output].remove(partner)
            whole = max(partner.best, node, key=lambda seen: seen.input)
            groups.join(partner.best, node)
            groups.of[node].best = whole
        both = groups.of[node]
        before[category, both.best.output].append(both)


def may_be_unequal(one: Group, other: Group) -> bool:
    """Say whether two calls, one of them not inside the other, can be the same by all but the cached tokens."""
    return (
        one.instruments.isdisjoint(other.instruments)
        and (not one.ids or not other.ids or not one.ids.isdisjoint(other.ids))
        and left_cache_out(one.best, other.best)
        and not are_apart(one, other)
        and covers(one, other)
        and same_model(one.best, other.best)
        and not related(one, other)
    )


def left_cache_out(one: Node, other: Node) -> bool:
    """Say whether of two spans with one answer the smaller input knows nothing of a cache, or is guessed beside the same cached tokens (OpenLIT's for LangChain.js)."""
    less, more = sorted((one, other), key=lambda node: node.input)
    return (
        more.output > 0
        and abs(more.output - less.output) <= _SLIP
        and bool(less.input)
        and (not _cached(less) or (less.reading.dialect == "openlit" and _cached(less) == _cached(more)))
    )


def _cached(node: Node) -> int:
    return sum(quantity for meter, quantity in node.reading.quantities.items() if meter.startswith("cache"))
