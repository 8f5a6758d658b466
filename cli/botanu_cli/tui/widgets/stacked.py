"""Spend over time as stacked columns: one colour and one number a group, read bucket by bucket with the arrow keys or the mouse."""

from __future__ import annotations

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Textual leaves the type of its app and of workers open.
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from botanu_cli import text
from botanu_cli.tui.series import REST, Series, labels
from botanu_cli.tui.widgets.columns import padded
from botanu_cli.tui.widgets.plot import HEIGHTS, Slot, slot_at, slots, times

_AXIS = 8
_GRID, _FAINT = "┈", "$foreground 15%"

Stack = list[tuple[int, int]]
"""The groups of one column from the bottom up: number and height in eighths of a cell."""


class Stacked(Widget, can_focus=True):
    """Columns over time with an axis, and a legend that numbers what is stacked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "read(-1)", "Earlier", show=False),
        Binding("right", "read(1)", "Later", show=False),
    ]

    series: reactive[Series | None] = reactive(None)
    reading: reactive[int | None] = reactive(None)
    """The bucket that is read out; None for all of them."""

    def render(self) -> Content:
        """Return the legend, the columns and the axis of time."""
        found = self.series
        if found is None or not found.spent:
            return Content.styled("Reading …" if found is None else _nothing(found), "$foreground 60%")
        height = max(self.size.height - 2, 2)
        each, places = self._places(found)
        columns = _merged(found, each)
        most = max((sum(amounts, Decimal(0)) for amounts in columns), default=Decimal(0)) or Decimal(1)
        stacks = [_stack(amounts, most, height) for amounts in columns]
        axis = times(labels(found.buckets[::each], found.unit), places, _AXIS + 1, self._width)
        return Content("\n").join([self._legend(found), *self._lines(stacks, height, places, most), axis])

    @property
    def _width(self) -> int:
        return max(self.size.width - _AXIS - 1, 10)

    def _places(self, found: Series) -> tuple[int, list[Slot]]:
        """How many buckets a column stands for, and where the columns are."""
        each = max(-(-len(found.buckets) // self._width), 1)
        return each, slots(-(-len(found.buckets) // each), self._width)

    def _legend(self, found: Series) -> Content:
        """The groups with their numbers, and what they cost in all or in the bucket that is read: as much of it as fits."""
        index = self.reading
        head = "" if index is None else f"{found.buckets[index]}  {found.said_of_all(index)}   "
        names = {name: text.safe(name) or "—" for name in found.groups}
        said = {name: found.said(name, index) for name in found.groups}
        room = self.size.width - len(head) - (4 + 2) * len(names)
        if sum(len(names[name]) + 1 + len(said[name]) for name in names) > room:
            if index is None:
                said = dict.fromkeys(said, "")
            names = dict(zip(names, _shortened(list(names.values()), room - sum(map(len, said.values()))), strict=True))
        parts = [self._entry(number, name, names[name], said[name]) for number, name in enumerate(names, start=1)]
        legend = Content.assemble((head, "bold"), Content("  ").join(parts))
        return legend.truncate(self.size.width, ellipsis=True)

    def _entry(self, number: int, name: str, shown: str, said: str) -> Content:
        key = self._key(name, number)
        return Content.assemble(
            (f" {key} ", self._label_style(key)), f" {shown}", (f" {said}" if said else "", "$foreground 60%")
        )

    def _lines(self, stacks: Sequence[Stack], height: int, places: Sequence[Slot], most: Decimal) -> Iterator[Content]:
        labels = _labelled(stacks, height)
        rest = " " * (self._width - places[-1].left - places[-1].cells - places[-1].gap)
        for row in range(height - 1, -1, -1):
            axis = _brief(most) if row == height - 1 else _brief(most / 2) if row == height // 2 - 1 else ""
            blank = _GRID if axis else " "
            parts: list[Content | tuple[str, str]] = [(padded(axis, _AXIS, left=False) + " ", "$foreground 60%")]
            for index, (stack, place) in enumerate(zip(stacks, places, strict=True)):
                dim = self._dimmed(index, len(stacks))
                number = labels.get((index, row))
                cell = self._cell(stack, row, place.cells, number, dim=dim)
                parts += [cell or (blank * place.cells, _FAINT), (blank * place.gap, _FAINT)]
            yield Content.assemble(*parts, (rest.replace(" ", blank), _FAINT))

    def _dimmed(self, index: int, columns: int) -> bool:
        if self.reading is None or self.series is None:
            return False
        return index != self.reading * columns // len(self.series.buckets)

    def _cell(self, stack: Stack, row: int, cells: int, number: int | None, *, dim: bool) -> tuple[str, str] | None:
        low, split, high = _inside(stack, row)
        if low is None:
            return None
        if number is not None:
            key = "·" if self._is_rest(number) else str(number)
            return key.center(cells), self._label_style(key)
        fade = " 45%" if dim else ""
        if split == 8:
            return " " * cells, f"on {self._colour(low)}{fade}"
        behind = f" on {self._colour(high)}{fade}" if high is not None else ""
        return HEIGHTS[split] * cells, f"{self._colour(low)}{fade}{behind}"

    def _is_rest(self, number: int) -> bool:
        return self.series is not None and list(self.series.groups)[number - 1] == REST

    def _key(self, name: str, number: int) -> str:
        return "·" if name == REST else str(number)

    def _colour(self, number: int) -> str:
        return f"$series-{0 if self._is_rest(number) else number}"

    def _label_style(self, key: str) -> str:
        variable = self.app.theme_variables[f"series-{0 if key == '·' else key}"]
        ink = "#000000" if Color.parse(variable).brightness > 0.45 else "#ffffff"
        return f"bold {ink} on {variable}"

    def action_read(self, by: int) -> None:
        """Read out the bucket before or after."""
        if self.series and self.series.buckets:
            last = len(self.series.buckets) - 1
            self.reading = (last if by < 0 else 0) if self.reading is None else min(max(self.reading + by, 0), last)

    def on_blur(self) -> None:
        """Show all buckets again."""
        self.reading = None

    def on_leave(self) -> None:
        """Show all buckets again."""
        self.reading = None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Read out the bucket under the mouse."""
        if self.series is None or not self.series.buckets:
            return
        each, places = self._places(self.series)
        column = slot_at(places, event.x - _AXIS - 1)
        self.reading = None if column is None else min(column * each, len(self.series.buckets) - 1)

    def watch_series(self, found: Series | None) -> None:
        """Read out nothing that is no more."""
        if found is None or (self.reading is not None and self.reading >= len(found.buckets)):
            self.reading = None


