"""The ways in which real instrumentations count a call twice, or not at all, each in a small trace: H1 to H19."""

from __future__ import annotations

import json

import pytest
from botanu_store.resolve import COVERED, LATE_USAGE, REPEATS, SAME_AROUND, SAME_ELSEWHERE, SAME_ID, SAME_INSIDE

from tests.store.captures import Totals, Trace, chat, totals

LANGCHAIN = "openinference.instrumentation.langchain"
CLIENT = "openinference.instrumentation.openai"
SDK = "com.anthropic.sdk.python"


def openinference(tokens: int | None = None, output: int = 0, kind: str = "LLM", **more: object) -> dict[str, object]:
    """Return the attributes of an OpenInference span."""
    said: dict[str, object] = {"openinference.span.kind": kind, "llm.model_name": "gpt-4o-mini"}
    if tokens is not None:
        said |= {"llm.token_count.prompt": tokens, "llm.token_count.completion": output}
    return said | {key.replace("__", "."): value for key, value in more.items()}


def test_h1_an_agent_repeats_the_sum_of_its_calls() -> None:
    """The calls count, the agent's total does not, and it points at one of them."""
    trace = Trace()
    agent = trace.span({**chat(3022, 306), "gen_ai.operation.name": "invoke_agent"}, name="invoke_agent", ms=100)
    first = trace.span(chat(1011, 103), inside=agent, at=1)
    trace.span(chat(2011, 203), inside=agent, at=20)

    calls = trace.calls()

    assert totals(calls) == Totals(3022, 306, 0, 0)
    (left_out,) = [call for call in calls if not call.counted]
    assert (left_out.span_id, left_out.not_counted_reason, left_out.duplicate_of) == (
        agent.span_id,
        REPEATS,
        first.span_id,
    )


def test_h1_a_total_points_at_a_call_with_usage() -> None:
    """Not at an attempt that failed before it, nor at one that was free."""
    trace = Trace()
    agent = trace.span({**chat(1011, 103), "gen_ai.operation.name": "invoke_agent"}, name="invoke_agent", ms=100)
    trace.span(chat(), inside=agent, at=1, error=True)
    trace.span({**chat(), "gen_ai.operation.name": "count_tokens"}, inside=agent, at=5)
    answered = trace.span(chat(1011, 103), inside=agent, at=20)

    (left_out,) = [call for call in trace.calls() if not call.counted]

    assert (left_out.span_id, left_out.duplicate_of) == (agent.span_id, answered.span_id)


def test_h2_an_outer_span_with_only_the_last_call_adds_nothing() -> None:
    """AI SDK 5 writes the last step's usage on the outer span."""
    trace = Trace()
    outer = trace.span(
        {"ai.operationId": "ai.generateText", "ai.usage.promptTokens": 5011, "ai.usage.completionTokens": 503}, ms=100
    )
    for at, tokens, output in ((1, 4011, 403), (30, 5011, 503)):
        said = {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.usage.promptTokens": tokens,
            "ai.usage.completionTokens": output,
        }
        trace.span(said, inside=outer, at=at)

    assert totals(trace.calls()) == Totals(9022, 906, 0, 0)


def test_h2_a_running_total_adds_nothing_however_large() -> None:
    """A Strands agent adds up over its whole life: its second run shows more than was used in it."""
    trace = Trace()
    agent = trace.span(
        {**chat(9000, 900), "gen_ai.operation.name": "invoke_agent"}, scope="strands.telemetry.tracer", ms=100
    )
    trace.span(chat(2011, 203), scope="strands.telemetry.tracer", inside=agent, at=1)

    assert totals(trace.calls()) == Totals(2011, 203, 0, 0)


@pytest.mark.parametrize(
    "said",
    [
        {"gen_ai.aggregated_usage.input_tokens": 5022, "gen_ai.operation.name": "invoke_agent"},
        {"logfire.metrics": '{"gen_ai.client.token.usage": {"total": 5022}}'},
        {"codex.turn.token_usage.input_tokens": 5022, "codex.turn.token_usage.total_tokens": 5022},
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.client.token.usage": 5022},
        {"gen_ai.operation.name": "invoke_agent", "aws.genai.token_count_total": 5022},
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.details.input_tokens": 5022},
    ],
)
def test_h3_aggregates_under_other_names_are_no_usage(said: dict[str, object]) -> None:
    """Numbers whose names merely resemble those of usage are left alone."""
    trace = Trace()
    trace.span(said, name="session_task.turn", kind="INTERNAL")

    assert trace.calls() == []


def test_h4_a_framework_around_an_instrumented_client_is_one_call() -> None:
    """Of two spans inside each other the one that tells more counts, with what only the other knows of names and cost."""
    trace = Trace()
    outer = trace.span(
        {**chat(4011, 403), "gen_ai.usage.cache_read.input_tokens": 1607, "operation.cost": "0.0012"},
        scope="pydantic-ai",
        ms=50,
    )
    inner = trace.span(chat(4011, 403, gen_ai__response__id="chatcmpl-1"), inside=outer, at=1)

    calls = trace.calls()

    assert totals(calls) == Totals(4011, 403, 1607, 0)
    counted, left_out = calls
    assert (counted.span_id, counted.response_id, counted.emitter_usd) == (outer.span_id, "chatcmpl-1", "0.0012")
    assert (left_out.not_counted_reason, left_out.duplicate_of) == (SAME_AROUND, outer.span_id)
    assert left_out.span_id == inner.span_id


