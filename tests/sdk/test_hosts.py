"""Whatever the program hands to botanu, and however it leaves what botanu opened: the program goes on as it would without."""

from __future__ import annotations

import asyncio
import gc
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from starlette.responses import StreamingResponse

import botanu
from botanu import RunContext
from botanu.testing import RecordedRuns
from botanu.tracking.data import track_db_operation
from botanu.tracking.llm import llm_instrumented, set_llm_attributes, set_token_usage, track_llm_call, track_tool_call


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


def test_counts_that_are_none(recorded: RecordedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """Vendors' own counts are None where nothing was counted, and a database's are no int: neither stops the program; a call nobody counted has no usage."""
    with track_llm_call("google", "gemini") as call:
        call.set_tokens(input_tokens=Decimal(9), output_tokens=2, cached_tokens=None, reasoning_tokens=None)
    with track_llm_call("anthropic", "claude") as call:
        call.set_tokens(9, 2, cache_read_tokens=None, cache_write_tokens=None)
    with track_llm_call("openai", "m") as call:
        call.set_tokens(None, None)
        set_llm_attributes("openai", "m", input_tokens=None, output_tokens=2, cached_tokens=None)
    with track_db_operation("pg", "select") as query, track_tool_call("t") as tool:
        query.set_result(rows_returned=None, bytes_read=Decimal(5))
        tool.set_result(items_returned=None)
        set_token_usage(9, None, cached_tokens=None)

    said = [span.attributes for span in recorded.spans]
    assert [one.get("gen_ai.usage.input_tokens") for one in said[:3]] == [9, 9, None]
    assert [one.get("gen_ai.usage.output_tokens") for one in said[:3]] == [2, 2, 2]
    assert said[4]["botanu.data.bytes_read"] == 5
    assert caplog.records == []


class _Raising:
    """An answer that is read when it is asked for something, and cannot be."""

    def __enter__(self) -> None: ...

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (_Raising, None),
        (lambda: SimpleNamespace(model=_Raising(), usage={"input_tokens": 9}), 9),
        (lambda: {"chunk": {"bytes": b"[" * 200_000}, "usage": {"input_tokens": 9}}, 9),
    ],
)
def test_an_answer_that_cannot_be_read(make: Callable[[], Any], expected: int | None, recorded: RecordedRuns) -> None:
    """Whatever an answer does when it is looked at, the program gets it, and what can be read of it is recorded."""
    answer = make()

    assert llm_instrumented("openai")(lambda: answer)() is answer
    assert recorded.spans[0].attributes.get("gen_ai.usage.input_tokens") == expected


def test_an_answer_of_http_is_given_back_as_it_is(recorded: RecordedRuns) -> None:
    """It can be closed, as streams can, and is false when it failed; the call's usage is not known."""
    answer = requests.Response()
    answer.status_code = 500

    assert llm_instrumented("openai")(lambda: answer)() is answer
    assert [call.name for call in recorded.spans] == ["chat unknown"]


async def test_a_stream_is_what_it_was() -> None:
    """A tracked stream is awaited where the client's own is, and only there: servers ask which it is."""

    @llm_instrumented("openai")
    def pieces() -> Iterator[str]:
        yield from "ab"

    @llm_instrumented("openai")
    async def later() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    assert [isinstance(pieces(), kind) for kind in (Iterator, AsyncIterator)] == [True, False]
    assert [isinstance(later(), kind) for kind in (Iterator, AsyncIterator)] == [False, True]
    for stream in (pieces(), later()):
        sent: list[Any] = []
        await StreamingResponse(stream).stream_response(partial(_keep, sent))
        assert b"".join(message.get("body", b"") for message in sent) == b"ab"


async def _keep(sent: list[Any], message: Any) -> None:
    sent.append(message)


def test_a_stream_manager_ends_what_it_began(recorded: RecordedRuns) -> None:
    """A context manager that gives a plain iterator is left as it was entered, and `close` is there where the stream has one."""
    ended = []

    @llm_instrumented("openai")
    @contextmanager
    def managed() -> Iterator[Iterator[int]]:
        try:
            yield iter([1, 2])
        finally:
            ended.append("left")

    with managed() as pieces:
        assert list(pieces) == [1, 2]
        assert not hasattr(pieces, "close")
    assert ended == ["left"]
    assert len(recorded.spans) == 1


