"""OpenInference (Arize Phoenix), every version: `openinference.span.kind` and `llm.token_count.*`.

https://github.com/Arize-ai/openinference/tree/main/spec
"""

from __future__ import annotations

from collections.abc import Mapping

from botanu_store.dialects.base import Reading, Role, Tokens, first, text, usd
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Category, Span

NAME = "openinference"
KEYS = ("openinference.span.kind",)
SCOPES: tuple[str, ...] = ()

_CALLS: dict[str, Category] = {"LLM": "llm", "EMBEDDING": "embedding", "RERANKER": "llm"}
_COUNT = "llm.token_count."


def read(span: Span) -> Reading | None:
    """Read a span with an OpenInference kind: a call, a tool, or an agent or chain that repeats its calls' tokens."""
    said = span.attributes
    kind = said.get("openinference.span.kind", "").upper()
    if kind == "TOOL":
        return Reading(NAME, "tool", "execute_tool", response_model=text(said, "tool.name") or span.name[:256])
    tokens = _tokens(said)
    role: Role = "call" if kind in _CALLS else "wrapper"
    if role == "wrapper" and not tokens.said:
        return None
    request, response = text(said, "llm.request.model_name"), text(said, "llm.response.model_name", "llm.model_name", "embedding.model_name", "reranker.model_name")
    category = _CALLS.get(kind, "llm")
    return Reading(
        dialect=NAME,
        category=category,
        operation="embeddings" if category == "embedding" else "rerank" if kind == "RERANKER" else "chat",
        role=role,
        vendor=vendor(text(said, "llm.provider", "llm.system"), response or request),
        request_model=request or response,
        response_model=response,
        quantities=tokens.meters(),
        reported=tokens.said,
        free="count_tokens" in span.name,
        response_id=text(said, "gen_ai.response.id"),
        emitter_usd=usd(said, "llm.cost.total"),
    )


def _tokens(said: Mapping[str, str]) -> Tokens:
    read_, write = first(said, (_COUNT + "prompt_details.cache_read", _COUNT + "prompt_details.cache_input")), first(said, (_COUNT + "prompt_details.cache_write",))
    return Tokens(
        input=first(said, (_COUNT + "prompt",)),
        output=first(said, (_COUNT + "completion",)),
        cache_read=read_ or 0,
        cache_write=write or 0,
        input_audio=first(said, (_COUNT + "prompt_details.audio",)) or 0,
        output_audio=first(said, (_COUNT + "completion_details.audio",)) or 0,
    )