def test_h4_an_inner_span_may_be_without_usage() -> None:
    """A client's span of a stream often ends before the usage is known; the framework's has it."""
    trace = Trace()
    outer = trace.span(openinference(5011, 503), scope="openinference.instrumentation.openai_agents", ms=50)
    trace.span(openinference(), scope=CLIENT, inside=outer, at=1)

    assert [call.quantities["input_tokens"] for call in trace.counted()] == [5011]


def test_h4_attempts_that_failed_inside_are_calls_of_their_own_and_free() -> None:
    """One call of a framework may be several attempts of its client: only the one that came through is the same call."""
    trace = Trace()
    outer = trace.span(chat(1011, 103), scope="agent_framework", ms=90)
    trace.span(chat(), inside=outer, at=1, error=True)
    trace.span(chat(1011, 103), inside=outer, at=40)

    assert totals(trace.calls()) == Totals(1011, 103, 0, 0)
    assert sorted((call.usage, call.error) for call in trace.counted()) == [("free", True), ("reported", False)]


def test_h5_two_instrumentations_side_by_side_are_one_call() -> None:
    """LangChain's span and the client's are siblings without a common id: time, tokens and model say that they are one call."""
    trace = Trace()
    root = trace.span({}, scope="app", name="run", ms=100)
    chain = trace.span(openinference(kind="CHAIN"), scope=LANGCHAIN, inside=root, ms=20)
    trace.span(
        openinference(2011, 203, llm__token_count__prompt_details__cache_read=807), scope=LANGCHAIN, inside=chain, at=1
    )
    trace.span(openinference(2011, 203), scope=CLIENT, inside=root, at=2, ms=8)

    calls = trace.calls()

    assert totals(calls) == Totals(2011, 203, 807, 0)
    assert [call.not_counted_reason for call in calls if not call.counted] == [SAME_ELSEWHERE]


def test_h5_streams_without_usage_are_one_unpriced_call() -> None:
    """Neither of two instrumentations knows the usage: still one call, not two."""
    trace = Trace()
    trace.span(openinference(), scope=LANGCHAIN, ms=10)
    trace.span(chat(gen_ai__response__id="chatcmpl-31"), at=1, ms=8)

    assert [call.usage for call in trace.counted()] == ["none"]


def test_h5_calls_that_ran_in_parallel_stay_apart() -> None:
    """Three identical calls at one time, each seen twice, are three calls."""
    trace = Trace()
    for place in range(3):
        trace.span(openinference(1011, 103), scope=LANGCHAIN, at=place, ms=30)
    for place in range(3):
        trace.span(openinference(1011, 103), scope=CLIENT, at=5 + place, ms=20)

    assert totals(trace.calls()) == Totals(3033, 309, 0, 0)


def test_h5_different_ids_are_different_calls() -> None:
    """Two calls with the same tokens at the same time but two ids of the vendor's are two."""
    trace = Trace()
    trace.span(chat(1011, 103, gen_ai__response__id="chatcmpl-1"), scope="a")
    trace.span(chat(1011, 103, gen_ai__response__id="chatcmpl-2"), scope="b", at=1)

    assert totals(trace.calls()) == Totals(2022, 206, 0, 0)


def test_h6_the_anthropic_sdk_beside_another_instrumentation() -> None:
    """Spans of one response id are one call wherever they are, and the SDK's own, which tells the writes apart, counts."""
    trace = Trace()
    root = trace.span({}, scope="app", name="run", ms=100)
    said = {
        **chat(7770, 503, gen_ai__response__id="msg_5"),
        "gen_ai.provider.name": "anthropic",
        "gen_ai.usage.cache_read.input_tokens": 2007,
    }
    trace.span(
        {**said, "gen_ai.usage.cache_creation.input_tokens": 752},
        scope="opentelemetry.instrumentation.anthropic",
        inside=root,
    )
    written = {
        "gen_ai.usage.cache_write.input_tokens": 752,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 251,
    }
    sdk = trace.span({**said, **written}, scope=SDK, inside=root, at=60, ms=8)

    (counted, left_out) = sorted(trace.calls(), key=lambda call: not call.counted)

    assert counted.quantities == {
        "input_tokens": 5011,
        "cache_read_tokens": 2007,
        "cache_write_tokens": 501,
        "cache_write_1h_tokens": 251,
        "output_tokens": 503,
        "requests": 1,
    }
    assert (left_out.not_counted_reason, left_out.duplicate_of) == (SAME_ID, sdk.span_id)


def test_h7_two_spans_of_one_call_that_disagree() -> None:
    """Strands includes the cached tokens, Bedrock's instrumentation inside it does not: both come to the same once normalised."""
    trace = Trace()
    cached = {"gen_ai.usage.cache_read.input_tokens": 1207, "gen_ai.usage.cache_creation.input_tokens": 452}
    outer = trace.span({**chat(4670, 303), **cached}, scope="strands.telemetry.tracer", ms=20)
    said = {**chat(3011, 303), **cached, "gen_ai.provider.name": "aws.bedrock"}
    trace.span(said, scope="opentelemetry.instrumentation.botocore.bedrock-runtime", inside=outer, at=1)

    assert totals(trace.calls()) == Totals(4670, 303, 1207, 452)


