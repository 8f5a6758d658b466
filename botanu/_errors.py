"""What others' classes say, on spans: they may do anything when asked for their text, and the program goes on all the same."""

from __future__ import annotations

from opentelemetry.trace import Span


def text_of(thing: object) -> str:
    """Return what an exception, or an id of some kind, says, if it can say it, as text that can be sent: half an emoji is replaced."""
    try:
        return str(thing).encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - a foreign class
        return "(its text cannot be had)"


def worded(said: object) -> str | None:
    """Return what should be text as text; None stays None."""
    return said if said is None or isinstance(said, str) else text_of(said)


def record(span: Span, error: BaseException) -> None:
    """Record the exception as an event."""
    try:
        span.record_exception(error)
    except Exception:  # noqa: BLE001 - as above
        span.add_event("exception", {"exception.type": type(error).__name__})
