"""What holds for every trace, real, absurd or hostile."""

from __future__ import annotations

import random
from dataclasses import asdict

import pytest
from botanu_store.records import METERS, Call, Span
from botanu_store.resolve.calls import resolve
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.captures import START, Trace, chat, is_candidate

SCOPES = (
    "opentelemetry.instrumentation.openai_v2",
    "openinference.instrumentation.langchain",
    "logfire.openai",
    "litellm",
    "strands.telemetry.tracer",
    "botanu",
    "com.anthropic.sdk.python",
)
NUMBERS = st.one_of(
    st.integers(0, 5000).map(str),
    st.sampled_from(["", "-5", "nan", "1e400", "9223372036854775808", "²", "12.0", "[]", "x"]),
)
KEYS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.audio.input_tokens",
    "llm.token_count.prompt",
    "llm.token_count.completion",
    "botanu.data.bytes_read",
    "botanu.usage.cache_write_1h_tokens",
)
WORDS = {
    "gen_ai.operation.name": ("chat", "embeddings", "invoke_agent", "execute_tool", "made_up"),
    "openinference.span.kind": ("LLM", "AGENT", "TOOL", ""),
    "gen_ai.response.id": ("a", "b", ""),
    "gen_ai.request.model": ("gpt-4o", "claude-sonnet-4-5", ""),
    "logfire.span_type": ("log", "span"),
    "db.system": ("postgresql",),
    "metadata.usage_object": ("{'prompt_tokens': 5, 'completion_tokens': None}", "{'x': [", "None"),
    "llm.openai.usage": ("{'prompt_tokens': 5}", "{" * 3000),
}


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """A trace of up to nine spans whose parents may be anything: absent, themselves, each other."""
    count = draw(st.integers(1, 9))
    made: list[Span] = []
    for place in range(count):
        said = draw(st.dictionaries(st.sampled_from(KEYS), NUMBERS, max_size=5))
        for key, words in draw(
            st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in WORDS.items()})
        ).items():
            said[key] = words
        start = START + draw(st.integers(0, 20)) * 5_000_000
        made.append(
            Span(
                "t",
                f"s{place}",
                f"s{draw(st.integers(-1, count))}",
                draw(st.sampled_from(["chat", "raw_gen_ai_request", "session_task.turn"])),
                draw(st.sampled_from(["CLIENT", "INTERNAL", "LOG"])),
                start,
                start + draw(st.integers(0, 20)) * 5_000_000,
                draw(st.sampled_from(["unset", "error"])),
                "svc",
                draw(st.sampled_from(SCOPES)),
                said,
            )
        )
    return made


def conclude(some: list[Span]) -> list[Call]:
    """Resolve one trace."""
    return resolve([s for s in some if is_candidate(s)], {s.span_id: s.parent_id for s in some})


@settings(max_examples=300)
@given(spans(), st.randoms(use_true_random=False))
def test_the_order_of_spans_does_not_matter(some: list[Span], chance: random.Random) -> None:
    """Spans arrive in any order, and some twice: what is concluded is the same."""
    shuffled = [*some, *chance.sample(some, k=len(some) // 2)]
    chance.shuffle(shuffled)

    assert conclude(shuffled) == conclude(some)


@settings(max_examples=200)
@given(spans(), st.integers(0, 9))
def test_a_trace_in_pieces_comes_to_the_same(some: list[Span], cut: int) -> None:
    """Whatever was concluded from a first piece, the whole is concluded from the whole: nothing is remembered between."""
    conclude(some[:cut])

    assert conclude([*some[cut:], *some[:cut]]) == conclude(some)


@settings(max_examples=400)
@given(spans())
def test_calls_are_well_formed_whatever_the_spans_say(some: list[Span]) -> None:
    """Known meters above zero, one call a span at most, a reason for each that does not count, and a counted one in its place."""
    calls = conclude(some)
    counted = {call.span_id for call in calls if call.counted}

    assert len({call.span_id for call in calls}) == len(calls)
    for call in calls:
        assert set(call.quantities) <= set(METERS)
        assert all(quantity > 0 for quantity in call.quantities.values())
        assert (call.usage == "free") == (call.quantities == {})
        assert call.counted or (call.not_counted_reason and call.duplicate_of in counted), asdict(call)


@settings(max_examples=300)
@given(spans())
def test_no_more_is_counted_than_the_spans_say(some: list[Span]) -> None:
    """Leaving spans out never adds: the counted sum is at most that of all spans each by itself."""
    alone = [call for span in some for call in resolve([span], {}) if is_candidate(span)]

    def tokens(calls: list[Call]) -> int:
        return sum(
            q for call in calls if call.counted for meter, q in call.quantities.items() if meter.endswith("_tokens")
        )

    assert tokens(conclude(some)) <= tokens(alone)


@pytest.mark.parametrize("overlap", [0, 5, 30])
def test_identical_calls_of_one_instrumentation_all_count(overlap: int) -> None:
    """However alike two spans of one scope are, and whenever they ran, they are two calls."""
    trace = Trace()
    for place in range(5):
        trace.span(chat(1011, 103), at=place * (31 - overlap), ms=30)

    assert len(trace.counted()) == 5


def test_parents_in_a_circle_are_resolved_as_roots() -> None:
    """Spans that are each other's parents, or their own, still count once each."""
    trace = Trace()
    one, other = trace.span(chat(1011, 103)), trace.span(chat(2011, 203), at=20)
    own = trace.span(chat(3011, 303), at=40)
    parents = {one.span_id: other.span_id, other.span_id: one.span_id, own.span_id: own.span_id}

    calls = resolve(trace.spans, parents)

    assert [call.quantities["input_tokens"] for call in calls if call.counted] == [1011, 2011, 3011]


@pytest.mark.parametrize("shape", ["deep", "deep and equal", "wide", "many scopes", "one id", "deep wrappers"])
def test_a_huge_trace_is_resolved(shape: str) -> None:
    """A trace of 10,000 spans of the worst shapes needs neither the stack nor the square of its size."""
    trace = Trace()
    last: Span | None = None
    for place in range(10_000):
        tokens = 1000 if shape == "deep and equal" else 1000 + place % 7
        said = chat(tokens, 100, gen_ai__response__id="same" if shape == "one id" else "")
        if shape == "deep wrappers" and place % 2:
            said["gen_ai.operation.name"] = "invoke_agent"
        scope = f"scope{place}" if shape in ("many scopes", "one id") else "scope"
        last = trace.span(said, scope=scope, inside=last if shape.startswith("deep") else None, ms=1000)

    assert trace.counted()