def test_h7_traceloop_adds_a_token_to_streams_and_is_not_believed() -> None:
    """Where the SDK saw the call too, its count holds."""
    trace = Trace()
    said = {"gen_ai.operation.name": "chat", "gen_ai.response.id": "msg_4", "gen_ai.usage.input_tokens": 4011}
    total = {"gen_ai.usage.output_tokens": 404, "gen_ai.usage.total_tokens": 4415}
    trace.span({**said, **total}, scope="opentelemetry.instrumentation.anthropic")
    trace.span({**said, "gen_ai.usage.output_tokens": 403}, scope=SDK, at=1)

    assert totals(trace.calls()) == Totals(4011, 403, 0, 0)


def test_h7_the_cached_tokens_that_awss_sdk_loses_are_in_the_input_of_the_span_around_it() -> None:
    """Of an answer to InvokeModel botocore's instrumentation knows only the fresh tokens, OpenInference's knows the sum."""
    trace = Trace()
    outer = trace.span(openinference(9019, 603), scope="openinference.instrumentation.bedrock", ms=20)
    said = {**chat(6011, 603), "gen_ai.provider.name": "aws.bedrock"}
    trace.span(said, scope="opentelemetry.instrumentation.botocore.bedrock-runtime", inside=outer, at=1)

    assert totals(trace.calls()) == Totals(9019, 603, 0, 0)


def test_h7_a_span_that_knows_only_the_output_gives_way_to_one_that_knows_all() -> None:
    """LangChain reads a stream's input from where Anthropic need not write it, and says 0 of it; another answer is another call."""
    trace = Trace()
    trace.span(openinference(0, 1403), scope=LANGCHAIN, ms=30)
    trace.span(openinference(21720, 1403), scope=CLIENT, at=1)
    trace.span(openinference(21720, 1503), scope=CLIENT, at=12)

    assert totals(trace.calls()) == Totals(43440, 2906, 0, 0)


def test_h8_usage_on_a_later_span_of_no_length() -> None:
    """Logfire writes a stream's usage on a span of its own when the stream is over: one call, and the earlier span says where."""
    trace = Trace()
    stream = trace.span(chat(), scope="logfire.openai", ms=2)
    usage = trace.span(
        {**chat(4011, 403), "logfire.span_type": "log"}, scope="logfire.openai", kind="INTERNAL", at=12, ms=0
    )

    calls = trace.calls()

    assert totals(calls) == Totals(4011, 403, 0, 0)
    (left_out,) = [call for call in calls if not call.counted]
    assert (left_out.span_id, left_out.not_counted_reason, left_out.duplicate_of) == (
        stream.span_id,
        LATE_USAGE,
        usage.span_id,
    )


def test_h8_children_that_begin_before_and_end_after_their_parent() -> None:
    """JavaScript's clocks put children outside their parents by less than a millisecond; they are inside all the same."""
    trace = Trace()
    outer = trace.span({"ai.operationId": "ai.embed", "ai.usage.tokens": 9011}, at=1, ms=10)
    trace.span({"ai.operationId": "ai.embed.doEmbed", "ai.usage.tokens": 9011}, inside=outer, at=0.5, ms=11)

    assert totals(trace.calls()) == Totals(9011, 0, 0, 0)


def test_h9_aliases_on_one_span_are_never_added_up() -> None:
    """The same number under two names is one number."""
    trace = Trace()
    aliases = {
        "gen_ai.usage.prompt_tokens": 3011,
        "gen_ai.usage.completion_tokens": 303,
        "gen_ai.usage.cache_read.input_tokens": 1207,
        "gen_ai.usage.cache_read_input_tokens": 1207,
        "gen_ai.usage.cache_creation.input_tokens": 452,
        "gen_ai.usage.cache_write_input_tokens": 452,
    }
    trace.span({**chat(3011, 303), **aliases}, scope="strands.telemetry.tracer")
    trace.span({**chat(1011, 103), **openinference(1011, 103)}, scope="agentcore", at=100)

    assert totals(trace.calls()) == Totals(4022, 406, 1207, 452)


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


def test_h10_litellm_overwrites_the_applications_own_span() -> None:
    """Of calls written one over the other on the span around them only the raw answers are left, and each counts once."""
    trace = Trace()
    run = trace.span(litellm(3011, 303), scope="app", name="run", kind="INTERNAL", ms=100)
    for at, tokens, output in ((1, 1011, 103), (30, 2011, 203), (60, 3011, 303)):
        trace.span(raw(tokens, output), scope="litellm", name="raw_gen_ai_request", inside=run, at=at)

    assert totals(trace.calls()) == Totals(6033, 609, 0, 0)


def test_h10_the_last_call_may_have_a_bare_answer() -> None:
    """An embedding's raw answer says nothing of its usage: then the span around it does."""
    trace = Trace()
    run = trace.span(
        litellm(8011, 0, gen_ai__operation__name="embedding"), scope="app", name="run", kind="INTERNAL", ms=100
    )
    trace.span(raw(1011, 103), scope="litellm", name="raw_gen_ai_request", inside=run, at=1)
    trace.span({}, scope="litellm", name="raw_gen_ai_request", inside=run, at=30)

    assert totals(trace.calls()) == Totals(9022, 103, 0, 0)


