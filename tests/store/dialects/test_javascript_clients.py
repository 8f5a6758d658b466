"""What instrumentations of vendors' clients in JavaScript say in a way of their own."""

from __future__ import annotations

import pytest
from botanu_store.dialects import read

from tests.store.captures import Trace
from tests.store.dialects.readings import SPLIT, reading


def _sentry(origin: str, system: str, model: str, **usage: int) -> dict[str, object]:
    said: dict[str, object] = {
        "sentry.op": "gen_ai.chat",
        "sentry.origin": origin,
        "gen_ai.operation.name": "chat",
        "gen_ai.system": system,
        "gen_ai.request.model": model,
    }
    if usage:
        said["gen_ai.response.id"] = "msg_fake_0004"
    return said | {f"gen_ai.usage.{name.replace('__', '.')}": count for name, count in usage.items()}


def test_sentrys_total_has_what_anthropics_input_leaves_out() -> None:
    """Before 10.76.2 nothing else of the cached tokens is said: they are input, of which nobody knows what was read."""
    said = _sentry(
        "auto.ai.anthropic", "anthropic", "claude-sonnet-4-5", input_tokens=1802, output_tokens=403, total_tokens=4414
    )

    found = reading(said, scope="@sentry/node")

    assert found.dialect == "sentry"
    assert found.quantities == {"requests": 1, "input_tokens": 4011, "output_tokens": 403}


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 3011, "cache_read_input_tokens": 1207, "cache_creation_input_tokens": 452},
        {"input_tokens": 4670, "cache_read__input_tokens": 1207, "cache_creation__input_tokens": 452},
    ],
)
def test_sentrys_input_through_langchain_leaves_the_cached_tokens_out_in_the_old_spelling(
    usage: dict[str, int],
) -> None:
    """Either time the total is input and output."""
    total = usage["input_tokens"] + 303
    said = _sentry(
        "auto.ai.langchain", "anthropic", "claude-sonnet-4-5", output_tokens=303, total_tokens=total, **usage
    )

    assert reading(said, scope="@sentry/node").quantities == SPLIT


@pytest.mark.parametrize(
    ("version", "output", "details", "expected"),
    [
        ("10.45.0", 322, {}, {"input_tokens": 4011, "output_tokens": 403, "reasoning_tokens": 81}),
        (
            "10.78.0",
            403,
            {"reasoning__output_tokens": 81},
            {"input_tokens": 4011, "output_tokens": 403, "reasoning_tokens": 81},
        ),
        ("10.76.2", 403, {}, {"input_tokens": 4011, "output_tokens": 403}),
    ],
)
def test_sentry_leaves_geminis_thoughts_out_of_the_output_at_first(
    version: str, output: int, details: dict[str, int], expected: dict[str, int]
) -> None:
    """They are in the total then."""
    said = _sentry(
        "auto.ai.google_genai", "google_genai", "gemini-2.5-flash", input_tokens=4011, output_tokens=output,
        total_tokens=4414, **details,
    )  # fmt: skip

    found = read(Trace().span(said, scope="@sentry/node", version=version))

    assert found is not None
    assert found.quantities == {"requests": 1, **expected}


def test_sentrys_total_beside_an_output_with_thoughts_holds_what_tools_put_into_the_prompt() -> None:
    """It says nothing else of them."""
    said = _sentry(
        "auto.ai.google_genai", "google_genai", "gemini-2.5-flash", input_tokens=3011, output_tokens=303,
        total_tokens=3405, cache_read__input_tokens=1207, reasoning__output_tokens=61,
    )  # fmt: skip

    found = read(Trace().span(said, scope="@sentry/node", version="10.78.0"))

    assert found is not None
    assert found.quantities == {
        "requests": 1,
        "input_tokens": 1895,
        "cache_read_tokens": 1207,
        "output_tokens": 303,
        "reasoning_tokens": 61,
    }


def test_sentry_calls_counting_tokens_and_making_a_chat_a_chat() -> None:
    """Anthropic's count has no id of an answer, unlike any answer that is no stream, and Gemini's chat is yet to ask for something."""
    trace = Trace()
    counted = trace.span(_sentry("auto.ai.anthropic", "anthropic", "claude-sonnet-4-5"), scope="@sentry/node")
    stream = trace.span(
        _sentry("auto.ai.anthropic", "anthropic", "claude-sonnet-4-5") | {"gen_ai.request.stream": "true"},
        scope="@sentry/node",
    )
    made = trace.span(
        _sentry("auto.ai.google_genai", "google_genai", "gemini-2.5-flash"),
        scope="@sentry/node",
        name="chat gemini-2.5-flash create",
    )

    free, billed = read(counted), read(stream)

    assert free is not None
    assert billed is not None
    assert (free.operation, free.usage, billed.usage) == ("count_tokens", "free", "none")
    assert read(made) is None
