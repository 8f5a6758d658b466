"""What charts are made of: columns that fill their width, lines that keep their sums, tables that fill their panel."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from botanu_cli.layout import Column
from botanu_cli.tui.series import all_buckets, labels
from botanu_cli.tui.themes import THEMES
from botanu_cli.tui.widgets.columns import fitted
from botanu_cli.tui.widgets.grid import Grid
from botanu_cli.tui.widgets.pictures import name_column, share_bar, spark
from botanu_cli.tui.widgets.plot import slot_at, slots, times
from botanu_cli.tui.widgets.stacked import _brief
from botanu_cli.tui.widgets.trend import Course, Trend
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme

from tests.cli.tui.conftest import UTC_ZONE, Show, press, screen_text, settled
from tests.cli.tui.snapshots import lines


@pytest.mark.parametrize(("count", "width"), [(1, 40), (7, 68), (10, 68), (35, 68), (35, 80), (35, 130), (68, 68)])
def test_columns_fill_the_width_and_differ_by_a_cell_at_most(count: int, width: int) -> None:
    """Every column has a place of its own, in order, and only few columns in much room leave any of it."""
    found = slots(count, width)

    edges = [(slot.left, slot.left + slot.cells + slot.gap) for slot in found]
    assert edges[0][0] == 0
    assert all(end == begin for (_, end), (begin, _) in pairwise(edges))
    assert edges[-1][1] == min(width, count * 12)
    assert max(slot.cells for slot in found) - min(slot.cells for slot in found) <= 1
    assert min(slot.cells for slot in found) >= 1
    assert [slot_at(found, begin) for begin, _ in edges] == list(range(count))
    assert slot_at(found, width) is None


def test_times_stand_under_their_columns_as_far_as_there_is_room() -> None:
    """A label begins where its column does; one that would touch the one before is left out."""
    labels = [f"{day} Nov" for day in range(1, 8)]

    assert str(times(labels, slots(7, 28), 2, 28)) == "  1 Nov   3 Nov   5 Nov"


def test_a_sparkline_fills_its_width_and_keeps_its_shape() -> None:
    """More amounts than cells are divided between cells, fewer have several each; the largest is the highest."""
    assert spark([Decimal(1)] * 35, 12) == "█" * 12
    assert spark([Decimal(amount) for amount in (1, 2, 4, 8)], 8) == "▂▂▃▃▅▅██"
    assert spark([Decimal(0), Decimal(8), Decimal(0), Decimal(0)], 2) == "█ "
    assert spark([], 4) == "    "


def test_a_table_is_as_wide_as_its_panel_where_it_can_be() -> None:
    """Bars take the room that is left, then air between columns does; and a word that is no number stands at the right edge."""
    columns = (Column("vendor", "Vendor", "text", keep=10), Column("cost_usd", "Cost", "money", keep=9), share_bar())
    rows = [{"vendor": "openai", "cost_usd": Decimal("1.25"), "calls": 2, "unpriced_calls": 0, "share": 1.0}]

    for width in (40, 58):
        assert sum(fit.width for fit in fitted(columns, rows, width, UTC_ZONE)) + 2 * 2 == width


class Drawn(App[None]):
    """A course and nothing else."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self._course = course

    def compose(self) -> ComposeResult:
        """Lay out the course."""
        yield Trend()

    def on_mount(self) -> None:
        """Show it."""
        self.query_one(Trend).course = self._course


def course(figures: list[float | None], limit: float | None = None, *, at_least: bool = False) -> Course:
    """Return figures of as many days as a course."""
    days = [f"2026-11-{day:02d}" for day in range(1, len(figures) + 1)]
    return Course("day", days, figures, "{:.0f}".format, limit, at_least=at_least)


def written(found: list[list[tuple[str, str]]]) -> list[str]:
    """Return lines without their styles."""
    return ["".join(text for text, _ in line) for line in found]


async def drawn(course: Course, width: int = 34) -> list[list[tuple[str, str]]]:
    """Return the lines of a course."""
    async with Drawn(course).run_test(size=(width, 9)) as pilot:
        await pilot.pause()
        return lines(pilot.app)


@pytest.mark.parametrize(("at_least", "broken"), [(False, [False, True, True]), (True, [True, False, False])])
async def test_a_column_on_the_wrong_side_of_its_limit_has_another_colour(at_least: bool, broken: list[bool]) -> None:
    """Above the most that is allowed, or below the least that is asked for."""
    found = await drawn(course([40, 80, 90], 60, at_least=at_least))
    feet = [style for text, style in found[7] if text == " " * 7]

    assert [style.endswith("#762b3d") for style in feet] == broken


