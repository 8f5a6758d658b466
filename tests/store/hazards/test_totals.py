"""Spans that add up what others say, alone or beside them: H1 to H3."""

from __future__ import annotations

from decimal import Decimal

import pytest
from botanu_store.resolve.calls import COVERED, REPEATS

from tests.store.captures import Totals, Trace, chat, totals
from tests.store.hazards.spans import AGENTS, openinference


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
    assert [call.emitter_usd for call in trace.counted() if call.category == "llm"] == [Decimal("0.02")]


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


def test_the_total_of_an_early_claude_agent_sdk_leaves_them_out_too() -> None:
    """It adds up what the span says of input and output, and so does not tell whether they hold the cached tokens."""
    trace = Trace()
    cached = {"llm.token_count.prompt_details.cache_read": 1207, "llm.token_count.prompt_details.cache_write": 452}
    said = openinference(3011, 303, kind="AGENT") | cached | {"llm.token_count.total": 3314}
    trace.span(said, scope="openinference.instrumentation.claude_agent_sdk", version="0.1.8")

    assert totals(trace.calls()) == Totals(4670, 303, 1207, 452)


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


def test_a_wrapper_of_spans_without_usage_repeats_them() -> None:
    """A span around two streams of unknown usage adds no third unpriced call."""
    trace = Trace()
    outer = trace.span(chat(), scope="framework", ms=90)
    trace.span(chat(), inside=outer, at=1)
    trace.span(chat(), inside=outer, at=40)

    assert [call.usage for call in trace.counted()] == ["none", "none"]


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


def test_h1_what_began_after_a_call_is_not_inside_it() -> None:
    """Traceloop's instrumentation of LangChain once left the span of a call current, so that the next one seemed to be in it."""
    trace = Trace()
    scope = "opentelemetry.instrumentation.langchain"
    first = trace.span(chat(9011, 903), scope=scope)
    failed = trace.span(chat(), scope=scope, inside=first, at=10, error=True)
    trace.span(chat(10011, 1003), scope=scope, inside=failed, at=21)

    assert totals(trace.calls()) == Totals(19022, 1906, 0, 0)


def test_h1_a_total_inside_a_call_of_the_same_tokens_repeats_it() -> None:
    """LlamaIndex has two instrumentations, and Traceloop's calls every call a workflow."""
    trace = Trace()
    around = trace.span(openinference(10870, 703), scope="openinference.instrumentation.llama_index", ms=79)
    said = {**chat(10870, 703), "traceloop.span.kind": "workflow"}
    trace.span(said, scope="opentelemetry.instrumentation.llamaindex", inside=around, at=1, ms=77)

    assert totals(trace.calls()) == Totals(10870, 703, 0, 0)
    assert [call.usage for call in trace.counted()] == ["reported"]
