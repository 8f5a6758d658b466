"""Mastra's OpenTelemetry exporter: the conventions, and in its first versions the counts and names of the AI SDK 5 under it."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.vendors import COUNT_CACHE_APART, vendor
from botanu_store.records import Span

_CACHED = "gen_ai.usage.cached_input_tokens"


def read(span: Span) -> Reading | None:
    """Read a span by the conventions; AI SDK 5 passed on Anthropic's own input, which excludes the cached tokens."""
    said = span.attributes
    used = genai.tokens(said)
    used.cache_write_1h = count(said.get("gen_ai.usage.cache_creation.1h_input_tokens"))
    if _CACHED in said:
        used.cache_read = count(said[_CACHED])
        used.includes_cache = vendor(said.get("gen_ai.system")) not in COUNT_CACHE_APART
    return genai.call(span, DIALECT.name, used)


DIALECT = Dialect(
    name="mastra",
    title="Mastra's OpenTelemetry exporter 0.3 and 1.4, and its exporter to Langfuse",
    marker="`gen_ai.operation.name`=chat; in 0.3 one span for all steps of an answer",
    counts="Input includes the cache, except Anthropic's in 0.3.",
    read=read,
    keys=genai.KEYS,
    scopes=("@mastra/",),
)
