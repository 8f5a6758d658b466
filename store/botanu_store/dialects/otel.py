"""OpenTelemetry's conventions for generative AI, every version, and the many instrumentations that follow them with habits of their own.

https://opentelemetry.io/docs/specs/semconv/gen-ai/ ; versions and exceptions are listed in docs/integration/dialects.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botanu_store.dialects.base import Reading, Role, Tokens, attempt, first, inner, json_object, provider_usage, python_object, text, usd
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Category, Span

NAME = "otel"

CALLS: dict[str, Category] = {
    "chat": "llm",
    "text_completion": "llm",
    "completion": "llm",
    "generate_content": "llm",
    "responses": "llm",
    "llm_call": "llm",
    "message": "llm",
    "messages": "llm",
    "rerank": "llm",
    "image_generation": "llm",
    "image_edit": "llm",
    "speech_to_text": "llm",
    "text_to_speech": "llm",
    "moderation": "llm",
    "embeddings": "embedding",
    "embedding": "embedding",
}
"""Values of gen_ai.operation.name that are calls to a model."""

NOT_CALLS = frozenset(
    ("invoke_agent", "create_agent", "invoke_workflow", "agent_step", "plan", "retrieval", "fetch_response", "chain", "prompt", "workflow", "task")
)
"""Values that are something around calls."""

_REQUEST_TYPES: dict[str, Category] = {"chat": "llm", "completion": "llm", "rerank": "llm", "embedding": "embedding"}

EXCLUDES_CACHE = (
    "opentelemetry.instrumentation.botocore",
    "opentelemetry.instrumentation.genai.bedrock",
    "opentelemetry.instrumentation.bedrock",
    "openlit.instrumentation.anthropic",
    "openlit.instrumentation.bedrock",
)
"""Scopes whose input count leaves out what was read from or written to a cache."""

_INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
_OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
_CACHE_READ = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "botanu.usage.cache_read_tokens",
    "botanu.usage.cached_tokens",
    "gen_ai.usage.details.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cached_tokens",
)
_CACHE_WRITE = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "botanu.usage.cache_write_tokens",
    "gen_ai.usage.details.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
)
_CACHE_WRITE_1H = ("anthropic.usage.cache_creation.ephemeral_1h_input_tokens", "gen_ai.usage.details.ephemeral_1h_input_tokens")
_COST = (
    "gen_ai.usage.cost.amount",
    "gen_ai.usage.cost",
    "gen_ai.cost.total_cost",
    "operation.cost",
    "gen_ai.usage.cost_usd",
    "gen_ai.usage.cost.total",
    "llm.usage.cost",
)


def read(span: Span) -> Reading | None:
    """Read a span that speaks of a model call in `gen_ai.*`, or of tokens without saying what it is."""
    said = span.attributes
    operation = said.get("gen_ai.operation.name", "")
    tokens = counts(span)
    role = _role(span, operation, reported=tokens.said)
    if role is None:
        return None
    request, response = text(said, "gen_ai.request.model"), text(said, "gen_ai.response.model")
    return Reading(
        dialect=NAME,
        category=_category(said, operation),
        operation=operation[:64] or said.get("llm.request.type", "")[:64] or "chat",
        role=role,
        vendor=vendor(text(said, "gen_ai.provider.name", "gen_ai.system", "langsmith.metadata.ls_provider"), response or request),
        request_model=request,
        response_model=response,
        quantities=tokens.meters(),
        reported=tokens.said,
        response_id=text(said, "gen_ai.response.id"),
        request_id=text(said, "botanu.provider.request_id", "anthropic.request.id", "gen_ai.request.id", "request_id"),
        attempt=attempt(span, "botanu.request.attempt", "gen_ai.request.attempt"),
        emitter_usd=usd(said, *_COST),
    )


def _role(span: Span, operation: str, *, reported: bool) -> Role | None:
    said = span.attributes
    if said.get("logfire.span_type") == "log":
        return "late" if operation in CALLS else None
    if operation in CALLS or said.get("llm.request.type") in _REQUEST_TYPES:
        # A wrapper may call itself chat: what traceloop or langsmith say of the span's kind comes first.
        lying = said.get("traceloop.span.kind") or said.get("langsmith.span.kind", "llm") != "llm"
        return "wrapper" if lying and reported else None if lying else "call"
    if operation in NOT_CALLS or span.name in _AGENT_RUNS:
        return "wrapper" if reported else None
    if not reported or operation == "execute_tool":
        return None
    return "call"


# pydantic-ai before 1.0 puts its agent's total on a span of this name, without an operation.
_AGENT_RUNS = frozenset(("agent run", "invoke_agent"))


def _category(said: Mapping[str, str], operation: str) -> Category:
    return CALLS.get(operation) or _REQUEST_TYPES.get(said.get("llm.request.type", ""), "llm")


def counts(span: Span) -> Tokens:
    """Return the tokens that a span carries in `gen_ai.usage.*`, one alias of each."""
    said = span.attributes
    tokens = Tokens(
        input=first(said, _INPUT),
        output=first(said, _OUTPUT),
        cache_read=first(said, _CACHE_READ) or 0,
        cache_write=first(said, _CACHE_WRITE) or 0,
        cache_write_1h=first(said, _CACHE_WRITE_1H) or 0,
        input_audio=first(said, ("gen_ai.usage.audio.input_tokens",)) or 0,
        output_audio=first(said, ("gen_ai.usage.audio.output_tokens",)) or 0,
        input_image=first(said, ("gen_ai.usage.image.input_tokens",)) or 0,
        output_image=first(said, ("gen_ai.usage.image.output_tokens",)) or 0,
        excludes_cache=span.scope.startswith(EXCLUDES_CACHE),
    )
    if tokens.said and not tokens.cache_read and not tokens.cache_write:
        _add_details(span, tokens)
    return tokens


def _add_details(span: Span, tokens: Tokens) -> None:
    """Cached tokens that some emitters keep only inside an object: the provider's own usage, or a framework's."""
    said = span.attributes
    raw = json_object(said.get("gen_ai.usage.raw")) or json_object(said.get("langsmith.metadata.usage_metadata"))
    raw = raw or python_object(said.get("metadata.usage_object"))
    found = provider_usage(raw or {"input_token_details": python_object(said.get("gen_ai.usage.input_token_details"))})
    tokens.cache_read, tokens.cache_write, tokens.cache_write_1h = found.cache_read, found.cache_write, found.cache_write_1h
    tokens.input_audio = tokens.input_audio or found.input_audio
    tokens.output_audio = tokens.output_audio or found.output_audio
    _add_thoughts(span, tokens)


def _add_thoughts(span: Span, tokens: Tokens) -> None:
    """Google's thoughts are billed as output; ADK 1.x and OpenLLMetry leave them out of it and only the total gives them away."""
    usage = inner(json_object(span.attributes.get("gcp.vertex.agent.llm_response")).get("usage_metadata"))
    if usage:
        tokens.cache_read = tokens.cache_read or first(usage, ("cached_content_token_count",)) or 0
    if not span.scope.startswith(_THOUGHTS_APART):
        return
    total = first(usage, ("total_token_count",)) or first(span.attributes, ("gen_ai.usage.total_tokens", "llm.usage.total_tokens"))
    missing = (total or 0) - (tokens.input or 0) - (tokens.output or 0)
    if missing > 0:
        tokens.output = (tokens.output or 0) + missing


_THOUGHTS_APART = ("gcp.vertex.agent", "opentelemetry.instrumentation.google_generativeai", "opentelemetry.instrumentation.vertexai")

KEYS = (
    "gen_ai.operation.name",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.output_tokens",
    "llm.request.type",
)
SCOPES: tuple[str, ...] = ()


def describe() -> dict[str, Any]:
    """Say for the documentation what this dialect reads."""
    return {"calls": sorted(CALLS), "input": _INPUT, "output": _OUTPUT, "cache_read": _CACHE_READ, "cache_write": _CACHE_WRITE, "cost": _COST}
