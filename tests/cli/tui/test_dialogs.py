"""What dialogs show of what is typed, and what they make of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from textual.widgets import Input

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
