"""What each dialect reads in a span of its own: names, ids, cost, and tokens in disjoint meters."""

from __future__ import annotations

import json

import pytest
from botanu_store.dialects import CANDIDATE_KEYS, CANDIDATE_SCOPES, DIALECTS, describe, read
from botanu_store.dialects.numbers import count, document, python_document, usd
from botanu_store.dialects.reading import Reading
from botanu_store.dialects.vendors import maker, product, vendor

from tests.conftest import REPOSITORY
from tests.store.captures import Trace, is_candidate

PAGE = REPOSITORY / "docs" / "integration" / "dialects.md"


def reading(said: dict[str, object], *, scope: str = "app", name: str = "chat", kind: str = "CLIENT") -> Reading:
    """Return what is read in one span that the store would look at."""
    span = Trace().span(said, scope=scope, name=name, kind=kind)
    assert is_candidate(span)
    found = read(span)
    assert found is not None
    return found


ANTHROPIC = {
    "input_tokens": 3011,
    "output_tokens": 303,
    "cache_read_input_tokens": 1207,
    "cache_creation_input_tokens": 452,
}
OPENAI = {
    "prompt_tokens": 3011,
    "completion_tokens": 303,
    "prompt_tokens_details": {"cached_tokens": 1207, "audio_tokens": 91},
}
SPLIT = {
    "input_tokens": 3011,
    "cache_read_tokens": 1207,
    "cache_write_tokens": 452,
    "output_tokens": 303,
    "requests": 1,
}
"""What a call of 3011 fresh, 1207 read and 452 written input tokens comes to, however it was counted."""


def gen_ai(tokens: int, output: int, **details: int) -> dict[str, object]:
    """Return usage in the conventions' names."""
    said: dict[str, object] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": tokens,
        "gen_ai.usage.output_tokens": output,
    }
    return said | {f"gen_ai.usage.{key.replace('__', '.')}": value for key, value in details.items()}


def as_map(document: dict[str, object]) -> str:
    """Return a document as the store keeps an attribute that is a map: as OTLP writes it."""
    return json.dumps(_map(document))


def _map(document: dict[str, object]) -> dict[str, object]:
    pairs = document.items()
    return {
        "values": [
            {"key": key, "value": {"kvlistValue": _map(value)} if isinstance(value, dict) else {"intValue": str(value)}}
            for key, value in pairs
        ]
    }


CACHED = {"cache_read__input_tokens": 1207, "cache_creation__input_tokens": 452}


