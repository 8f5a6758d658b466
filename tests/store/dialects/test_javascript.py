"""What libraries in JavaScript say in a way of their own, and what passes on numbers of vendors as they are."""

from __future__ import annotations

import json

import pytest
from botanu_store.dialects import read

from tests.store.captures import Totals, Trace, chat, totals
from tests.store.dialects.readings import ANTHROPIC, CACHED, SPLIT, gen_ai, reading

COUNT = "llm.token_count."
BEDROCK = "@arizeai/openinference-instrumentation-bedrock"


@pytest.mark.parametrize("library", ["anthropic", "bedrock"])
def test_openlit_in_javascript_excludes_the_cached_tokens_too(library: str) -> None:
    """It passes on the counts of Anthropic and of Bedrock, as in Python."""
    found = reading(gen_ai(3011, 303, **CACHED), scope=f"@openlit/instrumentation-{library}")

    assert (found.dialect, found.quantities) == ("openlit", SPLIT)


def test_openlit_in_javascript_has_geminis_thoughts_beside_the_output() -> None:
    """Its output is that of the candidates."""
    found = reading(gen_ai(3011, 303, reasoning_tokens=61), scope="@openlit/instrumentation-google-ai")

    assert found.quantities["output_tokens"] == 364


def test_a_call_whose_input_one_side_guesses_beside_the_same_cached_tokens_counts_once() -> None:
    """OpenLIT takes the words of what LangChain.js asks for its tokens; its span of the client's call has them."""
    trace = Trace()
    known = chat(50011, 5003, gen_ai__usage__cache_read__input_tokens=20007)
    guessed = chat(10, 5003, gen_ai__usage__cache_read__input_tokens=20007)
    trace.span(guessed, scope="@openlit/instrumentation-langchain", ms=42)
    trace.span(known, scope="@openlit/instrumentation-openai", at=1, ms=40)

    assert totals(trace.calls()) == Totals(50011, 5003, 20007, 0)


def test_what_langsmith_exports_of_the_ai_sdk_is_read_as_the_ai_sdk_has_it() -> None:
    """Its exporter adds its own kind, and counts in which the cached tokens are twice."""
    said: dict[str, object] = {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.response.providerMetadata": json.dumps({"anthropic": {"usage": ANTHROPIC}}),
        "gen_ai.usage.input_tokens": 4670,
        "gen_ai.usage.output_tokens": 303,
        "langsmith.span.kind": "llm",
    }

    found = reading(said, scope="ai")

    assert (found.dialect, found.quantities) == ("ai-sdk", SPLIT)


def test_langsmith_in_javascript_names_what_stays_for_an_hour_in_its_own_way() -> None:
    """Its wrapper of the AI SDK splits the writes, and says no sum of them."""
    details = {"ephemeral_5m_input_tokens": 301, "ephemeral_1hr_input_tokens": 151, "cache_read": 1207}
    usage = {"input_tokens": 4670, "output_tokens": 303, "input_token_details": details}
    said: dict[str, object] = {"langsmith.span.kind": "llm", "langsmith.metadata.usage_metadata": json.dumps(usage)}

    found = reading(said, scope="langsmith")

    assert (found.quantities["cache_write_tokens"], found.quantities["cache_write_1h_tokens"]) == (301, 151)
    assert (found.quantities["input_tokens"], found.quantities["cache_read_tokens"]) == (3011, 1207)


