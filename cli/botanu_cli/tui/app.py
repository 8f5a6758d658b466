"""The dashboard: six screens over one store, one set of filters, and one clock that asks again while spans arrive."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual.app import App
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import Screen

from botanu_cli.settings import Settings
from botanu_cli.tui.reader import Reader
from botanu_cli.tui.screens.overview import Overview
from botanu_cli.tui.screens.page import Page
from botanu_cli.tui.themes import DARK, THEMES, series_variables
from botanu_cli.tui.view import View
from botanu_cli.tui.widgets.masthead import SCREENS


class Dashboard(App[None]):
    """`botanu dashboard`."""

    TITLE = "botanu"
    CSS_PATH = "botanu.tcss"
    MODES: ClassVar[dict[str, type[Screen[None]]]] = {
        "overview": Overview,
    }
    DEFAULT_MODE = "overview"
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-narrow"), (120, "-wide")]
    VERTICAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-low"), (34, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"go('{name}')", name.capitalize(), show=False)
            for number, name in enumerate(SCREENS, start=1)
        ),
        Binding("q", "quit", "Quit"),
    ]

    view: reactive[View] = reactive(View(), init=False)
    group: reactive[str] = reactive("use_case", init=False)
    paused: reactive[bool] = reactive(False, init=False)

    def __init__(self, settings: Settings, view: View, refresh: float) -> None:
        super().__init__()
        self.reader = Reader(settings)
        self.zone: ZoneInfo = settings.zone
        self._every = refresh
        self.set_reactive(Dashboard.view, view)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme colours for series."""
        return series_variables(dark=self.current_theme.dark)

    def on_mount(self) -> None:
        """Ask again from time to time."""
        self.set_interval(self._every, self._tick)

    def clock(self) -> str:
        """Return the time of day, in the zone in which days begin."""
        return datetime.now(self.zone).strftime("%H:%M:%S")

    def _tick(self) -> None:
        if not self.paused and isinstance(self.screen, Page):
            self.screen.refresh_if_changed()

    def action_go(self, name: str) -> None:
        """Go to a screen."""
        self.switch_mode(name)

    async def action_quit(self) -> None:
        """Leave at once, whatever is being read."""
        self.workers.cancel_all()
        self.reader.stop()
        await super().action_quit()
