"""Runs: what opens and closes them, what their spans say, and that nothing of them stays behind."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import inspect
import runpy
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.trace import SpanKind

import botanu
from botanu import RunContext, botanu_use_case, emit_outcome, get_run_id, use_case
from botanu.sdk.context import get_current_run_context, get_use_case, get_workflow
from botanu.testing import RecordedRuns


@botanu_use_case("Support", tenant_id="acme", environment="staging")
def answer(question: str, *, loud: bool = False) -> str:
    """Answer."""
    return question.upper() if loud else question


class Agent:
    """A class with every kind of method."""

    @botanu_use_case("Support")
    def method(self) -> str | None:
        """Give the run."""
        return get_run_id()

    @classmethod
    @botanu_use_case("Support")
    def inner_class_method(cls) -> str | None:
        """Give the run."""
        return get_run_id()

    @botanu_use_case("Support")
    @classmethod
    def outer_class_method(cls) -> str | None:
        """Give the run."""
        return get_run_id()

    @botanu_use_case("Support")
    @staticmethod
    def static() -> str | None:
        """Give the run."""
        return get_run_id()


def test_the_span_of_a_run(recorded: RecordedRuns) -> None:
    """A call is a span `botanu.run/{name}` with the run's attributes, started and completed events and a duration."""
    assert answer("why", loud=True) == "WHY"

    [span] = recorded.spans
    source = "v:" + hashlib.sha256(inspect.getsource(inspect.unwrap(answer)).encode()).hexdigest()[:12]
    assert span.name == "botanu.run/Support"
    assert span.attributes["botanu.use_case"] == "Support"
    assert span.attributes["botanu.workflow"] == "answer"
    assert span.attributes["botanu.workflow.version"] == source
    assert span.attributes["botanu.tenant_id"] == "acme"
    assert span.attributes["botanu.environment"] == "staging"
    assert span.attributes["botanu.root_run_id"] == span.attributes["botanu.run_id"]
    assert span.attributes["botanu.outcome"] == "success"
    assert span.attributes["botanu.outcome.status"] == "success"
    assert span.attributes["botanu.run.duration_ms"] >= 0
    run_id = span.attributes["botanu.run_id"]
    assert span.events["botanu.run.started"] == {"run_id": run_id, "use_case": "Support", "workflow": "answer"}
    completed = span.events["botanu.run.completed"]
    assert completed.pop("duration_ms") == span.attributes["botanu.run.duration_ms"]
    assert completed == {"run_id": run_id, "use_case": "Support", "status": "success"}


def test_kind_and_workflow_can_be_said(recorded: RecordedRuns) -> None:
    """`workflow` and `span_kind` are what the caller says; the kind is SERVER otherwise."""
    kinds: list[SpanKind] = []

    @use_case("x", "my workflow", span_kind=SpanKind.CONSUMER)
    def consume() -> None:
        kinds.append(trace.get_current_span().kind)  # type: ignore[attr-defined]

    @use_case("x")
    def serve() -> None:
        kinds.append(trace.get_current_span().kind)  # type: ignore[attr-defined]

    consume()
    serve()

    assert kinds == [SpanKind.CONSUMER, SpanKind.SERVER]
    assert recorded.runs[0].attributes["botanu.workflow"] == "my workflow"
    assert recorded.runs[1].attributes["botanu.workflow"].endswith("serve")


def test_source_that_is_not_there(tmp_path: Path, recorded: RecordedRuns) -> None:
    """A function without source, or whose file has changed since, has the version `v:unknown`."""
    botanu_use_case("x")(len)([])
    namespace: dict[str, Any] = {"use": botanu_use_case}
    exec("@use('x')\ndef made(): pass", namespace)
    namespace["made"]()
    source = tmp_path / "changed.py"
    source.write_text("def first(): ...\ndef second(): ...\n")
    second = runpy.run_path(str(source))["second"]
    source.write_text("def first(): ...\ndef third('\n'''")
    botanu_use_case("x")(second)()

    assert [run.attributes["botanu.workflow.version"] for run in recorded.runs] == ["v:unknown"] * 3


def test_the_decorated_function_is_itself() -> None:
    """Name, docstring, signature and kind of function stay."""

    async def coroutine() -> None: ...
    def generator() -> Iterator[int]:
        yield 1

    async def stream() -> AsyncIterator[int]:
        yield 1

    assert (answer.__name__, answer.__doc__) == ("answer", "Answer.")
    assert str(inspect.signature(answer)) == "(question: 'str', *, loud: 'bool' = False) -> 'str'"
    assert inspect.iscoroutinefunction(use_case("x")(coroutine))
    assert inspect.isgeneratorfunction(use_case("x")(generator))
    assert inspect.isasyncgenfunction(use_case("x")(stream))


@pytest.mark.parametrize(
    "call", [Agent().method, Agent.inner_class_method, Agent.outer_class_method, Agent.static, Agent().static]
)
def test_methods(call: Callable[[], str | None], recorded: RecordedRuns) -> None:
    """Methods, class methods and static methods are runs, whichever decorator comes first."""
    assert call() == recorded.runs[0].run_id


