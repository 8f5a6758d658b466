"""Logfire's OpenAI and Anthropic clients: the vendor's usage as JSON, and for streams a span of its own, made when the stream is over."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import Document, document, inside, word
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.usage import Tokens, vendor_tokens
from botanu_store.dialects.common.vendors import by_litellm, vendor
from botanu_store.records import Span

_TEMPLATES = {
    "Chat Completion with": "chat",
    "Chat completion with": "chat",  # of OpenAI's agents
    "Message with": "chat",
    "streaming response from": "chat",
    "Responses API with": "responses",
    "Completion with": "text_completion",
    "Embedding Creation with": "embeddings",
    "Image Generation with": "image_generation",
}
"""How the message templates of calls began before Logfire wrote `gen_ai.operation.name`."""


_AGENTS = "logfire.openai_agents"
"""Names OpenAI as the vendor of whatever model LiteLLM asks."""


def read(span: Span) -> Reading | None:
    """Read a call, or the usage of a stream that has ended."""
    said = span.attributes
    if "gen_ai.operation.name" in said:
        found = genai.call(span, DIALECT.name, _tokens(said))
        if found is not None:
            found.response_id = found.response_id or said.get("response_id", "")  # of OpenAI's agents
    elif said.get("url", "").endswith("/count_tokens"):
        # Any other request to the API, of which only the counting of tokens is known.
        return genai.reading(span, DIALECT.name, Tokens(), "count_tokens")
    else:
        found = _early(span)
    if found is not None and span.scope == _AGENTS:
        found.vendor = by_litellm(found.model) or found.vendor
    if found is not None and said.get("logfire.span_type") == "log":
        found.role = "usage"
        if found.usage == "free":
            # Of a stream that was broken off: it had begun, and is billed.
            found.usage, found.quantities = "none", {"requests": 1}
    return found


def _early(span: Span) -> Reading | None:
    """Read a span of a Logfire before version 5: what kind of call it is, only its message template says."""
    said = span.attributes
    template = said.get("logfire.msg_template", "")
    name = next((name for beginning, name in _TEMPLATES.items() if template.startswith(beginning)), None)
    used = vendor_tokens(_usage(said)) or genai.tokens(said)
    if name is None or (said.get("logfire.span_type") == "log" and not used):
        return None
    found = genai.reading(span, DIALECT.name, used, name)
    found.request_model = found.request_model or word(document(said.get("request_data")).get("model"))
    found.model = found.model or found.request_model
    found.vendor = found.vendor or vendor(span.scope.rpartition(".")[2])
    return found


def _tokens(said: genai.Attributes) -> Tokens:
    """The totals include the cache; its parts are only in the vendor's own usage."""
    used = genai.tokens(said)
    usage = _usage(said) if used else {}
    if usage:
        raw = vendor_tokens(usage)
        raw.input, raw.output, raw.includes_cache = used.input, used.output, True
        return raw
    return used


def _usage(said: genai.Attributes) -> Document:
    """The vendor's own usage: since version 5 as such, before that in the client's answer, and of OpenAI's agents by itself."""
    whole = document(said.get("gen_ai.usage.raw")) or document(said.get("usage"))
    return whole or inside(document(said.get("response_data")).get("usage"))


DIALECT = Dialect(
    name="logfire",
    title="Logfire 3 to 5 clients (logfire.instrument_openai, instrument_openai_agents, instrument_anthropic)",
    marker="`gen_ai.operation.name`, before that `logfire.msg_template`; a stream's usage is on a later span with `logfire.span_type`=log",
    counts="Input includes the cache; the parts are in the JSON of `gen_ai.usage.raw`, of `response_data`, or of `usage`.",
    read=read,
    keys=(*genai.KEYS, "request_data"),
    scopes=("logfire.openai", "logfire.anthropic", "logfire.google"),
)