@pytest.mark.parametrize(
    ("dialect", "scope", "said"),
    [
        ("otel", "opentelemetry.instrumentation.genai.openai", gen_ai(4670, 303, **CACHED)),
        ("otel", "new", gen_ai(4670, 303, cache_read__input_tokens=1207, cache_write__input_tokens=452)),
        ("bedrock", "opentelemetry.instrumentation.botocore.bedrock-runtime", gen_ai(3011, 303, **CACHED)),
        ("bedrock", "opentelemetry.instrumentation.genai.bedrock", gen_ai(3011, 303, **CACHED)),
        ("anthropic-sdk", "com.anthropic.sdk.typescript", gen_ai(4670, 303, **CACHED)),
        ("microsoft", "agent_framework", gen_ai(4670, 303, **CACHED)),
        ("strands", "strands.telemetry.tracer", gen_ai(4670, 303, total_tokens=4973, **CACHED)),
        ("strands", "strands.telemetry.tracer", gen_ai(3011, 303, total_tokens=4973, **CACHED)),
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


@pytest.mark.parametrize(
    ("name", "said", "wanted"),
    [
        (
            "codex.sse_event",
            {
                "event.kind": "response.completed",
                "input_token_count": "3011",
                "output_token_count": "303",
                "cached_token_count": "807",
            },
            {"input_tokens": 2204, "cache_read_tokens": 807, "output_tokens": 303, "requests": 1},
        ),
        (
            "gemini_cli.api_response",
            {
                "model": "gemini-2.5-pro",
                "input_token_count": 3011,
                "output_token_count": 303,
                "cached_content_token_count": 807,
                "thoughts_token_count": 61,
            },
            {
                "input_tokens": 2204,
                "cache_read_tokens": 807,
                "output_tokens": 364,
                "reasoning_tokens": 61,
                "requests": 1,
            },
        ),
        (
            "claude_code.api_request",
            {"cost_usd": 0.01, "input_tokens": 3011, "output_tokens": 303, "cache_read_tokens": 807},
            {"input_tokens": 3011, "cache_read_tokens": 807, "output_tokens": 303, "requests": 1},
        ),
    ],
)
def test_log_records_of_coding_agents(name: str, said: dict[str, object], wanted: dict[str, int]) -> None:
    """A record of the right name is a call, with thoughts in the output, told beside it too, and the cached tokens apart."""
    assert reading(said, name=name, kind="LOG", scope="events").quantities == wanted


def test_other_log_records_are_no_calls() -> None:
    """The same events in the middle of a stream, and the generic event that Gemini CLI writes twice, say nothing more."""
    for name, said in (
        ("codex.sse_event", {"event.kind": "response.created", "input_token_count": "1"}),
        ("gen_ai.client.inference.operation.details", {"input_token_count": "1"}),
        ("claude_code.tool_result", {"cost_usd": "1"}),
    ):
        assert read(Trace().span(said, name=name, kind="LOG", scope="events")) is None


def test_audio_and_image_tokens_have_meters_of_their_own() -> None:
    """They are taken out of the sums that hold them, the cached ones out of the cached."""
    said = gen_ai(
        3011,
        303,
        cache_read__input_tokens=1207,
        audio__input_tokens=91,
        audio__cache_read__input_tokens=41,
        image__input_tokens=11,
        audio__output_tokens=31,
    )

    assert reading(said).quantities == {
        "input_tokens": 3011 - 1207 - 50 - 11,
        "cache_read_tokens": 1166,
        "cache_read_audio_tokens": 41,
        "input_audio_tokens": 50,
        "input_image_tokens": 11,
        "output_tokens": 272,
        "output_audio_tokens": 31,
        "requests": 1,
    }


@pytest.mark.parametrize(
    "said",
    [
        {
            "gen_ai.usage.details.input_audio_tokens": 91,
            "gen_ai.usage.details.cache_audio_read_tokens": 41,
            "gen_ai.usage.details.output_audio_tokens": 31,
            "gen_ai.usage.details.audio_tokens": 31,
        },
        {
            "gen_ai.usage.input_audio_tokens": 50,
            "gen_ai.usage.output_audio_tokens": 31,
            "gen_ai.usage.input_cached_tokens": 41,
        },
    ],
)
def test_audio_has_other_names_before_the_conventions_named_it(said: dict[str, object]) -> None:
    """Pydantic AI tells it among its details, LiveKit beside the totals."""
    found = reading(gen_ai(3011, 303) | {"gen_ai.usage.cache_read.input_tokens": 41} | said, scope="pydantic-ai")

    assert (found.quantities["input_audio_tokens"], found.quantities["output_audio_tokens"]) == (50, 31)
    assert sum(found.quantities.values()) == 3011 + 303 + 1


def test_a_total_smaller_than_its_parts_leaves_them_out() -> None:
    """An input below the cached tokens cannot include them, whatever the dialect says."""
    assert reading(gen_ai(11, 3, cache_read__input_tokens=5000)).quantities["input_tokens"] == 11


@pytest.mark.parametrize(
    ("scope", "said", "wanted"),
    [
        ("botanu", {"db.system": "bigquery", "db.operation": "SELECT", "botanu.warehouse.bytes_scanned": 10**9, "botanu.data.rows_returned": 7},
         ("database", "bigquery", "SELECT", {"requests": 1, "bytes_scanned": 10**9, "rows": 7})),
        ("opentelemetry.instrumentation.psycopg", {"db.system.name": "postgresql", "db.operation.name": "INSERT"},
         ("database", "postgresql", "INSERT", {"requests": 1})),
        ("botanu", {"botanu.storage.system": "s3", "botanu.storage.operation": "GET", "botanu.data.bytes_read": 5, "botanu.data.objects_count": 1},
         ("storage", "s3", "GET", {"requests": 1, "bytes_read": 5, "objects": 1})),
        ("opentelemetry.instrumentation.botocore.s3", {"rpc.service": "S3", "rpc.method": "PutObject"},
         ("storage", "s3", "PutObject", {"requests": 1})),
        ("botanu", {"messaging.system": "sqs", "messaging.operation": "publish", "botanu.messaging.message_count": 3},
         ("messaging", "sqs", "publish", {"requests": 1, "messages": 3})),
        ("kafka", {"messaging.system": "aws_sqs", "messaging.operation.type": "receive", "messaging.batch.message_count": 2},
         ("messaging", "sqs", "receive", {"requests": 1, "messages": 2})),
    ],
)  # fmt: skip
def test_operations_on_databases_stores_and_queues(
    scope: str, said: dict[str, object], wanted: tuple[str, str, str, dict[str, int]]
) -> None:
    """One request of the product by its one name, and whatever else the span counts."""
    found = reading(said, scope=scope, name="operation")

    assert (found.category, found.vendor, found.operation, found.quantities) == wanted


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"db.system": "postgresql"}, "INTERNAL"),
        ({"db.system": "postgresql", "db.operation": "connect"}, "CLIENT"),
        ({"messaging.system": "kafka", "messaging.operation": "process"}, "CONSUMER"),
        ({"gen_ai.operation.name": "invoke_agent"}, "INTERNAL"),
        ({"openinference.span.kind": "CHAIN"}, "INTERNAL"),
        ({"traceloop.span.kind": "workflow"}, "INTERNAL"),
        ({"spring.ai.kind": "chat_client", "gen_ai.operation.name": "framework"}, "INTERNAL"),
        ({"lmnr.span.type": "DEFAULT"}, "INTERNAL"),
        ({"gen_ai.operation.name": "fetch_response", "gen_ai.response.id": "resp_1"}, "CLIENT"),
        ({"gen_ai.operation.name": "plan", "gen_ai.request.model": "m"}, "INTERNAL"),
    ],
)
def test_what_nobody_bills_is_no_operation(said: dict[str, object], kind: str) -> None:
    """Driver internals, local processing of a message, and frames around calls."""
    assert read(Trace().span(said, kind=kind, name="x")) is None


