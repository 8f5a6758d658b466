"""What is free, unpriced, made up, left out, or no call at all: H12, H13 and H15 to H19."""

from __future__ import annotations

import json

import pytest

from tests.store.captures import Totals, Trace, chat, totals
from tests.store.hazards.spans import LANGCHAIN, SDK, openinference


def test_h12_counting_tokens_is_free() -> None:
    """count_tokens looks like a call and answers with a number of tokens, none of which was used."""
    trace = Trace()
    outer = trace.span(openinference(), scope="openinference.instrumentation.anthropic", name="messages.count_tokens")
    said = {"gen_ai.provider.name": "anthropic", "anthropic.message.count_tokens.input_tokens": 777_777}
    trace.span(said, scope=SDK, name="anthropic.messages.count_tokens", inside=outer, at=1)

    assert [(call.usage, call.quantities) for call in trace.counted()] == [("free", {})]


def test_h13_invented_usage_gives_way_to_anybody_elses() -> None:
    """OpenLIT makes up numbers for a stream without usage; beside another instrumentation of the same call they do not count twice."""
    trace = Trace()
    outer = trace.span(chat(22, 8, gen_ai__response__id="chatcmpl-5"), scope="openlit.instrumentation.openai", ms=20)
    trace.span(chat(5011, 503, gen_ai__response__id="chatcmpl-5"), inside=outer, at=1)

    assert totals(trace.calls()) == Totals(5011, 503, 0, 0)


@pytest.mark.parametrize("content", [True, False])
@pytest.mark.parametrize(("model", "output"), [("gemini-2.5-flash", 364), ("openai/gpt-4o-mini", 303)])
def test_h15_adk_tells_of_a_call_twice_and_of_its_thoughts_once(model: str, output: int, content: bool) -> None:
    """From 1.21 to 2.4 or so `generate_content` inside `call_llm` leaves the thoughts out; LiteLLM's answers have them in the output already."""
    trace = Trace()
    usage = {"prompt_token_count": 3011, "candidates_token_count": 303, "thoughts_token_count": 61}
    said = chat(3011, 303) | {"gen_ai.operation.name": "generate_content", "gen_ai.request.model": model}
    around = {**said, "gen_ai.system": "gcp.vertex.agent", "gen_ai.usage.experimental.reasoning_tokens": 61}
    del around["gen_ai.operation.name"]
    if content:
        around["gcp.vertex.agent.llm_response"] = json.dumps({"usage_metadata": usage})
    step = trace.span(around, scope="gcp.vertex.agent", name="call_llm")
    trace.span(said, scope="gcp.vertex.agent", name=f"generate_content {model}", inside=step)

    assert totals(trace.calls()) == Totals(3011, output, 0, 0)


def test_h15_thoughts_left_out_of_the_output_are_added() -> None:
    """ADK 1.x and Traceloop's Google instrumentation leave them out; the answer's own usage, or the total, has them."""
    trace = Trace()
    usage = {
        "prompt_token_count": 3011,
        "candidates_token_count": 303,
        "thoughts_token_count": 61,
        "cached_content_token_count": 1207,
    }
    said = {
        "gen_ai.system": "gcp.vertex.agent",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.usage.input_tokens": 3011,
        "gen_ai.usage.output_tokens": 303,
        "gcp.vertex.agent.llm_response": json.dumps({"usage_metadata": usage}),
    }
    trace.span(said, scope="gcp.vertex.agent", name="call_llm", kind="INTERNAL")
    thinking = chat(1011, 103, gen_ai__usage__total_tokens=1134)
    trace.span(thinking, scope="opentelemetry.instrumentation.google_generativeai", at=100)

    assert totals(trace.calls()) == Totals(4022, 487, 1207, 0)


def test_h16_failed_calls_cost_nothing_and_every_attempt_is_one() -> None:
    """AI SDK 5 makes a span for each attempt, the failed one without tokens."""
    trace = Trace()
    outer = trace.span(
        {"ai.operationId": "ai.generateText", "ai.usage.promptTokens": 10011, "ai.usage.completionTokens": 1003}, ms=100
    )
    trace.span({"ai.operationId": "ai.generateText.doGenerate"}, inside=outer, error=True)
    said = {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.usage.promptTokens": 10011,
        "ai.usage.completionTokens": 1003,
    }
    trace.span(said, inside=outer, at=50)

    assert totals(trace.calls()) == Totals(10011, 1003, 0, 0)
    assert [(call.usage, call.quantities) for call in trace.counted() if call.error] == [("free", {})]


