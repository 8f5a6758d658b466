"""The Langfuse SDK: usage as JSON, either the vendor's own or Langfuse's disjoint buckets."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import Document, count, document, unquoted, usd
from botanu_store.dialects.common.reading import Dialect, Reading, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens, vendor_tokens
from botanu_store.dialects.common.vendors import COUNT_CACHE_APART, GEMINI, maker, vendor
from botanu_store.records import Span

_O = "langfuse.observation."
_CALLS = {"generation": "chat", "embedding": "embeddings"}
_OTHERS = frozenset((*genai.KEYS, "ai.operationId", "openinference.span.kind"))


def read(span: Span) -> Reading | None:
    """Read a generation, an embedding or a tool; a program may give such a type to a span of any instrumentation, which is read as that one's."""
    said = span.attributes
    kind = said.get(f"{_O}type", "")
    if kind == "tool":
        return tool_call(DIALECT.name, span.name)
    usage = document(said.get(f"{_O}usage_details"))
    if kind not in _CALLS or (not usage and not said.keys().isdisjoint(_OTHERS)):
        return None
    asked = said.get("gen_ai.request.model", "")
    model = said.get(f"{_O}model.name") or said.get("gen_ai.response.model") or asked
    seller = vendor(said.get("gen_ai.provider.name") or said.get("gen_ai.system"), model)
    instrumentation = _instrumentation(span)
    apart = instrumentation == "langchain" or seller in COUNT_CACHE_APART
    used = _tokens(usage, apart=apart, by_total=instrumentation == "langchain" and seller == "aws.bedrock")
    if instrumentation == "langchain" and maker(model) == GEMINI:
        used.add_thoughts(count(usage.get("total")))
    found = model_call(
        span, DIALECT.name, used, operation=_CALLS[kind],
        vendor=seller, model=model, request_model=asked,
    )  # fmt: skip
    if found.usage == "none" and said.get(f"{_O}level") == "ERROR":
        found.usage, found.quantities = "free", {}
    found.response_id = unquoted(said.get(f"{_O}metadata.id", ""))
    found.emitter_usd = usd(document(said.get(f"{_O}cost_details")).get("total"))
    found.variant = instrumentation
    return found


def _instrumentation(span: Span) -> str:
    """Which of its instrumentations made the span: they share a scope, and may both report the same call."""
    if span.name.startswith(("OpenAI-", "OpenAI.")):
        return "openai"
    return "langchain" if f"{_O}metadata.ls_model_type" in span.attributes else ""


def _tokens(usage: Document, *, apart: bool, by_total: bool) -> Tokens:
    """Read the vendor's own usage, or buckets: `input`, `input_cache_read`, `output`, `output_reasoning` and the like exclude each other.

    `apart` says that a cache count by a vendor's name beside `input` is no part of it: so counts Anthropic, and so does the handler.
    `by_total` says that the handler may have taken the cached tokens off an input that did not hold them: LangChain's of Bedrock before 1.5.

    https://langfuse.com/docs/observability/features/token-and-cost-tracking; `_parse_usage_model` of its LangChain handler.
    """
    if "prompt_tokens" in usage or "input_tokens" in usage:
        return vendor_tokens(usage)
    sums: dict[str, int] = dict.fromkeys(
        ("input", "input_audio", "output", "output_audio", "reasoning", "read", "written", "5m", "1h"), 0
    )
    for name, value in usage.items():
        bucket = next((bucket for part, bucket in _BUCKETS if part in name), None)
        if bucket is not None:
            sums[bucket] += count(value)
    if by_total or (sums["written"] and sums["5m"] + sums["1h"]):
        # The handler takes both off the input, down to 0; the total knows better.
        output = sums["output"] + sums["output_audio"] + sums["reasoning"]
        rest = count(usage.get("total")) - output - sums["read"] - sums["written"] - sums["input_audio"]
        sums["input"] = max(sums["input"], rest)
    return Tokens(
        sums["input"] + sums["input_audio"],
        sums["output"] + sums["output_audio"] + sums["reasoning"],
        sums["read"],
        # For Anthropic the handler gives the writes as a whole and by how long they stay, for others either.
        max(sums["written"], sums["5m"] + sums["1h"]),
        sums["1h"],
        # Whoever else writes a vendor's name beside `input` means a part of it.
        includes_cache=not apart and not any(name.startswith("input_") and "cache" in name for name in usage),
        kinds={
            "input_audio_tokens": sums["input_audio"],
            "output_audio_tokens": sums["output_audio"],
            "reasoning_tokens": sums["reasoning"],
        },
    )


_BUCKETS: tuple[tuple[str, str | None], ...] = (
    ("priority", None),  # repeats the others
    ("output_audio", "output_audio"),
    ("reasoning", "reasoning"),
    ("output", "output"),
    ("ephemeral_1h", "1h"),
    ("ephemeral_5m", "5m"),
    ("cache_read", "read"),
    ("cached", "read"),
    ("cache_creation", "written"),
    ("cache_write", "written"),
    ("input_audio", "input_audio"),
    ("input", "input"),
)
"""Parts of a bucket's name and what it counts, the first that fits."""


DIALECT = Dialect(
    name="langfuse",
    title="Langfuse SDK 3 to 5",
    marker="`langfuse.observation.type` = generation, embedding; tool for tools",
    counts="JSON of `usage_details`: the vendor's own usage, or buckets that exclude each other (input without cache, output without reasoning).",
    read=read,
    keys=(f"{_O}type",),
    of_run={
        "user_id": ("langfuse.user.id",),
        "session_id": ("langfuse.session.id",),
        "tenant": ("langfuse.trace.metadata.tenant",),
    },
    shared_scope=True,
    decides=False,
)
