"""Whatever the program hands to botanu, and however it leaves what botanu opened: the program goes on as it would without."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest

import botanu
from botanu.testing import RecordedRuns
from botanu.tracking.llm import track_llm_call


class _UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("opened", [botanu.run("x"), botanu.step("x"), track_llm_call("openai", "m")])
def test_an_exception_without_text_arrives(opened: AbstractContextManager[Any], recorded: RecordedRuns) -> None:
    """An exception whose text raises another one reaches the program as itself, and its span ends as failed."""
    with pytest.raises(_UnspeakableError), opened:
        raise _UnspeakableError

    assert recorded.spans[0].is_error
    assert recorded.spans[0].events["exception"]["exception.type"].endswith("_UnspeakableError")
