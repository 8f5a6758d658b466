"""Spans of instrumentations whose calls may count twice."""

from __future__ import annotations

from tests.store.captures import chat

AGENTS = "agent_framework"
CLIENT = "openinference.instrumentation.openai"
LANGCHAIN = "openinference.instrumentation.langchain"
MLFLOW = "mlflow.tracing.provider"
SDK = "com.anthropic.sdk.python"


def openinference(tokens: int | None = None, output: int = 0, kind: str = "LLM", **more: object) -> dict[str, object]:
    """Return the attributes of an OpenInference span."""
    said: dict[str, object] = {"openinference.span.kind": kind, "llm.model_name": "gpt-4o-mini"}
    if tokens is not None:
        said |= {"llm.token_count.prompt": tokens, "llm.token_count.completion": output}
    return said | {key.replace("__", "."): value for key, value in more.items()}


def litellm(tokens: int, output: int, **more: object) -> dict[str, object]:
    """Return what LiteLLM writes of a request."""
    usage = {"prompt_tokens": tokens, "completion_tokens": output, "prompt_tokens_details": {"cached_tokens": None}}
    said = chat(tokens, output, litellm__call_id="made-up", gen_ai__response__id="made-up")
    return (
        said | {"metadata.usage_object": repr(usage)} | {key.replace("__", "."): value for key, value in more.items()}
    )


def raw(tokens: int, output: int, model: str = "gpt-4o-mini") -> dict[str, object]:
    """Return what LiteLLM writes of the vendor's answer."""
    return {
        "llm.openai.id": f"chatcmpl-{tokens}",
        "llm.openai.model": model,
        "llm.openai.usage": repr({"prompt_tokens": tokens, "completion_tokens": output}),
    }