def test_h10_a_request_and_the_raw_answer_inside_it_are_one_call() -> None:
    """The answer has the vendor's id, the request the cost."""
    trace = Trace()
    request = trace.span(
        litellm(1011, 103, gen_ai__cost__total_cost=0.00021345), scope="litellm", name="litellm_request"
    )
    trace.span(raw(1011, 103), scope="litellm", name="raw_gen_ai_request", inside=request)

    (counted,) = trace.counted()

    assert (counted.response_id, counted.emitter_usd) == ("chatcmpl-1011", "0.00021345")


def test_h10_a_raw_answer_inside_another_instrumentations_span_is_its_call() -> None:
    """LiteLLM writes the answer under whatever span is current, such as one that OpenInference made of the same request."""
    trace = Trace()
    request = trace.span(openinference(1011, 103), scope="openinference.instrumentation.litellm", name="completion")
    trace.span(raw(1011, 103), scope="litellm", name="raw_gen_ai_request", inside=request, at=1, ms=8)

    assert totals(trace.calls()) == Totals(1011, 103, 0, 0)


def test_h10_googles_raw_answer_is_read_too() -> None:
    """Its fields have other names, the thoughts are beside the candidates."""
    trace = Trace()
    usage = {"promptTokenCount": 4011, "candidatesTokenCount": 403, "totalTokenCount": 4495, "thoughtsTokenCount": 81}
    said = {"llm.gemini.usageMetadata": repr(usage), "llm.gemini.modelVersion": "gemini-2.5-flash"}
    trace.span(said, scope="litellm", name="raw_gen_ai_request")

    (call,) = trace.counted()

    assert (call.vendor, call.model) == ("gcp.gemini", "gemini-2.5-flash")
    assert totals([call]) == Totals(4011, 484, 0, 0)


@pytest.mark.parametrize("known", [True, False], ids=["with usage", "without"])
def test_h4_a_framework_around_two_instrumented_clients_is_one_call(known: bool) -> None:
    """Two spans inside it, beside each other, are both its call, whether or not the second knows the usage; the next call is not."""
    trace = Trace()
    agent = trace.span(chat(1011, 103), scope="pydantic-ai", ms=20)
    trace.span(openinference(1011, 103), scope=CLIENT, inside=agent, at=1, ms=18)
    second = chat(1011, 103) if known else chat()
    trace.span(second, scope="opentelemetry.instrumentation.openai.v1", inside=agent, at=2, ms=9)
    trace.span(chat(1011, 103), scope="pydantic-ai", at=30)

    calls = [call for call in trace.calls() if call.counted]

    assert [(call.usage, call.quantities["input_tokens"]) for call in calls] == [("reported", 1011)] * 2


def test_h11_a_call_in_spans_and_in_logs_counts_from_the_log() -> None:
    """Claude Code tells of each call in a span and in a log record; the record has the cost."""
    trace = Trace()
    said = {
        "model": "claude-sonnet-4-5",
        "input_tokens": 2011,
        "output_tokens": 203,
        "cache_read_tokens": 807,
        "request_id": "req_2",
    }
    trace.span(
        {**said, "span.type": "llm_request"}, scope="com.anthropic.claude_code.tracing", name="claude_code.llm_request"
    )
    log = trace.span(
        {**said, "cost_usd": "0.0031"},
        scope="com.anthropic.claude_code.events",
        name="api_request",
        kind="LOG",
        at=10,
        ms=0,
    )

    (counted,) = trace.counted()

    assert (counted.span_id, counted.emitter_usd) == (log.span_id, "0.0031")
    assert totals(trace.calls()) == Totals(2818, 203, 807, 0)


def test_h11_a_log_record_that_knows_more_is_still_the_same_call() -> None:
    """Gemini CLI's span leaves out the thoughts that its log record has: the record counts, wherever in the trace it is."""
    trace = Trace()
    said = {"gen_ai.operation.name": "llm_call", "gen_ai.request.model": "gemini-2.5-pro"}
    tokens = {"gen_ai.usage.input_tokens": 3011, "gen_ai.usage.output_tokens": 303}
    trace.span({**said, **tokens}, scope="gemini-cli", name="llm_call", ms=30)
    counts = {
        "input_token_count": 3011,
        "output_token_count": 303,
        "thoughts_token_count": 61,
        "cached_content_token_count": 1207,
    }
    trace.span(
        {"model": "gemini-2.5-pro", **counts},
        scope="gemini-cli",
        name="gemini_cli.api_response",
        kind="LOG",
        at=31,
        ms=0,
    )

    assert totals(trace.calls()) == Totals(3011, 364, 1207, 0)


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


def test_h14_of_two_spans_the_one_that_knows_the_cache_counts() -> None:
    """An instrumentation that loses the cached tokens would price them as fresh ones."""
    trace = Trace()
    trace.span(chat(3011, 303, gen_ai__response__id="chatcmpl-3"))
    said = chat(3011, 303, gen_ai__response__id="chatcmpl-3", gen_ai__usage__cache_read__input_tokens=1207)
    trace.span(said, scope="opentelemetry.instrumentation.langchain", at=1)

    assert totals(trace.calls()) == Totals(3011, 303, 1207, 0)


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


