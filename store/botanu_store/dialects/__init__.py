"""Dialects: what a span says of one operation that may cost money, in any of the ways that instrumentations say it.

A dialect is one file with a `DIALECT`, and one line in `DIALECTS`. `read` asks the first dialect that knows the span; it takes tokens
from that dialect alone, so aliases are never added up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from botanu_store.dialects import (
    ai_sdk,
    anthropic_sdk,
    bedrock,
    botanu,
    claude_code,
    codex,
    database,
    gemini_cli,
    genkit,
    google_adk,
    laminar,
    langfuse,
    langsmith,
    litellm,
    logfire,
    mastra,
    messaging,
    microsoft,
    mlflow,
    openinference,
    openlit,
    otel,
    pydantic_ai,
    sentry,
    spring_ai,
    storage,
    strands,
    traceloop,
    voltagent,
)
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.records import Span

DIALECTS: tuple[Dialect, ...] = (
    botanu.DIALECT,
    langfuse.DIALECT,
    mlflow.DIALECT,
    litellm.DIALECT,
    ai_sdk.DIALECT,
    langsmith.DIALECT,
    logfire.DIALECT,
    pydantic_ai.DIALECT,
    anthropic_sdk.DIALECT,
    bedrock.DIALECT,
    strands.DIALECT,
    google_adk.DIALECT,
    openlit.DIALECT,
    microsoft.DIALECT,
    gemini_cli.DIALECT,
    genkit.DIALECT,
    voltagent.DIALECT,
    spring_ai.DIALECT,
    laminar.DIALECT,
    mastra.DIALECT,
    sentry.DIALECT,
    openinference.DIALECT,
    codex.DIALECT,
    claude_code.DIALECT,
    # Before Traceloop, whose processor marks whatever runs in a workflow.
    database.DIALECT,
    storage.DIALECT,
    messaging.DIALECT,
    traceloop.DIALECT,
    otel.DIALECT,
)
"""Every dialect, the more particular before the more general."""

CANDIDATE_SCOPES: tuple[str, ...] = tuple(dict.fromkeys(scope for d in DIALECTS if d.either for scope in d.scopes))
"""A span whose instrumentation scope begins with one of these may matter, whatever its attributes."""

CANDIDATE_KEYS: tuple[str, ...] = tuple(dict.fromkeys(key for d in DIALECTS for key in d.keys))
"""A span that has one of these attributes may matter; plain HTTP and function spans have none."""

EVENTS: dict[str, str] = {name: key for dialect in DIALECTS for name, key in dialect.events.items()}
"""Names of the log records that a dialect reads, and the attribute without which such a record says nothing."""

SESSION_TOTALS: tuple[str, ...] = tuple(scope for dialect in DIALECTS for scope in dialect.session_totals)
"""Instrumentation scopes whose spans add up what the log records of their session say."""

SESSION_SCOPES: tuple[str, ...] = (
    *(scope for dialect in DIALECTS for scope in dialect.session_scopes),
    *SESSION_TOTALS,
)
"""Instrumentation scopes whose spans may name the session of log records."""

SESSION_DIALECTS: tuple[str, ...] = tuple(
    dialect.name for dialect in DIALECTS if dialect.session_scopes or dialect.session_totals or dialect.events
)
"""Dialects whose calls may be told of in a session's log records and in spans: those of `AGENTS`, and spans that add up a session."""

AGENTS: tuple[str, ...] = tuple(dialect.name for dialect in DIALECTS if dialect.session_scopes or dialect.events)
"""Dialects of coding agents, which tell of calls in log records too: these are looked at together with the spans of their session."""

OWN_TRACES: tuple[str, ...] = tuple(dialect.name for dialect in DIALECTS if dialect.own_traces)
"""Dialects whose spans may lie in a trace of their own, beside that of the program."""

HASTY_SCOPES: tuple[str, ...] = tuple(scope for dialect in DIALECTS for scope in dialect.hasty_scopes)
"""Instrumentation scopes whose spans say ok where they record an exception."""

OF_RUN: dict[str, tuple[str, ...]] = {
    column: tuple(dict.fromkeys(key for dialect in DIALECTS for key in dialect.of_run.get(column, ())))
    for column in dict.fromkeys(column for dialect in DIALECTS for column in dialect.of_run)
}
"""Columns of a run and the attributes in which dialects say them, the more particular before the more general."""

SHARING_SCOPE: tuple[str, ...] = tuple(dialect.name for dialect in DIALECTS if dialect.shared_scope)
"""Dialects in which several instrumentations share a scope."""


def describe() -> list[tuple[str, str, str, str]]:
    """Return one row per dialect for the documentation: name, who speaks it, what makes a span a call, how its numbers are meant."""
    return [(dialect.name, dialect.title, dialect.marker, dialect.counts) for dialect in DIALECTS]


_KEYS = frozenset(CANDIDATE_KEYS)
_BY_EVENT = {name: dialect for dialect in DIALECTS for name in dialect.events}


def read(span: Span) -> Reading | None:
    """Return what the first dialect that knows the span reads in it, None when it is nothing that could be billed."""
    if span.kind == "LOG":
        dialect = _BY_EVENT.get(span.name)
        return dialect.read(span) if dialect else None
    if span.attributes.get("logfire.span_type") == "pending_span":
        return None  # Says that its parent began, under an id of its own; the parent is written when it ends.
    for reader in _readers(span.scope, _KEYS.intersection(span.attributes)):
        found = reader(span)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=4096)
def _readers(scope: str, keys: frozenset[str]) -> tuple[Callable[[Span], Reading | None], ...]:
    """The dialects to ask: few, and the same for every span that one instrumentation makes."""
    readers: list[Callable[[Span], Reading | None]] = []
    for dialect in DIALECTS:
        if _may_know(dialect, scope, keys):
            readers.append(dialect.read)
            if dialect.decides and scope.startswith(dialect.scopes or ""):
                break
    return tuple(readers)


def _may_know(dialect: Dialect, scope: str, keys: frozenset[str]) -> bool:
    by_key = not keys.isdisjoint(dialect.keys)
    by_scope = scope.startswith(dialect.scopes)
    if dialect.either:
        return by_key or by_scope
    return by_key and (by_scope or not dialect.scopes)
