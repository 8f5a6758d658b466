"""What dialogs show of what is typed, and what they make of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

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
