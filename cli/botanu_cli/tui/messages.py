"""What workers tell screens, and widgets tell the screen they are on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.message import Message


@dataclass
class Answered(Message):
    """The store answered one question of a screen."""

    round: int
    """Which asking this belongs to; answers to an earlier one are late."""
    show: Callable[[Any], None]
    answer: Any


@dataclass
class Finished(Message):
    """All questions of one asking are answered."""

    round: int
    fingerprint: object
    """What the store looked like then."""
    rejected: int
    """Parts of segments that were set aside on the way."""


@dataclass
class Empty(Message):
    """The store holds no span at all."""

    round: int


@dataclass
class Failed(Message):
    """The store could not be asked."""

    round: int
    error: Exception


@dataclass
class Draining(Message):
    """Spans that waited in the spool are being taken in, so many segments so far."""

    round: int
    segments: int
