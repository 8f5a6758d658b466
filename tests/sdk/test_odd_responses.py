"""Answers that are none of any vendor's: nothing is read from them that is not there, and nothing breaks."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botanu.testing import RecordedRuns
from botanu.tracking.llm import track_llm_call
from botanu.tracking.responses import read_response


@pytest.mark.parametrize("thing", [None, 5, "text", [], {}, object(), MagicMock(), {"usage": None}, {"usage": "x"}])
def test_anything_else_is_no_answer(thing: Any, recorded: RecordedRuns) -> None:
    """What is no answer of a vendor says nothing, and is no error; a mock's attributes are no counts."""
    with track_llm_call("openai", "m") as call:
        call.record_response(thing)

    assert not any(key.startswith(("gen_ai.usage", "gen_ai.response")) for key in recorded.spans[0].attributes)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "usage",
                    "usage_metadata",
                    "meta",
                    "tokens",
                    "billed_units",
                    "response",
                    "message",
                    "delta",
                    "data",
                    "choices",
                    "candidates",
                    "chunk",
                    "bytes",
                    "model",
                    "id",
                    "prompt_tokens",
                    "input_tokens",
                    "output_tokens",
                    "prompt_tokens_details",
                    "cached_tokens",
                    "cache_read_input_tokens",
                    "cacheDetails",
                    "inputTokens",
                    "finish_reason",
                    "ResponseMetadata",
                    "HTTPHeaders",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_hostile_answers_do_no_harm(answer: Any) -> None:
    """Whatever the shape, reading never raises and counts are whole numbers from 0, the parts within the total."""
    usage = read_response(answer).usage

    if usage is not None:
        counts = (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.cache_write_1h, usage.reasoning)
        assert all(type(count) is int and count >= 0 for count in counts)
        assert usage.input >= usage.cache_read + usage.cache_write >= usage.cache_write_1h
