"""What frameworks for agents in JavaScript say in a way of their own, and whose numbers they pass on."""

from __future__ import annotations

import json

import pytest

from tests.store.captures import Totals, Trace, chat, totals
from tests.store.dialects.readings import CACHED, SPLIT, gen_ai, reading

_LANGCHAINS_GEMINI: list[tuple[str, dict[str, object]]] = [
    (
        "@arizeai/openinference-instrumentation-langchain",
        {
            "openinference.span.kind": "LLM",
            "llm.token_count.prompt": 4218,
            "llm.token_count.completion": 242,
            "llm.token_count.total": 4521,
            "llm.token_count.prompt_details.cache_read": 1207,
            "metadata": json.dumps({"ls_provider": "google_genai", "ls_model_name": "gemini-2.5-flash"}),
        },
    ),
    (
        "langfuse-sdk",
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gemini-2.5-flash",
            "langfuse.observation.metadata.ls_model_type": "chat",
            "langfuse.observation.usage_details": json.dumps(
                {"input": 3011, "output": 242, "total": 4521, "input_cache_read": 1207}
            ),
        },
    ),
    (
        "app",
        {
            "langsmith.span.kind": "llm",
            "gen_ai.system": "gemini",
            "gen_ai.request.model": "gemini-2.5-flash",
            "langsmith.metadata.ls_provider": "google_genai",
            "langsmith.metadata.usage_metadata": json.dumps(
                {
                    "input_tokens": 4218,
                    "output_tokens": 242,
                    "total_tokens": 4521,
                    "input_token_details": {"cache_read": 1207},
                }
            ),
        },
    ),
]


@pytest.mark.parametrize(("scope", "said"), _LANGCHAINS_GEMINI)
def test_langchain_in_javascript_has_geminis_thoughts_in_the_total_alone(scope: str, said: dict[str, object]) -> None:
    """Whoever passes its counts on leaves them out of the output."""
    found = reading(said, scope=scope)

    thought = {"output_tokens": 303, "reasoning_tokens": 61}
    assert found.quantities == {"requests": 1, "input_tokens": 3011, "cache_read_tokens": 1207} | thought
    assert (found.vendor, found.model) == ("gcp.gemini", "gemini-2.5-flash")


def test_traceloop_in_javascript_passes_geminis_counts_through_langchain_on() -> None:
    """It names neither the model nor what was cached."""
    said: dict[str, object] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.usage.input_tokens": 4218,
        "gen_ai.usage.output_tokens": 242,
        "gen_ai.usage.total_tokens": 4521,
    }

    found = reading(said, scope="@traceloop/instrumentation-langchain")

    assert found.quantities == {"requests": 1, "input_tokens": 4218, "output_tokens": 303, "reasoning_tokens": 61}


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (
            "@arizeai/openinference-instrumentation-langchain",
            {
                "openinference.span.kind": "LLM",
                "llm.token_count.prompt": 4218,
                "llm.token_count.completion": 303,
                "metadata": json.dumps({"ls_provider": "amazon_bedrock", "ls_model_name": "us.anthropic.claude-x"}),
            },
        ),
        (
            "app",
            {
                "langsmith.span.kind": "llm",
                "gen_ai.system": "anthropic",
                "gen_ai.request.model": "us.anthropic.claude-x",
                "langsmith.metadata.ls_provider": "amazon_bedrock",
            },
        ),
    ],
)
def test_langchains_own_names_tell_whose_model_bedrock_sells(scope: str, said: dict[str, object]) -> None:
    """OpenInference in JavaScript names none, LangSmith whom the model's name suggests."""
    found = reading(said, scope=scope)

    assert (found.vendor, found.model) == ("aws.bedrock", "us.anthropic.claude-x")


@pytest.mark.parametrize(("total", "output"), [(4521, 303), (4460, 242)])
def test_thoughts_of_gemini_that_only_the_total_of_the_conventions_holds_are_output(total: int, output: int) -> None:
    """Mastra's first exporter passes on what the AI SDK 5 counts, which has them beside the output."""
    said: dict[str, object] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "google.generative-ai",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.usage.input_tokens": 4218,
        "gen_ai.usage.output_tokens": 242,
        "gen_ai.usage.total_tokens": total,
        "gen_ai.usage.reasoning_tokens": 61,
        "gen_ai.usage.cached_input_tokens": 1207,
    }

    found = reading(said, scope="@mastra/otel")

    assert (found.quantities["input_tokens"], found.quantities["cache_read_tokens"]) == (3011, 1207)
    assert (found.quantities["output_tokens"], found.quantities["reasoning_tokens"]) == (output, 61)


@pytest.mark.parametrize(
    ("model", "told", "wanted"),
    [
        ("claude-sonnet-4-5", gen_ai(3011, 303, total_tokens=3314, **CACHED), SPLIT),
        ("us.anthropic.claude-x", gen_ai(3011, 303, total_tokens=4973, **CACHED), SPLIT),
        (
            "us.anthropic.claude-x",
            gen_ai(3011, 303, total_tokens=4973),
            {"requests": 1, "input_tokens": 4670, "output_tokens": 303},
        ),
        (
            "gpt-4.1",
            gen_ai(4218, 303, total_tokens=4521, cache_read__input_tokens=1207),
            {"requests": 1, "input_tokens": 3011, "cache_read_tokens": 1207, "output_tokens": 303},
        ),
    ],
)
def test_strands_in_typescript_passes_on_what_the_vendors_count(
    model: str, told: dict[str, object], wanted: dict[str, int]
) -> None:
    """Its scope and the vendor that it names are the program's own name; outside Bedrock's streams the cached tokens are in the total alone."""
    said: dict[str, object] = {
        **told,
        "gen_ai.system": "shop",
        "gen_ai.request.model": model,
        "gen_ai.event.start_time": "2026-11-29T05:41:39.834Z",
    }

    found = reading(said, scope="shop")

    assert (found.dialect, found.quantities) == ("strands", wanted)
    assert found.vendor in ("anthropic", "aws.bedrock", "openai")