@pytest.mark.parametrize(("answered", "usage"), [({"ai.response.finishReason": "stop"}, "none"), ({}, "free")])
def test_an_answer_of_the_ai_sdk_was_billed_whatever_the_status(answered: dict[str, object], usage: str) -> None:
    """OpenInference's processor marks all spans of a trace as failed once one has."""
    said = {"ai.operationId": "ai.streamText.doStream", "ai.model.provider": "openai.chat", **answered}

    found = read(Trace().span(said, scope="ai", error=True))

    assert found is not None
    assert found.usage == usage


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ({"total": 4973}, {"input_tokens": 4670, "output_tokens": 303, "requests": 1}),
        ({"prompt_details.cache_read": 1207, "prompt_details.cache_write": 452}, SPLIT),
        ({"total": 4973, "prompt_details.cache_read": 1207, "prompt_details.cache_write": 452}, SPLIT),
    ],
)
def test_openinference_in_javascript_passes_on_bedrocks_counts(counts: dict[str, int], wanted: dict[str, int]) -> None:
    """Of Converse the cached tokens are in the total alone; where the model's region stands before it, its maker is all that is named."""
    said: dict[str, object] = {
        "openinference.span.kind": "LLM",
        "llm.system": "anthropic",
        "llm.model_name": "anthropic",
    }
    said |= {f"{COUNT}prompt": 3011, f"{COUNT}completion": 303, "llm.provider": "aws"}
    said |= {f"{COUNT}{name}": value for name, value in counts.items()}

    found = reading(said, scope=BEDROCK)

    assert (found.vendor, found.model, found.quantities) == ("aws.bedrock", "", wanted)


@pytest.mark.parametrize(("provider", "fresh"), [("Anthropic", 3011), ("AwsBedrock", 3011), ("OpenAI", 1352)])
def test_agno_passes_on_the_vendors_own_counts(provider: str, fresh: int) -> None:
    """OpenInference's instrumentation of it has no total that would tell."""
    said: dict[str, object] = {"openinference.span.kind": "LLM", "llm.provider": provider, "llm.model_name": "m"}
    said |= {f"{COUNT}prompt": 3011, f"{COUNT}completion": 303}
    said |= {f"{COUNT}prompt_details.cache_read": 1207, f"{COUNT}prompt_details.cache_write": 452}

    found = reading(said, scope="openinference.instrumentation.agno")

    assert (found.quantities["input_tokens"], found.quantities["cache_read_tokens"]) == (fresh, 1207)


@pytest.mark.parametrize("part", ["model_step", "model_chunk"])
def test_parts_of_mastras_calls_are_none_of_their_own(part: str) -> None:
    """Its exporter to Arize calls them LLM as well."""
    said = {"openinference.span.kind": "LLM", "mastra.span.type": part}

    assert read(Trace().span(said, scope="@mastra/otel-exporter")) is None


def test_mastra_tells_what_stays_for_an_hour() -> None:
    """All its exporters that follow the conventions do (`formatUsageMetrics`)."""
    said = gen_ai(4670, 303, cache_creation__1h_input_tokens=151, **CACHED)

    found = reading(said, scope="@mastra/langfuse")

    assert (found.dialect, found.quantities["cache_write_1h_tokens"]) == ("mastra", 151)


def test_a_model_that_traceloop_does_not_know_is_no_other_models() -> None:
    """For LangChain.js it writes "unknown" where the answer does not name the model."""
    said: dict[str, object] = {
        "llm.request.type": "chat",
        "gen_ai.request.model": "unknown",
        "gen_ai.response.model": "unknown",
    }

    found = reading(said, scope="@traceloop/instrumentation-langchain")

    assert (found.model, found.request_model) == ("", "")


def test_what_the_ai_sdk_read_from_bedrocks_cache_is_in_the_input_where_it_tells_the_fresh_tokens_too() -> None:
    """Since version 6; what Bedrock itself says of the cache's writes is 0 beside it, as from the second call of a conversation on."""
    said: dict[str, object] = {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.provider": "amazon-bedrock",
        "ai.usage.inputTokens": 4218,
        "ai.usage.outputTokens": 303,
        "ai.usage.inputTokenDetails.noCacheTokens": 3011,
        "ai.usage.inputTokenDetails.cacheReadTokens": 1207,
        "ai.usage.inputTokenDetails.cacheWriteTokens": 0,
        "ai.response.providerMetadata": json.dumps({"bedrock": {"usage": {"cacheWriteInputTokens": 0}}}),
    }

    found = reading(said, scope="ai")

    assert found.quantities == {"requests": 1, "input_tokens": 3011, "cache_read_tokens": 1207, "output_tokens": 303}


