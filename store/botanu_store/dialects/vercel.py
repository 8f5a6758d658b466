"""Vercel's AI SDK 4 to 6, and 7 in its legacy mode: `ai.operationId` and `ai.usage.*`.

https://github.com/vercel/ai, packages/otel. The newer mode of version 7 follows OpenTelemetry's conventions.
"""

from __future__ import annotations

from botanu_store.dialects.base import Reading, Role, Tokens, first, inner, json_object, provider_usage, text
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Span

NAME = "vercel"
KEYS = ("ai.operationId",)
SCOPES: tuple[str, ...] = ()

_INPUT = ("gen_ai.usage.input_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens")
_OUTPUT = ("gen_ai.usage.output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens")


def read(span: Span) -> Reading | None:
    """Read a span of the AI SDK: the inner one of each attempt is the call, the outer one repeats it."""
    said = span.attributes
    operation = said.get("ai.operationId", "")
    if operation == "ai.toolCall":
        return Reading(NAME, "tool", "execute_tool", response_model=text(said, "ai.toolCall.name"))
    tokens = _tokens(span)
    role: Role = "call" if ".do" in operation else "wrapper"
    if role == "wrapper" and not tokens.said:
        return None
    request, response = text(said, "gen_ai.request.model", "ai.model.id"), text(said, "gen_ai.response.model", "ai.response.model")
    return Reading(
        dialect=NAME,
        category="embedding" if "embed" in operation else "llm",
        operation="embeddings" if "embed" in operation else "chat",
        role=role,
        vendor=vendor(text(said, "gen_ai.system", "ai.model.provider"), response or request),
        request_model=request,
        response_model=response,
        quantities=tokens.meters(),
        reported=tokens.said,
        response_id=text(said, "gen_ai.response.id", "ai.response.id"),
    )


def _tokens(span: Span) -> Tokens:
    said = span.attributes
    tokens = Tokens(
        input=first(said, _INPUT),
        output=first(said, _OUTPUT),
        cache_read=first(said, ("ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens")) or 0,
        cache_write=first(said, ("ai.usage.inputTokenDetails.cacheWriteTokens",)) or 0,
    )
    anthropic = inner(inner(json_object(said.get("ai.response.providerMetadata")).get("anthropic")).get("usage"))
    if anthropic:
        billed = provider_usage(anthropic)
        tokens.cache_read, tokens.cache_write, tokens.cache_write_1h = billed.cache_read, billed.cache_write, billed.cache_write_1h
        # Version 5 passes Anthropic's own count on, which leaves the cached tokens out; version 7 adds them.
        tokens.excludes_cache = billed.input == tokens.input
    return tokens
