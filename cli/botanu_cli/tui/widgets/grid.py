"""A table of any length: it draws the lines in sight, asks for those it lacks, and keeps its place while rows change under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

from botanu_cli.tui.widgets.columns import GAP, Drawn, Fitted, Row, cell, fitted, title

_HEADER = 1


class Rows(Protocol):
    """Rows in their order, of which some may not be here yet."""

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...

    def row(self, index: int) -> Row | None:
        """Return a row, None where it has to be fetched first."""
        ...

    def find(self, row: Row) -> int | None:
        """Return where this row is now."""
        ...

    def seen(self) -> Sequence[Row]:
        """Return rows to measure columns by."""
        ...


class Listed:
    """Rows that are all here, told apart by some of their fields."""

    def __init__(self, rows: Sequence[Row], *identity: str) -> None:
        self._rows = rows
        self._identity = identity
        self._places = {self._key(row): index for index, row in enumerate(rows)}

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row | None:
        """Return a row."""
        return self._rows[index]

    def find(self, row: Row) -> int | None:
        """Return where this row is now."""
        return self._places.get(self._key(row))

    def seen(self) -> Sequence[Row]:
        """Return all rows."""
        return self._rows

    def _key(self, row: Row) -> tuple[object, ...]:
        return tuple(row.get(name) for name in self._identity)


class Grid(ScrollView, can_focus=True):
    """Rows under a line of titles, with a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--header", "grid--cursor", "grid--here", "grid--missing"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "move_page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "move_page(1)", "Page down", show=False),
        Binding("home", "move_to(0)", "First", show=False),
        Binding("end", "move_to(-1)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    cursor = reactive(0, repaint=False)

    @dataclass
    class Chosen(Message):
        """A row was opened."""

        grid: Grid
        row: Row

        @property
        def control(self) -> Grid:
            """The grid it happened in."""
            return self.grid

    @dataclass
    class Moved(Message):
        """The cursor stands on another row, or on the same with other values."""

        grid: Grid
        row: Row

        @property
        def control(self) -> Grid:
            """The grid it happened in."""
            return self.grid

    @dataclass
    class SortAsked(Message):
        """The title of a column was clicked."""

        grid: Grid
        field: str

    @dataclass
    class Needed(Message):
        """Rows in sight are not here."""

        grid: Grid
        first: int
        last: int

    def __init__(self, zone: ZoneInfo, *, id: str, columns: Sequence[Drawn] = ()) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes="panel")
        self._columns = columns
        self._zone = zone
        self.nothing = ""
        """What is said where there are no rows."""
        self._rows: Rows = Listed([])
        self._fitted: list[Fitted] = []
        self._sorted: tuple[str, bool] = ("", True)
        self._asked: tuple[int, int] | None = None

    @property
    def rows(self) -> Rows:
        """The rows that are shown."""
        return self._rows

    @property
    def current(self) -> Row | None:
        """The row under the cursor, None where there is none or it is not here yet."""
        return self._rows.row(self.cursor) if self.cursor < len(self._rows) else None

    def show(
        self, rows: Rows, columns: Sequence[Drawn] | None = None, sorted_by: tuple[str, bool] = ("", True)
    ) -> None:
        """Show other rows; cursor and scroll stay on the row they were on, or at the top if they were there."""
        before, offset = self.current, self.scroll_offset.y
        at_top = self.cursor == 0 and offset == 0
        found = None if before is None or at_top else rows.find(before)
        place = min(self.cursor if found is None else found, max(len(rows) - 1, 0))
        self._rows, self._asked = rows, None
        self._sorted = sorted_by
        self._columns = self._columns if columns is None else columns
        moved = place - self.cursor
        self.set_reactive(Grid.cursor, place)  # pyright: ignore[reportArgumentType] # `max` widens a reactive's type
        self._fit()
        if moved:
            self.scroll_to(y=offset + moved, animate=False)
        self._tell()

    def loaded(self) -> None:
        """Draw again what was missing and has come."""
        self._asked = None
        self._fit()
        self._tell()

    def render_line(self, y: int) -> Strip:
        """Return one line on the screen: the titles, a row, or nothing."""
        width = self.size.width
        index = y - _HEADER + self.scroll_offset.y
        if y < _HEADER and not self._rows and self.nothing:
            return self._strip(Content(self.nothing), width, self.get_visual_style("grid--header"))
        if y < _HEADER:
            return self._strip(self._titles(), width, self.get_visual_style("grid--header"))
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows.row(index)
        if row is None:
            self._ask()
            return self._strip(Content("  ·"), width, self.get_visual_style("grid--missing"))
        return self._line(row, index, width).apply_meta({"row": index})

    def _line(self, row: Row, index: int, width: int) -> Strip:
        line = Content(" " * GAP).join(cell(row, fit, self._zone) for fit in self._fitted)
        if index != self.cursor:
            return self._strip(line, width, self.visual_style)
        return self._strip(line, width, self.get_visual_style("grid--cursor" if self.has_focus else "grid--here"))

    def _strip(self, line: Content, width: int, style: Style) -> Strip:
        strips = Visual.to_strips(self, line, max(width, 1), 1, style, pad=True, apply_selection=False)
        return strips[0] if strips else Strip([Segment(" " * width, style.rich_style)])

    def _titles(self) -> Content:
        field, descending = self._sorted
        mark = "▾" if descending else "▴"
        return Content(" " * GAP).join(
            title(fit, mark if fit.column.field and fit.column.field == field else "") for fit in self._fitted
        )

    def _fit(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        self._fitted = fitted(self._columns, self._rows.seen(), max(width, 1), self._zone)
        self.virtual_size = Size(width, len(self._rows) + _HEADER)
        self.refresh()

    def _ask(self) -> None:
        """Ask once for the rows in sight, and as many again on both sides."""
        height = max(self.size.height, 1)
        first = self.scroll_offset.y
        if self._asked == (first, height):
            return
        self._asked = (first, height)
        self.post_message(self.Needed(self, max(first - height, 0), min(first + 2 * height, len(self._rows))))

    def _tell(self) -> None:
        row = self.current
        if row is not None:
            self.post_message(self.Moved(self, row))

    def watch_cursor(self, before: int, now: int) -> None:
        """Redraw the two lines, bring the cursor into sight, and say where it is."""
        for index in (before, now):
            self.refresh_line(index + _HEADER)
        self._into_sight()
        self._tell()

    def _into_sight(self) -> None:
        top, page = self.scroll_offset.y, max(self.size.height - _HEADER, 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False)

    def on_resize(self) -> None:
        """Share the width out anew."""
        self._fit()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that the cursor is not here."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row, open it at the second click, or sort by the column."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < _HEADER:
            self._sort_at(offset.x)
            return
        index = event.style.meta.get("row")
        if isinstance(index, int):
            again = index == self.cursor and event.chain > 1
            self.cursor = index
            if again:
                self.action_choose()

    def _sort_at(self, x: int) -> None:
        left = 0
        for fit in self._fitted:
            left += fit.width + GAP
            if x < left:
                if fit.column.field:
                    self.post_message(self.SortAsked(self, fit.column.field))
                return

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.cursor = min(max(self.cursor + by, 0), max(len(self._rows) - 1, 0))

    def action_move_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.action_move(by * max(self.size.height - _HEADER - 1, 1))

    def action_move_to(self, index: int) -> None:
        """Move the cursor to a row; -1 is the last."""
        self.cursor = max(len(self._rows) - 1, 0) if index < 0 else index

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        row = self.current
        if row is not None:
            self.post_message(self.Chosen(self, row))