@pytest.mark.parametrize(
    ("answer", "asked", "fresh"),
    [("aitxt-1", 3011, 3011), ("aiobj-1", 3011, 3011), ("7d2a-req", 4670, 3011), ("", 4670, 3011)],
)
def test_bedrocks_input_in_the_ai_sdk_holds_the_cached_tokens_once_answers_are_named(
    answer: str, asked: int, fresh: int
) -> None:
    """Its provider folded them in during version 6, and soon after that named each answer by the request."""
    said: dict[str, object] = {
        "ai.operationId": "ai.streamObject.doStream" if answer else "ai.streamObject",
        "ai.model.provider": "amazon-bedrock",
        "ai.response.id": answer,
        "ai.response.providerMetadata": json.dumps({"bedrock": {"usage": {"cacheWriteInputTokens": 452}}}),
        "ai.usage.inputTokens": asked,
        "ai.usage.outputTokens": 303,
        "ai.usage.cachedInputTokens": 1207,
    }

    found = reading(said, scope="ai")

    assert (found.quantities["input_tokens"], found.quantities["cache_read_tokens"]) == (fresh, 1207)
    assert found.quantities["cache_write_tokens"] == 452


@pytest.mark.parametrize(
    ("provider", "metadata"),
    [
        (
            "google.vertex.chat",
            {"vertex": {"usageMetadata": {"cachedContentTokenCount": 1207, "thoughtsTokenCount": 61}}},
        ),
        (
            "google.generative-ai",
            {"google": {"usageMetadata": {"cachedContentTokenCount": 1207, "thoughtsTokenCount": 61}}},
        ),
        ("openai.chat", {"openai": {"cachedPromptTokens": 1207, "reasoningTokens": 61}}),
        (
            "openrouter",
            {
                "openrouter": {
                    "usage": {
                        "promptTokensDetails": {"cachedTokens": 1207},
                        "completionTokensDetails": {"reasoningTokens": 61},
                    }
                }
            },
        ),
    ],
)
def test_the_ai_sdk_says_what_was_cached_and_thought_as_its_providers_name_it(
    provider: str, metadata: dict[str, object]
) -> None:
    """Of objects, and of all answers outside streams in version 5, it says so nowhere else."""
    said: dict[str, object] = {
        "ai.operationId": "ai.generateObject.doGenerate",
        "ai.model.provider": provider,
        "ai.usage.promptTokens": 4218,
        "ai.usage.completionTokens": 303,
        "ai.response.providerMetadata": json.dumps(metadata),
    }

    found = reading(said, scope="ai")

    assert found.quantities == {
        "requests": 1,
        "input_tokens": 3011,
        "cache_read_tokens": 1207,
        "output_tokens": 303,
        "reasoning_tokens": 61,
    }


def test_a_stream_of_the_ai_sdk_that_was_broken_off_is_an_unpriced_call() -> None:
    """Versions 5 and 6 then never write the inner span; where they did, the outer one is no call beside it."""
    said: dict[str, object] = {"ai.model.provider": "openai.chat", "ai.model.id": "gpt-4.1"}
    outer = {**said, "ai.operationId": "ai.streamText"}
    inner = {
        **said,
        "ai.operationId": "ai.streamText.doStream",
        "ai.usage.inputTokens": 3011,
        "ai.usage.outputTokens": 303,
    }
    trace = Trace()
    trace.span(outer, scope="ai")
    trace.span(inner, scope="ai", inside=trace.span(outer, scope="ai", at=20), at=20)
    trace.span(outer, scope="ai", at=40, error=True)

    counted = trace.counted()

    assert sorted(call.usage for call in counted) == ["free", "none", "reported"]
    assert totals(counted) == Totals(3011, 303, 0, 0)
