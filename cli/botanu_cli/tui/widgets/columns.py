"""Columns of a grid: the CLI's own, and pictures that fill the room they are given; and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from botanu_cli import text
from botanu_cli.layout import LEFT, Column
from botanu_cli.table import ALWAYS, NAME, says_something, written

Row = Mapping[str, Any]

GAP = 2
_NAME, _TEXT = 20, 10
"""Cells that a column of names, and any other of text, may shrink to before whole columns are left out."""

_AIR = 4
"""Cells that a column may have beyond what it needs, where the table would else end before its panel."""

MARKS = {
    "success": ("✓", "$text-success"),
    "pass": ("✓", "$text-success"),
    "failed": ("✗", "$text-error"),
    "failure": ("✗", "$text-error"),
    "error": ("✗", "$text-error"),
    "fail": ("✗", "$text-error"),
    "timeout": ("◷", "$text-error"),
    "canceled": ("⊘", "$text-warning"),
    "partial": ("◐", "$text-warning"),
    "warn": ("!", "$text-warning"),
    "running": ("▸", "$text-accent"),
    "no data": ("?", "$foreground 60%"),
    "none": ("·", "$foreground 60%"),
}
"""How a state is drawn: a sign, and a colour that says the same again."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A column that draws something in whatever width it has."""

    title: str
    draw: Callable[[Row, int], Content]
    least: int
    most: int
    keep: int = 5
    field: str = ""
    """What it shows, for sorting by it; empty where that makes no sense."""
    words: bool = False
    """Whether it holds words, which have the room that there is before bars do."""


Drawn = Column | Picture


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column with the cells it got, and for money how many of them follow the decimal point."""

    column: Drawn
    width: int
    tail: int = 0


def fitted(columns: Sequence[Drawn], rows: Sequence[Row], width: int, zone: ZoneInfo) -> list[Fitted]:
    """Return the columns that fit the width, the least important left out, pictures as wide as is left."""
    shown = [column for column in columns if isinstance(column, Picture) or says_something(rows, column)]
    wanted = {column: _wanted(column, rows, zone) for column in shown}
    while len(shown) > 1 and _total(_least(column, wanted[column]) for column in shown) > width:
        shown.remove(min(shown, key=lambda column: (column.keep, -shown.index(column))))
    cells = {column: _least(column, wanted[column]) for column in shown}
    _grow(cells, {column: wanted[column][0] for column in shown}, width)
    return [Fitted(column, cells[column], wanted[column][1]) for column in shown]


def cell(row: Row, fit: Fitted, zone: ZoneInfo) -> Content:
    """Return one cell, exactly as wide as its column."""
    if isinstance(fit.column, Picture):
        return fit.column.draw(row, fit.width)
    said = written(row, fit.column, zone)
    if fit.column.kind == "mark":
        return _mark(said, fit.width)
    if fit.column.kind == "money" and said != text.UNPRICED:
        said += " " * (fit.tail - _tail(said))
    if not said and fit.column.keep >= NAME:
        return Content.styled(padded("—", fit.width), "$foreground 35%")
    style = "$text-warning" if said.startswith(("≥", text.UNPRICED)) else ""
    return Content.styled(padded(said, fit.width, left=fit.column.kind in LEFT), style)


def title(fit: Fitted, mark: str) -> Content:
    """Return a column's title, exactly as wide as its column."""
    left = isinstance(fit.column, Picture) or fit.column.kind in LEFT
    said = fit.column.title
    return Content(
        padded(f"{said} {mark}" if left and mark else f"{mark} {said}" if mark else said, fit.width, left=left)
    )


def padded(said: str, width: int, *, left: bool = True) -> str:
    """Return text cut or filled to this many cells."""
    length = cell_len(said)
    if length > width:
        return set_cell_size(said, max(width - 1, 0)) + ("…" if width else "")
    return said + " " * (width - length) if left else " " * (width - length) + said


def _mark(said: str, width: int) -> Content:
    sign, style = MARKS.get(said, ("", ""))
    return Content.styled(padded(f"{sign} {said}" if sign else said, width), style)


def _wanted(column: Drawn, rows: Sequence[Row], zone: ZoneInfo) -> tuple[int, int]:
    """The cells that a column would fill, and those of them behind the decimal point."""
    if isinstance(column, Picture):
        return column.most, 0
    cells = [written(row, column, zone) for row in rows]
    sign = 2 if column.kind == "mark" else 0
    title_cells = cell_len(column.title) + (2 if column.kind not in LEFT else 0)
    if column.kind != "money":
        return max([title_cells, *(cell_len(said) + sign for said in cells)]), 0
    tail = max(map(_tail, cells), default=0)
    return max([title_cells, *(cell_len(said) - _tail(said) + tail for said in cells)]), tail


def _tail(said: str) -> int:
    return len(said) - said.index(".") if "." in said else 0


def _least(column: Drawn, wanted: tuple[int, int]) -> int:
    if isinstance(column, Picture):
        return column.least
    if column.kind not in ("text", "meters"):
        return wanted[0]
    return min(wanted[0], _NAME if column.keep >= ALWAYS else _TEXT)


def _total(cells: Iterable[int]) -> int:
    found = list(cells)
    return sum(found) + GAP * (len(found) - 1)


def _grow(cells: dict[Drawn, int], wanted: dict[Drawn, int], width: int) -> None:
    """Share out the room that is left: to text that is cut, then to pictures, then to air between the columns."""
    for bars in (False, True):
        growing: list[Drawn] = [c for c in cells if _is_bar(c) is bars and cells[c] < wanted[c]]
        while growing and _total(cells.values()) < width:
            narrowest = min(growing, key=lambda c: cells[c])
            cells[narrowest] += 1
            growing = [c for c in growing if cells[c] < wanted[c]]
    airy = [column for column in list(cells)[1:] if not _is_bar(column)]
    air = min((width - _total(cells.values())) // len(airy), _AIR) if airy else 0
    for column in airy:
        cells[column] += max(air, 0)


def _is_bar(column: Drawn) -> bool:
    return isinstance(column, Picture) and not column.words
