"""One call of which two instrumentations tell differently, inside each other or side by side: H7, H14 and H15."""

from __future__ import annotations

import pytest

from tests.store.captures import Totals, Trace, chat, totals
from tests.store.hazards.spans import CLIENT, LANGCHAIN, SDK, openinference


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


@pytest.mark.parametrize("name", ["", "msg_4"], ids=["without a name", "one answer"])
def test_h7_what_langchain_adds_up_of_a_streams_two_ends_is_not_believed(name: str) -> None:
    """Its Anthropic client before 0.3.13 takes the input of the beginning and of the end together; beside it the client's whole usage counts."""
    trace = Trace()
    said = openinference(12440, 404, llm__provider="anthropic", llm__model_name="claude-sonnet-4-5")
    trace.span({**said, "gen_ai.response.id": name} if name else said, scope=LANGCHAIN, ms=30)
    known = chat(
        6220, 403,
        gen_ai__usage__cache_read__input_tokens=1607, gen_ai__usage__cache_creation__input_tokens=602,
        gen_ai__request__model="claude-sonnet-4-5", gen_ai__response__id="msg_4",
    )  # fmt: skip
    trace.span(known, scope="opentelemetry.instrumentation.anthropic", at=1, ms=28)
    bare = openinference(7011, 703, llm__model_name="claude-sonnet-4-5")
    trace.span(openinference(14022, 704, llm__model_name="claude-sonnet-4-5"), scope=LANGCHAIN, at=100, ms=30)
    trace.span(bare, scope="openinference.instrumentation.anthropic", at=101, ms=28)

    assert totals(trace.calls()) == Totals(13231, 1106, 1607, 602)


@pytest.mark.parametrize("outer", [openinference(1418, 103), openinference(1011, 103)], ids=["whole", "without cache"])
def test_h7_two_clients_inside_a_framework_of_which_one_left_the_cached_tokens_out(outer: dict[str, object]) -> None:
    """Whichever of the two the framework agrees with, both tell of its call, and the whole question counts."""
    trace = Trace()
    around = trace.span(outer, scope=LANGCHAIN, ms=50)
    known = chat(1418, 103, gen_ai__usage__cache_read__input_tokens=407)
    trace.span(known, scope="opentelemetry.instrumentation.openai.v1", inside=around, at=1, ms=40)
    trace.span(chat(1011, 103), scope="openlit", inside=around, at=2, ms=30)

    assert [totals([call]) for call in trace.counted()] == [Totals(1418, 103, 407, 0)]


@pytest.mark.parametrize(("around", "inside"), [(9019, 6011), (6011, 9019)])
def test_h7_of_two_spans_inside_each_other_without_cached_tokens_the_larger_input_counts(
    around: int, inside: int
) -> None:
    """The smaller one left them out: MLflow's early autologs of LangChain and of its client."""
    trace = Trace()
    outer = trace.span(openinference(around, 603), scope=LANGCHAIN, ms=50)
    trace.span(openinference(inside, 603), scope=CLIENT, inside=outer, at=1)

    assert totals(trace.calls()) == Totals(9019, 603, 0, 0)


def test_h14_of_two_spans_the_one_that_knows_the_cache_counts() -> None:
    """An instrumentation that loses the cached tokens would price them as fresh ones."""
    trace = Trace()
    trace.span(chat(3011, 303, gen_ai__response__id="chatcmpl-3"))
    said = chat(3011, 303, gen_ai__response__id="chatcmpl-3", gen_ai__usage__cache_read__input_tokens=1207)
    trace.span(said, scope="opentelemetry.instrumentation.langchain", at=1)

    assert totals(trace.calls()) == Totals(3011, 303, 1207, 0)


def test_h14_a_third_that_left_the_cached_tokens_out_is_the_call_that_two_others_agree_on() -> None:
    """OpenInference's span of a Bedrock stream has botocore's inside it, and Traceloop's, which knows of no cache, beside it."""
    trace = Trace()
    known = chat(1011, 103, gen_ai__usage__cache_read__input_tokens=407)
    around = trace.span(openinference(1418, 103) | {"llm.token_count.prompt_details.cache_read": 407}, scope=CLIENT)
    trace.span(known, scope="opentelemetry.instrumentation.botocore.bedrock-runtime", inside=around)
    trace.span(chat(1011, 103), scope="opentelemetry.instrumentation.bedrock")

    assert totals(trace.calls()) == Totals(1418, 103, 407, 0)


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


