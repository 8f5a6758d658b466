"""Codex CLI: usage on spans that name no model, the model on the turn around them; in its logs everything, numbers as text."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens
from botanu_store.records import Span

_TURN = "session_task.turn"


def read(span: Span) -> Reading | None:
    """Read the answer's usage, the turn that names the model, or a log record."""
    if span.kind == "LOG":
        return _log(span)
    said = span.attributes
    if span.name == _TURN:
        return Reading(DIALECT.name, "llm", "turn", "context", "openai", said.get("model", ""))
    used = genai.tokens(said)
    return _call(span, used) if used else None


def _log(span: Span) -> Reading | None:
    said = span.attributes
    if span.name == "codex.tool_result":
        return tool_call(DIALECT.name, said.get("tool_name", ""), said.get("call_id", ""))
    if span.name != "codex.sse_event" or said.get("event.kind") != "response.completed":
        return None
    # tool_token_count is the total under a wrong name; reasoning is inside the output.
    used = Tokens(
        count(said.get("input_token_count")),
        count(said.get("output_token_count")),
        count(said.get("cached_token_count")),
        count(said.get("cache_write_token_count")),
        kinds={"reasoning_tokens": count(said.get("reasoning_token_count"))},
    )
    return _call(span, used)


def _call(span: Span, used: Tokens) -> Reading:
    model = span.attributes.get("model") or span.attributes.get("gen_ai.request.model", "")
    return model_call(
        span, DIALECT.name, used, operation="responses", vendor="openai", model=model, request_model=model
    )


DIALECT = Dialect(
    name="codex",
    title="Codex CLI 0.100 to 0.171, spans and logs",
    marker="span `handle_responses` with usage; log event `codex.sse_event` with `event.kind`=response.completed",
    counts="Input includes the cache. The model is on the span `session_task.turn` around it, whose `codex.turn.token_usage.*` repeats.",
    read=read,
    keys=(
        "codex.usage.total_tokens",
        "codex.turn.token_usage.input_tokens",
        "codex.turn.token_usage.total_tokens",
        "input_token_count",
    ),
    session_scopes=("codex",),
    events={"codex.sse_event": "input_token_count", "codex.tool_result": "call_id"},
    of_run={"session_id": ("conversation.id",)},
    decides=False,
)
