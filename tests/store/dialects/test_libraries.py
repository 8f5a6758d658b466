"""What single libraries say in a way of their own, version by version."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from botanu_store.dialects import read

from tests.store.captures import Trace
from tests.store.dialects.readings import ANTHROPIC, CACHED, OPENAI, SPLIT, gen_ai, reading


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


@pytest.mark.parametrize(("ended", "error"), [('["error"]', False), ('["error"]', True), ("", True)])
def test_a_stream_that_was_broken_off_is_billed_though_it_counts_as_failed(ended: str, error: bool) -> None:
    """OpenTelemetry's genai-openai says so of each that a program did not read to its end, and when its first piece came."""
    said = gen_ai(0, 0) | {
        "gen_ai.response.id": "chatcmpl-8",
        "gen_ai.response.finish_reasons": ended,
        "gen_ai.response.time_to_first_chunk": "0.0228",
    }

    found = read(Trace().span(said, scope="opentelemetry.instrumentation.genai.openai", error=error))

    assert found is not None
    assert (found.usage, found.quantities) == ("none", {"requests": 1})


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


def test_logfires_agents_say_beside_the_conventions_what_was_cached_and_who_answered() -> None:
    """Since version 4.34 or so, which names the operation as the conventions do, but neither of these."""
    said = gen_ai(3011, 303) | {"usage": json.dumps(OPENAI), "response_id": "resp_1"}

    found = reading(said, scope="logfire.openai_agents")

    assert found.quantities["cache_read_tokens"] == 1207
    assert found.response_id == "resp_1"


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (
            "logfire.openai_agents",
            gen_ai(3011, 303) | {"gen_ai.system": "openai", "gen_ai.request.model": "anthropic/claude-sonnet-4-5"},
        ),
        (
            "openinference.instrumentation.openai_agents",
            {
                "openinference.span.kind": "LLM",
                "llm.system": "openai",
                "llm.model_name": "anthropic/claude-sonnet-4-5",
                "llm.token_count.prompt": 3011,
            },
        ),
    ],
)
def test_openais_agents_that_ask_by_litellm_name_the_vendor_before_the_models_slash(
    scope: str, said: dict[str, object]
) -> None:
    """Whatever they ask, OpenAI is what their instrumentations have for it, which sells no Claude."""
    assert reading(said, scope=scope).vendor == "anthropic"


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