def test_h7_half_a_usage_around_two_spans_of_its_call_repeats_both() -> None:
    """LangChain knows only the output, the client inside it nothing as it is a stream, and the SDK all: one call."""
    trace = Trace()
    outer = trace.span(openinference(0, 2603), scope=LANGCHAIN, ms=90)
    trace.span(openinference(), scope="openinference.instrumentation.anthropic", inside=outer, at=5, ms=30)
    trace.span(chat(26011, 2603), scope=SDK, inside=outer, at=10, ms=60)

    assert [call.quantities["input_tokens"] for call in trace.counted()] == [26011]


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


@pytest.mark.parametrize(
    ("answered", "wanted"), [({}, "prod"), ({"gen_ai.response.model": "gpt-4o-2024-08-06"}, "gpt-4o-2024-08-06")]
)
def test_a_deployments_name_gives_way_to_the_model_that_answered(answered: dict[str, object], wanted: str) -> None:
    """Strands names what was asked for, which on Azure is a deployment without a price; the client inside it what answered."""
    trace = Trace()
    said = chat(3011, 303, gen_ai__request__model="prod", gen_ai__usage__cache_read__input_tokens=1207)
    outer = trace.span(said, scope="strands.telemetry.tracer", ms=20)
    trace.span(chat(3011, 303, gen_ai__request__model="prod") | answered, inside=outer, at=1)

    assert [(call.model, call.request_model) for call in trace.counted()] == [(wanted, "prod")]


@pytest.mark.parametrize("place", ["around", "inside", "beside"])
def test_h15_a_call_of_which_one_side_leaves_the_thoughts_out_counts_once_and_with_them(place: str) -> None:
    """Early instrumentations of Gemini's client give the candidates alone; wherever the other's span is, it is the same call."""
    trace = Trace()
    without = chat(3011, 242), "opentelemetry.instrumentation.google_genai"
    thoughts = {"llm.token_count.completion_details.reasoning": 61}
    known = openinference(3011, 303) | thoughts, "openinference.instrumentation.google_genai"
    (first, scope), (second, other) = (known, without) if place == "around" else (without, known)
    outer = trace.span(first, scope=scope, ms=50)
    trace.span(second, scope=other, inside=None if place == "beside" else outer, at=1)

    assert [totals([call]) for call in trace.counted()] == [Totals(3011, 303, 0, 0)]


def test_h15_thoughts_that_are_in_the_total_alone_are_what_another_left_out() -> None:
    """Traceloop knows no thoughts of Gemini's, but its total holds them; OpenTelemetry's early spans know neither."""
    trace = Trace()
    said = chat(3011, 242, gen_ai__request__model="gemini-2.5-flash")
    trace.span(said, scope="opentelemetry.instrumentation.google_genai", ms=60)
    said |= {"llm.usage.total_tokens": 3314}
    trace.span(said, scope="opentelemetry.instrumentation.google_generativeai", ms=99)

    (call,) = trace.counted()

    assert (call.quantities["output_tokens"], call.quantities["reasoning_tokens"]) == (303, 61)


@pytest.mark.parametrize("place", ["around", "beside"])
def test_what_geminis_own_tools_put_into_the_prompt_is_believed_to_who_tells_it(place: str) -> None:
    """OpenTelemetry's google-genai and OpenLIT leave it out of the input, OpenInference does not."""
    trace = Trace()
    model = {"gen_ai.request.model": "gemini-2.5-flash", "llm.model_name": "gemini-2.5-flash"}
    known = openinference(3011, 303) | model
    outer = trace.span(known, scope="openinference.instrumentation.google_genai", ms=50)
    less = chat(2920, 303, gen_ai__response__id="g1") | model
    scope = "opentelemetry.instrumentation.google_genai"
    trace.span(less, scope=scope, inside=None if place == "beside" else outer, at=1)

    assert [totals([call]) for call in trace.counted()] == [Totals(3011, 303, 0, 0)]


def test_what_geminis_own_tools_put_into_the_prompt_is_not_taken_for_thoughts() -> None:
    """Traceloop has it in the total alone, beside the thoughts, of which it tells nothing either."""
    trace = Trace()
    model = {"gen_ai.request.model": "gemini-2.5-flash", "llm.model_name": "gemini-2.5-flash"}
    thoughts = {"llm.token_count.completion_details.reasoning": 61}
    outer = trace.span(
        openinference(3011, 303) | model | thoughts, scope="openinference.instrumentation.google_genai", ms=50
    )
    less = chat(2920, 242, gen_ai__usage__total_tokens=3314) | model
    trace.span(less, scope="opentelemetry.instrumentation.google_generativeai", inside=outer, at=1)

    assert [totals([call]) for call in trace.counted()] == [Totals(3011, 303, 0, 0)]