def test_an_agents_total_of_strands_in_typescript_goes_on_growing() -> None:
    """An agent that was asked twice says at the second time what both came to."""
    trace = Trace()
    began = {"gen_ai.event.start_time": "2026-11-29T05:41:39.834Z", "gen_ai.request.model": "gpt-4.1"}
    for turn in (1, 2):
        agent = trace.span(
            {**chat(3011 * turn, 303 * turn), **began, "gen_ai.operation.name": "invoke_agent"},
            scope="shop", at=turn * 20,
        )  # fmt: skip
        trace.span({**chat(3011, 303), **began}, scope="shop", inside=agent, at=turn * 20)

    assert totals(trace.calls()) == Totals(6022, 606, 0, 0)


def test_adk_in_javascript_names_the_answers_usage_as_gemini_does() -> None:
    """What was cached and thought is in the JSON of the answer alone, in JavaScript's spelling."""
    usage = {
        "promptTokenCount": 4218,
        "candidatesTokenCount": 242,
        "thoughtsTokenCount": 61,
        "cachedContentTokenCount": 1207,
        "totalTokenCount": 4521,
    }
    said: dict[str, object] = {
        "gen_ai.system": "gcp.vertex.agent",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.usage.input_tokens": 4218,
        "gen_ai.usage.output_tokens": 242,
        "gcp.vertex.agent.llm_response": json.dumps({"usageMetadata": usage}),
    }

    found = reading(said, scope="gcp.vertex.agent", name="call_llm")

    assert found.quantities == {
        "requests": 1,
        "input_tokens": 3011,
        "cache_read_tokens": 1207,
        "output_tokens": 303,
        "reasoning_tokens": 61,
    }


def test_genkit_says_what_openai_had_cached_in_openais_own_answer_alone() -> None:
    """Its plugin passes the two totals on; content stays out of what is read."""
    answer = {
        "usage": {
            "prompt_tokens": 3011,
            "completion_tokens": 303,
            "prompt_tokens_details": {"cached_tokens": 1207},
            "completion_tokens_details": {"reasoning_tokens": 61},
        }
    }
    said: dict[str, object] = {
        "genkit:metadata:subtype": "model",
        "genkit:name": "openai/gpt-4.1",
        "genkit:output": json.dumps({"usage": {"inputTokens": 3011, "outputTokens": 303}, "raw": answer}),
    }

    assert reading(said, scope="genkit-tracer").quantities == {
        "requests": 1,
        "input_tokens": 1804,
        "cache_read_tokens": 1207,
        "output_tokens": 303,
        "reasoning_tokens": 61,
    }


def test_logfire_says_that_a_span_began_in_a_span_of_its_own() -> None:
    """In JavaScript with all attributes of the real one, inside which it is: of a stream it looked like one that was broken off."""
    outer: dict[str, object] = {"ai.operationId": "ai.streamText", "ai.model.id": "gpt-4.1"}
    inner = {**outer, "ai.operationId": "ai.streamText.doStream"}
    begun = {"logfire.span_type": "pending_span"}
    used = {"ai.usage.inputTokens": 3011, "ai.usage.outputTokens": 303}
    trace = Trace()
    around = trace.span({**outer, **used}, scope="ai")
    trace.span({**outer, **begun}, scope="ai", inside=around)
    call = trace.span({**inner, **used}, scope="ai", inside=around)
    trace.span({**inner, **begun}, scope="ai", inside=call)

    counted = trace.counted()

    assert [call.usage for call in counted] == ["reported"]
    assert totals(counted) == Totals(3011, 303, 0, 0)


def test_what_geminis_total_holds_beside_known_thoughts_is_what_tools_put_into_the_prompt() -> None:
    """Traceloop in JavaScript leaves both out; what tools add is input."""
    said = gen_ai(20864, 1682, total_tokens=23114, reasoning_tokens=421, cache_read__input_tokens=8407) | {
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.provider.name": "gcp.gen_ai",
    }

    assert reading(said, scope="@traceloop/instrumentation-google-generativeai").quantities == {
        "requests": 1,
        "input_tokens": 12604,
        "cache_read_tokens": 8407,
        "output_tokens": 2103,
        "reasoning_tokens": 421,
    }


@pytest.mark.parametrize(("version", "whole"), [("3.4.3", 4218), ("4.1.1", 3011)])
def test_langchain_before_its_first_version_passes_anthropics_own_input_on_in_javascript(
    version: str, whole: int
) -> None:
    """OpenInference's spans of it say so by their own version alone: the total is the sum of input and output either way."""
    said: dict[str, object] = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "claude-sonnet-4-5",
        "llm.token_count.prompt": 3011,
        "llm.token_count.completion": 303,
        "llm.token_count.total": 3314,
        "llm.token_count.prompt_details.cache_read": 1207,
        "metadata": json.dumps({"ls_provider": "anthropic", "ls_model_name": "claude-sonnet-4-5"}),
    }

    trace = Trace()
    trace.span(said, scope="@arizeai/openinference-instrumentation-langchain", version=version)

    assert totals(trace.counted()) == Totals(whole, 303, 1207, 0)
