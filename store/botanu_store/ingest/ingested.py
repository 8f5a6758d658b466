"""What came of taking in spans: how many, how many were there already, what was set aside and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Progress = Callable[[int], None]
"""Called with the number of bytes, segments or spans just taken in."""

REJECTED_LIMIT = 10_000
"""Rejected parts that are named one by one, and spans of a batch that are set aside; what is beyond is only counted."""


@dataclass(slots=True)
class Rejected:
    """Something that was set aside: where it was and why."""

    source: str
    where: str
    reason: str


@dataclass(slots=True)
class Ingested:
    """What came of an ingest, counted."""

    sources: int = 0
    spans: int = 0
    new: int = 0
    duplicates: int = 0
    other_signals: int = 0
    """Documents and messages of logs or metrics of which nothing was of use."""
    other_records: int = 0
    """Log records that say nothing of what a call used; they are left aside."""
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    """What was set aside, the first `REJECTED_LIMIT` of it."""
    rejected_count: int = 0
    seconds: float = 0.0

    def add(self, batch: Ingested) -> None:
        """Count a batch that was committed."""
        for name in ("sources", "spans", "new", "duplicates", "other_signals", "other_records", "rejected_count"):
            setattr(self, name, getattr(self, name) + getattr(batch, name))
        self.rejected += batch.rejected[: REJECTED_LIMIT - len(self.rejected)]
