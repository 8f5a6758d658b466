"""Small pictures inside a grid: shares, courses, and how much of a limit is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from textual.content import Content

from botanu_cli import text
from botanu_cli.tui.widgets.columns import Picture, Row, padded
from botanu_cli.tui.widgets.plot import HEIGHTS

EIGHTHS = " ▏▎▍▌▋▊▉"


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

    return Picture(title, draw, least=10, most=40, keep=7, field=field)


def used_bar() -> Picture:
    """Return a column with how much of a limit is used: past it the bar is full, in another colour, and says so."""

    def draw(row: Row, width: int) -> Content:
        used: float | None = row.get("used")
        if used is None:
            return Content.styled("—".ljust(width), "$foreground 35%")
        style = {"fail": "$error", "warn": "$warning"}.get(str(row.get("status")), "$primary")
        return Content.assemble(bar(used, width - 8, style), " ", text.percent(used).rjust(7))

    return Picture("Used", draw, least=16, most=28, keep=9, field="used")


def series_number(number: Callable[[Row], int | None]) -> Picture:
    """Return a column that says which series of a chart a row is."""

    def draw(row: Row, width: int) -> Content:
        found = number(row)
        if found is None:
            return Content.assemble(("▌", "$series-0"), " " * (width - 1))
        return Content.assemble(("▌", f"$series-{found}"), (str(found).ljust(width - 1), "$foreground 60%"))

    return Picture("", draw, least=2, most=2, keep=6)


def name_column(field: str, title: str, longest: int) -> Picture:
    """Return a column of names that is as wide as this, whatever its own names are."""

    def draw(row: Row, width: int) -> Content:
        return Content(padded(text.safe(row[field]) or "—", width))

    most = max(longest, len(title))
    return Picture(title, draw, least=min(most, 18), most=most, keep=10, field=field, words=True)


def sparkline(title: str, amounts: Callable[[Row], Sequence[Decimal]]) -> Picture:
    """Return a column with the course of each row's amounts."""

    def draw(row: Row, width: int) -> Content:
        return Content.styled(spark(amounts(row), width), "$secondary")

    return Picture(title, draw, least=8, most=35, keep=3)


def spark(amounts: Sequence[Decimal], width: int) -> str:
    """Return amounts as a line of columns this wide; several share a column where there are many, and some have several where there are few."""
    if not amounts or not max(amounts):
        return " " * width
    if len(amounts) <= width:
        cells = [amount for amount in amounts for _ in range(width // len(amounts))]
    else:
        cells = [_between(amounts, Decimal(at * len(amounts)) / width, width) for at in range(width)]
    most = max(cells)
    return "".join(" " if amount <= 0 else HEIGHTS[min(int(amount / most * 8), 7) + 1] for amount in cells).ljust(width)


def _between(amounts: Sequence[Decimal], begin: Decimal, width: int) -> Decimal:
    """The part of the amounts that lies in a column: amounts that it shares with its neighbours are divided."""
    end = min(begin + Decimal(len(amounts)) / width, Decimal(len(amounts)))
    found, at = Decimal(0), int(begin)
    while at < end and at < len(amounts):
        found += max(amounts[at], Decimal(0)) * (min(end, Decimal(at + 1)) - max(begin, Decimal(at)))
        at += 1
    return found
