"""The figures that people look at first, side by side: what it is, how much, and what to know about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from botanu_cli.tui.widgets.columns import padded

_GAP = 2


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure."""

    title: str
    figure: str
    note: str = ""
    style: str = ""
    """Of the note, where it says whether that is good."""


_Part = Callable[[Tile], tuple[str, str]]


class Tiles(Widget):
    """Figures in one row, as many as fit."""

    tiles: reactive[Sequence[Tile]] = reactive(())

    def render(self) -> Content:
        """Return titles, figures and notes, one line each."""
        shown = list(self.tiles)
        while len(shown) > 1 and sum(map(_least, shown)) + _GAP * (len(shown) - 1) > self.size.width:
            shown.pop()
        if not shown:
            return Content("")
        spare = self.size.width - sum(map(_least, shown)) - _GAP * (len(shown) - 1)
        widths = [_least(tile) + min(spare // len(shown), 8) for tile in shown]
        return Content("\n").join(_line(shown, widths, part) for part in (_title, _figure, _note))


def _least(tile: Tile) -> int:
    return max(cell_len(tile.title), cell_len(tile.figure), cell_len(tile.note))


def _line(tiles: Sequence[Tile], widths: Sequence[int], part: _Part) -> Content:
    said = [part(tile) for tile in tiles]
    return Content(" " * _GAP).join(
        Content.styled(padded(words, width), style) for (words, style), width in zip(said, widths, strict=True)
    )


def _title(tile: Tile) -> tuple[str, str]:
    return tile.title, "$foreground 60%"


def _figure(tile: Tile) -> tuple[str, str]:
    return tile.figure, "bold $foreground"


def _note(tile: Tile) -> tuple[str, str]:
    return tile.note, tile.style or "$foreground 60%"
