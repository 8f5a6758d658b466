"""A report as a table for people: numbers aligned on the decimal point and never wrapped, columns dropped when room is short, and said so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from botanu_cli import text
from botanu_cli.output import LEFT, Column, Layout, coverage_line, interval_line, printed

if TYPE_CHECKING:
    from botanu_store.reports import Report, Row

    from botanu_cli.settings import Settings

_GAP = "  "
_NAME, _TEXT = 28, 12
"""Cells that a column of names, and any other of text, may shrink to before whole columns are dropped."""

_STYLES = {
    "success": "green",
    "failed": "red",
    "failure": "red",
    "error": "red",
    "timeout": "red",
    "partial": "yellow",
    "running": "cyan",
    "pass": "green",
    "warn": "yellow",
    "fail": "bold red",
    "no data": "cyan",
}


def render(report: Report, layout: Layout, settings: Settings, *, width: int | None, color: bool) -> str:
    """Return the table with its total and, under it, what it rests on."""
    return printed(_page(report, layout, settings, width), width=width, color=color)


def _page(report: Report, layout: Layout, settings: Settings, width: int | None) -> Iterator[Text]:
    if not report.rows:
        yield Text(f"No {layout.noun}.", style="dim")
    else:
        totals = report.totals if layout.totals and (len(report.rows) > 1 or report.total_rows > 1) else None
        yield from table_lines(report.rows, layout.columns, settings, width, totals)
    if layout.nested and (nested := layout.nested.rows(report)):
        yield Text(f"\n{layout.nested.title}\n", style="bold")
        yield from table_lines(nested, layout.nested.columns, settings, width)
        yield Text("")
    notes = [_shown(report, layout), interval_line(report), coverage_line(report) if report.rows else ""]
    yield from (Text(note, style="dim") for note in notes if note)


def written(row: Mapping[str, Any], column: Column, zone: ZoneInfo) -> str:
    """Write one cell."""
    value = row.get(column.field)
    match column.kind:
        case "money" | "worth":
            return _money(row, value, column.kind)
        case "share" | "roi":
            return _share(row, value, column.kind)
        case "time":
            return text.when(value, zone)
        case "day":
            return text.when(value, zone).partition(" ")[0]
        case _:
            return _WRITERS.get(column.kind, text.safe)(value)


_WRITERS: dict[str, Callable[[Any], str]] = {
    "change": text.change,
    "count": text.count,
    "duration": text.duration,
    "meters": text.meters,
    "price": text.price,
}


def _money(row: Mapping[str, Any], value: Decimal | None, kind: str) -> str:
    if value is None:
        return text.UNPRICED if kind == "money" and row.get("calls", 1) and row.get("cost_usd") is None else ""
    # A known part beside calls without a price is a lower bound; what something is worth is not.
    return text.usd_at_least(value, row.get("unpriced_calls", 0) if kind == "money" else 0)


def _share(row: Mapping[str, Any], value: float | None, kind: str) -> str:
    # Costs that nobody knows make a return look better than it is.
    return ("≤" if kind == "roi" and value is not None and row.get("unpriced_calls") else "") + text.percent(value)


def table_lines(
    rows: list[Row], columns: Sequence[Column], settings: Settings, width: int | None, totals: Row | None = None
) -> Iterator[Text]:
    """Yield the lines of a table that fits the width (None: as wide as it is), and which columns it had no room for."""
    shown = [column for column in columns if _says_something(rows, column)]
    cells = {c.field: _column_cells(rows, totals, c, settings.zone, first=c is shown[0]) for c in shown}
    dropped = _drop(shown, cells, width)
    widths = _shrunk([max(map(cell_len, cells[column.field])) for column in shown], shown, width)
    last = len(rows) + 1 if totals is not None else -1
    for index in range(len(rows) + 1 + (totals is not None)):
        if index in (1, last):
            yield Text(_GAP.join("─" * w for w in widths), style="dim")
        line = [cells[column.field][index] for column in shown]
        yield _line(line, shown, widths, "bold" if index in (0, last) else "")
    if dropped:
        yield Text(f"Not shown for want of room: {', '.join(column.title for column in dropped)}.", style="dim")


def _says_something(rows: list[Row], column: Column) -> bool:
    return column.keep >= _ALWAYS or any(row.get(column.field) not in (None, "", 0, {}) for row in rows)


_ALWAYS = 8


def _drop(shown: list[Column], cells: dict[str, list[str]], width: int | None) -> list[Column]:
    """Take the least important columns out of `shown` until the rest fits, and return them."""
    dropped: list[Column] = []
    while width is not None and len(shown) > 1 and _needed(shown, cells) > width:
        least = min(shown, key=lambda column: (column.keep, -shown.index(column)))
        shown.remove(least)
        dropped.append(least)
    return dropped


def _needed(shown: list[Column], cells: dict[str, list[str]]) -> int:
    widths = [max(map(cell_len, cells[column.field])) for column in shown]
    least = [min(w, _least(c)) for w, c in zip(widths, shown, strict=True)]
    return sum(least) + len(_GAP) * (len(shown) - 1)


def _least(column: Column) -> int:
    """Cells below which a column says too little: names want more, and numbers are never cut."""
    if column.kind != "text":
        return 10_000
    return _NAME if column.keep >= _ALWAYS else _TEXT


def _column_cells(rows: list[Row], totals: Row | None, column: Column, zone: ZoneInfo, *, first: bool) -> list[str]:
    """The title, every row's cell and the total's, with fractions of money padded so that decimal points meet."""
    cells = [written(row, column, zone) for row in rows]
    if totals is not None:
        cells.append(written(totals, column, zone) if column.field in totals else "Total" if first else "")
    return [column.title, *(_aligned(cells) if column.kind == "money" else cells)]


def _aligned(cells: list[str]) -> list[str]:
    tails = [len(cell) - cell.index(".") if "." in cell else 0 for cell in cells]
    longest = max(tails, default=0)
    return [cell + " " * (longest - tail) if tail else cell for cell, tail in zip(cells, tails, strict=True)]


def _shrunk(widths: list[int], columns: list[Column], width: int | None) -> list[int]:
    room = None if width is None else width - len(_GAP) * (len(columns) - 1)
    while room is not None and sum(widths) > room:
        wide = [i for i, c in enumerate(columns) if c.kind == "text" and widths[i] > _TEXT]
        if not wide:
            break
        widths[max(wide, key=lambda i: widths[i])] -= 1
    return widths


def _line(cells: list[str], columns: list[Column], widths: list[int], style: str) -> Text:
    line = Text(style=style, no_wrap=True, overflow="ignore")
    for index, (cell, column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        shown = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
        space = " " * (width - cell_len(shown))
        padded = shown + space if column.kind in LEFT else space + shown
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
