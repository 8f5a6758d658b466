"""Pydantic AI: the conventions, the cache's parts among `gen_ai.usage.details.*`, and before 1.0 an agent span that repeats."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import maker
from botanu_store.records import Span

_DETAILS = "gen_ai.usage.details."


def read(span: Span) -> Reading | None:
    """Read a model request, a tool, or an agent run of an old version."""
    said = span.attributes
    found = genai.call(span, DIALECT.name, _tokens(said))
    if found is not None and found.category == "llm":
        if said.get("gen_ai.provider.name") == "google":
            found.vendor = "gcp.gemini"  # Since 2.0; Vertex AI is google-cloud there.
        elif found.vendor.startswith("fallback:"):
            found.vendor = maker(found.model)  # Of a stream it names all that it might have asked.
        if "gen_ai.operation.name" not in said:
            found.role = "wrapper"
            found.model = found.model or said.get("model_name", "")
    return found


def _tokens(said: genai.Attributes) -> Tokens:
    used = genai.tokens(said)
    if not used:
        # Version 1.2 may say Anthropic's usage in Anthropic's own words alone: usage.py, `extract`, which swallows what goes wrong in it.
        used.input, used.output = (count(said.get(f"{_DETAILS}{side}_tokens")) for side in ("input", "output"))
        used.includes_cache = False
    used.cache_read = used.cache_read or genai.first(
        said,
        f"{_DETAILS}cache_read_tokens",
        f"{_DETAILS}cache_read_input_tokens",
        f"{_DETAILS}cached_tokens",
        f"{_DETAILS}cached_content_tokens",  # Gemini's
    )
    used.cache_write = used.cache_write or genai.first(
        said, f"{_DETAILS}cache_write_tokens", f"{_DETAILS}cache_creation_input_tokens"
    )
    used.cache_write_1h = count(said.get(f"{_DETAILS}ephemeral_1h_input_tokens"))
    return used


DIALECT = Dialect(
    name="pydantic-ai",
    title="Pydantic AI 0.4 to 2.68",
    marker="`gen_ai.operation.name`=chat; before 1.0 `agent run` repeats the calls inside",
    counts="Input includes the cache. Version 0.4 counts Anthropic's streams twice, which nobody can undo.",
    read=read,
    keys=genai.KEYS,
    scopes=("pydantic-ai",),
)
