"""Langfuse's SDK, versions 3 to 5: `langfuse.observation.*`, usage as JSON in one of two shapes.

https://github.com/langfuse/langfuse-python, langfuse/_client/attributes.py
"""

from __future__ import annotations

from typing import Any

from botanu_store.dialects.base import Reading, Tokens, json_object, number, provider_usage, text, usd
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Span

NAME = "langfuse"
KEYS = ("langfuse.observation.type",)
SCOPES: tuple[str, ...] = ()


def read(span: Span) -> Reading | None:
    """Read an observation: a generation or an embedding is a call, a tool is a tool, anything else is around them."""
    said = span.attributes
    kind = said.get("langfuse.observation.type", "").lower()
    if kind == "tool":
        return Reading(NAME, "tool", "execute_tool", response_model=span.name[:256])
    if kind not in ("generation", "embedding"):
        return None
    model = text(said, "langfuse.observation.model.name")
    usage = json_object(said.get("langfuse.observation.usage_details"))
    tokens = _tokens(usage)
    return Reading(
        dialect=NAME,
        category="embedding" if kind == "embedding" else "llm",
        operation="embeddings" if kind == "embedding" else "chat",
        vendor=vendor("", model),
        request_model=model,
        response_model=model,
        quantities=tokens.meters(),
        reported=tokens.said,
        response_id=text(said, "langfuse.observation.metadata.id", "langfuse.observation.metadata.response_id"),
        emitter_usd=usd(json_object(said.get("langfuse.observation.cost_details")), "total"),
    )


def _tokens(usage: dict[str, Any]) -> Tokens:
    if "prompt_tokens" in usage or "input_tokens" in usage:
        return provider_usage(usage)
    # Disjoint buckets: everything that begins so is a part of the sum.
    said = {key: count for key, value in usage.items() if (count := number(value)) is not None}
    if "input" not in said and "output" not in said:
        return Tokens()
    created = {key: count for key, count in said.items() if key.startswith(("input_cache_creation", "input_cache_write"))}
    return Tokens(
        input=sum(count for key, count in said.items() if key == "input" or (key.startswith("input_") and "cache" not in key)),
        output=sum(count for key, count in said.items() if key == "output" or key.startswith("output_")),
        cache_read=said.get("input_cache_read", 0) or said.get("input_cached_tokens", 0) or said.get("cache_read_input_tokens", 0),
        cache_write=sum(created.values()) or said.get("cache_creation_input_tokens", 0),
        cache_write_1h=sum(count for key, count in created.items() if key.endswith(("1h", "1h_input_tokens"))),
        input_audio=said.get("input_audio", 0) or said.get("input_audio_tokens", 0),
        output_audio=said.get("output_audio", 0) or said.get("output_audio_tokens", 0),
        excludes_cache=True,
    )
