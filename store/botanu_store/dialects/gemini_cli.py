"""Gemini CLI: spans without thoughts and cache, and a log record `gemini_cli.api_response` per call that has both; Qwen Code, made from it, alike."""

from __future__ import annotations

from botanu_store.dialects.common import genai
from botanu_store.dialects.common.numbers import count
from botanu_store.dialects.common.reading import Dialect, Reading, model_call
from botanu_store.dialects.common.usage import Tokens
from botanu_store.dialects.common.vendors import GEMINI, maker
from botanu_store.records import Span


def read(span: Span) -> Reading | None:
    """Read a model call, as a span or as a log record, or a tool; the conventions' event, made twice a call, adds nothing."""
    if span.kind != "LOG":
        found = genai.call(span, DIALECT.name) if span.scope.startswith("gemini-cli") else None
        if found is not None and found.category == "llm":
            found.vendor = found.vendor or GEMINI
        return found
    return _response(span) if span.name in (_RESPONSE, _QWENS) else None


def _response(span: Span) -> Reading:
    """Thoughts are billed as output beside the candidates, what tools put into the prompt as input beside it; not so where the total has no room for them."""
    said = span.attributes
    model = said.get("model", "")
    thoughts, tools = count(said.get("thoughts_token_count")), count(said.get("tool_token_count"))
    used = Tokens(
        count(said.get("input_token_count")),
        count(said.get("output_token_count")),
        count(said.get("cached_content_token_count")),
        kinds={"reasoning_tokens": thoughts},
    )
    # As OpenAI counts, whose models Qwen Code asks too.
    if count(said.get("total_token_count")) != used.input + used.output:
        used.input, used.output = used.input + tools, used.output + thoughts
    vendor = GEMINI if span.name == _RESPONSE else maker(model)
    found = model_call(
        span, DIALECT.name, used, operation="generate_content", vendor=vendor, model=model, request_model=model
    )
    found.response_id = said.get("gen_ai.response.id") or said.get("response_id", "")
    return found


_RESPONSE, _QWENS = "gemini_cli.api_response", "qwen-code.api_response"


DIALECT = Dialect(
    name="gemini-cli",
    title="Gemini CLI 0.19 to 0.61, spans and logs; Qwen Code 0.24, logs",
    marker="`gen_ai.operation.name`=llm_call; log event `gemini_cli.api_response`, `qwen-code.api_response`",
    counts="Input includes the cache. Spans leave out thoughts and cache, logs have them and are preferred.",
    read=read,
    keys=("input_token_count",),
    session_scopes=("gemini-cli",),
    events=dict.fromkeys((_RESPONSE, _QWENS), "input_token_count"),
    scopes=("gemini-cli",),
    either=True,
)
