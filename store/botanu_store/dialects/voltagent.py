"""VoltAgent: `llm.usage.*` of an agent's last step, and `usage.*` of all of them on the agent's own span."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading, Role, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import vendor
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a model call, a tool, or an agent that adds up its steps."""
    said = span.attributes
    kind = said.get("span.type", "")
    if kind == "tool":
        return tool_call(DIALECT.name, said.get("tool.name") or span.name)
    if kind == "llm":
        return _call(span, _tokens(said, "llm.usage."), said.get("llm.model", ""), "call")
    used = _tokens(said, "usage.")
    return _call(span, used, said.get("ai.model.name", ""), "wrapper") if used else None


def _call(span: Span, used: Tokens, model: str, role: Role) -> Reading:
    return model_call(span, DIALECT.name, used, operation="chat", vendor=vendor("", model), model=model, role=role)


def _tokens(said: genai.Attributes, prefix: str) -> Tokens:
    return Tokens(
        count(said.get(f"{prefix}prompt_tokens")),
        count(said.get(f"{prefix}completion_tokens")),
        count(said.get(f"{prefix}cached_tokens")),
        kinds={"reasoning_tokens": count(said.get(f"{prefix}reasoning_tokens"))},
    )


DIALECT = Dialect(
    name="voltagent",
    title="VoltAgent 2.10",
    marker="`span.type` = llm; tool for tools",
    counts="Input includes the cache, as the AI SDK under it has it. An agent's span adds up its steps, the call's is only the last one.",
    read=read,
    keys=("span.type", "usage.prompt_tokens"),
    scopes=("@voltagent/",),
)
