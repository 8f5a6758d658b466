"""Strands Agents: every count under two names, and agent spans whose totals grow over the agent's whole life."""

from __future__ import annotations

from botanu_store.dialects import genai
from botanu_store.dialects.reading import Dialect, Reading
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a model call, a tool, or an agent's running total."""
    found = genai.call(span, DIALECT.name)
    if found is not None and found.role == "wrapper":
        found.role = "running total"
    return found


DIALECT = Dialect(
    name="strands",
    title="Strands Agents 0.2 to 1.62",
    marker="`gen_ai.operation.name`=chat; invoke_agent repeats, and adds up over the agent's life",
    counts="Input includes the cache; before 1.55 or so it excludes the cached tokens, and the first versions lose them.",
    read=read,
    keys=genai.KEYS,
    scopes=("strands.telemetry",),
    own_traces=True,
)
