"""The spans of one trace, each with what it says, in their places: who is inside whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from botanu_store.dialects.common.reading import Reading
from botanu_store.records import INPUT_METERS, OUTPUT_METERS, PART_METERS, Span

_Known = TypeVar("_Known")

MODEL_CATEGORIES = ("llm", "embedding")
"""What is billed by tokens."""

TRUST: dict[str, int] = {"anthropic-sdk": 1, "traceloop": -1, "bedrock": -1, "openlit": -2}
"""Whose numbers are better than others': the vendor's own; Traceloop adds one to Anthropic's streams, those of AWS's SDK lose the
cached tokens of what was not asked by Converse, OpenLIT makes some up."""


@dataclass(eq=False, slots=True)
class Node:
    """One span that says something, and its place among the others."""

    span: Span
    reading: Reading
    order: int
    """Place by start, which settles every tie."""
    parent: Node | None = None
    """The nearest span around it that says something too."""
    call_above: Node | None = None
    """The nearest call around it, agents and the like not being any."""
    children: list[Node] = field(default_factory=list["Node"])
    enter: int = 0
    leave: int = 0
    depth: int = 0
    instrumentation: tuple[str, str, bool] = field(init=False)
    """Who made the span: spans of one call come from different instrumentations."""
    own_id: str = field(init=False)
    """The vendor's id of the response."""
    input: int = field(init=False)
    output: int = field(init=False)
    has_tokens: bool = field(init=False)
    is_partial: bool = field(init=False)
    """Whether only one side of an answer's usage is known, as with streams that LangChain reads half."""
    failed: bool = field(init=False)
    is_call: bool = field(init=False)
    is_model_call: bool = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what every comparison asks for."""
        found, span = self.reading, self.span
        self.instrumentation = instrumentation(span, found)
        self.own_id = found.response_id if found.own_id else ""
        self.input, self.output = token_totals(found.quantities)
        self.has_tokens = self.input + self.output > 0
        self.is_partial = found.category == "llm" and self.has_tokens and not (self.input and self.output)
        self.failed = span.status == "error" and not self.has_tokens
        self.is_call = found.role in ("call", "raw", "usage")
        self.is_model_call = found.category in MODEL_CATEGORIES

    def richness(self) -> tuple[int, ...]:
        """Say how much this span knows of its call; of several spans of one call the richest counts."""
        found = self.reading
        # Of calls without usage the one nearest the wire knows best whether it was billed.
        detail = (
            self.depth if self.is_model_call and not self.has_tokens else len(found.quantities.keys() - PART_METERS)
        )
        return (
            self.has_tokens,
            not self.is_partial,
            detail,
            self.span.kind == "LOG",
            TRUST.get(found.dialect, 0),
            bool(self.own_id),
            found.emitter_usd is not None,
            found.role != "raw",
            self.depth,  # The nearer to the wire.
            -self.order,
        )

    def is_around(self, other: Node) -> bool:
        """Say whether `other` is somewhere inside this span."""
        return self.enter < other.enter <= self.leave


def instrumentation(span: Span, reading: Reading) -> tuple[str, str, bool]:
    """Return what tells apart who made a span."""
    return span.scope, reading.variant, span.kind == "LOG"


def token_totals(quantities: Mapping[str, int]) -> tuple[int, int]:
    """Return all input tokens, cached ones included, and all output tokens."""
    tokens = output = 0
    for meter, quantity in quantities.items():
        if meter in _INPUT:
            tokens += quantity
        elif meter in _OUTPUT:
            output += quantity
    return tokens, output


_INPUT, _OUTPUT = frozenset(INPUT_METERS), frozenset(OUTPUT_METERS)


def link(nodes: list[Node], parents: Mapping[str, str]) -> None:
    """Give every node its parent, its children, its depth and its interval; spans that are their own ancestors become roots."""
    known: dict[str, Node | None] = {node.span.span_id: node for node in nodes}
    known[""] = None
    nested = False
    for node in nodes:
        found = nearest(parents.get(node.span.span_id, node.span.parent_id), parents, known)
        if found is not None and found is not node:
            node.parent, nested = found, True
    if nested:
        _cut_cycles(nodes)
        _number(_roots(nodes))


def nearest(span_id: str, parents: Mapping[str, str], known: dict[str, _Known | None]) -> _Known | None:
    """Return what is known of a span, else of its nearest ancestor; `known`, which must know "", remembers it for all on the way."""
    path: list[str] = []
    while span_id not in known:
        known[span_id] = None  # Met again before it is answered, it is a cycle that holds nothing.
        path.append(span_id)
        span_id = parents.get(span_id, "")
    found = known[span_id]
    for passed in path:
        known[passed] = found
    return found


def _cut_cycles(nodes: Iterable[Node]) -> None:
    walked: dict[Node, int] = {}
    for walk, start in enumerate(nodes):
        node: Node | None = start
        while node is not None and node not in walked:
            walked[node] = walk
            node = node.parent
        while node is not None and walked[node] == walk and node.parent is not None:
            node.parent, node = None, node.parent


def _roots(nodes: Iterable[Node]) -> list[Node]:
    """Give every node its children and return those without a parent."""
    roots: list[Node] = []
    for node in nodes:
        (roots if node.parent is None else node.parent.children).append(node)
    return roots


def _number(roots: list[Node]) -> None:
    """Number the nodes so that a node's descendants are those between its two numbers."""
    count = 0
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            node.leave = count
            continue
        count += 1
        node.enter = count
        stack.append((node, True))
        for child in reversed(node.children):
            child.depth = node.depth + 1
            child.call_above = node if node.is_call else node.call_above
            stack.append((child, False))
