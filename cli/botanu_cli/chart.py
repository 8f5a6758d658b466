"""A cost report drawn in the terminal: bars with the costliest first, or columns in order of time.

The columns over time, their scale and their axis are plotext's, see `timeline`. The bars of groups are our own: of plotext 6.1, plotille 6.0,
asciichartpy 1.5, uniplot 0.23 and termgraph 0.8 none draws bars that begin under each other after names of two cells a character, with exact
amounts whose decimal points meet. (plotext measures such names right, but left a group of six out, ran two into one line and drew bars hollow.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from botanu_cli import output, text
from botanu_cli.table import fitted

if TYPE_CHECKING:
    from botanu_store.reports.report import Report, Row

    from botanu_cli.settings import Settings

_BARS = 30
"""Bars drawn at most."""
_WIDTH = 80
_NARROWEST = 10
_FRACTIONS = " ▏▎▍▌▋▊▉"


def render(report: Report, dimensions: Sequence[str], settings: Settings) -> str:
    """Return the chart with, under it, what it rests on."""
    width, color = output.terminal_width(), output.colours(settings)
    if not report.rows:
        return "No groups.\n"
    lines = list(_drawn(report, dimensions, width or _WIDTH))
    for note in filter(None, (output.interval_line(report), output.coverage_line(report))):
        lines += output.prose(note, width)
    return output.printed(lines, width=width, color=color)


def _drawn(report: Report, dimensions: Sequence[str], width: int) -> Iterator[Text]:
    from botanu_cli import timeline

    names = [name for name in dimensions if not name.startswith("time:")]
    units = [name.removeprefix("time:") for name in dimensions if name.startswith("time:")]
    return timeline.lines(report, units[0], names, width) if units else _bars(report, names, width)


def label(row: Row, names: Sequence[str]) -> str:
    """Return what a group is called: its values of these dimensions."""
    return " · ".join(text.safe(row[name]) or "—" for name in names)


def _bars(report: Report, names: Sequence[str], width: int) -> Iterator[Text]:
    rows = report.rows[:_BARS]
    costs = text.aligned([text.usd_at_least(row["cost_usd"], row["unpriced_calls"]) for row in rows])
    shares = [text.percent(row["share"]) for row in rows]
    figures = [
        f"{cost:>{max(map(len, costs))}}  {share:>{max(map(len, shares))}}"
        for cost, share in zip(costs, shares, strict=True)
    ]
    labels = [label(row, names) for row in rows]
    room = min(
        max(map(cell_len, labels)), max(width // 3, width - len(figures[0]) - _NARROWEST - 4 if width < _WIDTH else 0)
    )
    longest = max(width - room - len(figures[0]) - 4, 1)
    most = max((row["cost_usd"] or Decimal(0) for row in rows), default=Decimal(0))
    for row, name, figure in zip(rows, labels, figures, strict=True):
        shown = fitted(name, room)
        line = Text((text.ended(shown) if output.terminal_width() else shown) + " " * (room - cell_len(shown)) + "  ")
        yield line.append(bar(row["cost_usd"], most, longest).ljust(longest), style="cyan").append(
            "  " + figure.rstrip()
        )
    if len(rows) < len(report.rows):
        rest = sum((row["cost_usd"] or Decimal(0) for row in report.rows[len(rows) :]), Decimal(0))
        unpriced = sum(row["unpriced_calls"] for row in report.rows[len(rows) :])
        yield from output.prose(
            f"and {len(report.rows) - len(rows):,} more, together {text.usd_at_least(rest, unpriced)}", width
        )


def bar(cost: Decimal | None, most: Decimal, longest: int) -> str:
    """Return a bar in eighths of a cell, as long in proportion as the cost is to the most; a cost above zero is always seen."""
    eighths = int((cost or Decimal(0)) * longest * 8 / most) if most > 0 and (cost or 0) > 0 else 0
    whole, rest = divmod(eighths, 8)
    drawn = "█" * whole + (_FRACTIONS[rest] if rest else "")
    return drawn or ("▏" if cost else "")
