"""Sentry for Node: spans of its own around the clients of vendors, by the conventions, which OpenTelemetry's processors get too (`openTelemetrySpanProcessors`)."""

from __future__ import annotations

import re

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import GEMINI, maker
from botanu_store.records import Span

_ORIGIN = "sentry.origin"
"""Which of its instrumentations made the span."""
_ANTHROPIC = "auto.ai.anthropic"
_LANGCHAINS = "gen_ai.usage.cache_read_input_tokens"
"""So spelled until 10.76.1 for LangChain alone, beside Anthropic's own input: `tracing/langchain/utils.js`, `addTokenUsageAttributes`."""
_THOUGHTS_APART = re.compile(r"10\.(\d|[1-6]\d|7[0-5]|76\.[01]$)(\.|$)")
"""Versions that leave Gemini's thoughts out of the output, as released on npm."""
_BEGINS_A_CHAT = " create"
"""How the names of spans end that only make a chat of Gemini's client, which asks for nothing: `chats.create`."""
_STREAM = "gen_ai.request.stream"


def read(span: Span) -> Reading | None:
    """Read a call by the conventions; nothing but what is missing tells the counting of Anthropic's tokens from a chat."""
    if span.name.endswith(_BEGINS_A_CHAT):
        return None
    found = genai.call(span, DIALECT.name, _tokens(span))
    if found is not None and found.usage == "none" and _is_of_no_answer(span.attributes):
        return genai.reading(span, DIALECT.name, Tokens(), "count_tokens")
    return found


def _is_of_no_answer(said: genai.Attributes) -> bool:
    """Whether Anthropic answered without a message: of each that is no stream, Sentry writes down the id."""
    return said.get(_ORIGIN) == _ANTHROPIC and _STREAM not in said and "gen_ai.response.id" not in said


def _tokens(span: Span) -> Tokens:
    said = span.attributes
    used = genai.tokens(said, includes_cache=_LANGCHAINS not in said)
    total = genai.first(said, "gen_ai.usage.total_tokens")
    if said.get(_ORIGIN) == _ANTHROPIC and not used.cache_read + used.cache_write:
        # Until 10.76.1 the cached tokens are in the total alone, and which of them were read nobody says.
        used.input = max(used.input, total - used.output)
    elif maker(said.get("gen_ai.request.model", "")) == GEMINI and not _THOUGHTS_APART.match(span.scope_version):
        # What the total holds beside an output with the thoughts is what tools put into the prompt.
        used.output = genai.first(said, "gen_ai.usage.output_tokens")
        used.input = max(genai.first(said, "gen_ai.usage.input_tokens"), total - used.output)
    return used


DIALECT = Dialect(
    name="sentry",
    title="Sentry for Node 10.20 to 10.78",
    marker="`gen_ai.operation.name`, scope of Sentry",
    counts="Input includes the cache; before 10.76.2 Anthropic's cached tokens are in the total alone, and beside the input through LangChain. Before that Gemini's thoughts are in the total alone, too.",
    read=read,
    keys=("gen_ai.operation.name",),
    scopes=("@sentry/",),
)
