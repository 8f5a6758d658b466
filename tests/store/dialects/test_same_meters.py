"""The same usage in every dialect's spelling comes to the same meters."""

from __future__ import annotations

import json

import pytest

from tests.store.dialects.readings import ANTHROPIC, CACHED, SPLIT, as_map, gen_ai, reading


@pytest.mark.parametrize(
    ("dialect", "scope", "said"),
    [
        ("otel", "opentelemetry.instrumentation.genai.openai", gen_ai(4670, 303, **CACHED)),
        ("otel", "new", gen_ai(4670, 303, cache_read__input_tokens=1207, cache_write__input_tokens=452)),
        ("bedrock", "opentelemetry.instrumentation.botocore.bedrock-runtime", gen_ai(3011, 303, **CACHED)),
        ("bedrock", "opentelemetry.instrumentation.genai.bedrock", gen_ai(3011, 303, **CACHED)),
        ("anthropic-sdk", "com.anthropic.sdk.typescript", gen_ai(4670, 303, **CACHED)),
        ("microsoft", "agent_framework", gen_ai(4670, 303, **CACHED)),
        ("microsoft", "agent_framework", gen_ai(3011, 303, **CACHED) | {"gen_ai.provider.name": "anthropic"}),
        ("strands", "strands.telemetry.tracer", gen_ai(4670, 303, total_tokens=4973, **CACHED)),
        ("strands", "strands.telemetry.tracer", gen_ai(3011, 303, total_tokens=4973, **CACHED)),
        (
            "strands",
            "strands.telemetry.tracer",
            gen_ai(3011, 303, total_tokens=3314, cache_read_input_tokens=1207, cache_write_input_tokens=452)
            | {"gen_ai.request.model": "claude-sonnet-4-5"},
        ),
        (
            "openlit",
            "openlit.otel.tracing",
            gen_ai(3011, 303, **CACHED)
            | {"gen_ai.provider.name": "langchain", "gen_ai.response.model": "us.anthropic.claude-sonnet-4-5"},
        ),
        (
            "mlflow",
            "mlflow.tracing.provider",
            {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.message.format": '"anthropic"',
                "mlflow.chat.tokenUsage": json.dumps({**ANTHROPIC, "total_tokens": 3314}),
            },
        ),
        (
            "mlflow",
            "mlflow.tracing.provider",
            {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.spanLogLevel": "20",
                "mlflow.message.format": '"anthropic"',
                "mlflow.chat.tokenUsage": json.dumps({**ANTHROPIC, "input_tokens": 4670, "total_tokens": 4973}),
            },
        ),
        ("google-adk", "gcp.vertex.agent", gen_ai(4670, 303, **CACHED)),
        ("openlit", "openlit.instrumentation.openai", gen_ai(4670, 303, **CACHED)),
        ("openlit", "openlit.instrumentation.anthropic", gen_ai(3011, 303, **CACHED)),
        ("pydantic-ai", "pydantic-ai", gen_ai(4670, 303, **CACHED)),
        (
            "pydantic-ai",
            "pydantic-ai",
            gen_ai(4670, 303, details__cache_read_input_tokens=1207, details__cache_creation_input_tokens=452),
        ),
        ("traceloop", "opentelemetry.instrumentation.anthropic", gen_ai(4670, 303, total_tokens=4973, **CACHED)),
        (
            "traceloop",
            "opentelemetry.instrumentation.anthropic",
            {
                "llm.request.type": "chat",
                "gen_ai.usage.prompt_tokens": 4670,
                "gen_ai.usage.completion_tokens": 303,
                "gen_ai.usage.cache_read_input_tokens": 1207,
                "gen_ai.usage.cache_creation_input_tokens": 452,
            },
        ),
        ("logfire", "logfire.anthropic", gen_ai(4670, 303) | {"gen_ai.usage.raw": json.dumps(ANTHROPIC)}),
        (
            "logfire",
            "logfire.anthropic",
            {
                "logfire.msg_template": "Message with {request_data[model]!r}",
                "request_data": '{"model": "claude-sonnet-4-5"}',
                "response_data": json.dumps({"usage": ANTHROPIC}),
            },
        ),
        (
            "langsmith",
            "langsmith",
            gen_ai(4670, 303)
            | {
                "langsmith.span.kind": "llm",
                "langsmith.metadata.usage_metadata": json.dumps(
                    {"input_token_details": {"cache_read": 1207, "cache_creation": 452}}
                ),
            },
        ),
        (
            "langsmith",
            "langsmith",  # whose dict newer SDKs export as a map
            gen_ai(4670, 303)
            | {
                "langsmith.span.kind": "llm",
                "langsmith.metadata.usage_metadata": as_map(
                    {"input_token_details": {"cache_read": 1207, "cache_creation": 452}}
                ),
            },
        ),
        ("mastra", "@mastra/otel-exporter", gen_ai(4670, 303, **CACHED)),
        (
            "genkit",
            "genkit-tracer",
            {
                "genkit:metadata:subtype": "model",
                "genkit:output": json.dumps({"usage": {"inputTokens": 3011, "outputTokens": 303, "custom": ANTHROPIC}}),
            },
        ),
        (
            "openinference",
            "openinference.instrumentation.anthropic",
            {
                "openinference.span.kind": "LLM",
                "llm.token_count.prompt": 4670,
                "llm.token_count.completion": 303,
                "llm.token_count.prompt_details.cache_read": 1207,
                "llm.token_count.prompt_details.cache_write": 452,
            },
        ),
        (
            "openinference",
            "openinference.instrumentation.claude_agent_sdk",
            {
                "openinference.span.kind": "AGENT",
                "llm.token_count.prompt": 4670,
                "llm.token_count.completion": 303,
                "llm.token_count.prompt_details.cache_read": 1207,
                "llm.token_count.prompt_details.cache_write": 452,
            },
        ),
        (
            "mlflow",
            "mlflow.tracing.provider",
            {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.chat.tokenUsage": json.dumps({**ANTHROPIC, "input_tokens": 4670}),
            },
        ),
        (
            "langfuse",
            "langfuse-sdk",
            {
                "langfuse.observation.type": "generation",
                "langfuse.observation.metadata.ls_model_type": "chat",
                "langfuse.observation.usage_details": json.dumps(
                    {
                        "input": 2559,  # less the cache writes, by either name
                        "input_cache_read": 1207,
                        "input_cache_creation": 452,
                        "input_ephemeral_5m_input_tokens": 452,
                        "output": 303,
                        "total": 4973,
                    }
                ),
            },
        ),
        (
            "pydantic-ai",
            "pydantic-ai",
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.usage.details.input_tokens": 3011,
                "gen_ai.usage.details.cache_read_input_tokens": 1207,
                "gen_ai.usage.details.cache_creation_input_tokens": 452,
                "gen_ai.usage.details.output_tokens": 303,
            },
        ),
        (
            "langfuse",
            "langfuse-sdk",
            {"langfuse.observation.type": "generation", "langfuse.observation.usage_details": json.dumps(ANTHROPIC)},
        ),
        (
            "langfuse",
            "langfuse-sdk",
            {
                "langfuse.observation.type": "generation",
                "langfuse.observation.usage_details": json.dumps(
                    {
                        "input": 3011,
                        "input_cache_read": 1207,
                        "cache_creation_input_tokens": 452,
                        "cache_creation_ephemeral_5m_input_tokens": 452,
                        "output": 303,
                        "total": 4973,
                        "input_priority": 7,
                    }
                ),
            },
        ),
        (
            "langfuse",
            "langfuse-sdk",
            {
                "langfuse.observation.type": "generation",
                "langfuse.observation.metadata.ls_model_type": "chat",
                "langfuse.observation.usage_details": json.dumps(
                    {
                        "input": 3011,
                        "cache_read_input_tokens": 1207,
                        "cache_creation_input_tokens": 452,
                        "cache_creation_ephemeral_5m_input_tokens": 452,
                        "output": 303,
                    }
                ),
            },
        ),
        (
            "ai-sdk",
            "ai",
            {
                "ai.operationId": "ai.generateText.doGenerate",
                "ai.usage.promptTokens": 3011,
                "ai.usage.completionTokens": 303,
                "ai.response.providerMetadata": json.dumps({"anthropic": {"usage": ANTHROPIC}}),
            },
        ),
        (
            "ai-sdk",
            "ai",
            {
                "ai.operationId": "ai.streamText.doStream",
                "ai.usage.inputTokens": 4670,
                "ai.usage.outputTokens": 303,
                "ai.usage.inputTokenDetails.noCacheTokens": 3011,
                "ai.usage.inputTokenDetails.cacheReadTokens": 1207,
                "ai.usage.inputTokenDetails.cacheWriteTokens": 452,
                "ai.response.providerMetadata": json.dumps({"anthropic": {"usage": ANTHROPIC}}),
            },
        ),
        (
            "ai-sdk",
            "ai",
            gen_ai(3011, 303, cache_creation__input_tokens=452)
            | {
                "ai.operationId": "ai.streamText.doStream",
                "ai.usage.cachedInputTokens": 1207,
                "gen_ai.provider.name": "anthropic",
            },
        ),
        ("openlit", "openlit.otel.tracing", gen_ai(3011, 303, **CACHED) | {"gen_ai.provider.name": "anthropic"}),
        (
            "openlit",
            "openlit.otel.tracing",
            gen_ai(3011, 303, prompt_tokens_details__cache_read=1207, prompt_tokens_details__cache_write=452)
            | {"gen_ai.system": "langchain", "gen_ai.response.model": "claude-sonnet-4-5"},
        ),
        (
            "traceloop",
            "@traceloop/instrumentation-anthropic",
            gen_ai(3011, 303, **CACHED, total_tokens=3314) | {"gen_ai.provider.name": "anthropic"},
        ),
        (
            "traceloop",
            "opentelemetry.instrumentation.llamaindex",
            gen_ai(3011, 303, **CACHED) | {"gen_ai.provider.name": "anthropic_llm", "traceloop.span.kind": "workflow"},
        ),
        (
            "ai-sdk",
            "ai",
            {
                "ai.operationId": "ai.generateText.doGenerate",
                "gen_ai.usage.input_tokens": 3011,
                "gen_ai.usage.output_tokens": 303,
                "ai.response.providerMetadata": '{"anthropic": {"cacheReadInputTokens": 1207, "cacheCreationInputTokens": 452}}',
            },
        ),
        (
            "ai-sdk",
            "ai",
            {
                "ai.operationId": "ai.generateText.doGenerate",
                "gen_ai.usage.input_tokens": 3011,
                "gen_ai.usage.output_tokens": 303,
                "ai.response.providerMetadata": (
                    '{"bedrock": {"usage": {"cacheReadInputTokens": 1207, "cacheWriteInputTokens": 452}}}'
                ),
            },
        ),
        (
            "litellm",
            "litellm",
            gen_ai(4670, 303)
            | {
                "litellm.call_id": "x",
                "metadata.usage_object": repr(
                    {
                        "prompt_tokens": 4670,
                        "completion_tokens": 303,
                        "prompt_tokens_details": {
                            "cached_tokens": 1207,
                            "cache_creation_tokens": 452,
                            "audio_tokens": None,
                        },
                    }
                ),
            },
        ),
        (
            "litellm",
            "litellm",  # before 1.77
            gen_ai(4218, 303)
            | {
                "litellm.call_id": "x",
                "metadata.usage_object": repr(
                    {
                        "prompt_tokens": 4218,
                        "completion_tokens": 303,
                        "prompt_tokens_details": {"cached_tokens": 1207},
                        "cache_creation_input_tokens": 452,
                    }
                ),
            },
        ),
        ("litellm", "litellm", {"llm.anthropic.usage": repr(ANTHROPIC)}),
        (
            "claude-code",
            "com.anthropic.claude_code.tracing",
            {
                "span.type": "llm_request",
                "input_tokens": 3011,
                "output_tokens": 303,
                "cache_read_tokens": 1207,
                "cache_creation_tokens": 452,
            },
        ),
        ("botanu", "botanu", gen_ai(4670, 303, **CACHED)),
        (
            "botanu",
            "botanu.gen_ai",
            gen_ai(3011, 303)
            | {
                "gen_ai.provider.name": "anthropic",
                "botanu.usage.cached_tokens": 1207,
                "botanu.usage.cache_read_tokens": 1207,
                "botanu.usage.cache_write_tokens": 452,
            },
        ),
    ],
)
def test_a_call_comes_to_the_same_meters_in_every_dialect(dialect: str, scope: str, said: dict[str, object]) -> None:
    """Whether a dialect's input holds the cached tokens or not, fresh, read and written tokens end up apart."""
    name = "raw_gen_ai_request" if "llm.anthropic.usage" in said else "chat"

    found = reading(said, scope=scope, name=name)

    assert (found.dialect, found.quantities, found.usage) == (dialect, SPLIT, "reported")
