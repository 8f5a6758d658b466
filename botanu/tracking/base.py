"""What all trackers share: one span around one operation, and the words said about it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar, Self, SupportsInt

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from botanu import attributes
from botanu._current import leave, write
from botanu._errors import record, text_of
from botanu._tracer import tracer

Said = dict[str, Any]
"""Attributes to write."""


def normalised(name: str, known: Mapping[str, str]) -> str:
    """Return the one name of what goes by many; an unknown name in lower case."""
    lower = name.lower()
    return known.get(lower, lower)


def whole(count: SupportsInt | None) -> int:
    """Return a count as a whole number: vendors' own are None where there was nothing to count, databases' decimals."""
    if type(count) is int:
        return count
    try:
        return 0 if count is None else int(count)
    except (TypeError, ValueError, OverflowError):
        return 0


def counts(said: Mapping[str, SupportsInt | None]) -> Said:
    """Return those counts that count something."""
    return {key: number for key, count in said.items() if (number := whole(count)) > 0}


def writable(span: Span | None) -> Span:
    """Return `span`, or the current one."""
    return span if span is not None else trace.get_current_span()


class Tracker:
    """One tracked operation, for `with` and `async with`: records how long it took and the exception that ended it."""

    _prefix: ClassVar[str]
    """What unqualified metadata keys begin with."""
    _error_key: ClassVar[str] = attributes.ERROR_TYPE
    """The attribute that names the class of the exception."""

    def __init__(self, name: str, kind: SpanKind, said: Said, span: Span | None = None) -> None:
        self.span = span
        self.error_type: str | None = None
        self._name = name
        self._kind = kind
        self._said = said
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        self.span = tracer().start_span(
            self._name, kind=self._kind, attributes=self._said, record_exception=False, set_status_on_exception=False
        )
        self._token = context.attach(trace.set_span_in_context(self.span))
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
        self.finish(error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def leave(self) -> None:
        """Make the operation's span no longer the current one; the operation goes on."""
        leave(self._token)

    def finish(self, error: BaseException | None = None) -> None:
        """End the operation, with the exception that ended it if one did."""
        if error is not None and error is not self._error and not isinstance(error, GeneratorExit):
            self.set_error(error)
        self._end(time.perf_counter() - self._started)
        if self.span is not None:
            self.span.end()

    def set_error(self, error: BaseException) -> Self:
        """Record what went wrong."""
        self._error = error
        self.error_type = type(error).__name__
        if self.span is not None:
            self.span.set_attribute(self._error_key, self.error_type)
            record(self.span, error)
            self.span.set_status(Status(StatusCode.ERROR, text_of(error)))
        return self

    def add_metadata(self, **metadata: Any) -> Self:
        """Add attributes of your own; a key without a `botanu.` or `gen_ai.` prefix gets the tracker's."""
        return self._write(self.prefixed(metadata))

    @classmethod
    def prefixed(cls, metadata: Mapping[str, Any]) -> Said:
        """Return attributes under the keys that `add_metadata` gives them."""
        return {
            key if key.startswith(("botanu.", "gen_ai.")) else cls._prefix + key: value
            for key, value in metadata.items()
        }

    def _write(self, said: Said) -> Self:
        if self.span is not None and said:
            write(self.span, said)
        return self

    def _end(self, seconds: float) -> None:
        """Say what is known when the operation is over."""
        raise NotImplementedError
