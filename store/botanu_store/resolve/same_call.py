"""Which spans are one and the same call: one inside the other, of one id, or seen by two instrumentations at one time.

`resolve` goes through a trace in this order, the surest evidence first; each step joins groups that the steps before it left apart:

1. `join_late_usage`: the usage of a stream, written on a span of its own after the call (Logfire).
2. `nested.join_nested`: a framework's span around the client's, or around the vendor's own; a span around several calls is a wrapper instead.
3. `join_by_id`: the same response or request, named in different branches of the trace.
4. `join_across`: two instrumentations, different branches, no common id: the same time, the same tokens as far as both know them.
5. `unequal.join_unequal`: as before, where the two count differently in a known way.
6. `unequal.join_guessed`: as before, where one of them made its tokens up.

Spans of one instrumentation are never joined for being alike, unless they name one answer and begin at one moment: identical calls in parallel are two calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import log

from botanu_store.dialects import OWN_TRACES
from botanu_store.dialects.common.reading import FETCHED
from botanu_store.resolve.trace import Node

OVERLAP_NS = 50_000_000
"""Two instrumentations open and close their spans of one call at most this far apart."""
SKEW_NS = 2_000_000
"""Clocks of JavaScript let a child begin or end outside its parent by at most this much."""
MOST_COMPARED = 64
"""At most this many calls in parallel are compared with one that looks for its partner: programs that run more have ids."""
_MOST_INSTRUMENTATIONS = 16
"""At most this many instrumentations see one call."""


class Group:
    """Spans of one call."""

    def __init__(self, node: Node) -> None:
        self.members = [node]
        self.instrumentations = {node.instrumentation}
        self.ids = {node.own_id} if node.own_id else set[str]()
        self.best = node
        self.start, self.end = node.span.start_ns, node.span.end_ns

    def take(self, other: Group) -> None:
        """Make the other group's spans this one's."""
        self.members += other.members
        self.instrumentations |= other.instrumentations
        self.ids |= other.ids
        self.best = told_once(self.best, other.best) or max(self.best, other.best, key=Node.richness)
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)


class Groups:
    """Which group each span is in; at first each is alone."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.of = {node: Group(node) for node in nodes}

    def join(self, one: Node, other: Node) -> None:
        """Say that two spans are the same call."""
        into, out = self.of[one], self.of[other]
        if into is out:
            return
        if len(into.members) < len(out.members):
            into, out = out, into
        for node in out.members:
            self.of[node] = into
        into.take(out)

    def drop(self, nodes: list[Node]) -> list[Node]:
        """Forget the groups of these spans, and return all who were in them."""
        gone = list(dict.fromkeys(member for node in nodes for member in self.of[node].members))
        for node in gone:
            del self.of[node]
        return gone

    def __iter__(self) -> Iterator[Group]:
        """Yield every group once, in the order of its first span."""
        return iter(dict.fromkeys(self.of.values()))


