"""OpenLIT: the conventions, Anthropic's counts as Anthropic gives them, its own cost on every call."""

from __future__ import annotations

from botanu_store.dialects import genai
from botanu_store.dialects.reading import Dialect, Reading
from botanu_store.records import Span

_EXCLUDE = ("openlit.instrumentation.anthropic", "openlit.instrumentation.bedrock")
_THOUGHTS_APART = "openlit.instrumentation.google_ai_studio"


def read(span: Span) -> Reading | None:
    """Read a call; `gen_ai.client.token.usage` is its total under another name."""
    used = genai.tokens(span.attributes, includes_cache=not span.scope.startswith(_EXCLUDE))
    if span.scope.startswith(_THOUGHTS_APART) and used.kinds:
        used.output += used.kinds["reasoning_tokens"]
    return genai.call(span, DIALECT.name, used)


DIALECT = Dialect(
    name="openlit",
    title="OpenLIT 1.45",
    marker="`gen_ai.operation.name`; invoke_workflow repeats the last call",
    counts="Input includes the cache for OpenAI, EXCLUDES it for Anthropic. Gemini's thoughts are beside the output. It makes up numbers for streams without usage.",
    read=read,
    keys=genai.KEYS,
    scopes=("openlit.",),
)