async def test_coroutines(recorded: RecordedRuns) -> None:
    """A coroutine function's run lasts until it returns."""

    @use_case("x")
    async def work() -> str | None:
        await asyncio.sleep(0)
        return get_run_id()

    assert await work() == recorded.runs[0].run_id
    assert get_run_id() is None


async def test_run_is_a_context_manager_both_ways(recorded: RecordedRuns) -> None:
    """`with run(...)` and `async with run(...)` are what the decorator is."""
    with botanu.run("x", tenant_id="acme") as one:
        assert get_current_run_context() is one
    async with botanu.run("y", "flow") as two:
        await asyncio.sleep(0)

    assert [run.run_id for run in recorded.runs] == [one.run_id, two.run_id]
    assert recorded.runs[0].attributes["botanu.tenant_id"] == "acme"
    assert (recorded.runs[0].outcome, recorded.runs[1].attributes["botanu.workflow"]) == ("success", "flow")


def test_inside_a_run(recorded: RecordedRuns) -> None:
    """Inside, the run is current and in W3C Baggage."""
    with botanu.run("Support", "flow") as run:
        assert (get_run_id(), get_use_case(), get_workflow()) == (run.run_id, "Support", "flow")
        assert baggage.get_baggage("botanu.run_id") == run.run_id
        assert get_current_run_context() is run


def test_nothing_leaks(recorded: RecordedRuns) -> None:
    """After the call, baggage and current run are what they were before, also after an exception. Must not leak."""
    token = context.attach(baggage.set_baggage("mine", "1"))
    before = context.get_current()
    answer("why")
    with pytest.raises(ZeroDivisionError), botanu.run("x"):  # noqa: PT012
        botanu.set_baggage("inner", "2")
        raise ZeroDivisionError
    after = context.get_current()
    context.detach(token)

    assert after == before
    assert dict(baggage.get_all(after)) == {"mine": "1"}


def test_runs_in_sequence_are_not_parent_and_child(recorded: RecordedRuns) -> None:
    """Two runs in sequence share neither a parent nor a trace."""
    ids: list[int] = []
    for _ in range(2):
        with botanu.run("x"):
            ids.append(trace.get_current_span().get_span_context().trace_id)

    assert ids[0] != ids[1]
    assert all("botanu.parent_run_id" not in run.attributes for run in recorded.runs)


def test_nested_runs(recorded: RecordedRuns) -> None:
    """A nested run has its own id and names its parent; afterwards the outer one is current again."""
    with botanu.run("outer", environment="staging", tenant_id="acme") as outer:
        with botanu.run("inner") as inner:
            assert get_run_id() == inner.run_id
        assert get_run_id() == outer.run_id

    assert inner.run_id != outer.run_id
    assert (inner.parent_run_id, inner.root_run_id) == (outer.run_id, outer.run_id)
    assert (inner.environment, inner.tenant_id) == ("staging", "acme")
    assert recorded.runs[0].attributes["botanu.parent_run_id"] == outer.run_id


def test_a_nested_run_does_not_carry_the_outer_ones_baggage(
    recorded: RecordedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In full mode the outer run's optional baggage is not taken for the inner one's."""
    monkeypatch.setenv("BOTANU_PROPAGATION_MODE", "full")
    outer = RunContext.create("outer", deadline_seconds=60, attempt=3, retry_of_run_id="r")
    with outer.as_current(), botanu.run("inner"):
        carried = dict(baggage.get_all())

    assert "botanu.retry_of_run_id" not in carried
    assert "botanu.attempt" not in carried
    assert "botanu.deadline" not in carried


def test_re_entrancy(recorded: RecordedRuns) -> None:
    """One decorated function calling itself makes one run each time, each the child of the one before."""

    @use_case("x")
    def countdown(n: int) -> None:
        if n:
            countdown(n - 1)

    countdown(3)
    runs = recorded.runs

    assert len({run.run_id for run in runs}) == 4
    assert [run.attributes.get("botanu.parent_run_id") for run in runs] == [*(run.run_id for run in runs[1:]), None]


async def test_gathered_runs_are_apart(recorded: RecordedRuns) -> None:
    """Runs that interleave under `asyncio.gather` do not see each other."""

    @use_case("x")
    async def work() -> bool:
        mine = get_run_id()
        for _ in range(5):
            await asyncio.sleep(0)
            if get_run_id() != mine:
                return False
        return True

    assert all(await asyncio.gather(*(work() for _ in range(20))))
    assert len({run.run_id for run in recorded.runs}) == 20
    assert get_run_id() is None


def test_threads_are_apart(recorded: RecordedRuns) -> None:
    """Runs in threads do not see each other, and a pool's thread keeps nothing of a run for the next one."""
    barrier = threading.Barrier(4)

    @use_case("x")
    def work() -> bool:
        mine = get_run_id()
        barrier.wait(10)
        return get_run_id() == mine

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: work(), range(8)))
        assert set(pool.map(lambda _: get_run_id(), range(8))) == {None}