def close(one: int, other: int) -> bool:
    """Say whether two counts are the same but for an emitter's slip: within 2, or a thousandth."""
    return abs(one - other) <= max(2, max(one, other) // 1000)


def same_tokens(one: Node, other: Node) -> bool:
    """Say whether two spans count the same tokens."""
    return close(one.input, other.input) and close(one.output, other.output)


def told_once(one: Node, other: Node) -> Node | None:
    """Of two spans of which one has twice the other's input for the same answer return the other, None of any other two.

    Anthropic says a stream's input at its beginning and at its end, and 1 token of output at its beginning: LangChain's client once added them up.
    """
    less, more = (one, other) if one.input <= other.input else (other, one)
    twice = less.has_tokens and more.input == 2 * less.input and 0 <= more.output - less.output <= 1
    return less if twice and less.output and less.input else None


def may_be_same_tokens(one: Node, other: Node) -> bool:
    """Say whether what two spans know of a call agrees; where one says 0 of an answer it does not know."""
    return all(not mine or not theirs or close(mine, theirs) for mine, theirs in _counts(one, other))


def _counts(one: Node, other: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    return (one.input, other.input), (one.output, other.output)


def join_late_usage(calls: list[Node], groups: Groups) -> None:
    """Give a usage that was only known after its call's span had ended to the last such call before it, under the same span if any is."""
    waiting: dict[tuple[str, ...], list[Node]] = defaultdict(list)
    for node in calls:
        found = node.reading
        before = waiting[node.span.trace_id, node.span.scope, found.category, found.request_model]
        if found.role != "usage":
            if not node.has_tokens and not node.failed:
                before.append(node)
        elif before:
            latest = range(len(before) - 1, max(-1, len(before) - 1 - MOST_COMPARED), -1)
            place = next((place for place in latest if before[place].parent is node.parent), latest[0])
            groups.join(before.pop(place), node)


def join_by_id(calls: list[Node], groups: Groups) -> None:
    """Join spans that name the same response, or the same request, and were made by different instrumentations, or by one of the very same call."""
    seen: dict[tuple[str, str, str], Node] = {}
    for node in calls:
        found = node.reading
        category = found.category if not node.is_model_call else "llm"
        for kind, name in (("response", node.own_id), ("request", found.request_id)):
            if not name:
                continue
            other = seen.setdefault((category, kind, name), node)
            if _told_again(other, node) or groups.of[other].instrumentations.isdisjoint(
                groups.of[node].instrumentations
            ):
                groups.join(other, node)


def _told_again(one: Node, other: Node) -> bool:
    """Whether a span is the call's once more: Traceloop makes one, from the call's beginning on, each time that a program retrieves a response, OpenLIT one of its own.

    The name alone would not do: test servers answer every call by one.
    """
    again = one.span.start_ns == other.span.start_ns or FETCHED in (one.reading.operation, other.reading.operation)
    return bool(one.own_id) and one.own_id == other.own_id and again and may_be_same_tokens(one, other)


def join_across(groups: Groups) -> None:
    """Join calls that different instrumentations saw at one time with the same tokens, or of whose tokens only one or neither knows."""
    calls = [group for group in groups if group.best.is_model_call]
    if len({instrumentation for group in calls for instrumentation in group.instrumentations}) > 1:
        # Who knows nothing of its tokens must not take the partner of one who does.
        _Sweep(groups).over([group for group in calls if group.best.has_tokens and not group.best.is_partial])
        _Sweep(groups).over([group for group in groups if group.best.is_model_call])


class _Sweep:
    """Calls in the order of their start, and those before them that still run, by what must agree."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._open: dict[object, dict[frozenset[object], dict[Group, None]]] = defaultdict(lambda: defaultdict(dict))

    def over(self, calls: list[Group]) -> None:
        """Join each call to the latest one before it that can be the same."""
        for call in sorted(calls, key=lambda group: (group.start, group.best.order)):
            partner = self._partner(call)
            if partner is not None:
                self._close(partner)
                self._groups.join(partner.best, call.best)
                call = self._groups.of[call.best]  # noqa: PLW2901 - from here on the call is the two together
            if len(call.instrumentations) < _MOST_INSTRUMENTATIONS:
                for key in _keys(call.best):
                    self._open[key][frozenset(call.instrumentations)][call] = None

    def _close(self, group: Group) -> None:
        for key in _keys(group.best):
            self._open[key][frozenset(group.instrumentations)].pop(group, None)

    def _partner(self, call: Group) -> Group | None:
        for same in _ways(call.best):
            for key in _partner_keys(call.best):
                for instrumentations, running in islice(
                    reversed(self._open.get(key, {}).items()), _MOST_INSTRUMENTATIONS
                ):
                    if instrumentations.isdisjoint(call.instrumentations):
                        found = _latest(running, call, same)
                        if found is not None:
                            return found
        return None


def _latest(running: dict[Group, None], call: Group, same: Callable[[Group, Group], bool]) -> Group | None:
    """The latest of the running calls that can be the same; those that have ended are taken out on the way."""
    over: list[Group] = []
    found, compared = None, 0
    for other in reversed(running):
        if other.end + OVERLAP_NS < call.start:
            over.append(other)
        elif same(other, call):
            found = other
            break
        elif (compared := compared + 1) == MOST_COMPARED:
            break
    for other in over:
        del running[other]
    return found


def _keys(node: Node) -> tuple[object, ...]:
    """Under which keys a call waits for its partner."""
    category = node.reading.category
    if node.has_tokens:
        known = (category, _size(node.input)), (category, "known")
        return (*known, (category, "none")) if node.is_partial else known
    return ((category, "failed" if node.failed else node.reading.usage),)


def _partner_keys(node: Node) -> tuple[object, ...]:
    """Under which keys a call's partner may wait."""
    category = node.reading.category
    if node.has_tokens:
        size = _size(node.input)
        alike = (category, size), (category, size - 1), (category, size + 1), (category, "none")
        return (*alike, (category, "known")) if node.is_partial else alike
    if node.failed or node.reading.usage == "free":
        return _keys(node)
    return (category, "none"), (category, "known")


def _size(tokens: int) -> int:
    """A scale on which counts that are `close` are at most one apart."""
    return int(log(tokens + 2000) * 1000)


def _ways(node: Node) -> tuple[Callable[[Group, Group], bool], ...]:
    """In which ways to look for a partner: first among calls of the same model, then, if the tokens speak for it, of any name."""
    return (_same_model_too, may_be_same) if node.has_tokens else (_same_model_too,)


def _same_model_too(one: Group, other: Group) -> bool:
    return same_model(one.best, other.best) and may_be_same(one, other)


def may_be_same(one: Group, other: Group) -> bool:
    """Say whether two calls, one of them not inside the other, can be the same by their ids, tokens, models and times."""
    first, second = one.best, other.best
    if (
        (one.ids and other.ids and one.ids.isdisjoint(other.ids))
        or _other_request(first, second)
        or are_apart(one, other)
    ):
        return False
    if not _both_known(first, second):
        agree = may_be_same_tokens(first, second) and same_model(first, second)
        return agree and (covers(one, other) or only_began(one, other)) and not related(one, other)
    return (same_tokens(first, second) or _log_of(first, second)) and not related(one, other)


def are_apart(one: Group, other: Group) -> bool:
    """Whether two calls are in traces that are looked at together for other calls than these."""
    if one.best.span.trace_id == other.best.span.trace_id:
        return False
    return not any(_may_be_elsewhere(node) for group in (one, other) for node in group.members[:8])


def _may_be_elsewhere(node: Node) -> bool:
    """Whether others may tell of a span's call in other traces: of a log record's, of some dialects', and where its instrumentation began the trace."""
    return node.span.kind == "LOG" or node.reading.dialect in OWN_TRACES or node.span.begun


def _other_request(one: Node, other: Node) -> bool:
    """Whether a program names two requests to its vendor, in its log and in its spans."""
    ours, theirs = one.reading, other.reading
    return (
        ours.dialect == theirs.dialect
        and "" not in (ours.request_id, theirs.request_id)
        and ours.request_id != theirs.request_id
    )


def _both_known(one: Node, other: Node) -> bool:
    return one.has_tokens and other.has_tokens and one.is_partial == other.is_partial


def _log_of(one: Node, other: Node) -> bool:
    """Whether one is the other's log record, which knows more of the output (Gemini CLI: the thoughts)."""
    logs = (one.span.kind == "LOG") != (other.span.kind == "LOG")
    return logs and one.reading.dialect == other.reading.dialect and close(one.input, other.input)


def covers(one: Group, other: Group) -> bool:
    """Whether one runs within the other."""
    return (one.start <= other.start + SKEW_NS and other.end <= one.end + SKEW_NS) or (
        other.start <= one.start + SKEW_NS and one.end <= other.end + SKEW_NS
    )


def only_began(one: Group, other: Group) -> bool:
    """Say whether the first is of a stream and was over when that had begun, mostly without its usage (MLflow, LlamaIndex), and the other then read it."""
    first, second = (one, other) if one.start <= other.start else (other, one)
    early = not first.best.has_tokens or first.best.span.scope == _ENDS_EARLY
    return early and second.start <= first.end + OVERLAP_NS


_ENDS_EARLY = "openinference.instrumentation.llama_index"
"""Ends a stream's span when LlamaIndex hands the stream out, and writes on it later what was used: `_handler.py`, `prepare_to_exit_span`."""


def related(one: Group, other: Group) -> bool:
    """Whether a span of one lies inside a span of the other: those were compared where they are."""
    return any(a.is_around(b) or b.is_around(a) for a in one.members[:8] for b in other.members[:8])


def same_model(one: Node, other: Node) -> bool:
    """A model asked for is part of the name of the one that answered: gpt-4o-mini, gpt-4o-mini-2024-07-18."""
    names = [{node.reading.model, node.reading.request_model} - {""} for node in (one, other)]
    if not all(names):
        return True
    ours, theirs = ([name.lower().rpartition("/")[2] for name in some] for some in names)
    return any(a in b or b in a for a in ours for b in theirs)
