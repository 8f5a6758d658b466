"""Small pictures inside a grid: shares, courses, and how much of a limit is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from textual.content import Content

from botanu_cli import text
from botanu_cli.tui.widgets.columns import Picture, Row

EIGHTHS = " ▏▎▍▌▋▊▉"
SPARKS = "▁▂▃▄▅▆▇█"


def bar(share: float, width: int, style: str = "$primary") -> Content:
    """Return a line as long as this share of the width, to half a cell, on a thin one of the whole width."""
    halves = round(min(max(share, 0.0), 1.0) * width * 2) or int(share > 0)
    whole, rest = divmod(halves, 2)
    drawn = "━" * whole + ("╸" if rest else "")
    return Content.assemble((drawn, style), ("─" * (width - len(drawn)), "$foreground 15%"))


def share_bar(field: str = "share", title: str = "Share") -> Picture:
    """Return a column with a share of one, as a bar and in percent."""

    def draw(row: Row, width: int) -> Content:
        share: float | None = row.get(field)
        said = text.percent(share).rjust(6)
        return Content.assemble(bar(share or 0.0, width - 7), " ", said)

    return Picture(title, draw, least=12, most=24, keep=7, field=field)


def used_bar() -> Picture:
    """Return a column with how much of a limit is used: past it the bar is full, in another colour, and says so."""

    def draw(row: Row, width: int) -> Content:
        used: float | None = row.get("used")
        if used is None:
            return Content.styled("—".ljust(width), "$foreground 35%")
        style = {"fail": "$error", "warn": "$warning"}.get(str(row.get("status")), "$primary")
        return Content.assemble(bar(used, width - 8, style), " ", text.percent(used).rjust(7))

    return Picture("Used", draw, least=16, most=28, keep=9, field="used")


def sparkline(title: str, amounts: Callable[[Row], Sequence[Decimal]]) -> Picture:
    """Return a column with the course of each row's amounts."""

    def draw(row: Row, width: int) -> Content:
        return Content.styled(spark(amounts(row), width), "$secondary")

    return Picture(title, draw, least=8, most=30, keep=3)


def spark(amounts: Sequence[Decimal], width: int) -> str:
    """Return amounts as a line of columns this wide; several share a column where there are many."""
    if not amounts or not (most := max(amounts)):
        return " " * width
    each = -(-len(amounts) // width)
    sums = [sum(amounts[start : start + each], Decimal(0)) for start in range(0, len(amounts), each)]
    most = max(sums)
    return "".join(" " if amount <= 0 else SPARKS[min(int(amount / most * 8), 7)] for amount in sums).ljust(width)