@pytest.mark.parametrize(
    ("said", "scope", "name"),
    [
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}, "agents", "execute_tool search"),
        ({"openinference.span.kind": "TOOL", "tool.name": "search"}, "agents", "x"),
        ({"traceloop.span.kind": "tool", "traceloop.entity.name": "search"}, "agents", "x"),
        ({"ai.operationId": "ai.toolCall", "ai.toolCall.name": "search"}, "ai", "ai.toolCall"),
        ({"mlflow.spanType": '"TOOL"'}, "mlflow", "search"),
        ({"langfuse.observation.type": "tool"}, "langfuse-sdk", "search"),
        ({"langsmith.span.kind": "tool"}, "langsmith", "search"),
        ({"span.type": "tool", "tool_name": "search"}, "com.anthropic.claude_code.tracing", "claude_code.tool"),
        ({"gen_ai.tool.name": "search"}, "pydantic-ai", "running tool"),
        (
            {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"},
            "com.anthropic.sdk.go",
            "anthropic.tool_use search",
        ),
        (
            {"spring.ai.kind": "tool_call", "gen_ai.operation.name": "framework", "gen_ai.system": "spring_ai"},
            "org.springframework.boot",
            "tool_call search",
        ),
        ({"lmnr.span.type": "TOOL"}, "lmnr.tracer", "search"),
    ],
)
def test_tools_are_read_in_every_dialect(said: dict[str, object], scope: str, name: str) -> None:
    """A tool is one request of nobody's; its name is what a price per call goes by."""
    found = reading(said, scope=scope, name=name)

    assert (found.category, found.vendor, found.model, found.quantities) == ("tool", "", "search", {"requests": 1})


def test_a_tool_with_a_vendor_has_it() -> None:
    """Our tracker may say who sells the tool."""
    said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "botanu.vendor": "tavily"}

    assert reading(said, scope="botanu").vendor == "tavily"


def test_whatever_our_tracker_tracks_is_a_call() -> None:
    """An operation of the caller's own naming, too, even when it says no tokens."""
    found = reading({"gen_ai.operation.name": "classify", "gen_ai.provider.name": "openai"}, scope="botanu")

    assert (found.role, found.operation, found.usage) == ("call", "classify", "none")


def test_a_call_answered_by_the_callers_own_cache_is_free() -> None:
    """The vendor never saw it."""
    found = reading(gen_ai(1011, 103) | {"botanu.request.cache_hit": True}, scope="botanu")

    assert (found.usage, found.quantities) == ("free", {})


@pytest.mark.parametrize(
    ("key", "scope"),
    [
        ("gen_ai.usage.cost", "openlit.instrumentation.openai"),
        ("operation.cost", "logfire.openai"),
        ("operation.cost", "pydantic-ai"),
        ("operation.cost", "x"),
        ("gen_ai.usage.cost_usd", "x"),
        ("gen_ai.usage.cost.total", "x"),
        ("llm.usage.cost", "opentelemetry.instrumentation.openai.v1"),
        ("gen_ai.cost.total_cost", "litellm"),
    ],
)
def test_the_emitters_own_cost_is_kept_as_it_is(key: str, scope: str) -> None:
    """An amount above zero, as decimal text; 0 is what emitters write when they do not know."""
    assert reading(gen_ai(1, 1) | {key: 0.00021345}, scope=scope).emitter_usd == "0.00021345"
    assert reading(gen_ai(1, 1) | {key: 0}, scope=scope).emitter_usd is None


