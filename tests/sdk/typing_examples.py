"""How type checkers see the public names: checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

import botanu
from botanu import RunContext, botanu_outcome, botanu_use_case
from botanu.tracking.data import DBTracker, track_db_operation
from botanu.tracking.llm import LLMTracker, ToolTracker, llm_instrumented, track_llm_call, track_tool_call


@botanu_use_case("x")
def plain(question: str, *, loud: bool = False) -> int:
    """A decorated function is called as it was written."""
    return len(question) if loud else 0


@botanu_use_case("x", "workflow", tenant_id="acme")
async def coroutine(question: str) -> int:
    """A decorated coroutine function."""
    return len(question)


@botanu_use_case("x")
def stream(n: int) -> Iterator[str]:
    """A decorated generator."""
    yield str(n)


@botanu_use_case("x")
async def astream(n: int) -> AsyncIterator[str]:
    """A decorated async generator."""
    yield str(n)


class Agent:
    """Decorated methods."""

    @botanu_use_case("x")
    def method(self, n: int) -> str:
        """A method."""
        return str(n)

    @classmethod
    @botanu_use_case("x")
    def made(cls, n: int) -> Agent:
        """A class method."""
        return cls()

    @botanu_outcome(failed="lost")
    def sub(self) -> bool:
        """A sub-function."""
        return True


@llm_instrumented("openai")
def ask(model: str) -> dict[str, int]:
    """An instrumented client method."""
    return {model: 1}


async def examples() -> None:
    """Types of calls and of what context managers give."""
    assert_type(plain("x", loud=True), int)
    assert_type(await coroutine("x"), int)
    assert_type(stream(1), Iterator[str])
    assert_type(astream(1), AsyncIterator[str])
    assert_type(Agent().method(1), str)
    assert_type(Agent.made(1), Agent)
    assert_type(Agent().sub(), bool)
    assert_type(ask("m"), dict[str, int])
    plain(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    plain("x", quiet=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

    with botanu.run("x") as run:
        assert_type(run, RunContext)
    async with botanu.run("x") as run:
        assert_type(run, RunContext)
    with track_llm_call("openai", "m") as call:
        assert_type(call, LLMTracker)
        assert_type(call.set_tokens(1, 2).set_streaming().add_metadata(x=1), LLMTracker)
    with track_tool_call("t") as tool:
        assert_type(tool.set_result(), ToolTracker)
    async with track_db_operation("pg", "SELECT") as db:
        assert_type(db.set_table("t"), DBTracker)
    assert_type(botanu.enable("x"), bool)
    assert_type(botanu.get_run_id(), str | None)
    assert_type(RunContext.from_baggage({}), RunContext | None)
