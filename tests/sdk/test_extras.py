"""Retries by tenacity, and recording in users' own tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tenacity import Retrying, retry, stop_after_attempt, wait_none

import botanu
from botanu import use_case
from botanu.integrations.tenacity import botanu_after_all, botanu_before
from botanu.testing import RecordedRuns, record_runs
from botanu.tracking.llm import track_llm_call


def flaky(failures: int) -> Any:
    """A function that fails so many times before it works."""
    left = [failures]

    def work() -> None:
        with track_llm_call("openai", "gpt-5"):
            left[0] -= 1
            if left[0] >= 0:
                raise ConnectionError

    return work


def attempts(recorded: RecordedRuns) -> list[int | None]:
    """The attempt that each tracked call says it is."""
    return [span.attributes.get("botanu.request.attempt") for span in recorded.spans if span.name == "chat gpt-5"]


def test_retried_calls_are_attempts(recorded: RecordedRuns) -> None:
    """Calls in a retry loop carry the number of their attempt, and a call after it carries none."""
    work = retry(stop=stop_after_attempt(3), wait=wait_none(), before=botanu_before)(flaky(2))
    work()
    flaky(0)()

    assert attempts(recorded) == [1, 2, 3, None]


def test_a_loop_that_gives_up_leaves_nothing(recorded: RecordedRuns) -> None:
    """After the last failed attempt no attempt is under way, with the after callback or without."""
    for after in (botanu_after_all, lambda state: None):
        with pytest.raises(ConnectionError):
            retry(stop=stop_after_attempt(2), before=botanu_before, after=after, reraise=True)(flaky(9))()
        flaky(0)()

    assert attempts(recorded) == [1, 2, None] * 2


def test_nested_loops(recorded: RecordedRuns) -> None:
    """The innermost loop says the attempt."""
    inner = retry(stop=stop_after_attempt(2), before=botanu_before)(flaky(1))
    retry(stop=stop_after_attempt(2), before=botanu_before)(inner)()

    assert attempts(recorded) == [1, 2]


async def test_async_loops_do_not_mix(recorded: RecordedRuns) -> None:
    """Retried coroutines that run at once count for themselves."""

    def work() -> Any:
        left = [2]

        @retry(stop=stop_after_attempt(3), wait=wait_none(), before=botanu_before)
        async def ask() -> None:
            with track_llm_call("openai", "gpt-5"):
                await asyncio.sleep(0)
                left[0] -= 1
                if left[0] >= 0:
                    raise ConnectionError

        return ask

    await asyncio.gather(*(work()() for _ in range(5)))

    assert sorted(attempts(recorded), key=lambda n: n or 0) == [1] * 5 + [2] * 5 + [3] * 5


def test_retried_runs_have_a_lineage(recorded: RecordedRuns) -> None:
    """A run opened in a further attempt is a retry of the run before: attempt, what it repeats, the root."""
    left = [2]

    @retry(stop=stop_after_attempt(3), wait=wait_none(), before=botanu_before)
    @use_case("Support")
    def work() -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise ConnectionError

    work()
    first, second, third = recorded.runs

    assert [run.attributes["botanu.attempt"] for run in recorded.runs] == [1, 2, 3]
    assert second.attributes["botanu.retry_of_run_id"] == first.run_id
    assert third.attributes["botanu.retry_of_run_id"] == second.run_id
    assert {run.attributes["botanu.root_run_id"] for run in recorded.runs} == {first.run_id}
    assert [run.outcome for run in recorded.runs] == ["failed", "failed", "success"]


def test_several_runs_in_one_attempt_are_no_retries(recorded: RecordedRuns) -> None:
    """Two runs of one use case in the same attempt do not repeat each other."""
    for attempt in Retrying(stop=stop_after_attempt(1), before=botanu_before):
        with attempt:
            for _ in range(2):
                with botanu.run("x"):
                    pass

    assert [run.attributes["botanu.attempt"] for run in recorded.runs] == [1, 1]


def test_record_runs() -> None:
    """`record_runs` gives runs with outcome, status, spans and calls, whether botanu is enabled or not."""
    with record_runs() as recorded:
        with botanu.run("Support") as run, botanu.step("think"), track_llm_call("openai", "gpt-5") as call:
            call.set_tokens(10, 5)
        [one] = recorded.runs
        assert (one.run_id, one.use_case, one.outcome, one.status) == (run.run_id, "Support", "success", "success")
        assert [span.name for span in one.spans] == ["chat gpt-5", "botanu.step/think", "botanu.run/Support"]
        assert one.calls[0].attributes["gen_ai.usage.input_tokens"] == 10
        assert not one.spans[-1].is_error
        recorded.clear()
        assert recorded.spans == []
    with botanu.run("after"):
        pass
    assert recorded.spans == []


def test_recording_sends_nothing(store: Any) -> None:
    """While recording, an enabled botanu exports nothing; afterwards it does again."""
    botanu.enable("x", store=store.path, auto_instrument=False)
    with record_runs() as recorded, botanu.run("recorded"):
        pass
    with botanu.run("sent"):
        pass
    botanu.disable()

    assert [run.use_case for run in recorded.runs] == ["recorded"]
    assert [run["botanu.use_case"] for run in store.runs()] == ["sent"]


def test_the_fixture(python: Callable[..., Any], tmp_path: Path) -> None:
    """With `pytest_plugins = ["botanu.testing"]` the fixture `botanu_runs` records one test."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["botanu.testing"]', "utf-8")
    (tmp_path / "test_mine.py").write_text(
        "import botanu\n"
        "def test_one(botanu_runs):\n"
        "    with botanu.run('x'): pass\n"
        "    assert [run.use_case for run in botanu_runs.runs] == ['x']\n"
        "def test_two(botanu_runs):\n"
        "    assert botanu_runs.runs == []\n",
        "utf-8",
    )
    ended = python("", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py")

    assert "2 passed" in ended.stdout
