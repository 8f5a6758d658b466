"""Where the columns of a chart stand, so that they fill its width, and the line of times below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from textual.content import Content

HEIGHTS = " ▁▂▃▄▅▆▇█"
"""A cell filled from below to none, one, … eight eighths."""

_WIDEST = 11
_APART = 3


@dataclass(frozen=True, slots=True)
class Slot:
    """The cells of one column and of the gap behind it."""

    left: int
    cells: int
    gap: int


def slots(count: int, width: int) -> list[Slot]:
    """Share a width out to columns: beside each other where they are narrow, with a gap between them where there is room."""
    room = min(width, count * (_WIDEST + 1))
    gap = 1 if room >= 3 * count else 0
    edges = [place * room // count for place in range(count + 1)]
    return [Slot(left, right - left - gap, gap) for left, right in pairwise(edges)]


def slot_at(found: Sequence[Slot], x: int) -> int | None:
    """Return the column at this cell, None where there is none."""
    return next((at for at, slot in enumerate(found) if slot.left <= x < slot.left + slot.cells + slot.gap), None)


def times(labels: Sequence[str], found: Sequence[Slot], margin: int, width: int) -> Content:
    """Return the axis of time: as many labels as there is room for, each under its column, days before hours."""
    line = [" "] * (margin + width)
    for said, slot in sorted(zip(labels, found, strict=True), key=lambda both: ":" in both[0]):
        begin = margin + slot.left
        end = begin + len(said)
        if end <= len(line) and not "".join(line[max(begin - _APART, 0) : end + _APART]).strip():
            line[begin:end] = said
    return Content.styled("".join(line).rstrip(), "$foreground 60%")
