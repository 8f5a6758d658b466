"""Traceloop (OpenLLMetry): `llm.request.type` in its old versions, the conventions in its new ones, and spans for workflows and tasks."""

from __future__ import annotations

import re

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading, Role
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import GEMINI, vendor
from botanu_store.records import Span

_TYPES = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings", "rerank": "rerank"}


def read(span: Span) -> Reading | None:
    """Read a request, a tool, or a workflow that carries usage."""
    said = span.attributes
    kind = said.get("traceloop.span.kind", "")
    if kind == "tool":
        return _tool(span)
    used = _tokens(span)
    name = _TYPES.get(said.get("llm.request.type", "")) or genai.CALLS.get(
        said.get("gen_ai.operation.name", "").lower()
    )
    if name is None and _CREWAI_LLM in said:
        return _names(genai.reading(span, DIALECT.name, used, "chat"), said)
    if not used and (name is None or kind):
        return genai.tool(span, DIALECT.name) if said.get("gen_ai.operation.name") in genai.TOOLS else None
    role: Role = "wrapper" if kind or (name is None and "gen_ai.operation.name" in said) else "call"
    found = _names(genai.reading(span, DIALECT.name, used, name or "chat", role), said)
    if role == "wrapper" and span.scope.startswith(_CREWAI):
        found.role, found.series = "running total", said.get("crewai.agent.id", "")
    found.guessed = span.scope == _ANTHROPIC and bool(_COUNTS_WORDS.match(span.scope_version))
    return found


def _names(found: Reading, said: genai.Attributes) -> Reading:
    """Add the names as they were before 0.17, when none was of the conventions, and longer for CrewAI; LangChain.js's say "unknown"."""
    if found.model == "unknown":
        found.model = found.request_model = ""
    found.request_model = found.request_model or said.get("llm.request.model") or said.get(_CREWAI_LLM, "")
    found.model = found.model or said.get("llm.response.model") or found.request_model
    found.vendor = found.vendor or vendor(said.get("llm.vendor"), found.model)
    return found


def _tool(span: Span) -> Reading:
    found = genai.tool(span, DIALECT.name)
    found.model = span.attributes.get("gen_ai.tool.name") or span.attributes.get("traceloop.entity.name") or found.model
    return found


def _tokens(span: Span) -> Tokens:
    """Read its counts; its Google instrumentations leave the thoughts out of the output, but not out of the total."""
    said = span.attributes
    used = genai.tokens(said)
    if not used:
        used.input, used.output = (
            count(said.get("llm.usage.prompt_tokens")),
            count(said.get("llm.usage.completion_tokens")),
        )
    if span.scope.startswith(_AS_THEY_ARE) and vendor(said.get("gen_ai.provider.name")) == "anthropic":
        used.includes_cache = False
    elif span.scope == _LANGCHAIN_IN_PYTHON and _BEFORE_LANGCHAIN_AWS_1_5.match(span.scope_version):
        used.includes_cache = vendor(said.get("gen_ai.provider.name") or said.get("gen_ai.system")) != "aws.bedrock"
    if span.scope.startswith(_GOOGLE) or (span.scope == _LANGCHAIN and said.get("gen_ai.provider.name") == GEMINI):
        used.add_thoughts(genai.first(said, "gen_ai.usage.total_tokens", "llm.usage.total_tokens"))
    elif not used.input and not used.output:
        # Old embeddings say the total alone.
        used.input = count(said.get("llm.usage.total_tokens"))
    return used


_CREWAI = "opentelemetry.instrumentation.crewai"
"""Writes on each of an agent's tasks what that agent has used so far: `wrap_agent_execute_task`."""
_GIVEN = "traceloop.association.properties."
"""What the program says by `Traceloop.set_association_properties`."""
_CREWAI_LLM = "crewai.llm.model"
"""All that its early versions said of a call was this: the model."""
_ANTHROPIC = "opentelemetry.instrumentation.anthropic"
_COUNTS_WORDS = re.compile(r"0\.([0-9]|[12][0-9]|3[0-2])\.")
"""Versions that counted the text themselves, with the client's `count_tokens` as far as it had that: `_set_token_usage`."""
_AS_THEY_ARE = ("opentelemetry.instrumentation.llamaindex", "@traceloop/instrumentation-anthropic")
"""Who passes Anthropic's own numbers on."""
_LANGCHAIN = "@traceloop/instrumentation-langchain"
"""Passes LangChain.js's counts on."""
_LANGCHAIN_IN_PYTHON = "opentelemetry.instrumentation.langchain"
_BEFORE_LANGCHAIN_AWS_1_5 = re.compile(r"0\.([0-9]|[1-5][0-9]|60)\.")
"""Versions older than LangChain's client of Bedrock that first added the cached tokens to its input (June 2026): `_extract_usage_metadata`."""
_GOOGLE = (
    "opentelemetry.instrumentation.google_generativeai",
    "opentelemetry.instrumentation.vertexai",
    "@traceloop/instrumentation-google-generativeai",
    "@traceloop/instrumentation-vertexai",
)

DIALECT = Dialect(
    name="traceloop",
    title="Traceloop / OpenLLMetry 0.15 to 0.62",
    marker="`llm.request.type`, or `gen_ai.operation.name`; `traceloop.span.kind` for workflows, tasks, agents and tools",
    counts="Input includes the cache, except for Anthropic in JavaScript and through LlamaIndex. The Google ones leave thoughts out of the output, and in JavaScript what tools put into the prompt out of the input; both are added from the total.",
    read=read,
    keys=(
        "llm.request.type",
        "traceloop.span.kind",
        "traceloop.entity.path",
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        _CREWAI_LLM,
    ),
    of_run={
        "user_id": (f"{_GIVEN}user_id", f"{_GIVEN}userId"),
        "session_id": (f"{_GIVEN}session_id", f"{_GIVEN}sessionId"),
        "tenant": (f"{_GIVEN}tenant_id", f"{_GIVEN}tenant"),
    },
)