async def test_a_limit_is_drawn_through_the_whole_chart() -> None:
    """Few columns leave room, and the limit holds there too; a limit below zero has its place below it."""
    (row,) = [line for line in await drawn(course([40], 60)) if "╌" in line[-1][0]]
    assert sum(len(text) for text, _ in row if "╌" in text) == 24

    assert written(await drawn(course([0.5, -0.2], -1, at_least=True)))[7].startswith("       -1 ╌╌")


async def test_a_chart_is_as_high_as_what_it_shows() -> None:
    """Where only the latest columns have room, none that is not drawn makes them small."""
    figures: list[float | None] = [1000, *[float(day) for day in range(1, 26)]]

    assert written(await drawn(course(figures)))[0].startswith("       25 ")


async def test_a_course_that_ended_long_ago_is_still_drawn() -> None:
    """Where none of the latest columns has a figure, those up to the last that has one are shown."""
    found = written(await drawn(course([5.0, 3.0, *[None] * 26])))

    assert found[0].startswith("        5 ")
    assert found[-1].split() == ["1", "Nov", "2", "Nov"]


async def test_figures_beside_an_axis_are_never_cut() -> None:
    """Large figures have the room that they need, or are written shorter."""
    assert written(await drawn(course([1_234_567_890.0])))[0].startswith("1234567890 ")
    assert [_brief(Decimal(amount)) for amount in ("0.0042", "999.5", "12345.67", "1234567", "12500000000")] == [
        "$0.0042", "$999.50", "$12,346", "$1.23M", "$12.50B",
    ]  # fmt: skip


def test_one_clock_that_is_years_off_leaves_the_others_their_place() -> None:
    """Thousands of empty days are not drawn, and every day that has something is."""
    days = {"1970-01-02", "2026-11-01", "2026-11-03"}

    assert all_buckets(days, "day") == sorted(days)
    assert all_buckets(days - {"1970-01-02"}, "day") == ["2026-11-01", "2026-11-02", "2026-11-03"]


def test_hours_of_several_days_say_where_a_day_begins() -> None:
    """The day is named under its first column, whatever hours have to make room for it; hours of one day are only hours."""
    hours = [f"2026-11-{day} {hour:02d}:00" for day in (21, 22) for hour in range(20, 24)]
    found = labels(hours, "hour")

    assert found == ["21 Nov", "21:00", "22:00", "23:00", "22 Nov", "21:00", "22:00", "23:00"]
    assert str(times(found, slots(8, 40), 0, 40)) == "21 Nov    22:00     22 Nov    22:00"
    assert labels(hours[:3], "hour") == ["20:00", "21:00", "22:00"]


async def test_the_names_of_spans_have_room_beside_their_facts(store: Path, show: Show) -> None:
    """On 120 columns the run's own name is not cut, and where there are few lines the tree has some of them."""
    async with show(size=(120, 40)) as pilot:
        await press(pilot, "3")
        assert "botanu.run/Customer Support  " in screen_text(pilot)
        await pilot.resize_terminal(60, 15)
        await settled(pilot)

        assert pilot.app.screen.query_one("#spans", Grid).size.height >= 3


def test_a_share_is_shown_beside_amounts_with_many_digits() -> None:
    """A name gives way to it by some letters."""
    rows = [{"name": "x" * 30, "cost_usd": Decimal("0.0000012"), "calls": 2, "unpriced_calls": 0, "share": 1.0}]
    columns = (name_column("name", "Model", 30), Column("cost_usd", "Cost", "money", keep=9), share_bar())

    assert len(fitted(columns, rows, 44, UTC_ZONE)) == 3


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_is_written_paler_can_still_be_read(theme: Theme) -> None:
    """Notes, titles and keys have the contrast that WCAG asks of text, 4.5 to 1, on every background."""
    text = Color.parse(theme.foreground or "")
    for background in map(Color.parse, filter(None, (theme.background, theme.surface, theme.panel))):
        for ink in (background.blend(text, 0.6), Color.parse(theme.primary)):
            dark, light = sorted((_luminance(ink), _luminance(background)))
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: Color) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return sum(part * weight for part, weight in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))
