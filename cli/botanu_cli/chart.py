"""A cost report as bars in the terminal: the costliest first, or in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from botanu_cli import output, text

if TYPE_CHECKING:
    from botanu_store.reports import Report, Row

    from botanu_cli.settings import Settings

_BARS = 30
"""Bars drawn at most by size; over time all are."""
_WIDTH = 80
_NARROWEST = 10
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render(report: Report, dimensions: Sequence[str], settings: Settings) -> str:
    """Return the chart with, under it, what it rests on."""
    width, color = output.terminal_width(), output.colours(settings)
    if not report.rows:
        return "No groups.\n"
    notes = [output.interval_line(report), output.coverage_line(report)]
    lines = [*_lines(report, dimensions, width or _WIDTH), *(Text(note, style="dim") for note in notes if note)]
    return output.printed(lines, width=width, color=color)


def _lines(report: Report, dimensions: Sequence[str], width: int) -> Iterator[Text]:
    names = [name.partition(":")[0] if name.startswith("time:") else name for name in dimensions]
    rows = _chosen(report.rows, names)
    labels = [" · ".join(text.safe(row[name]) or "—" for name in names) for row in rows]
    costs = [text.usd_at_least(row["cost_usd"], row["unpriced_calls"]) for row in rows]
    figures = max(map(cell_len, costs))
    room = min(max(map(cell_len, labels)), max(width - figures - _NARROWEST - 4, _NARROWEST))
    most = max((row["cost_usd"] or Decimal(0) for row in rows), default=Decimal(0))
    longest = max(width - room - figures - 4, 1)
    for row, label, cost in zip(rows, labels, costs, strict=True):
        shown = label if cell_len(label) <= room else set_cell_size(label, room - 1) + "…"
        line = Text(shown + " " * (room - cell_len(shown)) + "  ")
        yield line.append(_bar(row["cost_usd"], most, longest), style="cyan").append("  " + cost.rjust(figures))
    if len(rows) < len(report.rows):
        rest = sum((row["cost_usd"] or Decimal(0) for row in report.rows[len(rows) :]), Decimal(0))
        yield Text(f"and {len(report.rows) - len(rows):,} more, together {text.usd(rest)}", style="dim")


def _chosen(rows: list[Row], names: list[str]) -> list[Row]:
    if "time" in names:
        return sorted(rows, key=lambda row: str(row["time"]))
    return rows[:_BARS]


def _bar(cost: Decimal | None, most: Decimal, longest: int) -> str:
    """A bar in eighths of a cell, as wide as the longest may be."""
    eighths = int((cost or Decimal(0)) * longest * 8 / most) if most > 0 and (cost or 0) > 0 else 0
    whole, rest = divmod(eighths, 8)
    bar = "█" * whole + (_EIGHTHS[rest] if rest else "")
    return (bar or ("▏" if cost else "")).ljust(longest)
