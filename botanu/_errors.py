"""The exception that ended something, on its span: its class may do anything when asked for its text, and must reach the program all the same."""

from __future__ import annotations

from opentelemetry.trace import Span


def text_of(error: BaseException) -> str:
    """Return what the exception says, if it can say it, as text that can be sent: half an emoji is replaced."""
    try:
        return str(error).encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - a foreign class
        return "(its text cannot be had)"


def record(span: Span, error: BaseException) -> None:
    """Record the exception as an event."""
    try:
        span.record_exception(error)
    except Exception:  # noqa: BLE001 - as above
        span.add_event("exception", {"exception.type": type(error).__name__})
