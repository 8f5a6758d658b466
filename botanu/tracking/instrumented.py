"""`llm_instrumented`: makes a client's method a tracked model call, whether it returns, awaits or streams."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from opentelemetry import trace

from botanu.tracking.responses import StreamReader

if TYPE_CHECKING:
    from botanu.tracking.llm import LLMTracker

F = TypeVar("F", bound=Callable[..., Any])

Begin = Callable[[tuple[Any, ...], dict[str, Any]], "LLMTracker"]
"""Makes the tracker for one call from the call's arguments."""


def instrumented(function: F, begin: Begin, *, read_responses: bool) -> F:
    """Wrap `function` so that each call is tracked until its answer, or the last piece of it, has arrived."""

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        tracker = begin(args, kwargs)
        tracker.__enter__()
        try:
            answer = function(*args, **kwargs)
        except BaseException as error:
            tracker.__exit__(type(error), error, error.__traceback__)
            raise
        return _tracked(answer, tracker, read_responses=read_responses)

    @wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        tracker = begin(args, kwargs)
        tracker.__enter__()
        try:
            answer = await function(*args, **kwargs)
        except BaseException as error:
            tracker.__exit__(type(error), error, error.__traceback__)
            raise
        return _tracked(answer, tracker, read_responses=read_responses)

    return cast("F", awaited if inspect.iscoroutinefunction(function) else called)


def _tracked(answer: Any, tracker: LLMTracker, *, read_responses: bool) -> Any:
    """Close the tracker over a whole answer; over a stream, hand the stream on and close the tracker when it ends."""
    if _is_stream(answer):
        tracker.set_streaming()
        tracker.leave()
        return _Stream(answer, tracker, read_responses=read_responses)
    if read_responses:
        tracker.record_response(answer)
    tracker.__exit__(None, None, None)
    return answer


def _is_stream(answer: Any) -> bool:
    return isinstance(answer, Iterator | AsyncIterator)
