"""LiteLLM's requests, raw answers, and calls on the program's own span: H10."""

from __future__ import annotations

from decimal import Decimal

from tests.store.captures import Totals, Trace, chat, totals
from tests.store.hazards.spans import litellm, openinference, raw


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


def test_h10_a_stream_without_a_raw_answer_is_told_of_on_the_span_that_would_have_it() -> None:
    """Since 1.81 or so LiteLLM writes there what it says of a request without a span of its own, of which the span around keeps the last."""
    trace = Trace()
    run = trace.span(litellm(2011, 203), scope="app", name="run", kind="INTERNAL", ms=100)
    for at, tokens, output in ((1, 1011, 103), (30, 2011, 203)):
        said = litellm(tokens, output, gen_ai__response__id=f"made-up-{tokens}")
        trace.span(
            said | {"llm.openai.model": "gpt-4o-mini"}, scope="litellm", name="raw_gen_ai_request", inside=run, at=at
        )

    assert totals(trace.calls()) == Totals(3022, 306, 0, 0)


def test_h10_a_request_and_the_raw_answer_inside_it_are_one_call() -> None:
    """The answer has the vendor's id, the request the cost."""
    trace = Trace()
    request = trace.span(
        litellm(1011, 103, gen_ai__cost__total_cost=0.00021345), scope="litellm", name="litellm_request"
    )
    trace.span(raw(1011, 103), scope="litellm", name="raw_gen_ai_request", inside=request)

    (counted,) = trace.counted()

    assert (counted.response_id, counted.emitter_usd) == ("chatcmpl-1011", Decimal("0.00021345"))


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
