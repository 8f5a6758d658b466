"""One call that several instrumentations tell of, inside each other or side by side: H4 to H6, H8 and H9."""

from __future__ import annotations

from decimal import Decimal

import pytest
from botanu_store.resolve.calls import LATE_USAGE, SAME_AROUND, SAME_ELSEWHERE, SAME_ID, SAME_INSIDE

from tests.store.captures import Totals, Trace, chat, totals
from tests.store.hazards.spans import CLIENT, LANGCHAIN, MLFLOW, SDK, openinference


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
    assert (counted.span_id, counted.response_id, counted.emitter_usd) == (
        outer.span_id,
        "chatcmpl-1",
        Decimal("0.0012"),
    )
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


@pytest.mark.parametrize(("tokens", "at", "wanted"), [(1011, 0, 1), (None, 0, 1), (2011, 0, 2), (1011, 5, 2)])
def test_a_response_that_one_instrumentation_tells_of_again_is_one_call(
    tokens: int | None, at: int, wanted: int
) -> None:
    """Traceloop makes a span of it, from its call's beginning on, each time that it is retrieved; other calls may have its name from a test server."""
    trace = Trace()
    scope = "opentelemetry.instrumentation.openai.v1"
    trace.span(chat(1011, 103, gen_ai__response__id="resp_1"), scope=scope)
    trace.span(chat(tokens, 103, gen_ai__response__id="resp_1"), scope=scope, at=at, ms=500)

    assert [call.usage for call in trace.counted()] == ["reported"] * wanted


def test_a_response_that_is_asked_for_again_is_one_call() -> None:
    """OpenLIT makes a span of the call's kind each time that a program asks what became of a response in the background."""
    trace = Trace()
    scope, named = "openlit.instrumentation.openai", {"gen_ai__response__id": "resp_1"}
    trace.span(chat(**named), scope=scope, name="responses.retrieve gpt-4o")
    for at in (100, 200):
        trace.span(chat(1011, 103, **named), scope=scope, name="responses.retrieve gpt-4o", at=at)

    assert totals(trace.calls()) == Totals(1011, 103, 0, 0)


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


def test_h8_a_late_usage_inside_a_framework_has_the_time_of_the_call_before_it() -> None:
    """Another client's span of the stream, over when the stream began and without its usage, is the same call."""
    trace = Trace()
    outer = trace.span(chat(4011, 403), scope="pydantic-ai", ms=500)
    trace.span(chat(), scope="logfire.openai", inside=outer, at=1, ms=20)
    trace.span(openinference(), scope=CLIENT, inside=outer, at=2, ms=20)
    said = {**chat(4011, 403), "logfire.span_type": "log"}
    trace.span(said, scope="logfire.openai", kind="INTERNAL", inside=outer, at=400, ms=0)

    assert [call.usage for call in trace.counted()] == ["reported"]


def test_openlit_has_geminis_thoughts_beside_the_output() -> None:
    """They are billed as output: https://ai.google.dev/api/generate-content#UsageMetadata."""
    trace = Trace()
    said = chat(14011, 1403, gen_ai__usage__reasoning_tokens=281)
    trace.span(said, scope="openlit.instrumentation.google_ai_studio")

    assert totals(trace.calls()) == Totals(14011, 1684, 0, 0)


def test_the_reason_names_the_place_of_what_counts() -> None:
    """A span around the one that counts repeats a span inside it."""
    trace = Trace()
    outer = trace.span(openinference(1011, 103), scope=LANGCHAIN, ms=50)
    trace.span(openinference(1011, 103), scope=CLIENT, inside=outer, at=1)

    assert [call.not_counted_reason for call in trace.calls()] == [SAME_INSIDE, ""]


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


def test_h4_a_framework_and_a_client_of_one_scope_may_be_side_by_side() -> None:
    """OpenLIT 1.36 names LangChain where the vendor's new name belongs; a third instrumentation inside the client's span tells of the same call."""
    trace = Trace()
    trace.span(chat(1011, 103, gen_ai__provider__name="langchain"), scope="openlit.otel.tracing", ms=50)
    client = trace.span(chat(1011, 103), scope="openlit.otel.tracing", at=2, ms=40)
    trace.span(openinference(1011, 103), scope=CLIENT, inside=client, at=3, ms=30)

    assert [totals([call]) for call in trace.counted()] == [Totals(1011, 103, 0, 0)]
