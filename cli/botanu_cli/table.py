"""A report as a table for people: numbers aligned on the decimal point and never wrapped, columns dropped when room is short, and said so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from botanu_cli import text
from botanu_cli.layout import LEFT, Column, Layout
from botanu_cli.output import coverage_line, interval_line, printed, prose

if TYPE_CHECKING:
    from botanu_store.reports.report import Report, Row

    from botanu_cli.settings import Settings

_GAP = "  "
_NAMES = {1: 24, 2: 16}
"""Cells that each column of names may shrink to, by how many there are, before whole columns are dropped."""
_TEXT, _LAST = 12, 6
"""Cells that any other column of text may shrink to, and that names may when there is nothing left to drop."""
_WIDEST = 40
"""Cells, or a third of the terminal, beyond which one long name would take all others away from their numbers."""

# Colour is for what needs a look, and only such as is read on dark and on light ground: yellow and the bright ones are not.
_ATTENTION = "magenta"
_STYLES = {
    "failed": "red",
    "failure": "red",
    "error": "red",
    "timeout": "red",
    "partial": _ATTENTION,
    "running": "cyan",
    "pass": "green",
    "warn": _ATTENTION,
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
        yield from table_lines(report.rows, layout.columns, settings, width, totals_below(report, layout))
    if layout.nested and (nested := layout.nested.rows(report)):
        yield Text(f"\n{layout.nested.title}\n", style="bold")
        yield from table_lines(nested, layout.nested.columns, settings, width)
        yield Text("")
    covered = coverage_line(report) if report.rows and layout.covered else ""
    notes = [_shown(report, layout), interval_line(report), covered]
    for note in filter(None, notes):
        yield from prose(note, width)


def totals_below(report: Report, layout: Layout) -> Row | None:
    """Return the totals when a table of these rows needs a line for them."""
    return report.totals if layout.totals and (len(report.rows) > 1 or report.total_rows > 1) else None


def written(row: Mapping[str, Any], column: Column, zone: ZoneInfo) -> str:
    """Write one cell."""
    value = row.get(column.field)
    match column.kind:
        case "money" | "worth":
            return _money(row, value, column)
        case "share" | "roi":
            return _share(row, value, column.kind)
        case "change" if value is None and row.get("before_usd") == 0 and row.get("cost_usd"):
            return "new"
        case "time" | "minute" | "day":
            return text.when(value, zone)[: _PRECISION[column.kind]]
        case "fact":
            return _fact(value, zone)
        case _:
            return _WRITERS.get(column.kind, text.safe)(value)


_PRECISION = {"time": len("2026-01-31 23:59:59"), "minute": len("2026-01-31 23:59"), "day": len("2026-01-31")}
_WRITERS: dict[str, Callable[[Any], str]] = {
    "change": text.change,
    "count": text.count,
    "duration": text.duration,
    "meters": text.meters,
    "price": text.price,
}


def _fact(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return f"{text.when(value, zone)} ({zone.key})"
    return text.count(value) if isinstance(value, int) else text.safe(value)


def _money(row: Mapping[str, Any], value: Decimal | None, column: Column) -> str:
    is_cost = column.kind == "money"
    if value is None:
        # Only what counts can lack a price, and of what there is none of each costs neither much nor little.
        lacking = row.get("cost_usd") is None and row.get("calls", 1) and row.get("counted", True)
        divisible = not column.per or any(row.get(name) for name in column.per)
        return text.UNPRICED if is_cost and lacking and divisible else ""
    # A known part beside calls without a price is a lower bound; what something is worth is not.
    return text.usd_at_least(value, row.get("unpriced_calls", 0) if is_cost else 0)


def _share(row: Mapping[str, Any], value: float | None, kind: str) -> str:
    # Costs that nobody knows make a return look better than it is.
    return ("≤" if kind == "roi" and value is not None and row.get("unpriced_calls") else "") + text.percent(value)


def table_lines(
    rows: list[Row], columns: Sequence[Column], settings: Settings, width: int | None, totals: Row | None = None
) -> Iterator[Text]:
    """Yield the lines of a table that fits the width (None: as wide as it is), and which columns it had no room for."""
    shown = [column for column in columns if says_something(rows, column)]
    cells = {c.field: _column_cells(rows, totals, c, settings.zone) for c in shown}
    natural = {c.field: _natural(cells[c.field], c, width) for c in shown}
    _drop(shown, natural, width)
    first = shown[0].field
    if totals is not None and not cells[first][-1]:
        cells[first][-1] = _TOTAL
        natural[first] = max(natural[first], cell_len(_TOTAL))
        _drop(shown, natural, width)
    widths = _shrunk([natural[column.field] for column in shown], shown, width)
    dearest = _dearest(rows, shown)
    last = len(rows) + 1 if totals is not None else -1
    for index in range(len(rows) + 1 + (totals is not None)):
        if index in (1, last):
            yield Text(_GAP.join("─" * w for w in widths), style="dim")
        line = [cells[column.field][index] for column in shown]
        style = "bold" if index in (0, last) else ""
        yield _line(line, shown, widths, style, bold_cost=index == dearest, screen=width is not None)
    without_room = [column for column in columns if column.field in natural and column not in shown]
    dropped = [text.safe(column.title) for column in without_room if column.kind != "command"]
    if dropped:
        yield from prose(f"Not shown for want of room: {', '.join(dropped)}.", width)
    # What is there to be typed is no use in part, and reads as well under the table.
    for column in without_room:
        if column.kind == "command":
            yield Text(f"\n{text.safe(column.title)}:")
            yield from (Text(f"  {cell}") for cell in cells[column.field][1 : len(rows) + 1])
            yield Text("")


def says_something(rows: Sequence[Mapping[str, Any]], column: Column) -> bool:
    """Whether a column tells rows apart or says more than what goes without saying."""
    return column.keep >= ALWAYS or any(row.get(column.field) not in (None, "", 0, {}, column.usual) for row in rows)


ALWAYS = 8
"""What is kept so long is shown, whether it tells rows apart or not."""


def _dearest(rows: list[Row], shown: list[Column]) -> int:
    """The line of the largest cost where lines are in some other order; 0 where the first has it."""
    costs = [row.get("cost_usd") or Decimal(0) for row in rows]
    most = max(costs)
    return costs.index(most) + 1 if costs.count(most) == 1 and len(rows) > 1 and _has_cost(shown) else 0


def _has_cost(shown: list[Column]) -> bool:
    return any(column.field == "cost_usd" for column in shown)


def _natural(cells: list[str], column: Column, width: int | None) -> int:
    widest = max(map(cell_len, cells))
    return min(widest, max(_WIDEST, width // 3)) if width is not None and column.kind in _CUT else widest


_CUT = ("text", "fact")
"""Kinds of columns that may be cut; a number is whole or not there."""


def _drop(shown: list[Column], natural: dict[str, int], width: int | None) -> None:
    """Take the least important columns out of `shown` until the rest fits."""
    while width is not None and len(shown) > 1:
        least = min(shown, key=lambda column: (column.keep, -shown.index(column)))
        floor = _LAST if least.keep >= NAME else 0
        if _needed(shown, natural, floor) <= width:
            return
        shown.remove(least)


NAME = 10
"""What is kept as a name is: what a line is about, and what it cost."""


def _needed(shown: list[Column], natural: dict[str, int], floor: int) -> int:
    names = sum(column.kind in _CUT and column.keep >= ALWAYS for column in shown)
    least = [
        min(natural[column.field], floor or _least(column, names)) if column.kind in _CUT else natural[column.field]
        for column in shown
    ]
    return sum(least) + len(_GAP) * (len(shown) - 1)


def _least(column: Column, names: int) -> int:
    """Cells below which a column says too little while there is another to drop."""
    return _NAMES.get(names, _TEXT) if column.keep >= ALWAYS else _TEXT


_TOTAL = "Total"


def _column_cells(rows: list[Row], totals: Row | None, column: Column, zone: ZoneInfo) -> list[str]:
    """The title, every row's cell and the total's, with fractions of money padded so that decimal points meet."""
    cells = [written(row, column, zone) for row in rows]
    if totals is not None:
        cells.append(written(totals, column, zone) if column.field in totals else "")
    return [text.safe(column.title), *(text.aligned(cells) if column.kind in ("money", "worth", "price") else cells)]


def _shrunk(widths: list[int], columns: list[Column], width: int | None) -> list[int]:
    room = None if width is None else width - len(_GAP) * (len(columns) - 1)
    while room is not None and sum(widths) > room:
        wide = [i for i, c in enumerate(columns) if c.kind in _CUT and widths[i] > _LAST]
        if not wide:
            break
        widths[max(wide, key=lambda i: widths[i])] -= 1
    return widths


def _line(
    cells: list[str], columns: list[Column], widths: list[int], style: str, *, bold_cost: bool, screen: bool
) -> Text:
    line = Text(style=style, no_wrap=True, overflow="ignore")
    for index, (cell, column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        shown = fitted(cell, width)
        space = " " * (width - cell_len(shown))
        if column.kind not in LEFT:
            line.append(space)
        _append(
            line,
            text.ended(shown) if screen else shown,
            column,
            "bold" if bold_cost and column.field == "cost_usd" else "",
        )
        if index < len(cells) - 1:
            line.append(space + _GAP if column.kind in LEFT else _GAP)
    line.rstrip()
    return line


def fitted(said: str, width: int) -> str:
    """Return text that takes at most so many cells, cut with an ellipsis."""
    return said if cell_len(said) <= width else set_cell_size(said, width - 1).rstrip() + "…"


def _append(line: Text, cell: str, column: Column, style: str) -> None:
    """Add a cell; a bound's sign is marked, not the amount after it."""
    if cell.strip() == text.UNPRICED:
        line.append(cell, style=_ATTENTION)
    elif cell[:1] in ("≥", "≤") and column.kind not in LEFT:
        line.append(cell[0], style=_ATTENTION).append(cell[1:], style=style or None)
    else:
        line.append(cell, style=_STYLES.get(cell, "") if column.kind == "mark" else style)


def _shown(report: Report, layout: Layout) -> str:
    if len(report.rows) == report.total_rows:
        return ""
    return f"{len(report.rows):,} of {report.total_rows:,} {layout.noun} shown, the total is of all; --all shows them."