def test_h14_a_third_that_left_the_cached_tokens_out_is_the_call_that_two_others_agree_on() -> None:
    """OpenInference's span of a Bedrock stream has botocore's inside it, and Traceloop's, which knows of no cache, beside it."""
    trace = Trace()
    known = chat(1011, 103, gen_ai__usage__cache_read__input_tokens=407)
    around = trace.span(openinference(1418, 103) | {"llm.token_count.prompt_details.cache_read": 407}, scope=CLIENT)
    trace.span(known, scope="opentelemetry.instrumentation.botocore.bedrock-runtime", inside=around)
    trace.span(chat(1011, 103), scope="opentelemetry.instrumentation.bedrock")

    assert totals(trace.calls()) == Totals(1418, 103, 407, 0)


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


def test_h18_a_stream_whose_usage_only_the_agent_knows_is_covered() -> None:
    """What an agent's total says beyond the calls inside it is the usage of those that say none: counted once, and not unpriced."""
    trace = Trace()
    agent = trace.span({**chat(3022, 306), "gen_ai.operation.name": "invoke_agent"}, ms=100)
    trace.span(chat(1011, 103), inside=agent, at=1)
    stream = trace.span(chat(), inside=agent, at=30)

    calls = trace.calls()

    assert totals(calls) == Totals(3022, 306, 0, 0)
    assert [(call.span_id, call.not_counted_reason) for call in calls if not call.counted] == [
        (stream.span_id, COVERED)
    ]


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


def test_a_total_alone_counts_in_full() -> None:
    """The agent span of claude-agent-sdk is the only one that knows of any usage."""
    trace = Trace()
    said = openinference(5011, 503, kind="AGENT") | {"llm.cost.total": 0.02}
    agent = trace.span(said, scope="openinference.instrumentation.claude_agent_sdk", ms=90)
    trace.span(
        openinference(kind="TOOL", tool__name="Bash"),
        scope="openinference.instrumentation.claude_agent_sdk",
        inside=agent,
    )

    assert totals(trace.calls()) == Totals(5011, 503, 0, 0)
    assert [call.emitter_usd for call in trace.counted() if call.category == "llm"] == ["0.02"]


def test_what_a_total_is_said_to_cost_is_not_what_the_rest_of_it_cost() -> None:
    """Where a call inside accounts for a part of it."""
    trace = Trace()
    said = openinference(5011, 503, kind="AGENT") | {"llm.cost.total": 0.02}
    agent = trace.span(said, scope="openinference.instrumentation.smolagents", ms=90)
    trace.span(openinference(1011, 103), scope="openinference.instrumentation.smolagents", inside=agent)

    assert [(call.quantities["input_tokens"], call.emitter_usd) for call in trace.counted()] == [
        (4000, None),
        (1011, None),
    ]


@pytest.mark.parametrize(("version", "wanted"), [("0.1.8", 4670), ("0.1.12", 4670), ("0.1.13", 3011), ("0.1.22", 3011)])
def test_an_early_claude_agent_sdk_leaves_the_cached_tokens_out(version: str, wanted: int) -> None:
    """Since 0.1.13 its input includes them, and nothing in the span but the version of its scope tells which."""
    trace = Trace()
    cached = {"llm.token_count.prompt_details.cache_read": 1207, "llm.token_count.prompt_details.cache_write": 452}
    said = openinference(3011, 303, kind="AGENT") | cached
    trace.span(said, scope="openinference.instrumentation.claude_agent_sdk", version=version)

    assert totals(trace.calls()) == Totals(wanted, 303, 1207, 452)


def test_the_total_of_an_early_claude_agent_sdk_leaves_them_out_too() -> None:
    """It adds up what the span says of input and output, and so does not tell whether they hold the cached tokens."""
    trace = Trace()
    cached = {"llm.token_count.prompt_details.cache_read": 1207, "llm.token_count.prompt_details.cache_write": 452}
    said = openinference(3011, 303, kind="AGENT") | cached | {"llm.token_count.total": 3314}
    trace.span(said, scope="openinference.instrumentation.claude_agent_sdk", version="0.1.8")

    assert totals(trace.calls()) == Totals(4670, 303, 1207, 452)


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


def test_a_call_of_which_one_side_leaves_the_cached_tokens_out_counts_once_and_whole() -> None:
    """LangChain and the client's own instrumentation, side by side: of one time, one model and one answer, the larger question is the whole."""
    trace = Trace()
    root = trace.span({}, scope="app", name="work", ms=100)
    trace.span(openinference(27920, 1804), scope="openinference.instrumentation.langchain", inside=root, at=1, ms=90)
    trace.span(openinference(18011, 1803), scope="openinference.instrumentation.anthropic", inside=root, at=10, ms=50)

    assert totals(trace.calls()) == Totals(27920, 1804, 0, 0)


def test_calls_side_by_side_that_answer_alike_are_two() -> None:
    """Answers cut at the same length are no sign of one call where both were seen to know their cache, or by both instrumentations."""
    trace = Trace()
    root = trace.span({}, scope="app", name="work", ms=100)
    for number, tokens in enumerate((1011, 2011)):
        trace.span(
            openinference(tokens, 256), scope="openinference.instrumentation.langchain", inside=root, at=number, ms=90
        )
        trace.span(openinference(tokens, 256), scope="openinference.instrumentation.openai", inside=root, at=10, ms=50)

    assert totals(trace.calls()) == Totals(3022, 512, 0, 0)


