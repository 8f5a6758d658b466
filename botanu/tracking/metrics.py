"""The metrics that trackers record; they cost next to nothing until the program sets a meter provider."""

from __future__ import annotations

from botanu import attributes
from botanu._tracer import meter

_tokens = meter.create_histogram("gen_ai.client.token.usage", "{token}", "Tokens used by a model call")
_model_seconds = meter.create_histogram("gen_ai.client.operation.duration", "s", "How long a model call took")
_attempts = meter.create_counter("botanu.gen_ai.attempts", "{attempt}", "Model calls attempted, retries included")
_tool_seconds = meter.create_histogram("botanu.tool.duration", "s", "How long a tool took")
_executions = meter.create_counter("botanu.tool.executions", "{execution}", "Tools executed")


def nobody_listens() -> bool:
    """Whether the program has set no meter provider: an instrument of the API's own is then still without a real one."""
    return getattr(_tokens, "_real_instrument", _tokens) is None


def record_tokens(call: dict[str, str], input_tokens: int, output_tokens: int) -> None:
    """Record the tokens of one model call."""
    if input_tokens > 0:
        _tokens.record(input_tokens, {**call, attributes.GEN_AI_TOKEN_TYPE: "input"})
    if output_tokens > 0:
        _tokens.record(output_tokens, {**call, attributes.GEN_AI_TOKEN_TYPE: "output"})


def record_attempt(call: dict[str, str], seconds: float, error_type: str | None) -> None:
    """Record one model call and how long it took."""
    _model_seconds.record(seconds, {**call, attributes.ERROR_TYPE: error_type} if error_type else call)
    _attempts.add(1, {**call, "status": "error" if error_type else "success"})


def record_tool(tool: dict[str, str], seconds: float, error_type: str | None) -> None:
    """Record one execution of a tool and how long it took."""
    said = {**tool, "status": "error" if error_type else "success"}
    _tool_seconds.record(seconds, said)
    _executions.add(1, said)
