"""Claude Code: plain names on its spans (a beta), and a log record `api_request` per call that also knows the cost."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count, usd
from botanu_store.dialects.common.reading import Dialect, Reading, model_call, tool_call
from botanu_store.dialects.common.usage import Tokens
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a model request, as a span or as a log record, or a tool."""
    said = span.attributes
    kind = said.get("span.type")
    if kind == "tool":
        return tool_call(DIALECT.name, said.get("tool_name") or said.get("tool.name") or span.name)
    if kind == "llm_request" or (span.kind == "LOG" and span.name.removeprefix("claude_code.") == "api_request"):
        return _request(span)
    return None


def _request(span: Span) -> Reading:
    said = span.attributes
    model = said.get("model") or said.get("gen_ai.request.model", "")
    asked = said.get("gen_ai.request.model", model)
    used = _tokens(said)
    found = model_call(span, DIALECT.name, used, operation="chat", vendor="anthropic", model=model, request_model=asked)
    # Its gen_ai.response.id holds the request's id.
    found.request_id = said.get("request_id", "")
    found.attempt = max(1, min(count(said.get("attempt")), 1000))
    found.emitter_usd = usd(said.get("cost_usd"))
    return found


def _tokens(said: genai.Attributes) -> Tokens:
    return Tokens(
        count(said.get("input_tokens")),
        count(said.get("output_tokens")),
        count(said.get("cache_read_tokens")),
        count(said.get("cache_creation_tokens")),
        count(said.get("cache_creation_1h_tokens")),  # In its log records alone.
        includes_cache=False,
    )


DIALECT = Dialect(
    name="claude-code",
    title="Claude Code 1.0 to 2.1, spans and logs",
    marker="`span.type`=llm_request; log event `api_request`",
    counts="Input EXCLUDES cache reads and writes. The log also has the cost, and is preferred.",
    read=read,
    keys=("span.type", "cost_usd"),
    session_scopes=("com.anthropic.claude_code",),
    events={"claude_code.api_request": "cost_usd", "api_request": "cost_usd"},
    of_run={"tenant": ("organization.id",)},
    decides=False,
)