@pytest.mark.parametrize(
    ("said", "model", "wanted"),
    [
        ("OpenAI", "", "openai"),
        ("openai.chat", "", "openai"),
        ("anthropic.messages", "", "anthropic"),
        ("az.ai.openai", "", "azure.openai"),
        ("azure_openai", "", "azure.openai"),
        ("Anthropic_LLM", "", "anthropic"),
        ("AWS", "", "aws.bedrock"),
        ("amazon-bedrock", "", "aws.bedrock"),
        ("google.generative-ai", "", "gcp.gemini"),
        ("google.vertex.chat", "", "gcp.vertex_ai"),
        ("vertex_ai", "", "gcp.vertex_ai"),
        ("gemini", "", "gcp.gemini"),
        ("x_ai", "", "x.ai"),
        ("mistral_ai", "", "mistral"),
        ("strands-agents", "claude-sonnet-4-5", "anthropic"),
        ("gcp.vertex.agent", "gemini-2.5-flash", "gcp.gemini"),
        ("microsoft.agent_framework", "o3-mini", "openai"),
        ("langchain", "openai/gpt-4o", "openai"),
        ("agno", "claude-sonnet-4-5", "anthropic"),
        ("strands-agents", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws.bedrock"),
        ("strands-agents", "llama-3.3-70b", ""),
        ("somebody.new", "", "somebody.new"),
        (None, "", ""),
    ],
)
def test_vendors_have_one_name(said: str | None, model: str, wanted: str) -> None:
    """Every spelling comes to one; a framework's name gives way to the model's maker where the model leaves no doubt."""
    assert vendor(said, model) == wanted


@pytest.mark.parametrize(
    ("model", "wanted"), [("o1", "openai"), ("o", ""), ("olmo-2", ""), ("gpt-oss-120b", ""), ("", "")]
)
def test_only_unmistakable_names_tell_the_maker(model: str, wanted: str) -> None:
    """A name that merely begins alike tells nothing."""
    assert maker(model) == wanted


def test_products_have_one_name() -> None:
    """Databases, stores and brokers too."""
    names = ("AWS.DynamoDB", "google_cloud_storage", "aws.sqs", "Cassandra")

    assert [product(name) for name in names] == ["dynamodb", "gcs", "sqs", "cassandra"]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("7", 7),
        ("7.0", 7),
        (7.0, 7),
        (2**53, 2**53),
        ("-7", 0),
        (-7, 0),
        ("7.5", 0),
        ("nan", 0),
        ("inf", 0),
        (float("inf"), 0),
        (2**53 + 1, 0),
        ("9" * 5000, 0),
        ("²", 0),
        (True, 0),
        (None, 0),
        ([], 0),
    ],
)
def test_a_count_is_a_whole_number_of_things_or_none(value: object, wanted: int) -> None:
    """Anything else is as if nothing had been said."""
    assert count(value) == wanted


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e13", "x", "", None, "9" * 100, []])
def test_an_amount_is_a_positive_number_of_dollars_or_none(value: object) -> None:
    """Anything else is no cost."""
    assert usd(value) is None


@pytest.mark.parametrize("text", ["", None, "[]", "{", "{'a'", "\x00", "[" * 100_000, '"x"'])
def test_a_broken_document_is_an_empty_one(text: str | None) -> None:
    """Nesting without end and notation of neither kind say nothing."""
    assert document(text) == {}
    assert python_document(text) == {}


def test_plain_spans_are_never_looked_at() -> None:
    """HTTP requests, RPCs and functions cost the store nothing."""
    for said in (
        {"http.request.method": "POST", "url.full": "x"},
        {"rpc.system": "grpc", "rpc.service": "shop.Cart"},
        {"code.function": "f"},
    ):
        assert not is_candidate(Trace().span(said, scope="opentelemetry.instrumentation.httpx", name="POST"))


def test_every_dialect_can_be_known_before_it_is_asked() -> None:
    """Each has keys or scopes by which the store's SQL finds its spans, and a name of its own."""
    assert len({dialect.name for dialect in DIALECTS}) == len(DIALECTS)
    assert all(dialect.keys or (dialect.either and dialect.scopes) for dialect in DIALECTS)
    assert len(set(CANDIDATE_KEYS)) == len(CANDIDATE_KEYS)
    assert all(CANDIDATE_SCOPES)


def test_the_page_about_dialects_has_a_row_for_each() -> None:
    """The documentation's table is the code's own."""
    page = PAGE.read_text("utf-8")

    assert [row[0] for row in describe() if f"| {' | '.join(row)} |" not in page] == []


@pytest.mark.parametrize(("scanned", "wanted"), [("0", {"bytes_scanned": 0}), ("5", {"bytes_scanned": 5}), ("x", {})])
def test_a_query_answered_from_the_warehouses_cache_scanned_nothing(scanned: str, wanted: dict[str, int]) -> None:
    """Nothing billed is not the same as nothing known: without a count the query would be unpriced."""
    found = reading({"db.system": "bigquery", "botanu.warehouse.bytes_scanned": scanned}, scope="botanu", name="SELECT")

    assert found.quantities == {"requests": 1, **wanted}


