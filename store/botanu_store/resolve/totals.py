"""Spans that add up others: agents, chains, workflows, and what of their totals nobody inside them accounts for.

A total may repeat the calls inside it, only the last of them, all that its agent ever did, or calls beside it that were never made its
children. Whichever it is, only what it exceeds those calls by counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from operator import attrgetter

from botanu_store.records import INPUT_METERS, OUTPUT_METERS
from botanu_store.resolve.same_call import Group, Groups, close
from botanu_store.resolve.trace import Node, token_totals

_MOST_LEVELS = 64
"""At most this many totals around one call are told of it: a hostile trace nests without end."""
_MOST_AT_ONE_TIME = 256
"""At most this many overlapping totals are compared with the calls beside them, as each of them is compared with each of those."""
_MOST_INSIDE = 1024
"""At most this many calls are compared with one total beside them."""


class Totals:
    """The spans with totals of one trace, and what is counted inside each."""

    def __init__(self, wrappers: list[Node], groups: Groups) -> None:
        self._wrappers = {node for node in wrappers if node.reading.role != "context"}
        self._above: dict[Node, Node | None] = {}
        self._inside: dict[Node, Counter[str]] = {node: Counter() for node in self._wrappers}
        self._first: dict[Node, Node] = {}
        self._counted: set[Node] = set()
        self._unknown: list[tuple[Node, Group]] = []
        self._covered_beside: set[Node] = set()
        self._before = dict(_series(self._wrappers))
        for group in groups:
            self._add(group)
        self._exclude_covered_beside(groups)
        self.inmost_first = sorted(
            (node for node in self._wrappers if node.has_tokens), key=lambda node: (-node.depth, node.order)
        )

    def _add(self, group: Group) -> None:
        best = group.best
        self._note(best, group.members, best.reading.quantities if best.has_tokens else {})
        if best.reading.usage == "none" and best.is_model_call:
            self._unknown.append((best, group))

    def _note(self, counted: Node, members: list[Node], quantities: dict[str, int]) -> None:
        around = dict.fromkeys(above for node in members for above in self._around(node))
        for node in around:
            self._first[node] = min(self._first.get(node, counted), counted, key=_telling)
            if quantities and node.reading.category == counted.reading.category:
                self._inside[node].update(quantities)

    def _exclude_covered_beside(self, groups: Groups) -> None:
        """Exclude totals of calls that are not inside them but beside: the Agent Framework once made no stream's span the current one."""
        agents: dict[tuple[object, ...], list[Node]] = defaultdict(list)
        for node in sorted(self._wrappers, key=attrgetter("order")):
            if node.has_tokens and not self._inside[node]:
                agents[_place(node)].append(node)
        for place, calls in _calls_at(agents.keys(), groups).items():
            for overlapping in _at_one_time(agents[place]):
                if len(overlapping) <= _MOST_AT_ONE_TIME and not self._exclude_if_covered(overlapping, calls):
                    for agent in overlapping:
                        self._exclude_if_covered([agent], calls)

    def _exclude_if_covered(self, agents: list[Node], calls: list[tuple[Node, Node]]) -> bool:
        """Exclude these totals if the calls made during them add up to their sum; return whether they do."""
        during = {agent: list(_during(agent, calls)) for agent in agents}
        together = {node for some in during.values() for node, _ in some}
        if not all(during.values()) or not _come_to(agents, together):
            return False
        for agent, some in during.items():
            self._covered_beside.add(agent)
            self._first[agent] = min((best for _, best in some), key=_telling)
        return True

    def _around(self, node: Node) -> Iterator[Node]:
        """The spans with totals around one, the nearest first."""
        for _ in range(_MOST_LEVELS):
            found = self._nearest(node)
            if found is None:
                return
            yield found
            node = found

    def _nearest(self, node: Node) -> Node | None:
        path: list[Node] = []
        while node not in self._above:
            path.append(node)
            if node.parent is None or node.parent in self._wrappers:
                self._above[node] = node.parent
            else:
                node = node.parent
        found = self._above[node]
        self._above.update(dict.fromkeys(path, found))
        return found

    def first_inside(self, node: Node) -> Node | None:
        """Return the first call that counts inside a span: one with usage if there is any, and no failed one if there is another."""
        return self._first.get(node)

    def count_excess(self, node: Node) -> dict[str, int]:
        """Count what a total exceeds the calls inside it by, and return that; go through the totals `inmost_first`."""
        inside = self._inside[node]
        role = node.reading.role
        if role == "repeat" or node in self._covered_beside or (inside and role == "running total"):
            return {}
        accounted = inside or self._so_far(node)
        quantities = _difference(node, accounted) if accounted else dict(node.reading.quantities)
        if quantities:
            self._counted.add(node)
            self._note(node, [node], quantities)
        return quantities

    def _so_far(self, node: Node) -> Counter[str]:
        """What a running total had come to before; one that begins again is another."""
        before = self._before.get(node)
        grown = before is not None and before.input <= node.input and before.output <= node.output
        return Counter(before.reading.quantities if before is not None and grown else {})

    def covered(self) -> Iterator[tuple[Node, Node]]:
        """Yield each call without usage that lies inside a counted total, with that total's span."""
        for best, group in self._unknown:
            around = (above for node in group.members for above in self._around(node))
            found = next(
                (a for a in around if a in self._counted and a.reading.category == best.reading.category), None
            )
            if found is not None:
                yield best, found