def test_openlit_has_geminis_thoughts_beside_the_output() -> None:
    """They are billed as output: https://ai.google.dev/api/generate-content#UsageMetadata."""
    trace = Trace()
    said = chat(14011, 1403, gen_ai__usage__reasoning_tokens=281)
    trace.span(said, scope="openlit.instrumentation.google_ai_studio")

    assert totals(trace.calls()) == Totals(14011, 1684, 0, 0)


def test_a_run_whose_usage_is_told_each_time_it_is_asked_for_counts_once() -> None:
    """azure-ai-agents writes a run's usage on the span that processes it and on every later one that gets it; another run is another."""
    trace = Trace()
    root = trace.span({}, scope="app", name="work", ms=100)
    run = {
        "gen_ai.operation.name": "process_thread_run",
        "gen_ai.system": "az.ai.agents",
        "gen_ai.thread.run.id": "run_1",
    }
    told = {"gen_ai.response.model": "gpt-4o", "gen_ai.usage.input_tokens": 3022, "gen_ai.usage.output_tokens": 306}
    whole = trace.span({**run, **told}, scope="azure.ai.agents", inside=root, at=1, ms=60)
    asked = {**run, "gen_ai.operation.name": "get_thread_run"}
    trace.span(asked, scope="azure.ai.agents", inside=whole, at=5, ms=2)
    trace.span({**asked, **told}, scope="azure.ai.agents", inside=whole, at=50, ms=2)
    trace.span({**asked, **told}, scope="azure.ai.agents", inside=root, at=70, ms=2)
    trace.span({**asked, **told, "gen_ai.thread.run.id": "run_2"}, scope="azure.ai.agents", inside=root, at=90, ms=2)

    assert totals(trace.calls()) == Totals(6044, 612, 0, 0)


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


def test_a_wrapper_of_spans_without_usage_repeats_them() -> None:
    """A span around two streams of unknown usage adds no third unpriced call."""
    trace = Trace()
    outer = trace.span(chat(), scope="framework", ms=90)
    trace.span(chat(), inside=outer, at=1)
    trace.span(chat(), inside=outer, at=40)

    assert [call.usage for call in trace.counted()] == ["none", "none"]


def test_the_reason_names_the_place_of_what_counts() -> None:
    """A span around the one that counts repeats a span inside it."""
    trace = Trace()
    outer = trace.span(openinference(1011, 103), scope=LANGCHAIN, ms=50)
    trace.span(openinference(1011, 103), scope=CLIENT, inside=outer, at=1)

    assert [call.not_counted_reason for call in trace.calls()] == [SAME_INSIDE, ""]


def test_h11_an_event_made_twice_a_call_adds_nothing() -> None:
    """Gemini CLI logs the conventions' details event twice beside its own record: one call in four signals is one call."""
    trace = Trace()
    said = {
        "gen_ai.request.model": "gemini-2.5-pro",
        "gen_ai.usage.input_tokens": 3011,
        "gen_ai.usage.output_tokens": 303,
    }
    span = trace.span({**said, "gen_ai.operation.name": "llm_call"}, scope="gemini-cli", name="llm_call", ms=30)
    event = {**said, "gen_ai.operation.name": "generate_content", "gen_ai.response.id": "r1"}
    for at in (30, 31):
        trace.span(event, scope="gemini-cli", inside=span, name="gen_ai.client.inference.operation.details", kind="LOG",
                   at=at, ms=0)  # fmt: skip
    counts = {"input_token_count": 3011, "output_token_count": 303, "thoughts_token_count": 61}
    trace.span({"model": "gemini-2.5-pro", **counts}, scope="gemini-cli", inside=span, name="gemini_cli.api_response",
               kind="LOG", at=31, ms=0)  # fmt: skip

    assert totals(trace.calls()) == Totals(3011, 364, 0, 0)


@pytest.mark.parametrize("rows_inside", [{}, {"db.response.returned_rows": 70}])
def test_a_tracker_around_a_database_client_is_one_operation_with_the_meters_of_both(
    rows_inside: dict[str, object],
) -> None:
    """What only the tracker knows (bytes scanned) and what only the client knows (rows) are both kept, and one request."""
    trace = Trace()
    query = {"db.system": "bigquery", "db.operation": "SELECT"}
    outer = trace.span({**query, "botanu.warehouse.bytes_scanned": 12_345}, scope="botanu", ms=20)
    trace.span({**query, **rows_inside}, scope="opentelemetry.instrumentation.dbapi", inside=outer, at=1, ms=9)

    (counted,) = trace.counted()

    rows = {"rows": 70} if rows_inside else {}
    assert counted.quantities == {"requests": 1, "bytes_scanned": 12_345, **rows}


def test_of_a_meter_that_both_count_the_tracker_is_believed() -> None:
    """The rows that a program says it used go before those that the driver fetched."""
    trace = Trace()
    outer = trace.span(
        {"db.system": "postgresql", "db.operation": "SELECT", "botanu.data.rows_returned": 50}, scope="botanu", ms=20
    )
    trace.span(
        {"db.system.name": "postgresql", "db.response.returned_rows": 70}, scope="psycopg", inside=outer, at=1, ms=9
    )

    assert [call.quantities["rows"] for call in trace.counted()] == [50]


AGENTS = "agent_framework"


