"""Where the columns of a chart stand, so that they fill its width, and the line of times below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from textual.content import Content

_WIDEST = 11


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
    """Return the axis of time: as many labels as there is room for, each under its column."""
    line = [" "] * (margin + width)
    free = 0
    for said, slot in zip(labels, found, strict=True):
        at = margin + slot.left
        if at >= free and at + len(said) <= len(line):
            line[at : at + len(said)] = said
            free = at + len(said) + 3
    return Content.styled("".join(line).rstrip(), "$foreground 60%")
