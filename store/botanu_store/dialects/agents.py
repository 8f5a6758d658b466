"""Coding agents on the command line: Claude Code, Codex CLI, Gemini CLI; their spans and, fuller, their logs.

Log records arrive as spans of kind LOG named after their event. Facts: each tool's own telemetry documentation and source.
"""

from __future__ import annotations

from collections.abc import Callable

from botanu_store.dialects.base import Reading, Tokens, attempt, first, text, usd
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Span

NAME = "agents"
KEYS = ("span.type", "event.kind", "codex.usage.total_tokens", "event.name")
SCOPES = ("com.anthropic.claude_code", "codex", "gemini-cli")

_LOGS_OF_CLAUDE = ("claude_code.api_request", "api_request")
_LOGS_OF_GEMINI = ("gemini_cli.api_response",)


def read(span: Span) -> Reading | None:
    """Read a span or log record of a coding agent; None for anything else of theirs."""
    for wanted, reader in _READERS:
        if wanted(span):
            return reader(span)
    return None


def _claude(span: Span) -> Reading:
    said = span.attributes
    tokens = Tokens(
        input=first(said, ("input_tokens",)),
        output=first(said, ("output_tokens",)),
        cache_read=first(said, ("cache_read_tokens",)) or 0,
        cache_write=first(said, ("cache_creation_tokens",)) or 0,
        excludes_cache=True,
    )
    model = text(said, "gen_ai.response.model", "model", "gen_ai.request.model")
    # What it calls the response's id is the request's.
    request_id = text(said, "request_id", "gen_ai.response.id")
    return _reading("claude-code", span, tokens, "anthropic", model, request_id)


def _codex_span(span: Span) -> Reading | None:
    said = span.attributes
    tokens = Tokens(
        input=first(said, ("gen_ai.usage.input_tokens",)),
        output=first(said, ("gen_ai.usage.output_tokens",)),
        cache_read=first(said, ("gen_ai.usage.cache_read.input_tokens",)) or 0,
        cache_write=first(said, ("gen_ai.usage.cache_write.input_tokens",)) or 0,
    )
    return _reading("codex", span, tokens, "openai", text(said, "model", "gen_ai.request.model")) if tokens.said else None


def _codex_log(span: Span) -> Reading | None:
    said = span.attributes
    tokens = Tokens(
        input=first(said, ("input_token_count",)),
        output=first(said, ("output_token_count",)),
        cache_read=first(said, ("cached_token_count",)) or 0,
    )
    return _reading("codex", span, tokens, "openai", text(said, "model")) if tokens.said else None


def _gemini_log(span: Span) -> Reading:
    said = span.attributes
    output, thoughts = first(said, ("output_token_count",)), first(said, ("thoughts_token_count",))
    tokens = Tokens(
        input=first(said, ("input_token_count",)),
        output=None if output is None and thoughts is None else (output or 0) + (thoughts or 0),
        cache_read=first(said, ("cached_content_token_count",)) or 0,
    )
    return _reading("gemini-cli", span, tokens, "gcp.gemini", text(said, "model"))


def _reading(dialect: str, span: Span, tokens: Tokens, provider: str, model: str, request_id: str = "") -> Reading:
    said = span.attributes
    return Reading(
        dialect=dialect,
        category="llm",
        operation="chat",
        vendor=vendor(provider),
        request_model=model,
        response_model=model,
        quantities=tokens.meters(),
        reported=tokens.said,
        request_id=request_id,
        attempt=attempt(span, "attempt"),
        emitter_usd=usd(said, "cost_usd"),
    )


def _is_event(span: Span, *names: str) -> bool:
    return span.kind == "LOG" and (span.name in names or span.attributes.get("event.name", "") in names)


_READERS: tuple[tuple[Callable[[Span], bool], Callable[[Span], Reading | None]], ...] = (
    (lambda span: span.attributes.get("span.type") == "llm_request" or _is_event(span, *_LOGS_OF_CLAUDE), _claude),
    (lambda span: span.scope.startswith("codex") and span.kind != "LOG", _codex_span),
    (lambda span: _is_event(span, "codex.sse_event") and span.attributes.get("event.kind") == "response.completed", _codex_log),
    (lambda span: _is_event(span, *_LOGS_OF_GEMINI), _gemini_log),
)
