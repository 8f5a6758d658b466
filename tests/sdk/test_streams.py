"""Runs around generators: they last as long as the stream, and only the stream sees them."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from botanu import emit_outcome, get_run_id, use_case
from botanu.testing import RecordedRuns
from botanu.tracking.llm import track_llm_call


@use_case("stream")
def chat(n: int = 3) -> Generator[str | None, str, str]:
    """Yield the run's id n times, within one tracked call; return what was sent last."""
    sent = ""
    with track_llm_call("openai", "gpt-5"):
        for _ in range(n):
            sent = (yield get_run_id()) or sent
    return sent


@use_case("stream")
async def achat(n: int = 3) -> AsyncGenerator[str | None, None]:
    """Yield the run's id n times, within one tracked call."""
    with track_llm_call("openai", "gpt-5"):
        for _ in range(n):
            await asyncio.sleep(0)
            yield get_run_id()


def test_a_stream_is_one_run(recorded: RecordedRuns) -> None:
    """The run opens with the first item, is current in the body and closes when the stream ends."""
    stream = chat()
    assert recorded.spans == []

    assert set(stream) == {recorded.runs[0].run_id}
    assert recorded.runs[0].outcome == "success"
    assert [call.name for call in recorded.runs[0].calls] == ["chat gpt-5"]


def test_the_consumer_does_not_see_the_streams_run(recorded: RecordedRuns) -> None:
    """Between items no run is current for the consumer, and two interleaved streams do not mix."""
    one, two = chat(), chat()
    pairs = [(a, b, get_run_id()) for a, b in zip(one, two, strict=True)]

    assert len({a for a, _, _ in pairs}) == len({b for _, b, _ in pairs}) == 1
    assert pairs[0][0] != pairs[0][1]
    assert {outside for _, _, outside in pairs} == {None}


def test_send_throw_and_return_value(recorded: RecordedRuns) -> None:
    """The wrapped generator is a whole generator: it takes what is sent and thrown, and returns its value."""

    @use_case("x")
    def echo() -> Generator[str, str, str]:
        got = yield "ready"
        try:
            yield got
        except KeyError:
            yield "caught"
        return "done"

    stream = echo()
    assert next(stream) == "ready"
    assert stream.send("hello") == "hello"
    assert stream.throw(KeyError) == "caught"
    with pytest.raises(StopIteration) as stop:
        next(stream)

    assert stop.value.value == "done"
    assert recorded.runs[0].outcome == "success"


def test_closing_a_stream_ends_its_run(recorded: RecordedRuns) -> None:
    """A stream that its consumer closes, or forgets, is a clean end."""
    stream = chat()
    next(stream)
    stream.close()
    next(chat())
    gc.collect()

    assert [run.outcome for run in recorded.runs] == ["success", "success"]


def test_a_failing_stream_fails_its_run(recorded: RecordedRuns) -> None:
    """An exception in the body, or one thrown in, fails the run and reaches the consumer."""

    @use_case("x")
    def broken() -> Generator[int]:
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(broken())
    stream = chat()
    next(stream)
    with pytest.raises(KeyError):
        stream.throw(KeyError("no"))

    assert [run.attributes["botanu.outcome.error_class"] for run in recorded.runs] == ["ZeroDivisionError", "KeyError"]


def test_a_stream_may_change_threads(recorded: RecordedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """A server may take each item in another thread; the run and the tracked call go on, and nothing is logged."""
    stream = chat()
    with ThreadPoolExecutor(4) as pool:
        ids = [pool.submit(next, stream, "end").result() for _ in range(4)]

    assert ids[-1] == "end"
    assert set(ids[:3]) == {recorded.runs[0].run_id}
    assert caplog.records == []


async def test_async_streams(recorded: RecordedRuns) -> None:
    """An async stream is one run, current in the body only."""
    outside = []
    ids = []
    async for item in achat():
        ids.append(item)
        outside.append(get_run_id())

    assert set(ids) == {recorded.runs[0].run_id}
    assert outside == [None] * 3
    assert [call.name for call in recorded.runs[0].calls] == ["chat gpt-5"]


async def test_an_async_stream_may_change_tasks(recorded: RecordedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """Each item may be awaited by another task, and the clean-up too."""
    caplog.set_level(logging.DEBUG)
    stream = achat()
    ids = {await asyncio.create_task(anext(stream)) for _ in range(2)}
    await asyncio.create_task(stream.aclose())

    assert ids == {recorded.runs[0].run_id}
    assert recorded.runs[0].outcome == "success"
    assert [record for record in caplog.records if record.name != "asyncio"] == []


async def test_async_send_and_throw(recorded: RecordedRuns) -> None:
    """The wrapped async generator takes what is sent and thrown."""

    @use_case("x")
    async def echo() -> AsyncGenerator[str, str]:
        got = yield "ready"
        try:
            yield got
        except KeyError:
            yield "caught"

    stream = echo()
    assert await anext(stream) == "ready"
    assert await stream.asend("hello") == "hello"
    assert await stream.athrow(KeyError) == "caught"
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_cancelled_async_stream(recorded: RecordedRuns) -> None:
    """Cancelling the task that waits for an item cancels the run."""

    @use_case("x")
    async def slow() -> AsyncGenerator[int]:
        yield 1
        await asyncio.sleep(60)

    async def consume() -> None:
        async for _ in slow():
            pass

    task = asyncio.create_task(consume())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert recorded.runs[0].status == "canceled"


def test_a_stream_says_its_own_outcome(recorded: RecordedRuns) -> None:
    """What a stream's body emits lands on the stream's run."""

    @use_case("x")
    def body() -> Generator[int]:
        yield 1
        emit_outcome("partial", reason="cut")
        yield 2

    assert list(body()) == [1, 2]
    assert recorded.runs[0].outcome == "partial"