def test_a_stream_whose_end_logfire_tells_of_as_an_error_is_billed_all_the_same() -> None:
    """It had begun before it was broken off, and nobody knows what it used."""
    said: dict[str, object] = {"logfire.span_type": "log", "gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}

    found = read(Trace().span(said, scope="logfire.openai", error=True))

    assert found is not None
    assert (found.role, found.usage, found.quantities) == ("usage", "none", {"requests": 1})


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


def test_an_early_openlit_has_geminis_thoughts_beside_the_output() -> None:
    """Whatever it tells of has one scope there, and OpenAI's output holds the reasoning."""
    said = gen_ai(3011, 242, reasoning_tokens=61)

    google = reading(said | {"gen_ai.provider.name": "gemini"}, scope="openlit.otel.tracing")
    openai = reading(said | {"gen_ai.provider.name": "openai"}, scope="openlit.otel.tracing")

    assert (google.quantities["output_tokens"], openai.quantities["output_tokens"]) == (303, 242)
    assert google.quantities["reasoning_tokens"] == 61


def test_what_geminis_tools_put_into_the_prompt_was_once_in_the_total_alone() -> None:
    """OpenInference's output holds the thoughts where it tells them, so that nothing else can be left."""
    said: dict[str, object] = {
        "openinference.span.kind": "LLM",
        "llm.provider": "google",
        "llm.model_name": "gemini-2.5-flash",
        "llm.token_count.prompt": 2920,
        "llm.token_count.completion": 303,
        "llm.token_count.completion_details.reasoning": 61,
        "llm.token_count.total": 3314,
    }

    found = reading(said, scope="openinference.instrumentation.google_genai")

    assert (found.quantities["input_tokens"], found.quantities["output_tokens"]) == (3011, 303)


def test_a_stream_of_pydantic_ais_that_fell_back_is_of_who_makes_the_model_that_answered() -> None:
    """It names all that it might have asked for the vendor."""
    said = gen_ai(3011, 303) | {"gen_ai.provider.name": "fallback:openai,google-gla"}

    assert reading(said | {"gen_ai.response.model": "gemini-2.5-flash"}, scope="pydantic-ai").vendor == "gcp.gemini"


def test_a_call_of_strands_that_only_wrote_to_the_cache_holds_that_in_its_input() -> None:
    """Since 1.54 either new name stands there alone where nothing was read, or nothing written."""
    said = gen_ai(3463, 303, cache_creation__input_tokens=452, cache_write_input_tokens=452, total_tokens=3766)

    found = reading(said | {"gen_ai.request.model": "claude-sonnet-4-5"}, scope="strands.telemetry.tracer")

    assert (found.quantities["input_tokens"], found.quantities["cache_write_tokens"]) == (3011, 452)


def test_a_call_that_openinference_makes_in_adks_stead_has_the_answer_as_adks_own() -> None:
    """It has nothing of OpenInference's then but the scope, and what was cached is in the answer alone."""
    usage = {"prompt_token_count": 3011, "candidates_token_count": 242, "thoughts_token_count": 61}
    answer = {"usage_metadata": usage | {"cached_content_token_count": 1207}}
    said = {"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash"}
    said |= {"gcp.vertex.agent.llm_response": json.dumps(answer)}

    found = reading({**said}, scope="openinference.instrumentation.google_adk", name="call_llm")

    assert (found.dialect, found.vendor) == ("google-adk", "gcp.gemini")
    assert (found.quantities["cache_read_tokens"], found.quantities["output_tokens"]) == (1207, 303)


@pytest.mark.parametrize(("version", "fresh"), [("0.52.4", 3011), ("0.62.3", 1804)])
def test_traceloop_passes_on_what_langchain_counts_of_bedrock(version: str, fresh: int) -> None:
    """LangChain's client of Bedrock has the cached tokens beside its input before its version 1.5, which came with Traceloop's 0.61."""
    said = gen_ai(3011, 303, cache_read_input_tokens=1207) | {"gen_ai.system": "AWS", "llm.request.type": "chat"}

    found = read(Trace().span(said, scope="opentelemetry.instrumentation.langchain", version=version))

    assert found is not None
    assert (found.quantities["input_tokens"], found.quantities["cache_read_tokens"]) == (fresh, 1207)


def test_mlflows_total_says_whether_langchains_input_holds_what_bedrock_cached() -> None:
    """LangChain's client of Bedrock names the model in what it says of itself alone."""
    usage = {"input_tokens": 3011, "output_tokens": 303, "total_tokens": 4521, "cache_read_input_tokens": 1207}
    said: dict[str, object] = {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.message.format": '"langchain"',
        "invocation_params": '{"_type": "amazon_bedrock_converse_chat"}',
        "metadata": '{"ls_provider": "amazon_bedrock", "ls_model_name": "us.anthropic.claude-sonnet-4-5"}',
        "mlflow.chat.tokenUsage": json.dumps(usage),
    }

    found = reading(said, scope="mlflow.tracing.provider")

    assert (found.vendor, found.model) == ("aws.bedrock", "us.anthropic.claude-sonnet-4-5")
    assert (found.quantities["input_tokens"], found.quantities["cache_read_tokens"]) == (3011, 1207)


def test_langfuses_total_knows_what_its_handler_took_off_bedrocks_input() -> None:
    """The handler takes the cached tokens off, down to 0, which LangChain's client of Bedrock did not count before 1.5."""
    usage = {"input": 1352, "input_cache_creation": 452, "input_cache_read": 1207, "output": 303, "total": 4973}
    said: dict[str, object] = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "us.anthropic.claude-sonnet-4-5",
        "langfuse.observation.metadata.ls_model_type": "chat",
        "langfuse.observation.usage_details": json.dumps(usage),
    }

    assert reading(said, scope="langfuse-sdk").quantities == SPLIT


def test_what_an_early_openinference_leaves_out_of_bedrocks_input_is_in_the_total() -> None:
    """Which of it was read and which written it does not say: that is priced as fresh."""
    said: dict[str, object] = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "us.anthropic.claude-sonnet-4-5",
        "llm.token_count.prompt": 3011,
        "llm.token_count.completion": 303,
        "llm.token_count.total": 4973,
    }

    found = reading(said, scope="openinference.instrumentation.bedrock", name="bedrock.converse")

    assert found.quantities == {"input_tokens": 4670, "output_tokens": 303, "requests": 1}


def test_who_uses_googles_gen_ai_client_asks_gemini() -> None:
    """OpenInference says no more than that it is Google."""
    said: dict[str, object] = {"openinference.span.kind": "LLM", "llm.provider": "google", "llm.token_count.prompt": 9}

    assert reading(said, scope="openinference.instrumentation.google_genai").vendor == "gcp.gemini"
    assert reading(said, scope="openinference.instrumentation.vertexai").vendor == "gcp.vertex_ai"


