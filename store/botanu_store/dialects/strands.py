"""Strands Agents: every count under two names, and agent spans whose totals grow over the agent's whole life."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.vendors import maker
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a model call, a tool, or an agent's running total."""
    typescript = not span.scope.startswith(_PYTHON)
    used = genai.tokens(span.attributes, includes_cache=not _passes_on_anthropics(span.attributes, typescript))
    if typescript and not used.cache_read + used.cache_write:
        # Of Bedrock's answers outside streams what was cached is in the total alone.
        used.input = max(used.input, count(span.attributes.get("gen_ai.usage.total_tokens")) - used.output)
    found = genai.call(span, DIALECT.name, used)
    if found is not None and found.role == "wrapper":
        found.role = "running total"
    if found is not None and typescript and found.category == "llm":
        # What it names as the vendor is the program's own name (OTEL_SERVICE_NAME), as is its scope.
        found.vendor = maker(found.model)
    return found


def _passes_on_anthropics(said: genai.Attributes, typescript: bool) -> bool:
    """Whether a span has what Anthropic's own client said, whose total leaves the cached tokens out too.

    models/anthropic.py, `format_chunk`, from 1.46 to 1.57; since 1.54 telemetry/tracer.py has the cached ones by their new names as well.
    In TypeScript it does so still: models/anthropic.ts.
    """
    theirs = typescript or said.keys().isdisjoint(_NEW_NAMES)
    return theirs and said.get("gen_ai.request.model", "").startswith("claude")


_NEW_NAMES = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens")
"""Each is there only if something was read, or written."""
_PYTHON = "strands.telemetry"
_BEGAN = "gen_ai.event.start_time"
"""What all of its spans have, and no other's."""


DIALECT = Dialect(
    name="strands",
    title="Strands Agents 0.2 to 1.62, and 1.0 to 1.19 in TypeScript",
    marker="`gen_ai.operation.name`=chat beside `gen_ai.event.start_time`, or its scope; invoke_agent repeats, and adds up over the agent's life",
    counts="Input includes the cache; before 1.54 and in TypeScript it excludes the cached tokens of Bedrock and Anthropic, and the first versions lose them.",
    read=read,
    keys=(_BEGAN,),
    scopes=(_PYTHON,),
    either=True,
    own_traces=True,
)
