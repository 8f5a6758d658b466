"""Semantic Kernel, the Microsoft Agent Framework and the Azure AI packages: the conventions, with their own name on the agent's span."""

from __future__ import annotations

from botanu_store.dialects import genai
from botanu_store.dialects.reading import Dialect, Reading
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a span by the conventions; a thread run of azure-ai-agents repeats its steps."""
    found = genai.call(span, DIALECT.name)
    if found is not None and span.attributes.get("gen_ai.operation.name") in _RUNS:
        found.role = "wrapper"
    return found


# azure-ai-agents, `_ai_agents_instrumentor.py`: thread runs and their steps both carry usage.
_RUNS = frozenset(("process_thread_run", "start_thread_run", "thread_run"))

DIALECT = Dialect(
    name="microsoft",
    title="Semantic Kernel 1.45, Microsoft Agent Framework 1.23, azure-ai-inference 1.0b9, azure-ai-projects 2.10",
    marker="`gen_ai.operation.name`",
    counts="Input includes the cache; Semantic Kernel loses which part was cached. invoke_agent repeats the calls inside.",
    read=read,
    keys=genai.KEYS,
    scopes=("semantic_kernel", "agent_framework", "azure."),
)