def test_pydantic_ai_first_said_in_geminis_words_what_was_cached_and_what_was_thought() -> None:
    """In 1.0 what was cached has no other name; the thoughts have none in 2.68 either."""
    said = gen_ai(3011, 303, details__cached_content_tokens=1207, details__thoughts_tokens=61)

    found = reading(said, scope="pydantic-ai").quantities

    assert (found["input_tokens"], found["cache_read_tokens"], found["output_tokens"]) == (1804, 1207, 303)
    assert found["reasoning_tokens"] == 61


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


@pytest.mark.parametrize(("model", "maker"), [("gemini-2.5-flash", "gcp.gemini"), ("openai/gpt-4o-mini", "openai")])
def test_openinference_on_adks_own_span_leaves_out_what_was_cached(model: str, maker: str) -> None:
    """Its version 0.1.6 took the span over from ADK, with the answer's usage on it, and names Google as the vendor of all."""
    usage = {"prompt_token_count": 2818, "candidates_token_count": 203, "cached_content_token_count": 807}
    said: dict[str, object] = {
        "openinference.span.kind": "LLM",
        "gen_ai.system": "gcp.vertex.agent",
        "gcp.vertex.agent.llm_response": json.dumps({"usage_metadata": usage}),
        "llm.model_name": model,
        "llm.provider": "google",
        "llm.token_count.prompt": 2818,
        "llm.token_count.completion": 203,
    }

    found = reading(said, scope="openinference.instrumentation.google_adk", name="call_llm")

    assert found.vendor == maker
    assert found.quantities == {
        "input_tokens": 2011,
        "cache_read_tokens": 807,
        "output_tokens": 203,
        "requests": 1,
    }


def test_what_happens_inside_beeais_calls_is_no_call() -> None:
    """Each token of a stream has a span of the call's kind; the call names its cached tokens among what BeeAI says of it."""
    trace = Trace()
    said: dict[str, object] = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4o-mini",
        "llm.provider": "openai",
        "llm.token_count.prompt": 2818,
        "llm.token_count.completion": 203,
        "metadata.usage.cached_prompt_tokens": 807,
        "metadata.usage.cached_creation_tokens": 0,
    }
    stream = trace.span(said, scope="openinference.instrumentation.beeai", name="OpenAIChatModel", ms=20)
    token = {"openinference.span.kind": "LLM", "metadata.path": "backend.openai.chat.new_token"}
    trace.span(token, scope="openinference.instrumentation.beeai", name="new_token", inside=stream, at=5, ms=0)

    (call,) = trace.calls()

    assert call.quantities == {"input_tokens": 2011, "cache_read_tokens": 807, "output_tokens": 203, "requests": 1}


def test_litellms_callback_for_langfuse_tells_of_usage_as_openinference_does() -> None:
    """The request's type is LiteLLM's own, all other attributes are OpenInference's: of streams nothing else tells."""
    said: dict[str, object] = {
        "openinference.span.kind": "LLM",
        "llm.request.type": "completion",
        "llm.provider": "anthropic",
        "llm.model_name": "claude-sonnet-4-5",
        "llm.token_count.prompt": 4670,
        "llm.token_count.completion": 303,
        "llm.token_count.prompt_details.cache_read": 1207,
        "llm.token_count.prompt_details.cache_write": 452,
        "llm.cost.total": 0.012,
        "langfuse.observation.type": "generation",
    }

    found = reading(said, scope="litellm", name="litellm_request")

    assert (found.dialect, found.vendor, found.model) == ("litellm", "anthropic", "claude-sonnet-4-5")
    assert found.quantities == SPLIT
    assert found.emitter_usd == Decimal("0.012")


def test_litellm_says_a_cost_among_its_hidden_parameters() -> None:
    """Of a call for which it writes no attribute of that."""
    hidden = json.dumps({"response_cost": 0.00021345, "additional_headers": {"llm_provider-server": "it's"}})
    said = gen_ai(1011, 103) | {"litellm.call_id": "made-up", "hidden_params": hidden}

    assert reading(said, scope="litellm", name="litellm_request").emitter_usd == Decimal("0.00021345")


def test_pydantic_ai_says_what_embeddings_cost_too() -> None:
    """As of any other call."""
    said: dict[str, object] = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.usage.input_tokens": 11,
        "operation.cost": 0.001,
    }

    assert reading(said, scope="pydantic-ai").emitter_usd == Decimal("0.001")


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
