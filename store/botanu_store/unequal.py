"""Calls that two instrumentations saw and one of them without its cached tokens: the same call, though their numbers differ."""

from __future__ import annotations

from collections import defaultdict

from botanu_store.same_call import MOST_COMPARED, Group, Groups, are_apart, covers, related, same_model
from botanu_store.trace import Node


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
            for output in range(node.output - 2, node.output + 3)
            for other in before[category, output][-MOST_COMPARED:]
        )
        partner = next((other for other in near if _left_cache_out(other, group)), None)
        if partner is not None:
            before[category, partner.best.output].remove(partner)
            whole = max(partner.best, node, key=lambda seen: seen.input)
            groups.join(partner.best, node)
            groups.of[node].best = whole
        both = groups.of[node]
        before[category, both.best.output].append(both)


def _left_cache_out(one: Group, other: Group) -> bool:
    """Whether two calls may be one of which the smaller input knows nothing of a cache, or is guessed beside the same cached tokens (OpenLIT's for LangChain.js)."""
    first, second = one.best, other.best
    less, more = sorted((first, second), key=lambda node: node.input)
    return (
        one.instruments.isdisjoint(other.instruments)
        and (not one.ids or not other.ids or not one.ids.isdisjoint(other.ids))
        and bool(less.input)
        and (not _cached(less) or (less.reading.dialect == "openlit" and _cached(less) == _cached(more)))
        and not are_apart(one, other)
        and covers(one, other)
        and same_model(first, second)
        and not related(one, other)
    )


def _cached(node: Node) -> int:
    return sum(quantity for meter, quantity in node.reading.quantities.items() if meter.startswith("cache"))
