"""Whatever the program hands to botanu, and however it leaves what botanu opened: the program goes on as it would without."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest

import botanu
from botanu import RunContext
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


async def test_an_async_generator_that_is_left_early(recorded: RecordedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """What a plain generator opened ends, and nothing is logged, when the event loop closes it in a task of its own."""

    async def stream() -> AsyncIterator[int]:
        async with botanu.run("x"), track_llm_call("openai", "m"):
            with botanu.step("s"):
                yield 1
                yield 2

    async for _ in stream():
        break
    gc.collect()
    await asyncio.sleep(0.01)

    assert [span.name for span in recorded.spans] == ["botanu.step/s", "chat m", "botanu.run/x"]
    assert recorded.runs[0].outcome == "success"
    assert [record for record in caplog.records if record.name != "asyncio"] == []


def test_a_generator_that_is_closed_from_elsewhere(recorded: RecordedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """A server's threads may begin a generator and close it: what it opened ends, and nothing is logged."""

    def stream() -> Iterator[int]:
        with botanu.run("x"), RunContext.create("y").as_current(), track_llm_call("openai", "m"), botanu.step("s"):
            yield 1

    opened = stream()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(next, opened).result()
    opened.close()

    assert len(recorded.spans) == 3
    assert caplog.records == []