def test_calls_side_by_side_of_which_one_thought_are_two() -> None:
    """Unless the thoughts are all that their answers differ by."""
    trace = Trace()
    trace.span(chat(3011, 242))
    thoughts = {"llm.token_count.completion_details.reasoning": 61}
    trace.span(openinference(3011, 403) | thoughts, scope=CLIENT, at=1, ms=5)

    assert totals(trace.calls()) == Totals(6022, 645, 0, 0)


@pytest.mark.parametrize(
    ("model", "wanted"), [("gpt-4o-mini", Totals(3011, 303, 0, 0)), ("gpt-5", Totals(3020, 304, 0, 0))]
)
def test_h13_a_stream_of_which_one_side_made_up_the_tokens_counts_once_and_as_the_other_knows_it(
    model: str, wanted: Totals
) -> None:
    """OpenLIT before 1.40 counts the words of every stream of OpenAI's chat; the other's span ends as it does, not around it."""
    trace = Trace()
    trace.span(openinference(3011, 303) | {"llm.model_name": "gpt-4o-mini-2024-07-18"}, scope=CLIENT, ms=40)
    said = chat(9, 1, gen_ai__request__model=model, gen_ai__response__id="chatcmpl-3", gen_ai__request__is_stream=True)
    trace.span(said | {"gen_ai.system": "openai"}, scope="openlit.otel.tracing", at=20, ms=40)

    assert totals(trace.calls()) == wanted


def test_a_message_that_langchain_names_an_answer_after_is_not_the_answers_name() -> None:
    """OpenLIT writes it on LangChain's span, so that the client's beside it, of another answer by that name, counted as well."""
    trace = Trace()
    around = {"gen_ai.system": "langchain", "gen_ai.response.id": "msg_3"}
    outer = trace.span(chat(3011, 303) | around, scope="openlit.otel.tracing", ms=50)
    trace.span(openinference(3011, 303), scope=CLIENT, inside=outer, at=1, ms=45)
    said = {"gen_ai.system": "openai", "gen_ai.response.id": "resp_3"}
    trace.span(chat(3011, 303) | said, scope="openlit.otel.tracing", at=20, ms=40)

    assert totals(trace.calls()) == Totals(3011, 303, 0, 0)


@pytest.mark.parametrize(("version", "calls"), [("0.30.0", 1), ("0.33.0", 2)])
def test_h13_what_traceloop_once_counted_itself_is_anthropics_call_beside_it(version: str, calls: int) -> None:
    """Before 0.33 it had the client count the words that were said."""
    trace = Trace()
    trace.span(openinference(3011, 303) | {"llm.model_name": "claude-sonnet-4-5"}, scope=CLIENT, ms=40)
    said: dict[str, object] = {"llm.request.type": "completion", "gen_ai.system": "Anthropic"}
    said |= {"gen_ai.request.model": "claude-sonnet-4-5", "gen_ai.usage.prompt_tokens": 9}
    said |= {"gen_ai.usage.completion_tokens": 1, "llm.usage.total_tokens": 10}
    span = trace.span(said, scope="opentelemetry.instrumentation.anthropic", at=1, ms=40)
    span.scope_version = version

    counted = trace.counted()
    assert len(counted) == calls
    assert totals(counted).input >= 3011


@pytest.mark.parametrize("place", ["inside", "beside"])
def test_h7_what_part_of_the_output_was_reasoning_may_be_said_by_the_other_span(place: str) -> None:
    """Semantic Kernel, whose span counts, does not say it; the client in it does."""
    trace = Trace()
    said = chat(3011, 303, gen_ai__response__id="chatcmpl-3")
    outer = trace.span(said, scope="semantic_kernel.utils.telemetry.model_diagnostics.decorators", ms=20)
    thoughts = {"llm.token_count.completion_details.reasoning": 61}
    trace.span(openinference(3011, 303) | thoughts, scope=CLIENT, inside=outer if place == "inside" else None, at=1)

    (call,) = trace.counted()
    assert (call.dialect, call.quantities["output_tokens"]) == ("microsoft", 303)
    assert call.quantities["reasoning_tokens"] == 61