def test_a_foreign_span_that_passed_through_mlflows_processor_is_read_as_its_own_dialect_has_it() -> None:
    """MLflow gives every span of a provider that it shares the type null: what another instrumentation says of it holds."""
    foreign: dict[str, object] = {"mlflow.spanType": "null", "mlflow.traceRequestId": '"tr-1"'}
    client = {**foreign, **gen_ai(3011, 303), "gen_ai.provider.name": "openai", "gen_ai.usage.total_tokens": 3314}

    assert reading(client, scope="opentelemetry.instrumentation.openai.v1").dialect == "traceloop"
    chain = {**foreign, "openinference.span.kind": "LLM", "llm.token_count.prompt": 3011}
    assert reading(chain, scope="openinference.instrumentation.openai").dialect == "openinference"


@pytest.mark.parametrize(
    ("scope", "dialect", "said"),
    [
        (
            "ai",
            "ai-sdk",
            {
                "ai.operationId": "ai.generateText.doGenerate",
                "gen_ai.usage.input_tokens": 3011,
                "gen_ai.usage.output_tokens": 303,
                "ai.response.providerMetadata": json.dumps({"anthropic": {"usage": ANTHROPIC}}),
            },
        ),
        ("gen_ai", "otel", gen_ai(4670, 303, **CACHED)),
        ("pydantic-ai", "pydantic-ai", gen_ai(4670, 303, **CACHED)),
    ],
)
def test_what_openinferences_processors_translated_is_read_as_it_was(
    scope: str, dialect: str, said: dict[str, object]
) -> None:
    """They write their own names beside another instrumentation's, and lose the cached tokens."""
    translated = {"openinference.span.kind": "LLM", "llm.token_count.prompt": 3011, "llm.token_count.completion": 303}

    found = reading(said | translated, scope=scope)

    assert (found.dialect, found.quantities) == (dialect, SPLIT)


def test_a_step_of_an_agent_that_openinferences_processor_takes_for_a_call_is_none() -> None:
    """It makes one of every span of the AI SDK's that it does not know."""
    said: dict[str, object] = {"gen_ai.operation.name": "agent_step", "openinference.span.kind": "LLM"}

    assert read(Trace().span(said, scope="gen_ai")) is None


@pytest.mark.parametrize(("level", "usage"), [("ERROR", "free"), ("DEFAULT", "none")])
def test_langfuse_has_a_level_for_what_failed(level: str, usage: str) -> None:
    """In JavaScript the span's status says nothing of it, and embeddings are generations."""
    said: dict[str, object] = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "text-embedding-3-small",
        "langfuse.observation.level": level,
    }

    found = reading(said, scope="langfuse-sdk", name="OpenAI.embeddings")

    assert (found.category, found.usage) == ("embedding", usage)


@pytest.mark.parametrize(("vendor", "fresh"), [("anthropic.messages", 3011), ("openai.chat", 1804)])
def test_mastra_once_passed_on_what_the_ai_sdk_counts(vendor: str, fresh: int) -> None:
    """Its version 5 has Anthropic's cached tokens beside the input, OpenAI's in it."""
    said = gen_ai(3011, 303, cached_input_tokens=1207) | {"gen_ai.system": vendor}

    found = reading(said, scope="@mastra/otel")

    assert (found.quantities["input_tokens"], found.quantities["cache_read_tokens"]) == (fresh, 1207)


@pytest.mark.parametrize(("ended", "usage"), [('["error"]', "free"), ("error", "free"), ('["stop"]', "none")])
def test_how_a_request_ended_may_say_that_it_failed(ended: str, usage: str) -> None:
    """Mastra leaves the span's status as it is."""
    said = gen_ai(0, 0) | {"gen_ai.response.finish_reasons": ended}

    assert reading(said, scope="@mastra/otel").usage == usage


def test_a_model_of_embeddings_embeds_whatever_the_span_calls_it() -> None:
    """OpenTelemetry's and OpenInference's instrumentations of Bedrock take every request for a chat."""
    said = gen_ai(3011, 0) | {"gen_ai.request.model": "amazon.titan-embed-text-v2:0"}

    found = reading(said, scope="opentelemetry.instrumentation.botocore.bedrock-runtime")

    assert (found.category, found.operation) == ("embedding", "embeddings")


@pytest.mark.parametrize(("total", "output"), [(3335, 324), (3314, 303)])
def test_genkit_has_geminis_thoughts_beside_the_output(total: int, output: int) -> None:
    """They are in the total only where they are beside it; which vendor was asked, the name of the action says."""
    usage = {
        "inputTokens": 3011,
        "outputTokens": 303,
        "thoughtsTokens": 21,
        "totalTokens": total,
        "cachedContentTokens": 1207,
    }
    said: dict[str, object] = {
        "genkit:metadata:subtype": "model",
        "genkit:name": "googleai/gemini-2.5-flash",
        "genkit:output": json.dumps({"usage": usage}),
    }

    found = reading(said, scope="genkit-tracer")

    assert (found.vendor, found.model) == ("gcp.gemini", "gemini-2.5-flash")
    assert (found.quantities["input_tokens"], found.quantities["output_tokens"]) == (1804, output)


