"""One figure over time as columns, which may be missing or below zero, with a line for a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from botanu_cli.tui.series import labels
from botanu_cli.tui.widgets.columns import padded
from botanu_cli.tui.widgets.plot import HEIGHTS, Slot, slots, times

_AXIS = 9
"""Cells beside the axis at least, so that charts beside each other begin alike."""


@dataclass(frozen=True, slots=True)
class Course:
    """A figure in each bucket of time."""

    unit: str
    buckets: Sequence[str]
    figures: Sequence[float | None]
    write: Callable[[float], str]
    limit: float | None = None
    at_least: bool = False
    """Whether the limit is what figures have to reach, and not what they have to keep to."""

    @property
    def known(self) -> list[float]:
        """The figures that there are."""
        return [figure for figure in self.figures if figure is not None]

    @property
    def margin(self) -> int:
        """The cells that figures take beside the axis."""
        marks = [0.0, *self.known, self.limit or 0.0]
        return max(_AXIS, *(len(self.write(mark)) for mark in (min(marks), max(marks), self.limit or 0.0)))

    def latest(self, most: int) -> Course:
        """Return so many of the latest buckets; where none of them has a figure, those before that end with one."""
        end = len(self.figures)
        if not any(figure is not None for figure in self.figures[-most:]):
            end = max(at for at, figure in enumerate(self.figures, 1) if figure is not None)
        begin = max(end - most, 0)
        return replace(self, buckets=self.buckets[begin:end], figures=self.figures[begin:end])

    def breaks(self, figure: float) -> bool:
        """Whether a figure is on the wrong side of the limit, or of zero."""
        if self.limit is None:
            return figure < 0
        return figure < self.limit if self.at_least else figure > self.limit


class Trend(Widget):
    """Columns from zero, up or down."""

    course: reactive[Course | None] = reactive(None)
    nothing: reactive[str] = reactive("Nothing to draw.")

    def render(self) -> Content:
        """Return the columns with their axes."""
        if self.course is None or not self.course.known:
            return Content.styled(self.nothing, "$foreground 60%")
        margin = self.course.margin
        width, height = max(self.size.width - margin - 1, 4), max(self.size.height - 1, 2)
        found = self.course.latest(width)
        places = slots(len(found.figures), width)
        marks = [0.0, *found.known, found.limit or 0.0]
        scale = _Scale(min(marks), max(marks), height)
        axis = times(labels(found.buckets, found.unit), places, margin + 1, width)
        return Content("\n").join([*_lines(found, scale, places, margin, width), axis])


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    height: int

    def eighths(self, figure: float) -> int:
        """How far above the lowest line a figure is."""
        return round((figure - self.low) / ((self.high - self.low) or 1.0) * self.height * 8)


def _lines(found: Course, scale: _Scale, places: Sequence[Slot], margin: int, width: int) -> Iterator[Content]:
    zero = scale.eighths(0.0)
    limit_row = None if found.limit is None else min(scale.eighths(found.limit) // 8, scale.height - 1)
    for row in range(scale.height - 1, -1, -1):
        axis = ""
        if row == scale.height - 1:
            axis = found.write(scale.high)
        elif row == 0:
            axis = found.write(scale.low)
        if row == limit_row and found.limit is not None:
            axis = found.write(found.limit)
        parts: list[tuple[str, str]] = [(padded(axis, margin, left=False) + " ", "$foreground 60%")]
        blank = "╌" if row == limit_row else " "
        for figure, place in zip(found.figures, places, strict=True):
            parts.append(_cell(figure, row, zero, scale, place.cells, blank, found))
            parts.append((blank * place.gap, "$warning"))
        if row == limit_row:
            parts.append((blank * (width - places[-1].left - places[-1].cells - places[-1].gap), "$warning"))
        yield Content.assemble(*parts)


def _cell(
    figure: float | None, row: int, zero: int, scale: _Scale, cells: int, blank: str, found: Course
) -> tuple[str, str]:
    if figure is None:
        return blank * cells, "$warning"
    low, high = sorted((zero, scale.eighths(figure)))
    # The body is paler than the edge: what is looked at is the height.
    body = " 60%" if high > row * 8 + 8 else ""
    low, high = max(low - row * 8, 0), min(high - row * 8, 8)
    style = "$error" if found.breaks(figure) else "$secondary"
    if high <= low:
        return blank * cells, "$warning"
    if low == 0 and high == 8:
        return " " * cells, f"on {style}{body}"
    if low == 0:
        return HEIGHTS[high] * cells, style
    # A column that hangs from above ends inside this cell: what is below it is background.
    return HEIGHTS[low] * cells, f"$background on {style}"