def _nothing(found: Series) -> str:
    """Say why there is nothing to draw."""
    if any(map(any, found.unpriced.values())):
        return "No call in this interval has a price: botanu prices unpriced says which."
    return "No spend in this interval."


def _brief(amount: Decimal) -> str:
    """Write an amount in the room beside the axis: whole dollars from a thousand up, and millions as such."""
    for size, sign in ((10**9, "B"), (10**6, "M")):
        if amount >= size:
            return f"${amount / size:,.2f}{sign}"
    return f"${amount:,.0f}" if amount >= 1000 else text.usd(amount)


def _shortened(names: Sequence[str], room: int) -> list[str]:
    """Cut the longest names until all fit."""
    longest = max(map(cell_len, names), default=0)
    while longest > 4 and sum(min(cell_len(name), longest) for name in names) > room:
        longest -= 1
    return [padded(name, min(cell_len(name), longest)) for name in names]


def _merged(found: Series, each: int) -> list[list[Decimal]]:
    """The amounts of each column: so many buckets drawn as one."""
    starts = range(0, len(found.buckets), each)
    return [[sum(amounts[start : start + each], Decimal(0)) for amounts in found.groups.values()] for start in starts]


def _stack(amounts: Sequence[Decimal], most: Decimal, height: int) -> Stack:
    """A column's groups in eighths of a cell, so that their sum is as high as the column is."""
    stack: Stack = []
    below, top = Decimal(0), 0
    for number, amount in enumerate(amounts, start=1):
        below += max(amount, Decimal(0))
        edge = round(below / most * height * 8)
        stack.append((number, edge - top))
        top = edge
    if below > 0 and top == 0:
        # However little it is, it is not nothing.
        largest = max(range(len(amounts)), key=lambda index: amounts[index])
        stack[largest] = (largest + 1, 1)
    return [(number, eighths) for number, eighths in stack if eighths]


def _inside(stack: Stack, row: int) -> tuple[int | None, int, int | None]:
    """What one cell shows: the lower group, up to which eighth, and the group above it."""
    bottom, shares = 0, list[tuple[int, int]]()
    for number, eighths in stack:
        inside = min(bottom + eighths, row * 8 + 8) - max(bottom, row * 8)
        if inside > 0:
            shares.append((number, inside))
        bottom += eighths
    if not shares:
        return None, 0, None
    filled = sum(inside for _, inside in shares)
    two = sorted(sorted(range(len(shares)), key=lambda i: -shares[i][1])[:2])
    low = shares[two[0]]
    if len(two) == 1:
        return low[0], filled, None
    # A cell has two colours: where it ends inside, the background is one of them.
    return (low[0], low[1], shares[two[1]][0]) if filled == 8 else (max(shares, key=lambda s: s[1])[0], filled, None)


def _labelled(stacks: Sequence[Stack], height: int) -> dict[tuple[int, int], int]:
    """Where each group's number is written: once, in the middle of its highest piece that fills whole cells."""
    best: dict[int, tuple[int, int, int]] = {}
    for index, stack in enumerate(stacks):
        bottom = 0
        for number, eighths in stack:
            first, last = -(-bottom // 8), (bottom + eighths) // 8
            bottom += eighths
            whole = min(last, height) - first
            if whole > 0 and whole > best.get(number, (0, 0, 0))[0]:
                best[number] = (whole, index, first + (whole - 1) // 2)
    return {(index, row): number for number, (_, index, row) in best.items()}
