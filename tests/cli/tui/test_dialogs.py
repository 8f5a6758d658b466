"""What dialogs show of what is typed, and what they make of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from botanu_cli.tui.screens.filters import FilterPanel, Ticks
from botanu_cli.tui.view import View
from textual.widgets import Input
from textual.widgets.selection_list import Selection

from tests.cli.tui.conftest import Show, dashboard, press, screen_text


async def test_a_least_cost_is_seen_while_it_is_typed(store: Path, show: Show) -> None:
    """The line of the least cost shows an example, then what is typed in its place."""
    async with show() as pilot:
        await press(pilot, "f")
        assert "Cost at least $ 0.05" in screen_text(pilot)
        await press(pilot, "tab", "tab", *"0.25")
        assert "Cost at least $ 0.25" in screen_text(pilot)
        await press(pilot, "enter")

        assert dashboard(pilot).view.min_cost == Decimal("0.25")


@pytest.mark.parametrize("typed", ["-1", "nan", "Infinity", "much", "1e30"])
async def test_a_least_cost_that_is_no_amount_is_refused(store: Path, show: Show, typed: str) -> None:
    """What the command line refuses the dialog refuses too, and stays open."""
    async with show() as pilot:
        await press(pilot, "f")
        line = pilot.app.screen.query_one(Input)
        line.value = typed
        line.focus()
        await press(pilot, "enter")

        assert "is no amount" in screen_text(pilot)
        assert "Cost at least" in screen_text(pilot)
        assert dashboard(pilot).view.min_cost is None


async def test_a_key_in_the_moment_in_which_values_come_moves_in_them(store: Path, show: Show) -> None:
    """Values that the store was slow to tell are paged through as soon as they are here, drawn or not."""
    async with show() as pilot:
        await pilot.app.push_screen(FilterPanel(View(), {}))
        await pilot.pause()
        values = pilot.app.screen.query_one("#values", Ticks)
        values.add_options([Selection("acme", "acme"), Selection("globex", "globex")])
        values.highlighted = 0
        values.action_page_down()

        assert values.highlighted == 1


async def test_long_and_many_values_leave_the_dialog_its_lines(store: Path, show: Show) -> None:
    """A value has one line however long it is, its tick is beside it, and the least cost stays in sight."""
    known = {"tenant": ["long " * 30, *(f"tenant {number}" for number in range(40))]}
    async with show() as pilot:
        pilot.app.push_screen(FilterPanel(View(), known))
        await press(pilot, "right", "down", "space")
        lines = screen_text(pilot).splitlines()

        assert [line.count("✓  tenant 0") for line in lines if "✓" in line] == [1]
        assert any("Cost at least" in line for line in lines)
        assert any("esc leave" in line for line in lines)
