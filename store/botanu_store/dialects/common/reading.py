"""What one span says of one operation, and the interface of a dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from botanu_store.dialects.common.usage import Tokens, meters
from botanu_store.records import Category, Span, UsageState

Role = Literal["call", "wrapper", "running total", "repeat", "raw", "usage", "context"]
"""What a span is to its neighbours:

call -- an operation, billed or failed;
wrapper -- an agent, chain or workflow: what usage it carries repeats the calls inside, unless there are none;
running total -- a wrapper whose usage goes on growing over several of its spans;
repeat -- a wrapper that adds up what spans of its calls are known to say, in whatever trace they are;
raw -- the vendor's answer to the request that the span around it reports;
usage -- the usage of a call whose own span had ended before it was known;
context -- names the model for the spans inside it.
"""


@dataclass(slots=True)
class Reading:
    """What a dialect reads in a span."""

    dialect: str
    category: Category
    operation: str
    role: Role = "call"
    vendor: str = ""
    model: str = ""
    request_model: str = ""
    quantities: dict[str, int] = field(default_factory=dict[str, int])
    usage: UsageState = "none"
    response_id: str = ""
    own_id: bool = True
    """Whether the response id is the vendor's; some emitters make up one of their own."""
    request_id: str = ""
    attempt: int = 1
    emitter_usd: Decimal | None = None
    variant: str = ""
    """Tells apart two instrumentations that share a scope."""
    guessed: bool = False
    """Whether the emitter made up the tokens: they count where nobody knows better."""
    series: str = ""
    """Whose running total it is, where that is known."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of saying what a call used."""

    name: str
    title: str
    """Who speaks it, and which versions were seen."""
    marker: str
    """What makes a span a call, in words."""
    counts: str
    """How its numbers are to be understood, in words."""
    read: Callable[[Span], Reading | None]
    keys: tuple[str, ...] = ()
    """The dialect's spans have at least one of these attributes; none is needed where `either` lets the scope say enough."""
    scopes: tuple[str, ...] = ()
    """The dialect's spans have an instrumentation scope that begins with one of these; empty where the attributes say enough."""
    events: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names of the log records that it reads, and the attribute without which such a record says nothing."""
    session_scopes: tuple[str, ...] = ()
    """Scopes of its spans that name the session which its log records name too."""
    session_totals: tuple[str, ...] = ()
    """Scopes of its spans that name the session of another dialect's log records, and add up what those say meanwhile."""
    own_traces: bool = False
    """Whether its spans may lie in a trace of their own, beside that of the program."""
    hasty_scopes: tuple[str, ...] = ()
    """Scopes of its spans that say they went well before that is known, which cannot be taken back: where they record an exception, they failed."""
    of_run: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What its spans say of the run that they are in, by the run's column: the attributes, the surest first."""
    shared_scope: bool = False
    """Whether several instrumentations share its scope, and name their spans each in its way."""
    either: bool = False
    """Whether one of the keys or one of the scopes is enough by itself."""
    decides: bool = True
    """Whether no other dialect is asked about a span of this one (of its scopes, if it has any) that it takes for no call."""


def model_call(
    span: Span,
    dialect: str,
    tokens: Tokens,
    *,
    operation: str,
    vendor: str,
    model: str,
    request_model: str = "",
    role: Role = "call",
) -> Reading:
    """Return the reading of a model call; one that failed without using anything is free, else unknown usage stays unknown."""
    if operation in _ANSWERS and "embed" in (model or request_model):
        operation = "embeddings"
    category: Category = "embedding" if operation == "embeddings" else "llm"
    usage: UsageState = "none"
    quantities = {"requests": 1}
    if tokens:
        usage = "reported"
        quantities |= meters(tokens)
    elif span.status == "error" or operation in FREE_OPERATIONS:
        usage = "free"
        quantities = {}
    return Reading(dialect, category, operation, role, vendor, model or request_model, request_model, quantities, usage)


_ANSWERS = frozenset(("chat", "text_completion"))
"""What Langfuse's client in JavaScript, LiteLLM's raw answers and OpenInference's, Traceloop's and OpenTelemetry's spans of Bedrock take embeddings for."""

FREE_OPERATIONS = frozenset(("count_tokens",))
"""Counting tokens is free at every vendor that offers it: https://docs.claude.com/en/docs/build-with-claude/token-counting."""


FETCHED = "fetch_response"
"""The operation of a span that asks again for an answer which was given to another request: it is that call's."""


def operation(
    dialect: str, category: Category, name: str, vendor: str, quantities: dict[str, int], model: str = ""
) -> Reading:
    """Return the reading of a tool, database, storage or messaging operation: one request, and whatever else it counted."""
    counted = {meter: quantity for meter, quantity in quantities.items() if quantity}
    return Reading(dialect, category, name, "call", vendor, model, "", {"requests": 1, **counted}, "reported")


def tool_call(dialect: str, name: str, call_id: str = "") -> Reading:
    """Return the reading of a tool that ran; its vendor is known only where somebody says who sells it."""
    found = operation(dialect, "tool", "execute_tool", "", {}, name)
    found.response_id = call_id
    return found
