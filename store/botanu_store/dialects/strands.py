"""Strands Agents: every count under two names, and agent spans whose totals grow over the agent's whole life."""

from __future__ import annotations

from botanu_store.dialects import genai
from botanu_store.dialects.reading import Dialect, Reading
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a model call, a tool, or an agent's running total."""
    found = genai.call(span, DIALECT.name, includes_cache=not _passes_on_anthropics(span.attributes))
    if found is not None and found.role == "wrapper":
        found.role = "running total"
    return found


def _passes_on_anthropics(said: genai.Attributes) -> bool:
    """Whether a span has what Anthropic's own client said, whose total leaves the cached tokens out too.

    models/anthropic.py, `format_chunk`, from 1.46 to 1.57; since 1.54 telemetry/tracer.py has the cached ones by their new names as well.
    """
    return _NEW_NAME not in said and said.get("gen_ai.request.model", "").startswith("claude")


_NEW_NAME = "gen_ai.usage.cache_read.input_tokens"


DIALECT = Dialect(
    name="strands",
    title="Strands Agents 0.2 to 1.62",
    marker="`gen_ai.operation.name`=chat; invoke_agent repeats, and adds up over the agent's life",
    counts="Input includes the cache; before 1.54 it excludes the cached tokens of Bedrock and Anthropic, and the first versions lose them.",
    read=read,
    keys=genai.KEYS,
    scopes=("strands.telemetry",),
    own_traces=True,
)
