"""A report as a table for people: numbers aligned on the decimal point and never wrapped, columns dropped when room is short, and said so."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from botanu_cli import text
from botanu_cli.output import Column, Layout, coverage_line, interval_line

if TYPE_CHECKING:
    from botanu_cli.settings import Settings
    from botanu_store.reports import Report, Row

_GAP = "  "
_SHORTEST = 12
"""Cells that a text column may shrink to before whole columns are dropped."""

_STYLES = {"success": "green", "failed": "red", "failure": "red", "error": "red", "timeout": "red", "partial": "yellow", "running": "cyan"}


def render(report: Report, layout: Layout, settings: Settings, *, width: int | None, color: bool) -> str:
    """Return the table with its total and, under it, what it rests on."""
    console = Console(
        file=io.StringIO(),
        width=max(width or 100_000, 20),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        highlight=False,
        soft_wrap=True,
    )
    if report.rows:
        columns, dropped = _fitting(report, layout, settings, width)
        for line in _lines(report, columns, settings, width):
            console.print(line)
        notes = [_shown(report, layout), interval_line(report), coverage_line(report), _dropped(dropped)]
    else:
        notes = [f"No {layout.noun}.", interval_line(report)]
    for note in notes:
        if note:
            console.print(Text(note, style="dim"))
    stream = console.file
    assert isinstance(stream, io.StringIO)  # noqa: S101 - made so above
    return stream.getvalue()


def written(row: Row, column: Column, zone: ZoneInfo) -> str:
    """Write one cell."""
    value = row.get(column.field)
    match column.kind:
        case "money":
            return _money(row, value)
        case "count":
            return text.count(value)
        case "share":
            return text.percent(value)
        case "duration":
            return text.duration(value)
        case "time":
            return text.when(value, zone)
        case _:
            return text.safe(value)


def _money(row: Row, value: Decimal | None) -> str:
    if value is None:
        return text.UNPRICED if row.get("calls", 1) else ""
    # A known part beside calls without a price is a lower bound.
    return ("≥" if row.get("unpriced_calls") else "") + text.usd(value)


def _fitting(report: Report, layout: Layout, settings: Settings, width: int | None) -> tuple[list[Column], list[Column]]:
    columns = [c for c in layout.columns if c.keep >= _ALWAYS or any(row.get(c.field) not in (None, "", 0) for row in report.rows)]
    if width is None:
        return columns, []
    dropped: list[Column] = []
    while len(columns) > 1 and _needed(report, columns, settings) > width:
        least = min(columns, key=lambda c: (c.keep, -columns.index(c)))
        columns.remove(least)
        dropped.append(least)
    return columns, dropped


_ALWAYS = 8


def _needed(report: Report, columns: list[Column], settings: Settings) -> int:
    widths = [_natural(report, column, settings.zone) for column in columns]
    least = [min(w, _SHORTEST) if c.kind == "text" else w for w, c in zip(widths, columns, strict=True)]
    return sum(least) + len(_GAP) * (len(columns) - 1)


def _natural(report: Report, column: Column, zone: ZoneInfo) -> int:
    return max(cell_len(cell) for cell in _column_cells(report, column, zone))


def _column_cells(report: Report, column: Column, zone: ZoneInfo) -> list[str]:
    """The title, every row's cell and the total's, with fractions of numbers padded so that decimal points meet."""
    cells = [written(row, column, zone) for row in report.rows]
    total = written(report.totals, column, zone) if column.field in report.totals else ""
    return [column.title, *_aligned([*cells, total], column)]


def _aligned(cells: list[str], column: Column) -> list[str]:
    if column.kind != "money":
        return cells
    tails = [len(cell) - cell.index(".") if "." in cell else 0 for cell in cells]
    longest = max(tails)
    return [cell + " " * (longest - tail) if tail else cell for cell, tail in zip(cells, tails, strict=True)]


def _lines(report: Report, columns: list[Column], settings: Settings, width: int | None) -> list[Text]:
    table = [_column_cells(report, column, settings.zone) for column in columns]
    widths = _shrunk([max(map(cell_len, cells)) for cells in table], columns, width)
    rows = [
        _line([cells[index] for cells in table], columns, widths, "bold" if index in (0, len(table[0]) - 1) else "")
        for index in range(len(table[0]))
    ]
    rule = Text(_GAP.join("─" * w for w in widths), style="dim")
    head, *body, total = rows
    tail = [rule, total] if len(report.rows) > 1 or report.total_rows > 1 else []
    return [head, rule, *body, *tail]


def _shrunk(widths: list[int], columns: list[Column], width: int | None) -> list[int]:
    room = None if width is None else width - len(_GAP) * (len(columns) - 1)
    while room is not None and sum(widths) > room:
        wide = [i for i, c in enumerate(columns) if c.kind == "text" and widths[i] > _SHORTEST]
        if not wide:
            break
        widths[max(wide, key=lambda i: widths[i])] -= 1
    return widths


def _line(cells: list[str], columns: list[Column], widths: list[int], style: str) -> Text:
    line = Text(style=style, no_wrap=True, overflow="ignore")
    for index, (cell, column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        shown = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
        space = " " * (width - cell_len(shown))
        padded = shown + space if column.kind in ("text", "time", "mark") else space + shown
        last = index == len(cells) - 1
        line.append(padded.rstrip() if last else padded + _GAP, style=_style(cell, column))
    return line


def _style(cell: str, column: Column) -> str:
    if cell.strip() == text.UNPRICED or cell.startswith("≥"):
        return "yellow"
    return _STYLES.get(cell, "") if column.kind == "mark" else ""


def _shown(report: Report, layout: Layout) -> str:
    if len(report.rows) == report.total_rows:
        return ""
    return f"{len(report.rows):,} of {report.total_rows:,} {layout.noun} shown, the total is of all; --all shows them."


def _dropped(columns: list[Column]) -> str:
    names = ", ".join(column.title for column in columns)
    return f"Not shown for want of room: {names}." if names else ""
