"""Which attributes hold content (prompts, completions, tool arguments and results), and what of them may stay.

Content never reaches the database unless the store is opened with `content="keep"`. A few dialects hide their token counts inside a
content attribute: of those, the named part stays and the rest goes, before any dialect looks, so that a span read again later says the same.
"""

from __future__ import annotations

import re

CONTENT_KEYS: tuple[str, ...] = (
    # OpenTelemetry GenAI conventions, current and deprecated, https://opentelemetry.io/docs/specs/semconv/gen-ai/
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.tool.definitions",
    "gen_ai.tool.message",
    "gen_ai.retrieval.documents",
    "gen_ai.retrieval.query.text",
    "gen_ai.choice",
    # OpenInference
    "input.value",
    "output.value",
    "llm.prompts",
    "llm.tools",
    "llm.invocation_parameters",
    "llm.function_call",
    "tool.parameters",
    "tool_call.function.arguments",
    # Vercel AI SDK
    "ai.prompt",
    "ai.response.text",
    "ai.response.object",
    "ai.response.reasoning",
    "ai.response.toolCalls",
    "ai.toolCall.args",
    "ai.toolCall.result",
    "ai.value",
    "ai.values",
    "ai.embedding",
    "ai.embeddings",
    "ai.schema",
    # Logfire, pydantic-ai
    "request_data",
    "response_data",
    "events",
    "all_messages_events",
    "pydantic_ai.all_messages",
    "final_result",
    "tool_arguments",
    "tool_response",
    "model_request_parameters",
    # Claude Code, Codex CLI, Gemini CLI
    "user_prompt",
    "prompt",
    "response_text",
    "request_text",
    "function_args",
    "arguments",
    "output",
    "tool_parameters",
    "tool_input",
    "new_context",
    "system_prompt",
    "error_message",
    # Databases: the statement may hold values
    "db.statement",
    "db.query.text",
    # Exceptions quote what was sent
    "exception.stacktrace",
)
"""Keys that are content as a whole."""

CONTENT_PREFIXES: tuple[str, ...] = (
    "gen_ai.prompt",
    "gen_ai.completion",
    "gen_ai.content.",
    "gen_ai.input.messages.",
    "gen_ai.output.messages.",
    "llm.input_messages",
    "llm.output_messages",
    "llm.prompt_template",
    "llm.tools.",
    "llm.request.functions",
    "message.",
    "embedding.embeddings",
    "embedding.text",
    "retrieval.documents",
    "reranker.",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "ai.prompt.",
    "ai.request.body",
    "ai.response.messages",
    "ai.settings.context",
    "langfuse.observation.input",
    "langfuse.observation.output",
    "langfuse.trace.input",
    "langfuse.trace.output",
    "mlflow.spanInputs",
    "mlflow.spanOutputs",
    "mlflow.chat.tools",
    "gcp.vertex.agent.llm_request",
    "gcp.vertex.agent.tool_call_args",
    "gcp.vertex.agent.tool_response",
    "gcp.vertex.agent.data",
    "lmnr.span.input",
    "lmnr.span.output",
    "genkit:input",
    "genkit:output",
    "smolagents.task",
    "agent.input",
    "agent.output",
    "db.query.parameter",
    "db.operation.parameter",
    "http.request.body",
    "http.response.body",
    "http.request.header",
    "http.response.header",
)
"""Keys that begin with one of these are content."""

KEPT_PARTS: dict[str, tuple[str, ...]] = {
    "gcp.vertex.agent.llm_response": ("usage_metadata", "model_version"),
}
"""Content attributes holding JSON in which these members are usage and stay: ADK 1.x keeps its token counts there."""


def is_content(key: str) -> bool:
    """Say whether an attribute of this name is content; those of `KEPT_PARTS` are not, they are reduced."""
    return key in _KEYS or key.startswith(CONTENT_PREFIXES)


_KEYS = frozenset(CONTENT_KEYS)


def masked(text: bytes) -> bytes:
    """Return JSON that could not be read with its words masked: OTLP's own names, numbers and ids stay, so that one sees what it was."""
    return _WORD.sub(_masked_word, text)


def _masked_word(match: re.Match[bytes]) -> bytes:
    word = match.group()
    return word if _HARMLESS.fullmatch(word) else b'"..."' if word.startswith(b'"') else b"..."


_WORD = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[^"\s\[\]{},:]++(?:\s*[,\]}])?', re.DOTALL)
_HARMLESS = re.compile(
    rb'"(?:resource(?:Spans|Logs)?|scope(?:Spans|Logs)?|spans|logRecords|attributes|events|status|key|value|values|name|version|'
    rb"(?:trace|span|parentSpan)Id|kind|code|message|flags|body|\w{0,16}[tT]imeUnixNano|(?:string|int|double|bool|array|kvlist|bytes)Value|"
    rb'-?\d{0,20}|[0-9a-fA-F]{16}|[0-9a-fA-F]{32})"|(?:-?\d[\d.eE+-]*+|true|false|null)\s*[,\]}]'
)
