"""What `llm_instrumented` is made of: a call is tracked until its answer, or the last piece of it, has arrived."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from botanu.tracking.responses import StreamReader

if TYPE_CHECKING:
    from botanu.tracking.llm import LLMTracker

F = TypeVar("F", bound=Callable[..., Any])

Arguments = tuple[Any, ...]
Keywords = dict[str, Any]

Begin = Callable[[Arguments, Keywords], "LLMTracker"]
"""Makes the tracker of one call from the call's arguments."""


def argument(function: Callable[..., Any], name: str) -> Callable[[Arguments, Keywords], Any]:
    """Return what finds the argument `name` among those of a call, given by keyword or by position."""
    try:
        position = list(inspect.signature(function).parameters).index(name)
    except (TypeError, ValueError):
        position = None

    def find(args: Arguments, kwargs: Keywords) -> Any:
        if name in kwargs:
            return kwargs[name]
        return args[position] if position is not None and position < len(args) else None

    return find


def instrumented(function: F, begin: Begin, *, read_responses: bool) -> F:
    """Wrap `function` so that each call of it is tracked."""

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        tracker = begin(args, kwargs)
        with _Until(tracker):
            answer = function(*args, **kwargs)
        if inspect.isawaitable(answer):
            return _awaited(answer, tracker, read_responses=read_responses)
        return _answered(answer, tracker, read_responses=read_responses)

    @wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        tracker = begin(args, kwargs)
        with _Until(tracker):
            answer = await function(*args, **kwargs)
        return _answered(answer, tracker, read_responses=read_responses)

    return cast("F", awaited if inspect.iscoroutinefunction(function) else called)


class _Until:
    """The tracked operation is current inside; it ends here only by an exception."""

    def __init__(self, tracker: LLMTracker) -> None:
        self._tracker = tracker

    def __enter__(self) -> None:
        self._tracker.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tracker.leave()
        if error is not None:
            self._tracker.finish(error)


async def _awaited(answer: Awaitable[Any], tracker: LLMTracker, *, read_responses: bool) -> Any:
    """Await what a plain function returned, as clients do whose methods are wrapped."""
    try:
        result = await answer
    except BaseException as error:
        tracker.finish(error)
        raise
    return _answered(result, tracker, read_responses=read_responses)


def _answered(answer: Any, tracker: LLMTracker, *, read_responses: bool) -> Any:
    """Close the tracker over a whole answer; hand a stream on, to close the tracker when it ends."""
    if _is_stream(answer):
        return _tracked(answer, tracker, read_responses=read_responses)
    inner = _bedrock_stream(answer)
    if inner is not None:
        stream = _tracked(answer[inner], tracker, read_responses=read_responses)
        return {**answer, inner: stream}
    if read_responses:
        tracker.record_response(answer)
    tracker.finish()
    return answer


def _is_stream(answer: Any) -> bool:
    """Whether the answer comes in pieces: an iterator, or a context manager that gives one (Anthropic's `stream`)."""
    if isinstance(answer, Iterator | AsyncIterator):
        return True
    return (_is_sync(answer) or _is_async(answer)) and not _is_whole(answer)


def _is_sync(answer: Any) -> bool:
    kind: type[Any] = answer.__class__
    return hasattr(kind, "__next__") or hasattr(kind, "__enter__")


def _is_async(answer: Any) -> bool:
    kind: type[Any] = answer.__class__
    return hasattr(kind, "__anext__") or hasattr(kind, "__aenter__")


def _is_whole(answer: Any) -> bool:
    """Whether it can be closed, but came at once: with its usage, or as an answer of HTTP as it is."""
    try:
        return hasattr(answer, "usage") or hasattr(answer, "status_code")
    except Exception:  # noqa: BLE001 - a foreign class; what it has cannot be read now
        return True


def _bedrock_stream(answer: Any) -> str | None:
    """The key under which boto3 gives an event stream."""
    if isinstance(answer, dict):
        said = cast("dict[str, Any]", answer)
        for key in ("stream", "body"):
            if isinstance(said.get(key), Iterable) and type(said[key]).__name__ == "EventStream":
                return key
    return None


class TrackedStream:
    """A client's stream that reads along: whatever is asked of it is asked of the stream, and its end ends the tracker."""

    def __init__(self, stream: Any, tracker: LLMTracker, *, read_responses: bool) -> None:
        self._stream = self._manager = stream
        self._tracker = tracker
        self._reader = StreamReader() if read_responses else None
        self._is_over = False
        self._pieces: Any = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._stream, name)
        return self._ending(found) if name in ("close", "aclose") else found

    def __del__(self) -> None:
        # A stream that nobody read to its end or closed: what is known of it is said.
        self._over(None)

    def _ending(self, close: Callable[..., Any]) -> Callable[..., Any]:
        """Closing the stream, whether that is awaited or not, ends the tracker."""

        def closing(*args: Any, **kwargs: Any) -> Any:
            self._over(None)
            return close(*args, **kwargs)

        return closing

    def _read(self, piece: Any) -> Any:
        if self._reader is not None:
            self._reader.feed(piece)
        return piece

    def _over(self, error: BaseException | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._reader is not None:
            self._tracker.record_found(self._reader.result())
        self._tracker.finish(error)


class _SyncStream(TrackedStream):
    """A stream of `for` and `with`."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._pieces is None:
            self._pieces = iter(self._stream)
        try:
            piece = next(self._pieces)
        except BaseException as error:
            self._over(None if isinstance(error, StopIteration) else error)
            raise
        return self._read(piece)

    def __enter__(self) -> Self:
        try:
            self._stream = self._manager.__enter__()
        except BaseException as error:
            self._over(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        try:
            return self._manager.__exit__(kind, error, trace)
        finally:
            self._over(error)


class _AsyncStream(TrackedStream):
    """A stream of `async for` and `async with`."""

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._pieces is None:
            self._pieces = aiter(self._stream)
        try:
            piece = await anext(self._pieces)
        except BaseException as error:
            self._over(None if isinstance(error, StopAsyncIteration) else error)
            raise
        return self._read(piece)

    async def __aenter__(self) -> Self:
        try:
            self._stream = await self._manager.__aenter__()
        except BaseException as error:
            self._over(error)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        try:
            return await self._manager.__aexit__(kind, error, trace)
        finally:
            self._over(error)


class _EitherStream(_SyncStream, _AsyncStream):
    """A stream of both."""


def _tracked(stream: Any, tracker: LLMTracker, *, read_responses: bool) -> TrackedStream:
    """Read along as the stream is read: servers ask an answer whether it is to be awaited."""
    if not _is_async(stream):
        kind: type[TrackedStream] = _SyncStream
    else:
        kind = _EitherStream if _is_sync(stream) else _AsyncStream
    return kind(stream, tracker.set_streaming(), read_responses=read_responses)