def test_h16_whether_a_call_without_usage_was_billed_the_span_nearest_the_wire_knows() -> None:
    """A framework may swallow its client's 429, or fail on the client's good answer."""
    for outer_failed, wanted in ((False, "free"), (True, "none")):
        trace = Trace()
        outer = trace.span(chat(), scope="framework", ms=50, error=outer_failed)
        trace.span(chat(), inside=outer, at=1, error=not outer_failed)

        assert [call.usage for call in trace.counted()] == [wanted]


@pytest.mark.parametrize(
    ("said", "scope"),
    [
        ({"langsmith.span.kind": "prompt", "gen_ai.operation.name": "chat"}, "langsmith"),
        ({"gen_ai.operation.name": "CHAIN"}, "mlflow"),
        ({"gen_ai.operation.name": "create_agent"}, "opentelemetry.instrumentation.langchain"),
        (
            {"gen_ai.operation.name": "execute_event_loop_cycle", "gen_ai.system": "strands-agents"},
            "strands.telemetry.tracer",
        ),
    ],
)
def test_h17_markers_that_lie_make_no_call(said: dict[str, object], scope: str) -> None:
    """A prompt that calls itself a chat is none."""
    trace = Trace()
    trace.span(said, scope=scope)

    assert trace.calls() == []


def test_h17_usage_without_any_marker_is_a_call() -> None:
    """Codex writes usage on a span that names neither operation nor model; the turn around it names the model."""
    trace = Trace()
    turn = trace.span(
        {"model": "gpt-5-codex", "codex.turn.token_usage.input_tokens": 9000},
        scope="codex_exec",
        name="session_task.turn",
        ms=90,
    )
    middle = trace.span({}, scope="codex_exec", name="run_turn", inside=turn, ms=80)
    said = {"gen_ai.usage.input_tokens": 9000, "gen_ai.usage.output_tokens": 50, "codex.usage.total_tokens": 9050}
    trace.span(said, scope="codex_exec", name="handle_responses", inside=middle, at=1)

    (call,) = trace.calls()

    assert (call.vendor, call.model, call.quantities["input_tokens"]) == ("openai", "gpt-5-codex", 9000)


def test_h18_a_stream_without_usage_is_unpriced_and_not_zero() -> None:
    """The call was billed; nobody knows at how much."""
    trace = Trace()
    trace.span(chat(gen_ai__request__stream=True))

    (call,) = trace.counted()

    assert (call.usage, call.quantities) == ("none", {"requests": 1})


@pytest.mark.parametrize(
    ("said", "scope", "wanted"),
    [
        (
            {
                "langsmith.span.kind": "llm",
                "gen_ai.usage.input_tokens": "2011",
                "gen_ai.usage.output_tokens": "203",
                "gen_ai.usage.input_token_details": "{'audio': 0, 'cache_read': 807}",
            },
            "langsmith",
            Totals(2011, 203, 807, 0),
        ),
        (
            {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.llm.model": '"claude-sonnet-4-5"',
                "mlflow.chat.tokenUsage": '{"input_tokens": 2313, "output_tokens": 203, "cache_creation_input_tokens": 302}',
            },
            "mlflow.tracing.provider",
            Totals(2313, 203, 0, 302),
        ),
        (
            {
                "event.kind": "response.completed",
                "input_token_count": "3011",
                "output_token_count": "303",
                "tool_token_count": "3314",
            },
            "codex_exec",
            Totals(3011, 303, 0, 0),
        ),
    ],
)
def test_h19_numbers_as_text_in_json_and_in_pythons_notation(
    said: dict[str, object], scope: str, wanted: Totals
) -> None:
    """However a number is written down, it is read."""
    trace = Trace()
    trace.span(said, scope=scope, name="codex.sse_event", kind="LOG" if scope == "codex_exec" else "CLIENT")

    assert totals(trace.calls()) == wanted


@pytest.mark.parametrize(("version", "wanted"), [("0.1.8", 4670), ("0.1.12", 4670), ("0.1.13", 3011), ("0.1.22", 3011)])
def test_an_early_claude_agent_sdk_leaves_the_cached_tokens_out(version: str, wanted: int) -> None:
    """Since 0.1.13 its input includes them, and nothing in the span but the version of its scope tells which."""
    trace = Trace()
    cached = {"llm.token_count.prompt_details.cache_read": 1207, "llm.token_count.prompt_details.cache_write": 452}
    said = openinference(3011, 303, kind="AGENT") | cached
    trace.span(said, scope="openinference.instrumentation.claude_agent_sdk", version=version)

    assert totals(trace.calls()) == Totals(wanted, 303, 1207, 452)


