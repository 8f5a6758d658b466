"""Semantic Kernel, the Microsoft Agent Framework and the Azure AI packages: the conventions, with their own name on the agent's span."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.reading import Dialect, Reading
from botanu_store.dialects.common.vendors import COUNT_CACHE_APART, vendor
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a span by the conventions; whatever asks azure-ai-agents for a run that has ended is told its usage, again each time."""
    apart = (
        span.scope.startswith(_PASSES_ON) and vendor(span.attributes.get("gen_ai.provider.name")) in COUNT_CACHE_APART
    )
    found = genai.call(span, DIALECT.name, includes_cache=not apart)
    if found is not None and found.operation in _RUNS and _RUN_ID in span.attributes:
        found.role, found.response_id = "call", span.attributes[_RUN_ID]
        found.variant = span.span_id  # Each may be the same call as any other.
    elif found is not None and found.role == "wrapper" and _adds_up(span.attributes):
        found.role = "repeat"
    return found


def _adds_up(said: genai.Attributes) -> bool:
    """Whether an agent of the Agent Framework has its usage from the spans of its client's calls: then those have the response's id.

    agent_framework/observability.py from 1.0 on, `_apply_accumulated_usage`; before 1.3 those of a stream may be in other traces.
    """
    return said.get("gen_ai.provider.name") == "microsoft.agent_framework" and "gen_ai.response.id" not in said


_PASSES_ON = "agent_framework"
"""Hands on the vendor's own counts: agent_framework_anthropic/_chat_client.py, `_parse_usage_from_anthropic`, to 1.23 at least."""

# azure-ai-agents, `_ai_agents_instrumentor.py`, `set_end_run`; process_thread_run has these inside it.
_RUN_ID = "gen_ai.thread.run.id"
_RUNS = frozenset(("start_thread_run", "get_thread_run", "submit_tool_outputs"))

DIALECT = Dialect(
    name="microsoft",
    title="Semantic Kernel 1.30 to 1.45, Microsoft Agent Framework 1.0 to 1.23, azure-ai-inference 1.0b9, azure-ai-projects 2.10",
    marker="`gen_ai.operation.name`",
    counts="Input includes the cache, except for Anthropic in the Agent Framework; Semantic Kernel loses which part was cached. invoke_agent repeats the calls inside, or beside it, or in traces of their own.",
    read=read,
    keys=genai.KEYS,
    scopes=("semantic_kernel", "agent_framework", "azure"),
)
