"""Dialects: how instrumentations say what a call used. One file each; a new one is a file and a line in `DIALECTS`.

A dialect is a module with `NAME`, `KEYS` and `SCOPES` (attributes, and beginnings of scopes' names, that its spans have) and
`read(span) -> Reading | None`.
The first that has something to say is believed, so that no span's tokens are taken twice from two sets of names.
"""

from __future__ import annotations

from typing import Protocol

from botanu_store.dialects import agents, langfuse, litellm, mlflow, openinference, operations, otel, vercel
from botanu_store.dialects.base import Reading
from botanu_store.records import Span


class Dialect(Protocol):
    """One way of saying what a call used."""

    NAME: str
    KEYS: tuple[str, ...]
    SCOPES: tuple[str, ...]

    def read(self, span: Span) -> Reading | None:
        """Return what the span says, None when it says nothing in this dialect."""
        ...


DIALECTS: tuple[Dialect, ...] = (langfuse, mlflow, litellm, agents, vercel, openinference, operations, otel)

CANDIDATE_KEYS: tuple[str, ...] = tuple(sorted({key for dialect in DIALECTS for key in dialect.KEYS}))
"""A span that carries none of these, and is of none of `CANDIDATE_SCOPES`, is no call and matters to none."""

CANDIDATE_SCOPES: tuple[str, ...] = tuple(sorted({scope for dialect in DIALECTS for scope in dialect.SCOPES}))
"""Beginnings of the names of scopes whose every span matters."""


def read(span: Span) -> Reading | None:
    """Return what a span says of usage in the first dialect that has something to say."""
    said, scope = span.attributes, span.scope
    for dialect in DIALECTS:
        if any(key in said for key in dialect.KEYS) or (dialect.SCOPES and scope.startswith(dialect.SCOPES)):
            reading = dialect.read(span)
            if reading is not None:
                return reading
    return None
