"""Scopes, such as a run, around generators.

The body of a generator is resumed from wherever its consumer happens to be: another task, another thread of a pool, the
event loop's clean-up. So each stream gets a copy of the context it was started in, and every step of it is run in that copy:
what the scope sets is current for the body from first item to last, and is never seen by the consumer.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextvars import Context, copy_context
from functools import partial, wraps
from types import TracebackType, coroutine
from typing import Any, Protocol


class Scope(Protocol):
    """What is entered around each call or stream."""

    def __enter__(self) -> Any: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def pause(self) -> None:
        """Be left without an end when it is left next, and go on when it is entered again."""
        ...


Scopes = Callable[[], Scope]
"""Makes the scope of each call or stream."""


def streaming(
    function: Callable[..., Generator[Any, Any, Any]], scopes: Scopes
) -> Callable[..., Generator[Any, Any, Any]]:
    """Wrap a generator function so that each stream has a scope of its own."""

    @wraps(function)
    def stream(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        context, scope = copy_context(), scopes()
        context.run(scope.__enter__)
        try:
            result = yield from _InContext(context, function(*args, **kwargs))
        except BaseException as error:
            context.run(scope.__exit__, type(error), error, error.__traceback__)
            raise
        context.run(scope.__exit__, None, None, None)
        return result

    return stream


def async_streaming(
    function: Callable[..., AsyncGenerator[Any, Any]], scopes: Scopes
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """Wrap an async generator function so that each stream has a scope of its own."""

    @wraps(function)
    async def stream(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        context, scope = copy_context(), scopes()
        context.run(scope.__enter__)
        try:
            body = function(*args, **kwargs)
            step: Callable[[], Awaitable[Any]] = partial(_begun, body)
            while True:
                try:
                    item = await _step(context, step())
                except StopAsyncIteration:
                    break
                try:
                    step = partial(body.asend, (yield item))
                except GeneratorExit:
                    await _step(context, body.aclose())
                    raise
                except BaseException as error:  # noqa: BLE001 - whatever the consumer throws is the body's to handle
                    step = partial(body.athrow, error)
        except BaseException as error:
            context.run(scope.__exit__, type(error), error, error.__traceback__)
            raise
        context.run(scope.__exit__, None, None, None)

    return stream


def _begun(body: AsyncGenerator[Any, Any]) -> Awaitable[Any]:
    """Take the first step of a body, of which the event loop is not told: it would close the body while its stream does."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return body.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)


class _InContext(Generator[Any, Any, Any]):
    """A generator each step of which runs in one context."""

    def __init__(self, context: Context, body: Generator[Any, Any, Any]) -> None:
        self._context = context
        self._body = body

    def send(self, value: Any) -> Any:
        return self._context.run(self._body.send, value)

    def throw(self, *error: Any) -> Any:
        return self._context.run(self._body.throw, *error)

    def close(self) -> None:
        self._context.run(self._body.close)


@coroutine
def _step(context: Context, step: Awaitable[Any]) -> Generator[Any, Any, Any]:
    """Await one step of an async generator in one context, whatever task awaits it."""
    return (yield from _InContext(context, step.__await__()))
