"""Gemini CLI: spans without thoughts and cache, and a log record `gemini_cli.api_response` per call that has both."""

from __future__ import annotations

from botanu_store.dialects import genai
from botanu_store.dialects.numbers import count
from botanu_store.dialects.reading import Dialect, Reading, model_call
from botanu_store.dialects.usage import Tokens
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a model call, as a span or as a log record, or a tool; the conventions' event, made twice a call, adds nothing."""
    if span.kind != "LOG":
        found = genai.call(span, DIALECT.name) if span.scope.startswith("gemini-cli") else None
        if found is not None and found.category == "llm":
            found.vendor = found.vendor or "gcp.gemini"
        return found
    return _response(span) if span.name == "gemini_cli.api_response" else None


def _response(span: Span) -> Reading:
    """Thoughts are billed as output beside the candidates, what tools put into the prompt as input beside it."""
    said = span.attributes
    model = said.get("model", "")
    thoughts = count(said.get("thoughts_token_count"))
    used = Tokens(
        count(said.get("input_token_count")) + count(said.get("tool_token_count")),
        count(said.get("output_token_count")) + thoughts,
        count(said.get("cached_content_token_count")),
        kinds={"reasoning_tokens": thoughts},
    )
    found = model_call(
        span, DIALECT.name, used, operation="generate_content", vendor="gcp.gemini", model=model, request_model=model
    )
    found.response_id = said.get("gen_ai.response.id", "")
    return found


DIALECT = Dialect(
    name="gemini-cli",
    title="Gemini CLI 0.19 to 0.61, spans and logs",
    marker="`gen_ai.operation.name`=llm_call; log event `gemini_cli.api_response`",
    counts="Input includes the cache. Spans leave out thoughts and cache, logs have them and are preferred.",
    read=read,
    keys=("input_token_count",),
    session_scopes=("gemini-cli",),
    events={"gemini_cli.api_response": "input_token_count"},
    scopes=("gemini-cli",),
    either=True,
)
