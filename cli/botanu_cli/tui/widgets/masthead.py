"""The two lines at the top of every screen: where one is and whether it is live, and what is looked at."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from botanu_cli import text
from botanu_cli.layouts import TITLES
from botanu_cli.tui.view import View

SCREENS = ("overview", "runs", "run", "outcomes", "vendors", "budgets")
"""The screens in the order of their number keys."""


class Tab(Static):
    """The name of a screen with its key."""

    def __init__(self, number: int, name: str, *, active: bool) -> None:
        super().__init__(
            Content.assemble((f"{number} ", "$foreground 60%"), name.capitalize()), classes="active" if active else ""
        )
        self._screen = name

    async def on_click(self) -> None:
        """Go there."""
        await self.run_action(f"app.go('{self._screen}')")


class Masthead(Horizontal):
    """Name, screens, and whether new spans are watched for."""

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._screen = screen

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        yield Static("botanu", id="brand")
        for number, name in enumerate(SCREENS, start=1):
            yield Tab(number, name, active=name == self._screen)
        yield Static(id="live")

    def say(self, said: str, style: str) -> None:
        """Say whether the screen is live."""
        self.query_one("#live", Static).update(Content.styled(said, style))


class ScopeLine(Widget):
    """The interval and the filters, and when that was last read."""

    view: reactive[View] = reactive(View())
    note: reactive[str] = reactive("")

    def render(self) -> Content:
        """Return interval, filters, and the note at the right."""
        parts = [Content.styled(self.view.interval_words, "bold")]
        for kind, value in self.view.pairs():
            parts.append(Content.assemble((f"{_title(kind)} ", "$foreground 60%"), text.safe(value)))
        if self.view.min_cost is not None:
            parts.append(Content.assemble(("cost ≥ ", "$foreground 60%"), text.usd(self.view.min_cost)))
        left = Content.styled("  ·  ", "$foreground 35%").join(parts)
        room = self.size.width - len(self.note)
        left = left.truncate(max(room - 1, 1), ellipsis=True)
        return Content.assemble(left, " " * max(room - left.cell_length, 1), (self.note, "$foreground 60%"))

    async def on_click(self, event: events.Click) -> None:
        """Change the interval or the filters."""
        words = len(self.view.interval_words)
        await self.run_action("app.interval" if event.x <= words + 1 else "app.filters")


def _title(kind: str) -> str:
    return TITLES.get("run" if kind == "run_id" else kind, kind).lower()
