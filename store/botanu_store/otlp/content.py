"""Which attributes hold content (prompts, completions, tool arguments and results), and what of them may stay.

Content never reaches the database unless the store is opened with `content="keep"`. A few dialects hide their token counts inside a
content attribute: of those, the named part stays and the rest goes, before any dialect looks, so that a span read again later says the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, cast

ContentMode = Literal["drop", "keep"]
"""Whether content is removed on the way in or kept."""

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
    "gen_ai.event.content",
    "gen_ai.tool.args",
    "gen_ai.tool.input",
    "gen_ai.tool.output",
    "gen_ai.task.input",
    "gen_ai.task.output",
    "gen_ai.task.description",
    "gen_ai.workflow.input",
    "gen_ai.workflow.output",
    # Events of Strands, Semantic Kernel, MLflow and the deprecated conventions
    "content",
    "message",
    "tool.result",
    "mlflow.chunk.value",
    # OpenInference
    "input.value",
    "output.value",
    "llm.choices",
    "llm.tools",
    "document.content",
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
    "ai.response.files",
    # Logfire, pydantic-ai
    "events",
    "all_messages_events",
    "pydantic_ai.all_messages",
    "final_result",
    "tool_arguments",
    "tool_response",
    "model_request_parameters",
    "input",
    "raw_input",
    "response",
    "messages",
    "instructions",
    "tools",
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
    "full_command",
    "bash_command",
    "body",
    "tool_output",
    "tool_result",
    "hook_input",
    "hook_output",
    "stdout",
    "stderr",
    # Databases: the statement may hold values
    "db.statement",
    "db.query.text",
    # Exceptions quote what was sent
    "exception.stacktrace",
    "error.stack_trace",
    "graphql.document",
    "messaging.message.body",
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
    "llm.prompts",
    "llm.completions",
    "llm.tools.",
    "llm.request.functions",
    "message.",
    "message_content.",
    "embedding.embeddings",
    "embedding.text",
    "retrieval.documents",
    "reranker.input_documents",
    "reranker.output_documents",
    "reranker.query",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "ai.prompt.",
    "ai.request.body",
    "ai.request.headers",
    "ai.response.messages",
    "ai.settings.context",
    "langfuse.observation.input",
    "langfuse.observation.output",
    "langfuse.trace.input",
    "langfuse.trace.output",
    "mlflow.spanOutputs",
    "mlflow.chat.tools",
    "mlflow.chat.messages",
    "gcp.vertex.agent.llm_request",
    "gcp.vertex.agent.tool_call_args",
    "gcp.vertex.agent.tool_response",
    "gcp.vertex.agent.data",
    "lmnr.span.input",
    "lmnr.span.output",
    "genkit:input",
    "spring.ai.tool.call.arguments",
    "spring.ai.tool.call.result",
    "smolagents.task",
    "agent.input",
    "agent.output",
    "haystack.component.input",
    "haystack.component.output",
    "braintrust.input",
    "braintrust.output",
    "lk.pii.",
    "lk.user_transcript",
    "lk.user_input",
    "lk.chat_ctx",
    "lk.response.text",
    "lk.function_tool.arguments",
    "lk.function_tool.output",
    "db.query.parameter",
    "db.query.result",
    "db.operation.parameter",
    "http.request.body",
    "http.response.body",
    "http.request.header",
    "http.response.header",
    # A prompt is an argument of the command-line agents
    "process.command_",
)
"""Keys that begin with one of these are content."""

CONTENT_FIELDS: tuple[str, ...] = (
    "candidates",
    "choices",
    "completion",
    "content",
    "contents",
    "data",
    "documents",
    "error",
    "extra_body",
    "function_call",
    "functions",
    "generation",
    "input",
    "inputText",
    "instructions",
    "message",
    "messages",
    "metadata",
    "output",
    "outputText",
    "prompt",
    "prompts",
    "query",
    "results",
    "suffix",
    "system",
    "systemInstruction",
    "system_instruction",
    "text",
    "texts",
    "tool_calls",
    "tools",
)
"""Fields of `llm.<vendor>.<field>`, as LiteLLM writes a vendor's own request and answer, that are content."""

Parts = Mapping[str, "Parts"]
"""Members of a JSON object, and of those members' objects; no members of its own: all of it."""

KEPT_PARTS: dict[str, Parts] = {
    # ADK 1.x, and any in JavaScript, keeps its token counts in the answer
    "gcp.vertex.agent.llm_response": {"usage_metadata": {}, "usageMetadata": {}, "model_version": {}},
    # Log probabilities, citations and guardrails quote the answer
    "ai.response.providerMetadata": {
        "anthropic": {"usage": {}, "cacheReadInputTokens": {}, "cacheCreationInputTokens": {}},
        "bedrock": {"usage": {}},
        "google": {"usageMetadata": {}},
        "vertex": {"usageMetadata": {}},
        "openai": {"cachedPromptTokens": {}, "reasoningTokens": {}, "responseId": {}},
        "openrouter": {"usage": {}},
    },
    # Logfire's clients before version 5 say nowhere else which model of Anthropic's was asked, nor what was cached
    "request_data": {"model": {}},
    "response_data": {"usage": {}},
    # MLflow before 3.8 or so says nowhere else which model of Anthropic's was asked
    "mlflow.spanInputs": {"model": {}},
    # Genkit says what a model used in what it put out
    "genkit:output": {"usage": {}, "raw": {"usage": {}}},
}
"""Content attributes holding JSON of which only these members, which are usage or name the model, stay."""

CONTENT_PATTERN = "|".join(
    (
        "(?:" + "|".join(map(re.escape, CONTENT_KEYS)) + ")$",
        *map(re.escape, CONTENT_PREFIXES),
        r"llm\.[^.]+\.(?:" + "|".join(CONTENT_FIELDS) + ")$",
    )
)
"""A regular expression for the beginning of every key that is content, as Python and DuckDB both read it."""

COUNT_PATTERN = r"llm\.(?:token_count|usage|cost)\."
"""The same for keys that are none though they match."""


@lru_cache(maxsize=4096)
def is_content(key: str) -> bool:
    """Say whether an attribute of this name is content; those of `KEPT_PARTS` are not, they are reduced."""
    return _content.match(key) is not None and not _count.match(key)


_content = re.compile(CONTENT_PATTERN)
_count = re.compile(COUNT_PATTERN)


def reduced(document: object, parts: Parts) -> dict[str, object]:
    """Return of a JSON object those of these members that it has."""
    members = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    kept = {name: reduced(members.get(name), inner) if inner else members.get(name) for name, inner in parts.items()}
    return {name: value for name, value in kept.items() if value is not None}


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