def test_h1_a_total_may_lie_beside_its_calls() -> None:
    """Before 1.3 the Agent Framework put the calls of an agent that streams beside the agent's span: at one time and with one sum they are repeated."""
    trace = Trace()
    root = trace.span({}, scope="app", name="work", ms=200)
    total = {"gen_ai.operation.name": "invoke_agent"}
    agent = trace.span({**chat(5022, 506), **total}, scope=AGENTS, inside=root, name="invoke_agent", at=1, ms=80)
    first = trace.span(chat(2011, 203), scope=AGENTS, inside=root, at=2)
    trace.span(chat(3011, 303), scope=AGENTS, inside=root, at=40)
    trace.span({**chat(9011, 903), **total}, scope=AGENTS, inside=root, name="invoke_agent", at=100, ms=80)

    calls = trace.calls()

    assert totals(calls) == Totals(14033, 1409, 0, 0)
    (left_out,) = [call for call in calls if not call.counted]
    assert (left_out.span_id, left_out.not_counted_reason, left_out.duplicate_of) == (
        agent.span_id,
        REPEATS,
        first.span_id,
    )


def test_h1_totals_at_one_time_may_lie_beside_their_calls() -> None:
    """Which call is whose agent's nobody says; together they come to the same."""
    trace = Trace()
    for place, tokens in enumerate((1011, 5022)):
        said = {**chat(tokens, tokens // 10), "gen_ai.operation.name": "invoke_agent"}
        trace.span(said, scope=AGENTS, name="invoke_agent", at=place, ms=90)
    for place, tokens in enumerate((2011, 1011, 3011)):
        trace.span(chat(tokens, tokens // 10), scope=AGENTS, at=5 + place, ms=20)

    assert totals(trace.calls()) == Totals(6033, 603, 0, 0)


def test_h1_a_total_of_another_sum_than_the_calls_beside_it_counts() -> None:
    """An agent that alone knows its usage is not left out because a call ran beside it."""
    trace = Trace()
    trace.span({**chat(5022, 506), "gen_ai.operation.name": "invoke_agent"}, scope=AGENTS, name="invoke_agent", ms=90)
    trace.span(chat(2011, 203), scope=AGENTS, at=5, ms=20)

    assert totals(trace.calls()) == Totals(7033, 709, 0, 0)


MLFLOW = "mlflow.tracing.provider"


@pytest.mark.parametrize("native", [True, False])
def test_h5_two_of_mlflows_autologs_side_by_side_are_one_call(native: bool) -> None:
    """They share a scope; what only LangChain's writes tells them apart where no format is named, and calls in parallel stay as many."""
    trace = Trace()
    root = trace.span({}, scope=MLFLOW, name="RunnableSequence", ms=100)
    for place in range(2):
        said: dict[str, object] = chat(1011, 103)
        if native:
            usage = '{"input_tokens": 1011, "output_tokens": 103}'
            said = {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.chat.tokenUsage": usage}
        trace.span(
            {**said, "invocation_params": '{"model": "gpt-4o-mini"}'}, scope=MLFLOW, inside=root, at=place, ms=40
        )
        trace.span({**said, "model": '"gpt-4o-mini"'}, scope=MLFLOW, inside=root, at=10 + place, ms=20)

    assert totals(trace.calls()) == Totals(2022, 206, 0, 0)


def test_h7_half_a_usage_around_two_spans_of_its_call_repeats_both() -> None:
    """LangChain knows only the output, the client inside it nothing as it is a stream, and the SDK all: one call."""
    trace = Trace()
    outer = trace.span(openinference(0, 2603), scope=LANGCHAIN, ms=90)
    trace.span(openinference(), scope="openinference.instrumentation.anthropic", inside=outer, at=5, ms=30)
    trace.span(chat(26011, 2603), scope=SDK, inside=outer, at=10, ms=60)

    assert [call.quantities["input_tokens"] for call in trace.counted()] == [26011]


def test_h18_a_span_that_was_over_when_its_stream_began_is_the_call_of_the_one_that_saw_it_end() -> None:
    """MLflow ends the span of a stream when it gets one, the SDK when it has read it."""
    trace = Trace()
    root = trace.span({}, scope="app", name="work", ms=100)
    trace.span(
        {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.message.format": '"anthropic"'},
        scope=MLFLOW,
        inside=root,
        at=1,
        ms=20,
    )
    trace.span(chat(12011, 1203), scope=SDK, inside=root, at=5, ms=70)

    assert [call.usage for call in trace.counted()] == ["reported"]


def test_h18_a_span_that_ended_before_its_stream_began_is_the_call_beside_it() -> None:
    """LlamaIndex hands a stream on before the client asks for it: neither knows the usage, and it is one unpriced call; so is the next."""
    trace = Trace()
    for at in (0, 100):
        trace.span(openinference(), scope="openinference.instrumentation.llama_index", at=at, ms=40)
        trace.span(openinference(), scope=CLIENT, at=at + 43, ms=40)

    assert [call.usage for call in trace.counted()] == ["none", "none"]


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


@pytest.mark.parametrize(
    ("provider", "response", "wanted"),
    [("microsoft.agent_framework", "", 0), ("microsoft.agent_framework", "run_1", 1011), ("A2A", "", 1011)],
)
def test_h1_an_agent_alone_in_its_trace_may_repeat_calls_in_others(provider: str, response: str, wanted: int) -> None:
    """The Agent Framework names a response on the agent's span only where no call's span has its usage; agents of others alone know theirs."""
    trace = Trace()
    said = {**chat(1011, 103), "gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": provider}
    trace.span({**said, **({"gen_ai.response.id": response} if response else {})}, scope=AGENTS, name="invoke_agent")

    assert totals(trace.calls()).input == wanted


def test_h2_a_running_total_that_alone_knows_counts_by_what_it_has_grown() -> None:
    """Traceloop writes on every task of a CrewAI agent what the agent has used so far, and nothing on its calls through LiteLLM."""
    trace = Trace()
    crew = "opentelemetry.instrumentation.crewai.instrumentation"
    for at, agent, tokens in ((0, "a", 9011), (100, "b", 10011), (200, "a", 19022)):
        said = {**chat(tokens, tokens // 10), "gen_ai.operation.name": "invoke_agent", "traceloop.span.kind": "agent"}
        task = trace.span({**said, "crewai.agent.id": agent}, scope=crew, at=at, ms=90)
        trace.span(chat(), scope=crew, inside=task, at=at + 1)

    assert totals(trace.calls()) == Totals(29033, 2903, 0, 0)
    assert [call.usage for call in trace.counted()] == ["reported"] * 3


def test_h10_a_raw_answer_of_its_requests_very_time_is_its_call_whatever_both_count() -> None:
    """LiteLLM 1.72 leaves Anthropic's cache writes out of the request's input; the raw answer inside has them."""
    trace = Trace()
    request = trace.span(litellm(5410, 603), scope="litellm", name="litellm_request", ms=50)
    usage = {
        "input_tokens": 3003,
        "output_tokens": 603,
        "cache_read_input_tokens": 2407,
        "cache_creation_input_tokens": 601,
    }
    said = {"llm.anthropic.id": "msg_6", "llm.anthropic.model": "claude-sonnet-4-5", "llm.anthropic.usage": repr(usage)}
    trace.span(said, scope="litellm", name="raw_gen_ai_request", inside=request, ms=50)

    assert totals(trace.calls()) == Totals(6011, 603, 2407, 601)


@pytest.mark.parametrize(
    ("cached", "wanted"), [({"cache_read": 407}, Totals(1011, 103, 407, 0)), ({}, Totals(1011, 103, 0, 0))]
)
def test_h4_a_framework_and_a_client_of_one_scope_are_one_call(cached: dict[str, int], wanted: Totals) -> None:
    """OpenLIT before 1.40 writes LangChain's span and the client's in it in one scope; only the outer knows what was cached."""
    trace = Trace()
    outer = chat(1011, 103, gen_ai__operation__name="chat gpt-3.5-turbo", gen_ai__system="langchain")
    outer |= {f"gen_ai.usage.prompt_tokens_details.{name}": value for name, value in cached.items()}
    around = trace.span({**outer, "gen_ai.response.model": "gpt-4o-mini-2024-07-18"}, scope="openlit", ms=50)
    trace.span(chat(1011, 103, gen_ai__system="openai"), scope="openlit", inside=around, at=1, ms=40)

    assert totals(trace.calls()) == wanted
    assert len(trace.counted()) == 1


def test_h7_a_framework_that_counts_the_cache_too_is_the_same_call() -> None:
    """OpenLIT before 1.40 loses what Anthropic's client had cached, and LangChain's span around it has it: not a second call of that size."""
    trace = Trace()
    said = chat(1011, 103, gen_ai__operation__name="chat m", gen_ai__system="langchain")
    said |= {
        "gen_ai.response.model": "claude-sonnet-4-5",
        "gen_ai.usage.prompt_tokens_details.cache_read": 407,
        "gen_ai.usage.prompt_tokens_details.cache_write": 152,
    }
    around = trace.span(said, scope="openlit", ms=50)
    trace.span(chat(1011, 103, gen_ai__system="anthropic"), scope="openlit", inside=around, at=1, ms=40)

    (call,) = trace.counted()
    assert totals([call]) == Totals(1570, 103, 407, 152)


def test_h1_what_began_after_a_call_is_not_inside_it() -> None:
    """Traceloop's instrumentation of LangChain once left the span of a call current, so that the next one seemed to be in it."""
    trace = Trace()
    scope = "opentelemetry.instrumentation.langchain"
    first = trace.span(chat(9011, 903), scope=scope)
    failed = trace.span(chat(), scope=scope, inside=first, at=10, error=True)
    trace.span(chat(10011, 1003), scope=scope, inside=failed, at=21)

    assert totals(trace.calls()) == Totals(19022, 1906, 0, 0)


def test_h10_a_call_on_the_programs_own_span_names_its_own_answer() -> None:
    """LangSmith in JavaScript writes a stream's usage on whatever span is current, with other calls inside it."""
    trace = Trace()
    said = {**chat(2011, 203, gen_ai__response__id="r2"), "langsmith.span.kind": "llm"}
    program = trace.span(said, scope="app", name="job", ms=100)
    for at, name in ((1, "r1"), (50, "r3")):
        said = {**chat(1011, 103, gen_ai__response__id=name), "langsmith.span.kind": "llm"}
        trace.span(said, scope="langsmith", inside=program, at=at)
    trace.span({**chat(), "langsmith.span.kind": "llm"}, scope="langsmith", inside=program, at=80, error=True)

    assert totals(trace.calls()) == Totals(4033, 409, 0, 0)
