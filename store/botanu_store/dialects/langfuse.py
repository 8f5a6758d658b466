"""The Langfuse SDK: usage as JSON, either the vendor's own or Langfuse's disjoint buckets."""

from __future__ import annotations

import orjson

from botanu_store.dialects.numbers import Document, count, document, usd
from botanu_store.dialects.reading import Dialect, Reading, model_call, operation
from botanu_store.dialects.usage import Tokens, vendor_tokens
from botanu_store.dialects.vendors import vendor
from botanu_store.records import Span

_O = "langfuse.observation."


def read(span: Span) -> Reading | None:
    """Read a generation, an embedding or a tool."""
    said = span.attributes
    kind = said.get(f"{_O}type", "")
    if kind == "tool":
        return operation(DIALECT.name, "tool", "execute_tool", "", {}, span.name)
    usage = document(said.get(f"{_O}usage_details"))
    if kind not in ("generation", "embedding"):
        return None
    model = said.get(f"{_O}model.name", "")
    found = model_call(
        span, DIALECT.name, _tokens(usage), operation="embeddings" if kind == "embedding" else "chat",
        vendor=vendor("", model), model=model,
    )  # fmt: skip
    found.response_id = _unquoted(said.get(f"{_O}metadata.id", ""))
    found.emitter_usd = usd(document(said.get(f"{_O}cost_details")).get("total"))
    # Its OpenAI wrapper and its LangChain handler share a scope and report the same call, each in its own shape.
    found.variant = "wrapper" if span.name.startswith("OpenAI-") or _is_raw(usage) else "handler"
    return found


def _is_raw(usage: Document) -> bool:
    return any(key.endswith("_tokens") and not key.startswith("cache_") for key in usage)


def _tokens(usage: Document) -> Tokens:
    """Sum the buckets of each side: `input`, `input_cache_read`, `output`, `output_reasoning` and the like exclude each other.

    https://langfuse.com/docs/observability/features/token-and-cost-tracking
    """
    if _is_raw(usage):
        return vendor_tokens(usage)
    used = Tokens(includes_cache=False)
    for name, value in usage.items():
        share = next((share for part, share in _BUCKETS if part in name), None)
        if share is not None:
            setattr(used, share, getattr(used, share) + count(value))
    # Audio and the writes of an hour are parts of what `Tokens` counts as a whole.
    used.input += used.input_audio
    used.output += used.output_audio
    used.cache_write += used.cache_write_1h
    return used


_BUCKETS = (
    ("output_audio", "output_audio"),
    ("output", "output"),
    ("1h", "cache_write_1h"),
    ("cache_read", "cache_read"),
    ("cached", "cache_read"),
    ("cache_creation", "cache_write"),
    ("cache_write", "cache_write"),
    ("ephemeral", "cache_write"),
    ("input_audio", "input_audio"),
    ("input", "input"),
)
"""Parts of a bucket's name and what it counts, the first that fits."""


def _unquoted(text: str) -> str:
    try:
        word = orjson.loads(text) if text.startswith('"') else text
    except orjson.JSONDecodeError:
        return ""
    return word if isinstance(word, str) else ""


DIALECT = Dialect(
    name="langfuse",
    title="Langfuse SDK 3 to 5",
    marker="`langfuse.observation.type` = generation, embedding; tool for tools",
    counts="JSON of `usage_details`: the vendor's own usage, or buckets that exclude each other (input without cache, output without reasoning).",
    read=read,
    keys=(f"{_O}type",),
)