def _series(wrappers: Iterable[Node]) -> Iterator[tuple[Node, Node]]:
    """Yield every running total whose owner is known, but the first of each, with the one before."""
    latest: dict[tuple[object, ...], Node] = {}
    for node in sorted(wrappers, key=lambda node: (node.span.end_ns, node.order)):
        if node.reading.series and node.has_tokens:
            owner = node.instrumentation, node.reading.series
            if owner in latest:
                yield node, latest[owner]
            latest[owner] = node


def _place(node: Node) -> tuple[object, ...]:
    return node.instrumentation, node.parent, node.reading.category


def _calls_at(
    places: Collection[tuple[object, ...]], groups: Groups
) -> dict[tuple[object, ...], list[tuple[Node, Node]]]:
    """The calls with usage at these places, by their start, each with the one that counts for it."""
    found: dict[tuple[object, ...], list[tuple[Node, Node]]] = defaultdict(list)
    if places:
        for group in groups:
            for node in group.members:
                if node.has_tokens and _place(node) in places:
                    found[_place(node)].append((node, group.best))
    for calls in found.values():
        calls.sort(key=_started)
    return found


def _at_one_time(agents: list[Node]) -> Iterator[list[Node]]:
    """Yield together those that overlap, given in the order of their start."""
    overlapping: list[Node] = []
    end = 0
    for agent in agents:
        if overlapping and agent.span.start_ns > end:
            yield overlapping
            overlapping = []
        overlapping.append(agent)
        end = max(end, agent.span.end_ns)
    yield overlapping


def _during(agent: Node, calls: list[tuple[Node, Node]]) -> Iterator[tuple[Node, Node]]:
    started = bisect_left(calls, agent.span.start_ns, key=_started)
    for node, best in islice(calls, started, started + _MOST_INSIDE):
        if node.span.start_ns > agent.span.end_ns:
            return
        if node.span.end_ns <= agent.span.end_ns:
            yield node, best


def _started(call: tuple[Node, Node]) -> int:
    return call[0].span.start_ns


def _come_to(agents: Iterable[Node], calls: Iterable[Node]) -> bool:
    (tokens, output), (theirs, answered) = _sums(agents), _sums(calls)
    return close(tokens, theirs) and close(output, answered)


def _sums(nodes: Iterable[Node]) -> tuple[int, int]:
    counts = [(node.input, node.output) for node in nodes]
    return sum(tokens for tokens, _ in counts), sum(output for _, output in counts)


def _telling(node: Node) -> tuple[object, ...]:
    return not node.has_tokens, node.failed, node.order


def _difference(node: Node, inside: Counter[str]) -> dict[str, int]:
    """What a total exceeds the calls inside it by: first of the parts it tells apart, such as cached tokens, the rest as fresh tokens."""
    tokens, output = token_totals(inside)
    found: dict[str, int] = {}
    for mine, theirs, meters in ((node.input, tokens, INPUT_METERS), (node.output, output, OUTPUT_METERS)):
        left = 0 if mine <= theirs or close(mine, theirs) else mine - theirs
        rest, *parts = meters
        for meter in parts:
            more = min(left, max(0, node.reading.quantities.get(meter, 0) - inside[meter]))
            found[meter], left = more, left - more
        found[rest] = left
    found = {meter: quantity for meter, quantity in found.items() if quantity}
    return found | {"requests": 1} if found else {}
