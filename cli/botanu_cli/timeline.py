"""Cost over time as columns, one on the other by group; plotext draws them, its scale and its axis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from rich.cells import cell_len
from rich.text import Text

from botanu_cli import chart, output, text
from botanu_cli.table import fitted

if TYPE_CHECKING:
    from botanu_store.reports.report import Report

_PATTERNS = ("█", "▓", "▒", "░", "·")
"""Told apart without colour too; the last is of all groups that have none of their own."""
_COLOURS = ("cyan", "magenta", "green", "blue", "default")
_LOW, _HIGH, _WIDE = 10, 15, 100
"""Lines that the columns take, and those on a terminal at least this wide."""
_BROADEST = 12
"""Cells of one column at most; from three on, one is left free before the next."""
_TICK = 14
"""Cells from one date on the axis to the next, at least."""
_ORIGIN = datetime(1970, 1, 5)  # noqa: DTZ001 - local time of the report's zone; a Monday, because weeks begin with one
_STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class _Series:
    """One group: what it cost by number of the hour, day, week or month."""

    name: str
    total: Decimal
    unpriced: int
    costs: dict[int, Decimal]


def lines(report: Report, unit: str, names: Sequence[str], width: int) -> Iterator[Text]:
    """Yield the columns, and under them each group with its exact amount."""
    series = _series(report, unit, names)
    numbers = [_number(str(row["time"]), unit) for row in report.rows]
    first, count = min(numbers), max(numbers) - min(numbers) + 1
    room = max(width - len(text.usd(report.totals["cost_usd"] or Decimal(0))) - 1, 1)
    together = -(-count // room)
    columns = -(-count // together)
    stacks = _stacks(series, first, together, columns)
    dates = [_written(first + column * together, unit) for column in range(columns)]
    broad = min(_BROADEST, room // columns)
    drawn = _drawn(stacks, dates, broad, _HIGH if width >= _WIDE else _LOW)
    yield from (Text.from_ansi(line, no_wrap=True) for line in drawn.splitlines() if line.strip())
    yield from _legend(series, report, width)
    if together > 1:
        yield from output.prose(f"One column is {together:,} {unit}s.", width)


def _series(report: Report, unit: str, names: Sequence[str]) -> list[_Series]:
    """The costliest groups and, as one, the rest."""
    costs: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    unpriced: dict[str, int] = defaultdict(int)
    for row in report.rows:
        name = chart.label(row, names)
        costs[name][_number(str(row["time"]), unit)] += row["cost_usd"] or Decimal(0)
        unpriced[name] += row["unpriced_calls"]
    found = [_Series(name, sum(mine.values(), Decimal(0)), unpriced[name], mine) for name, mine in costs.items()]
    found.sort(key=lambda each: each.total, reverse=True)
    own, rest = found[: len(_PATTERNS) - 1], found[len(_PATTERNS) - 1 :]
    return own + ([_merged(rest)] if len(rest) > 1 else rest)


def _merged(rest: list[_Series]) -> _Series:
    costs: dict[int, Decimal] = defaultdict(Decimal)
    for each in rest:
        for number, cost in each.costs.items():
            costs[number] += cost
    total = sum((each.total for each in rest), Decimal(0))
    return _Series(f"{len(rest):,} others", total, sum(each.unpriced for each in rest), costs)


def _stacks(series: list[_Series], first: int, together: int, columns: int) -> list[list[Decimal]]:
    """How high each group's part of each column reaches, counted from the axis."""
    heights = [Decimal(0)] * columns
    stacks: list[list[Decimal]] = []
    for each in series:
        for number, cost in each.costs.items():
            heights[(number - first) // together] += cost
        stacks.append(heights.copy())
    return stacks


def _drawn(stacks: list[list[Decimal]], dates: list[str], broad: int, height: int) -> str:
    import plotext  # pyright: ignore[reportMissingTypeStubs]

    # It ships no types; what comes out of it is text.
    library: Any = cast("Any", plotext)
    figure, top = library.figure, max(stacks[-1])
    amounts = _amounts(top)
    labels = [text.usd(amount) for amount in amounts]
    scale = max(map(len, labels))
    figure.clear()
    figure.canvas("default")
    figure.theme("colorless")
    figure.plot_size(len(dates) * broad + scale + 1, height + 2)
    figure.axes(active=False)
    figure.axes(active=True, axis="y", side="left")
    figure.axes(active=True, axis="x", side="lower")
    # Higher parts first, because what is drawn later covers them. Nothing spent is nothing drawn.
    for index in reversed(range(len(stacks))):
        points = [(float(reach), column) for column, reach in enumerate(stacks[index]) if reach > 0]
        cells = [(column * broad + cell, reach) for reach, column in points for cell in range(broad - (broad > 2))]
        if cells:
            marker = library.marker(_PATTERNS[index], _COLOURS[index])
            figure.draw(figure.signal([x for x, _ in cells], [y for _, y in cells], marker=marker).lines(False).fillx())
    figure.ruler("x").lim(0, len(dates) * broad - 1)
    figure.ruler("y").lim(0, float(top) or 1.0)
    figure.ruler("y").ticks([float(amount) for amount in amounts], [f"{label:>{scale}}" for label in labels])
    marked = _marked(len(dates), broad)
    figure.ruler("x").ticks(
        [column * broad + (broad - 1) // 2 for column in marked], [dates[column] for column in marked]
    )
    return str(figure.build().string())


def _amounts(top: Decimal) -> list[Decimal]:
    """Round amounts for the scale: three to six of them, from nothing up."""
    if top <= 0:
        return [Decimal(0)]
    power = Decimal(1).scaleb((top / 4).adjusted())
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * 4 >= top)
    return [step * index for index in range(int(top / step) + 1)]


def _marked(columns: int, broad: int) -> list[int]:
    """The columns whose dates fit on the axis, evenly spread from the first to the last."""
    marks = max(min(columns, columns * broad // _TICK), 1)
    return sorted({round(index * (columns - 1) / max(marks - 1, 1)) for index in range(marks)})


def _legend(series: list[_Series], report: Report, width: int) -> Iterator[Text]:
    totals = report.totals
    names = [each.name or "Total" for each in series]
    amounts = [
        text.usd_at_least(each.total if each.total or not each.unpriced else None, each.unpriced) for each in series
    ]
    if len(series) > 1:
        names.append("Total")
        amounts.append(text.usd_at_least(totals["cost_usd"], totals["unpriced_calls"]))
    amounts = text.aligned(amounts)
    figures = max(map(len, amounts))
    room = min(max(map(cell_len, names)), max(width - figures - 4, 1))
    for index, (name, amount) in enumerate(zip(names, amounts, strict=True)):
        shown = fitted(name, room)
        mark = Text(_PATTERNS[index], style=_COLOURS[index]) if index < len(series) else Text(" ")
        ended = text.ended(shown) if output.terminal_width() else shown
        written = f" {ended}{' ' * (room - cell_len(shown))}  {amount:>{figures}}".rstrip()
        yield mark.append(written, style="bold" if index == len(series) else "default")


OFFSET_AT = len("2026-10-25 02:00")
"""Where in the name of an hour that a clock shows twice its offset from UTC begins."""


def began(time: str, unit: str) -> datetime:
    """Return when a bucket of time began, by its name in reports and on the clock of their zone, on which an hour shown twice is one."""
    return datetime.fromisoformat(f"{time}-01" if unit == "month" else time[:OFFSET_AT])


def _number(time: str, unit: str) -> int:
    """How many units from the origin to a time as reports write it."""
    moment = began(time, unit)
    return moment.year * 12 + moment.month - 1 if unit == "month" else (moment - _ORIGIN) // _STEPS[unit]


def _written(number: int, unit: str) -> str:
    """The time of a number, as reports write it."""
    if unit == "month":
        return f"{number // 12:04d}-{number % 12 + 1:02d}"
    moment = _ORIGIN + number * _STEPS[unit]
    return moment.strftime("%Y-%m-%d %H:00" if unit == "hour" else "%Y-%m-%d")
