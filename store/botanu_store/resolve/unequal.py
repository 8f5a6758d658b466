"""Calls that two instrumentations saw and one of them without its cached tokens, or its thoughts, or with its input twice: the same call, though their numbers differ."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from operator import attrgetter

from botanu_store.dialects.common.vendors import GEMINI, maker
from botanu_store.resolve.same_call import (
    MOST_COMPARED,
    Group,
    Groups,
    are_apart,
    close,
    covers,
    only_began,
    related,
    same_model,
    told_once,
)
from botanu_store.resolve.trace import Node

_SLIP = 2
"""Outputs of one answer are at most this far apart: some add one to a stream's."""


def join_unequal(groups: Groups) -> None:
    """Join what two instrumentations made of one call where one left the cached tokens or the thoughts out, or has the input twice: at one time, of one model, with one answer."""
    before: dict[tuple[str, int], list[Group]] = defaultdict(list)
    for group in sorted(groups, key=lambda group: (group.start, group.best.order)):
        node = group.best
        if not node.is_model_call or not node.output:
            continue
        category = node.reading.category
        near = (
            other
            for answer in _answers(node)
            for output in range(answer - _SLIP, answer + _SLIP + 1)
            for other in before[category, output][-MOST_COMPARED:]
        )
        partner = next((other for other in near if may_be_unequal(other, group)), None)
        if partner is not None:
            for answer in _answers(partner.best):
                before[category, answer].remove(partner)
            whole = fuller(partner.best, node)
            groups.join(partner.best, node)
            groups.of[node].best = whole
        both = groups.of[node]
        for answer in _answers(both.best):
            before[category, answer].append(both)


def join_guessed(groups: Groups) -> None:
    """Join a call whose tokens an emitter made up with one of the same model and time that another instrumentation saw."""
    if not any(group.best.reading.guessed for group in groups):
        return
    calls = sorted((group for group in groups if group.best.is_model_call), key=_BY_START)
    taken = set[Group]()
    for guess in [group for group in calls if group.best.reading.guessed]:
        place = bisect_left(calls, guess.start, key=_BY_START)
        near = calls[max(0, place - MOST_COMPARED) : place + MOST_COMPARED]
        known = next((other for other in reversed(near) if other not in taken and _may_be_guess(guess, other)), None)
        if known is not None:
            taken |= {guess, known}
            best = known.best
            groups.join(guess.best, best)
            groups.of[best].best = best


_BY_START = attrgetter("start")


def _may_be_guess(guess: Group, other: Group) -> bool:
    return (
        other.best.has_tokens
        and not other.best.reading.guessed
        and other.best.reading.category == guess.best.reading.category
        and guess.instrumentations.isdisjoint(other.instrumentations)
        and (not guess.ids or not other.ids)
        and not are_apart(guess, other)
        and guess.start <= other.end
        and other.start <= guess.end
        and same_model(guess.best, other.best)
    )


def fuller(one: Node, other: Node) -> Node:
    """Return the span of one call's two that tells of more tokens, unless it tells of them twice."""
    return told_once(one, other) or max(one, other, key=_told_apart)


def _told(node: Node) -> int:
    return node.input + node.output


def _told_apart(node: Node) -> tuple[int, int]:
    """Of the same total the one with more input knows better what the rest is: thoughts are what nobody knows otherwise."""
    return _told(node), node.input


def _answers(node: Node) -> set[int]:
    """The output of a call, and what it is without the thoughts."""
    return {node.output, node.output - _thoughts(node)}


def may_be_unequal(one: Group, other: Group) -> bool:
    """Say whether two calls, one of them not inside the other, can be the same by all but the cached tokens or the thoughts."""
    return (
        one.instrumentations.isdisjoint(other.instrumentations)
        and (not one.ids or not other.ids or not one.ids.isdisjoint(other.ids))
        and left_out(one.best, other.best)
        and not are_apart(one, other)
        and (covers(one, other) or only_began(one, other))
        and same_model(one.best, other.best)
        and not related(one, other)
    )


def left_out(one: Node, other: Node) -> bool:
    """Say whether of two spans with one answer one knows nothing of a cache, or nothing of the thoughts that the other tells, or has the input twice."""
    return (
        told_once(one, other) is not None
        or _left_tools_out(one, other)
        or _left_cache_out(*sorted((one, other), key=lambda node: node.input))
        or _left_thoughts_out(*sorted((one, other), key=lambda node: node.output))
    )


def _left_cache_out(less: Node, more: Node) -> bool:
    """Whether the smaller input knows nothing of a cache, or is guessed beside the same cached tokens (OpenLIT's for LangChain.js)."""
    return (
        more.output > 0
        and abs(more.output - less.output) <= _SLIP
        and bool(less.input)
        and (not _cached(less) or (less.reading.dialect == "openlit" and _cached(less) == _cached(more)))
    )


def _left_tools_out(one: Node, other: Node) -> bool:
    """Whether one lacks only what Gemini's own tools put into the prompt (OpenTelemetry's google-genai, OpenLIT), or takes it for thoughts (Traceloop)."""
    return (
        one.output > 0
        and (abs(one.output - other.output) <= _SLIP or _told(one) == _told(other))
        and _cached(one) == _cached(other)
        and maker(one.reading.model) == maker(other.reading.model) == GEMINI
        and bool(one.input and other.input)
    )


def _left_thoughts_out(less: Node, more: Node) -> bool:
    """Whether the smaller output is the other one's without its thoughts (Gemini's, by early instrumentations)."""
    thoughts = _thoughts(more)
    return (
        thoughts > _SLIP
        and not _thoughts(less)
        and abs(more.output - thoughts - less.output) <= _SLIP
        and close(less.input, more.input)
    )


def _thoughts(node: Node) -> int:
    return node.reading.quantities.get("reasoning_tokens", 0)


def _cached(node: Node) -> int:
    return sum(quantity for meter, quantity in node.reading.quantities.items() if meter.startswith("cache"))