@pytest.mark.parametrize(
    ("version", "total", "wanted"),
    [
        ("0.1.38", None, 3011),
        ("0.1.39", None, 4670),
        ("0.1.54", None, 4670),
        ("0.1.55", None, 3011),
        ("0.1.40", 3314, 3011),
        ("0.1.40", 4973, 4670),
    ],
)
def test_langchain_once_passed_anthropics_own_numbers_on(version: str, total: int | None, wanted: int) -> None:
    """Without a total they are Anthropic's, less the cached tokens; a total, where there is one, says whether it holds them."""
    trace = Trace()
    cached = {"llm.token_count.prompt_details.cache_read": 1207, "llm.token_count.prompt_details.cache_write": 452}
    said = openinference(3011, 303) | cached | ({"llm.token_count.total": total} if total else {})
    trace.span(said, scope="openinference.instrumentation.langchain", version=version)

    assert totals(trace.calls()) == Totals(wanted, 303, 1207, 452)


@pytest.mark.parametrize(
    ("version", "wanted"), [("0.1.10", 4218), ("0.1.12", 3011), ("0.1.15", 3011), ("0.1.16", 4218), ("1.4.14", 4218)]
)
def test_google_genai_once_added_the_cached_tokens_to_an_input_that_held_them(version: str, wanted: int) -> None:
    """From 0.1.12 to 0.1.15, and to the total as well, so that nothing but the version of its scope tells."""
    trace = Trace()
    said = openinference(4218, 303) | {"llm.token_count.prompt_details.cache_read": 1207, "llm.token_count.total": 4521}
    trace.span(said, scope="openinference.instrumentation.google_genai", version=version)

    assert totals(trace.calls()) == Totals(wanted, 303, 1207, 0)


def test_a_tool_that_calls_a_model_is_a_call_and_so_is_the_model() -> None:
    """The tool counts one request, its tokens are its model call's."""
    trace = Trace()
    outer = trace.span(chat(1011, 103), ms=90)
    tool = trace.span(
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "research"}, inside=outer, at=1, ms=50
    )
    trace.span(chat(2011, 203), inside=tool, at=2)

    assert totals(trace.calls()) == Totals(3022, 306, 0, 0)
    assert [(call.category, call.model) for call in trace.counted()] == [
        ("llm", "gpt-4o-mini"),
        ("tool", "research"),
        ("llm", "gpt-4o-mini"),
    ]


def test_h12_putting_a_request_together_is_no_call() -> None:
    """LlamaIndex has a span of the kind LLM for that too."""
    trace = Trace()
    agent = trace.span(openinference(kind="AGENT"), scope="openinference.instrumentation.llama_index", ms=90)
    trace.span(
        openinference(),
        scope="openinference.instrumentation.llama_index",
        name="OpenAI._prepare_chat_with_tools",
        inside=agent,
        at=1,
        ms=1,
    )

    assert trace.calls() == []


@pytest.mark.parametrize(("scope", "calls"), [("openinference.instrumentation.llama_index", 1), (LANGCHAIN, 2)])
def test_a_stream_whose_span_ended_as_it_was_handed_out_is_that_which_the_client_then_read(
    scope: str, calls: int
) -> None:
    """LlamaIndex's span has the usage all the same, the client's knows none; others end their spans with the stream."""
    trace = Trace()
    model = {"llm.model_name": "gpt-4o-mini"}
    trace.span(openinference(3011, 303) | model, scope=scope, ms=20)
    said = {"llm.request.type": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o-mini"}
    trace.span(said, scope="opentelemetry.instrumentation.openai.v1", at=21, ms=90)

    assert len(trace.counted()) == calls
    assert totals(trace.calls()) == Totals(3011, 303, 0, 0)


def test_a_stream_whose_span_ends_early_is_the_call_of_a_client_that_lost_its_cached_tokens() -> None:
    """LlamaIndex hands a stream out and ends its span; OpenInference's for Anthropic loses what streams had cached, before 1.0."""
    trace = Trace()
    whole = openinference(7011, 703, llm__token_count__prompt_details__cache_read=2807)
    trace.span(whole, scope="openinference.instrumentation.llama_index", ms=14)
    trace.span(openinference(4204, 703), scope="openinference.instrumentation.anthropic", at=4, ms=93)

    (call,) = trace.counted()

    assert (call.quantities["input_tokens"], call.quantities["cache_read_tokens"]) == (4204, 2807)