def test_what_genkit_generates_repeats_the_models_action_inside() -> None:
    """Its own action is no call, and an embedder's is one of which nothing is known."""
    trace = Trace()
    output = json.dumps({"usage": {"inputTokens": 3011, "outputTokens": 303}})
    around = trace.span({"genkit:type": "util", "genkit:output": output}, scope="genkit-tracer")
    said = {"genkit:metadata:subtype": "model", "genkit:output": output}
    trace.span(said, scope="genkit-tracer", inside=around)
    trace.span({"genkit:metadata:subtype": "embedder", "genkit:name": "googleai/e"}, scope="genkit-tracer")

    assert [(call.category, call.usage) for call in trace.counted()] == [("llm", "reported"), ("embedding", "none")]


def test_voltagents_call_says_what_its_last_step_used_and_its_agent_the_rest() -> None:
    """Together they come to the agent's sum."""
    trace = Trace()
    total = {"usage.prompt_tokens": 3022, "usage.completion_tokens": 306, "usage.cached_tokens": 1214}
    agent = trace.span({**total, "ai.model.name": "gpt-4o-mini"}, scope="@voltagent/core", ms=30)
    step = {"llm.usage.prompt_tokens": 2011, "llm.usage.completion_tokens": 203, "llm.usage.cached_tokens": 807}
    said = {**step, "span.type": "llm", "llm.model": "gpt-4o-mini"}
    trace.span(said, scope="@voltagent/core", inside=agent, at=15)

    counted = trace.counted()

    assert sum(call.quantities["input_tokens"] for call in counted) == 3022 - 1214
    assert sum(call.quantities["cache_read_tokens"] for call in counted) == 1214
    assert {call.vendor for call in counted} == {"openai"}


def test_mlflow_once_named_anthropics_model_in_what_was_asked_only() -> None:
    """The answer's usage is Anthropic's own there."""
    said: dict[str, object] = {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.message.format": '"anthropic"',
        "mlflow.chat.tokenUsage": json.dumps({"input_tokens": 3011, "output_tokens": 303}),
        "mlflow.spanInputs": json.dumps({"model": "claude-sonnet-4-5"}),
    }

    found = reading(said, scope="mlflow.tracing.provider")

    assert (found.vendor, found.model) == ("anthropic", "claude-sonnet-4-5")


def test_mlflow_calls_through_langchain_have_the_names_that_langchain_gives() -> None:
    """Before MLflow named models and their vendors, only LangChain's own parameters did."""
    said: dict[str, object] = {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.chat.tokenUsage": json.dumps({"input_tokens": 3011, "output_tokens": 303}),
        "invocation_params": json.dumps({"model": "mistral-small"}),
        "metadata": json.dumps({"ls_provider": "mistral"}),
    }

    found = reading(said, scope="mlflow.tracing.provider")

    assert (found.vendor, found.model) == ("mistral", "mistral-small")


def test_an_early_litellm_says_what_was_asked_for_as_the_requests_type() -> None:
    """Before it gave the conventions' name of the operation."""
    said: dict[str, object] = {
        "litellm.call_id": "made-up",
        "llm.request.type": "embedding",
        "gen_ai.request.model": "m",
    }

    assert reading(said, scope="litellm", name="litellm_request").category == "embedding"


def test_litellm_before_it_named_its_calls() -> None:
    """Until 1.68 or so nothing but the scope tells its spans from Traceloop's, and those are in no traces of their own."""
    said: dict[str, object] = {"llm.request.type": "completion", "gen_ai.usage.prompt_tokens": 1011}

    assert reading(said, scope="litellm", name="litellm_request").dialect == "litellm"
    assert reading(said, scope="opentelemetry.instrumentation.openai.v1").dialect == "traceloop"


def test_a_call_of_which_only_the_model_is_said_is_an_unpriced_one() -> None:
    """So Traceloop once saw CrewAI's calls."""
    said: dict[str, object] = {"crewai.llm.model": "anthropic/claude-sonnet-4-5", "crewai.llm.stream": False}

    found = reading(said, scope="opentelemetry.instrumentation.crewai.instrumentation")

    assert (found.role, found.vendor, found.usage) == ("call", "anthropic", "none")


@pytest.mark.parametrize(
    ("template", "operation", "category"),
    [
        ("Chat Completion with {request_data[model]!r}", "chat", "llm"),
        ("Completion with {request_data[model]!r}", "text_completion", "llm"),
        ("Responses API with {gen_ai.request.model!r}", "responses", "llm"),
        ("Embedding Creation with {request_data[model]!r}", "embeddings", "embedding"),
    ],
)
def test_an_early_logfire_says_what_was_asked_for_in_the_template_of_its_message(
    template: str, operation: str, category: str
) -> None:
    """Its model may be in the request alone, its vendor in the scope."""
    said: dict[str, object] = {"logfire.msg_template": template, "request_data": '{"model": "m"}'}

    found = reading(said, scope="logfire.openai")

    assert (found.operation, found.category, found.vendor, found.model, found.usage) == (
        *(operation, category),
        *("openai", "m", "none"),
    )