def test_a_copied_context_carries_the_run(recorded: RecordedRuns) -> None:
    """`contextvars.copy_context` takes the run into another thread, where outcomes land on the run's span."""
    with botanu.run("x") as run, ThreadPoolExecutor(1) as pool:
        carried = contextvars.copy_context()
        assert pool.submit(get_run_id).result() is None
        assert pool.submit(carried.run, get_run_id).result() == run.run_id
        pool.submit(carried.run, emit_outcome, "partial").result()

    assert recorded.runs[0].outcome == "partial"


def test_a_failed_run(recorded: RecordedRuns) -> None:
    """An exception: span ERROR, exception recorded, status failure, outcome failed, class name as reason, re-raised."""
    with pytest.raises(KeyError), botanu.run("x"):
        raise KeyError("no")

    [run] = recorded.runs
    [span] = recorded.spans
    assert span.is_error
    assert span.events["exception"]["exception.type"] == "KeyError"
    assert (run.outcome, run.status) == ("failed", "failure")
    assert run.attributes["botanu.outcome.reason"] == "KeyError"
    assert run.attributes["botanu.outcome.error_class"] == "KeyError"
    assert span.events["botanu.run.completed"]["error_class"] == "KeyError"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit("broken"), GeneratorExit])
def test_what_is_no_exception(error: BaseException | type[BaseException], recorded: RecordedRuns) -> None:
    """A BaseException fails the run too, except the ones that only say goodbye."""
    with pytest.raises(BaseException) as raised, botanu.run("x"):
        raise error

    assert raised.type is (error if isinstance(error, type) else type(error))
    assert recorded.runs[0].outcome == ("success" if error is GeneratorExit else "failed")


def test_leaving_the_program_well_is_a_clean_end(recorded: RecordedRuns) -> None:
    """`sys.exit()` without an error does not fail the run."""
    with pytest.raises(SystemExit), botanu.run("x"):
        raise SystemExit(0)

    assert recorded.runs[0].outcome == "success"


async def test_a_cancelled_task(recorded: RecordedRuns) -> None:
    """A cancelled task's run has status canceled and outcome failed, and nothing is left current."""

    @use_case("x")
    async def wait() -> None:
        await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (recorded.runs[0].status, recorded.runs[0].outcome) == ("canceled", "failed")
    assert get_run_id() is None


def test_no_automatic_outcome(recorded: RecordedRuns) -> None:
    """With `auto_outcome_on_success=False` a clean end has no outcome at all."""
    with botanu.run("x", auto_outcome_on_success=False):
        pass

    [run] = recorded.runs
    assert (run.outcome, run.status) == (None, None)
    assert not any(key.startswith("botanu.outcome") for key in run.attributes)
    assert recorded.spans[0].events["botanu.run.completed"]["status"] == "none"


@pytest.mark.parametrize("said", ["failed", "partial"])
def test_what_was_said_stays(said: str, recorded: RecordedRuns) -> None:
    """A clean end after `emit_outcome("failed"|"partial")`: it must not be overwritten with success."""
    with botanu.run("x"):
        emit_outcome(said, reason="because")

    assert recorded.runs[0].outcome == said
    assert recorded.runs[0].attributes["botanu.outcome.reason"] == "because"


def test_an_exception_after_success_fails_the_run(recorded: RecordedRuns) -> None:
    """An exception after `emit_outcome("success")` is a failure; the value that was said is still there."""
    with pytest.raises(ValueError, match="late"), botanu.run("x"):  # noqa: PT012
        emit_outcome("success", value_type="pages", value_amount=2)
        raise ValueError("late")

    attributes = recorded.runs[0].attributes
    assert (attributes["botanu.outcome"], attributes["botanu.outcome.value_amount"]) == ("failed", 2.0)


def test_completing_the_context_is_an_outcome(recorded: RecordedRuns) -> None:
    """`ctx.complete` inside the run decides its status: a timeout is a failed outcome."""
    with botanu.run("x") as run:
        run.complete(botanu.RunStatus.TIMEOUT, reason_code="slow")

    assert (recorded.runs[0].status, recorded.runs[0].outcome) == ("timeout", "failed")
    assert recorded.runs[0].attributes["botanu.outcome.reason_code"] == "slow"


def test_cancellation_is_on_the_span(recorded: RecordedRuns) -> None:
    """A run that was asked to stop says so on its span."""
    with botanu.run("x") as run:
        threading.Thread(target=run.request_cancellation).start()
        while not run.is_cancelled():
            pass

    assert recorded.runs[0].attributes["botanu.run.cancelled"] is True
    assert recorded.runs[0].attributes["botanu.run.cancelled_at"] == run.cancelled_at


def test_without_an_sdk_nothing_breaks() -> None:
    """With no provider at all, decorated functions do their work and runs have ids."""
    assert answer("why") == "why"
    with botanu.run("x") as run:
        emit_outcome("success")
        assert get_run_id() == run.run_id
