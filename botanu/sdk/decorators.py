"""`botanu_use_case` and `run` open a run around a function or a block; `botanu_outcome` lets a sub-function say how it went."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Coroutine
from functools import partial as partially
from functools import wraps
from types import CoroutineType
from typing import Any, Protocol, TypeVar, cast

from opentelemetry.trace import SpanKind

from botanu.sdk.runs import RunPlan, RunScope
from botanu.sdk.span_helpers import OutcomeScope
from botanu.sdk.streams import Scope, Scopes, async_streaming, streaming

F = TypeVar("F", bound=Callable[..., Any])


class Decorator(Protocol):
    """A decorator that keeps the type of what it decorates."""

    def __call__(self, function: F, /) -> F:
        """Decorate one function."""
        ...


def botanu_use_case(
    name: str,
    workflow: str | None = None,
    *,
    environment: str | None = None,
    tenant_id: str | None = None,
    auto_outcome_on_success: bool = True,
    span_kind: SpanKind = SpanKind.SERVER,
) -> Decorator:
    """Make every call of the decorated function a run of the use case `name`.

    Works on functions, methods, coroutine functions and what wraps one, generators and async generators; a generator's run lasts from the
    first item asked for until the stream ends, is closed, or fails.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        plan = RunPlan(
            name,
            workflow or str(getattr(function, "__qualname__", name)),
            workflow_version(function),
            environment,
            tenant_id,
            auto_outcome_on_success,
            span_kind,
        )
        return _scoped(function, partially(RunScope, plan))

    return _Decorator(decorate)


use_case = botanu_use_case
"""The short name of `botanu_use_case`."""


def run(
    name: str,
    workflow: str | None = None,
    *,
    environment: str | None = None,
    tenant_id: str | None = None,
    auto_outcome_on_success: bool = True,
    span_kind: SpanKind = SpanKind.SERVER,
) -> RunScope:
    """Open a run of the use case `name` for a `with` or `async with` block; yields the run's context."""
    return RunScope(
        RunPlan(
            name,
            workflow or name,
            environment=environment,
            tenant_id=tenant_id,
            auto_outcome_on_success=auto_outcome_on_success,
            span_kind=span_kind,
        )
    )


def botanu_outcome(success: str | None = None, partial: str | None = None, failed: str | None = None) -> Decorator:
    """Let the decorated sub-function say the run's outcome: success, or failed with its exception's class as reason.

    The arguments are reasons to give instead; `partial` makes a clean end mean partial. An outcome that was said already
    stays. Opens no run.
    """
    scopes = partially(OutcomeScope, success, partial, failed)
    return _Decorator(lambda function: _scoped(function, scopes))


def workflow_version(function: Callable[..., object]) -> str:
    """Return `v:` and 12 hex digits of the SHA-256 of the function's source, or `v:unknown`."""
    try:
        source = inspect.getsource(function)
    except Exception:  # noqa: BLE001 - of a file that changed meanwhile, Python raises what its tokens make of it
        return "v:unknown"
    return "v:" + hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class _Decorator:
    """Decorates a function; of a class method or static method what it holds, so that the order of decorators does not matter."""

    def __init__(self, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        self._wrap = wrap

    def __call__(self, function: F, /) -> F:
        plain: Any = function
        holder: type[Any] = plain.__class__
        if holder in (classmethod, staticmethod):
            return cast("F", holder(self._wrap(plain.__func__)))
        return cast("F", self._wrap(plain))


def _scoped(function: Callable[..., Any], scopes: Scopes) -> Callable[..., Any]:
    """Wrap `function`, whatever its kind, so that each call of it happens inside a new scope."""
    if inspect.isasyncgenfunction(function):
        return async_streaming(function, scopes)
    if inspect.isgeneratorfunction(function):
        return streaming(function, scopes)
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with scopes():
                return await function(*args, **kwargs)

        return awaited

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        scope = scopes()
        with scope:
            answer = function(*args, **kwargs)
            if type(answer) is not CoroutineType:
                return answer
            scope.pause()
        return _later(cast("Coroutine[Any, Any, Any]", answer), scope)

    return called


async def _later(answer: Coroutine[Any, Any, Any], scope: Scope) -> Any:
    """Await, within the call's scope, what a plain function gave: it wraps a coroutine function, or is an object that is called as one."""
    with scope:
        return await answer