def test_logfires_agents_say_what_a_chat_used_under_a_name_of_its_own() -> None:
    """Nothing but the template of its message, with a small letter, makes it a call; its cached tokens are in the usage alone."""
    usage = {"input_tokens": 3011, "output_tokens": 303, "input_tokens_details": {"cached_tokens": 1207}}
    said: dict[str, object] = {
        "logfire.msg_template": "Chat completion with {gen_ai.request.model!r}",
        "gen_ai.usage.input_tokens": 3011,
        "gen_ai.usage.output_tokens": 303,
        "usage": json.dumps(usage),
    }

    found = reading(said, scope="logfire.openai_agents")

    assert (found.role, found.quantities["input_tokens"], found.quantities["cache_read_tokens"]) == ("call", 1804, 1207)


def test_an_early_logfire_tells_of_the_end_of_a_stream_with_its_usage_or_of_nothing() -> None:
    """Anthropic's streams are over with their text alone: that is no second call."""
    said: dict[str, object] = {
        "logfire.span_type": "log",
        "logfire.msg_template": "streaming response from {request_data[model]!r} took {duration:.2f}s",
        "request_data": '{"model": "m"}',
    }

    found = reading(said | {"response_data": json.dumps({"usage": OPENAI})}, scope="logfire.openai")

    assert (found.role, found.quantities["cache_read_tokens"]) == ("usage", 1207)
    assert read(Trace().span(said | {"response_data": "{}"}, scope="logfire.anthropic")) is None


def test_a_traceloop_before_the_conventions_is_read_by_its_own_names() -> None:
    """Everything began with llm then."""
    said: dict[str, object] = {
        "llm.request.type": "chat",
        "llm.vendor": "OpenAI",
        "llm.request.model": "gpt-4o-mini",
        "llm.response.model": "gpt-4o-mini-2024-07-18",
        "llm.usage.prompt_tokens": 1011,
        "llm.usage.completion_tokens": 103,
        "llm.usage.total_tokens": 1114,
    }

    found = reading(said, scope="opentelemetry.instrumentation.openai.v1")

    assert (found.vendor, found.model, found.request_model) == ("openai", "gpt-4o-mini-2024-07-18", "gpt-4o-mini")
    assert found.quantities == {"input_tokens": 1011, "output_tokens": 103, "requests": 1}


def test_adk_takes_gemini_for_the_vendor_of_any_model() -> None:
    """Whatever LiteLLM asks, of which the name says who made it."""
    said = gen_ai(3011, 303) | {"gen_ai.system": "gemini", "gen_ai.request.model": "anthropic/claude-sonnet-4-5"}

    assert reading(said, scope="gcp.vertex.agent").vendor == "anthropic"


@pytest.mark.parametrize(("model", "output"), [("openai/gpt-5-mini", 603), ("gemini-2.5-flash", 724)])
def test_adk_adds_reasoning_to_an_output_that_holds_it_where_litellm_is_between(model: str, output: int) -> None:
    """Of Google's own answers the thoughts are beside the output."""
    said = gen_ai(6011, 724, reasoning__output_tokens=121) | {"gen_ai.request.model": model}

    found = reading(said, scope="gcp.vertex.agent")

    assert (found.quantities["output_tokens"], found.quantities["reasoning_tokens"]) == (output, 121)


@pytest.mark.parametrize("client", ["google_genai", "vertexai"])
def test_thoughts_that_only_the_total_holds_are_output(client: str) -> None:
    """OpenInference's first versions for Google Gen AI left them out, that for Vertex AI does so still."""
    said: dict[str, object] = {
        "openinference.span.kind": "LLM",
        "llm.token_count.prompt": 2011,
        "llm.token_count.completion": 203,
        "llm.token_count.total": 2255,
    }

    assert reading(said, scope=f"openinference.instrumentation.{client}").quantities["output_tokens"] == 244


def test_who_uses_googles_gen_ai_client_asks_gemini() -> None:
    """OpenInference says no more than that it is Google."""
    said: dict[str, object] = {"openinference.span.kind": "LLM", "llm.provider": "google", "llm.token_count.prompt": 9}

    assert reading(said, scope="openinference.instrumentation.google_genai").vendor == "gcp.gemini"
    assert reading(said, scope="openinference.instrumentation.vertexai").vendor == "gcp.vertex_ai"


@pytest.mark.parametrize(("named", "meant"), [("google", "gcp.gemini"), ("google-cloud", "gcp.vertex_ai")])
def test_pydantic_ai_tells_googles_two_ways_apart(named: str, meant: str) -> None:
    """Since its second version; `google` alone may mean either elsewhere."""
    said = gen_ai(9, 1) | {"gen_ai.provider.name": named}

    assert reading(said, scope="pydantic-ai").vendor == meant


