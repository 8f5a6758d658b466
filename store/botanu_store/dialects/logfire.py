"""Logfire's OpenAI and Anthropic clients: the vendor's usage as JSON, and for streams a span of its own, made when the stream is over."""

from __future__ import annotations

from botanu_store.dialects import genai
from botanu_store.dialects.numbers import document, usd
from botanu_store.dialects.reading import Dialect, Reading
from botanu_store.dialects.usage import Tokens, vendor_tokens
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a call, or the usage of a stream that has ended."""
    said = span.attributes
    if "gen_ai.operation.name" not in said:
        # Any other request to the API, of which only the counting of tokens is known.
        return (
            genai.reading(span, DIALECT.name, Tokens(), "count_tokens")
            if said.get("url", "").endswith("/count_tokens")
            else None
        )
    found = genai.call(span, DIALECT.name, _tokens(said))
    if found is not None:
        found.emitter_usd = usd(said.get("operation.cost"))
        if said.get("logfire.span_type") == "log":
            found.role = "usage"
    return found


def _tokens(said: genai.Attributes) -> Tokens:
    """The totals include the cache; its parts are only in the vendor's own usage."""
    used = genai.tokens(said)
    if used and "gen_ai.usage.raw" in said:
        raw = vendor_tokens(document(said["gen_ai.usage.raw"]))
        raw.input, raw.output, raw.includes_cache = used.input, used.output, True
        return raw
    return used


DIALECT = Dialect(
    name="logfire",
    title="Logfire 5.2 clients (logfire.instrument_openai, instrument_anthropic)",
    marker="`gen_ai.operation.name`; a stream's usage is on a later span with `logfire.span_type`=log",
    counts="Input includes the cache; the parts are in the JSON of `gen_ai.usage.raw`.",
    read=read,
    keys=genai.KEYS,
    scopes=("logfire.openai", "logfire.anthropic", "logfire.google"),
)