class _NoNumber:
    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __repr__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (Fraction(1, 2), 0.5),
        (Decimal("0.5"), 0.5),
        (1, 1.0),
        (_NoNumber(), None),
        ("0.5", None),
        (Decimal("sNaN"), None),
        (10**5000, None),
    ],
    ids=["fraction", "decimal", "int", "none", "text", "signaling", "huge"],
)
def test_numbers_of_any_kind(
    number: Any, written: float | None, recorded: RecordedRuns, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is said as amount and confidence, the program goes on; a number is written as one, what is none is one warning of ours."""
    with botanu.run("x") as run:
        botanu.emit_outcome("success", value_type="t", value_amount=number, confidence=number)
        said = run.outcome
    with botanu.run("y") as run:
        run.complete(botanu.RunStatus.SUCCESS, value_amount=Decimal("0.5"), confidence=Fraction(1, 2))

    emitted, completed = recorded.runs
    assert emitted.attributes.get("botanu.outcome.value_amount") == written
    assert emitted.attributes.get("botanu.outcome.confidence") == written
    assert (said is None) == (written is None)
    assert completed.attributes["botanu.outcome.value_amount"] == 0.5
    assert [record.name for record in caplog.records] == (["botanu"] if written is None else [])


def test_an_event_loop_that_ends_before_a_stream(recorded: RecordedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """A stream that still cleans up when the loop closes what is open does so once, without an error of asyncio's."""
    cleaned = []

    @botanu.use_case("x")
    async def stream() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await asyncio.sleep(0.01)
            cleaned.append("up")

    async def main() -> AsyncIterator[int]:
        opened = stream()
        await anext(opened)
        return opened

    kept = [asyncio.run(main()) for _ in range(8)]

    assert cleaned == ["up"] * len(kept)
    assert len(recorded.runs) == len(kept)
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


def test_words_of_any_kind(recorded: RecordedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """Ids that are no text, and an exception as a reason, are written as they read, without a warning for each run."""
    tenant = uuid.uuid4()
    with botanu.run("x", tenant_id=tenant):
        botanu.set_business_context(customer_id=7, team=tenant)
        botanu.emit_outcome("failed", reason=ValueError("no"), value_type=5)
    with botanu.run("x") as run:
        run.outcome = botanu.RunOutcome("partial", "half")

    said = recorded.runs[0].attributes
    assert said["botanu.tenant_id"] == said["botanu.team"] == str(tenant)
    assert (said["botanu.customer_id"], said["botanu.outcome.value_type"]) == ("7", "5")
    assert said["botanu.outcome.reason"] == said["botanu.outcome.reason_code"] == "no"
    assert recorded.runs[1].status == "partial"
    assert caplog.records == []


async def test_a_plain_function_that_is_awaited(recorded: RecordedRuns) -> None:
    """A wrapper or an object that gives a coroutine is as good as a coroutine function: the run lasts until it was awaited."""

    class Agent:
        async def __call__(self, error: Exception | None = None) -> str | None:
            await asyncio.sleep(0)
            if error:
                raise error
            return botanu.get_run_id()

    agent = Agent()

    def wrapper(*error: Exception) -> Awaitable[str | None]:
        return agent(*error)

    ids = []
    for plain in (agent, wrapper):
        asked = botanu.use_case("x")(plain)()
        assert botanu.get_run_id() is None
        ids.append(await asyncio.create_task(asked))
        with pytest.raises(KeyError):
            await botanu.use_case("y")(plain)(KeyError("no"))
        assert botanu.get_run_id() is None
        with botanu.run("z"), pytest.raises(KeyError):
            await botanu.botanu_outcome()(plain)(KeyError("no"))

    assert [run.run_id for run in recorded.runs if run.use_case == "x"] == ids
    outcomes = {run.use_case: run.outcome for run in recorded.runs}
    assert outcomes == {"x": "success", "y": "failed", "z": "failed"}