@pytest.mark.parametrize(
    "said",
    [
        {
            "langsmith.span.kind": "llm",
            "langsmith.metadata.usage_metadata": json.dumps({"output_token_details": {"reasoning": 21}}),
            **gen_ai(3011, 303),
        },
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.usage_details": json.dumps({"input": 3011, "output": 282, "output_reasoning": 21}),
        },
    ],
)
def test_reasoning_in_a_document_is_told_and_stays_part_of_the_output(said: dict[str, object]) -> None:
    """LangSmith has it within the output, Langfuse beside it."""
    found = reading(said)

    assert (found.quantities["output_tokens"], found.quantities["reasoning_tokens"]) == (303, 21)


def test_litellm_says_a_cost_among_its_hidden_parameters() -> None:
    """Of a call for which it writes no attribute of that."""
    hidden = json.dumps({"response_cost": 0.00021345, "additional_headers": {"llm_provider-server": "it's"}})
    said = gen_ai(1011, 103) | {"litellm.call_id": "made-up", "hidden_params": hidden}

    assert reading(said, scope="litellm", name="litellm_request").emitter_usd == "0.00021345"


def test_pydantic_ai_says_what_embeddings_cost_too() -> None:
    """As of any other call."""
    said: dict[str, object] = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.usage.input_tokens": 11,
        "operation.cost": 0.001,
    }

    assert reading(said, scope="pydantic-ai").emitter_usd == "0.001"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("chat.completions", "chat"),
        ("chat.streaming_completions", "chat"),
        ("text.completions", "text_completion"),
        ("text.streaming_completions", "text_completion"),
        ("text_completions", "text_completion"),
    ],
)
def test_semantic_kernel_had_other_names_for_its_calls(name: str, wanted: str) -> None:
    """A stream without usage is an unpriced call by any of them."""
    said: dict[str, object] = {"gen_ai.operation.name": name, "gen_ai.system": "openai", "gen_ai.request.model": "m"}

    found = reading(said, scope="semantic_kernel.utils.telemetry.model_diagnostics.decorators")

    assert (found.role, found.operation, found.usage) == ("call", wanted, "none")


def test_a_reranker_names_its_model() -> None:
    """Its name is no content, though what it was asked is."""
    said: dict[str, object] = {"openinference.span.kind": "RERANKER", "reranker.model_name": "rerank-v3.5"}

    found = reading(said)

    assert (found.operation, found.model) == ("rerank", "rerank-v3.5")


@pytest.mark.parametrize(
    ("scope", "dialect", "said"),
    [
        ("shop", "otel", gen_ai(4670, 303, **CACHED)),
        (
            "ai",
            "ai-sdk",
            {
                "ai.operationId": "ai.generateText.doGenerate",
                "gen_ai.usage.input_tokens": 4670,
                "gen_ai.usage.output_tokens": 303,
                "ai.usage.inputTokenDetails.cacheReadTokens": 1207,
                "ai.usage.inputTokenDetails.cacheWriteTokens": 452,
            },
        ),
    ],
)
@pytest.mark.parametrize("kind", ["generation", "span"])
def test_a_span_to_which_a_program_gave_a_type_of_langfuses_is_read_as_it_was(
    kind: str, scope: str, dialect: str, said: dict[str, object]
) -> None:
    """Langfuse's documentation tells programs to mark the spans of other instrumentations so."""
    found = reading(said | {"langfuse.observation.type": kind}, scope=scope)

    assert (found.dialect, found.quantities) == (dialect, SPLIT)


def test_ids_that_the_ai_sdk_makes_up_are_not_the_vendors() -> None:
    """Where the vendor gives none, as Google does."""
    for made_up, own in (("aitxt-4kuVWf", False), ("aiobj-4kuVWf", False), ("chatcmpl-1", True)):
        said: dict[str, object] = {"ai.operationId": "ai.generateText.doGenerate", "ai.response.id": made_up}
        assert reading(said, scope="ai").own_id is own
        assert reading(gen_ai(1, 1) | {"gen_ai.response.id": made_up}, scope="gen_ai").own_id is own


@pytest.mark.parametrize(("kind", "usage"), [("LLM", "reported"), ("CACHED", "free")])
def test_a_call_that_laminar_replays_from_its_cache_is_free(kind: str, usage: str) -> None:
    """The vendor never saw it."""
    said = gen_ai(4670, 303, cache_read_input_tokens=1207, cost=0.02) | {"lmnr.span.type": kind}
    said["gen_ai.operation.name"] = ""

    found = reading(said, scope="lmnr.tracer", name="openai.chat")

    assert (found.dialect, found.operation, found.usage) == ("laminar", "chat", usage)
    assert (found.emitter_usd is None, found.quantities == {}) == (usage == "free", usage == "free")
