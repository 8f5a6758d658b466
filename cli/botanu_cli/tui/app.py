"""The dashboard: six screens over one store, one set of filters, and one clock that asks again while spans arrive."""

from __future__ import annotations

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Textual leaves the type of its app and of workers open.
import os
import shlex
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import Screen

from botanu_cli import text
from botanu_cli.configuration import trace_url
from botanu_cli.layouts import TITLES
from botanu_cli.settings import Settings, as_words
from botanu_cli.tui import exporting, links, reader
from botanu_cli.tui.reader import Reader
from botanu_cli.tui.screens.budgets import Budgets
from botanu_cli.tui.screens.choose import Choice, Choose
from botanu_cli.tui.screens.filters import FilterPanel
from botanu_cli.tui.screens.find import KINDS_BY_VALUE, Find, Pair
from botanu_cli.tui.screens.help import Help
from botanu_cli.tui.screens.outcomes import Outcomes
from botanu_cli.tui.screens.overview import Overview
from botanu_cli.tui.screens.page import Page, explained
from botanu_cli.tui.screens.run import Run
from botanu_cli.tui.screens.runs import Runs
from botanu_cli.tui.screens.vendors import Vendors
from botanu_cli.tui.themes import DARK, THEMES, series_variables
from botanu_cli.tui.view import EVERYTHING, INTERVALS, View
from botanu_cli.tui.widgets.masthead import SCREENS

Known = dict[str, list[str]]


class Dashboard(App[None]):
    """`botanu dashboard`."""

    TITLE = "botanu"
    CSS_PATH = "botanu.tcss"
    MODES = {  # noqa: RUF012 - Textual declares it
        "overview": Overview,
        "runs": Runs,
        "run": Run,
        "outcomes": Outcomes,
        "vendors": Vendors,
        "budgets": Budgets,
    }
    DEFAULT_MODE = "overview"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - the same
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012 - the same
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(at), f"go('{name}')", name.capitalize(), show=False) for at, name in enumerate(SCREENS, 1)),
        Binding("slash", "find", "Filter"),
        Binding("f", "filters", "All filters", show=False),
        Binding("t", "interval", "Interval"),
        Binding("g", "group", "Group"),
        Binding("s", "sort", "Sort"),
        Binding("e", "export", "Export"),
        Binding("c", "copy_command", "Copy as command", show=False),
        Binding("x", "see_everything", "Clear filters", show=False),
        Binding("r", "read", "Read again", show=False),
        Binding("space", "pause", "Pause", show=False),
        Binding("y", "copy_id", "Copy run id", show=False),
        Binding("o", "open_trace", "Open trace", show=False),
        Binding("escape", "back", "Back", show=False),
        Binding("question_mark", "help", "Help"),
        Binding("q", "quit", "Quit"),
    ]

    view: reactive[View] = reactive(View(), init=False)
    group: reactive[str] = reactive("use_case", init=False)
    paused: reactive[bool] = reactive(False, init=False)
    run_id: reactive[str | None] = reactive(None, init=False)
    """The run that is looked at; None for the newest."""

    def __init__(self, settings: Settings, view: View, refresh: float) -> None:
        super().__init__()
        self.reader = Reader(settings)
        self.zone: ZoneInfo = settings.zone
        self._every = refresh
        self._trail: list[str] = []
        self._known: Known = {}
        self.set_reactive(Dashboard.view, view)
        for theme in THEMES:
            self.register_theme(theme)
        chosen = os.environ.get("TEXTUAL_THEME", DARK)
        self.theme = chosen if chosen in self.available_themes else DARK

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme colours for series."""
        return series_variables(dark=self.current_theme.dark)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer in the palette all that keys do."""
        yield from (said for said in super().get_system_commands(screen) if said.title in ("Theme", "Quit"))
        for number, name in enumerate(SCREENS, 1):
            yield SystemCommand(name.capitalize(), f"Key {number}", lambda name=name: self.action_go(name))
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and not binding.action.startswith(("go", "quit", "back")):
                action = getattr(self, f"action_{binding.action}")
                said = f"{action.__doc__} Key {self.get_key_display(binding)}"
                yield SystemCommand(binding.description, said, action)

    def on_mount(self) -> None:
        """Ask again from time to time."""
        self.set_interval(self._every, self._tick)

    @property
    def page(self) -> Page:
        """The screen by number key that is shown, dialogs aside."""
        return cast("Page", self.screen_stack[0])

    def now(self) -> datetime:
        """Return the time, in the zone in which days begin."""
        return reader.now().astimezone(self.zone)

    def open_run(self, run_id: str) -> None:
        """Go to the screen of one run."""
        self.run_id = run_id
        self.action_go("run")

    def narrow(self, kind: str, value: str) -> None:
        """Look at the runs with one value of a kind."""
        self.set_reactive(Dashboard.view, self.view.with_values(kind, (value,)))
        self.action_go("runs")

    def _tick(self) -> None:
        # On the way out the screens go before the clock does.
        if self.screen_stack and not self.paused:
            self.page.refresh_if_changed()

    def watch_view(self) -> None:
        """Look at something else."""
        self.page.ask()

    def watch_group(self) -> None:
        """Break spend down by something else."""
        self.page.ask()

    def watch_run_id(self) -> None:
        """Look at another run."""
        if isinstance(self.page, Run):
            self.page.ask()

    # Where to

    def action_go(self, name: str) -> None:
        """Go to a screen."""
        if name != self.current_mode:
            self._trail.append(self.current_mode)
            self.switch_mode(name)

    async def action_back(self) -> None:
        """Go back to the screen before."""
        if self._trail:
            self.switch_mode(self._trail.pop())

    async def action_quit(self) -> None:
        """Leave at once, whatever is being read."""
        self.workers.cancel_all()
        self.reader.stop()
        await super().action_quit()

    # What to look at

    def action_find(self) -> None:
        """Type a filter."""
        self.push_screen(Find(self._known), self._take_pair)
        self._learn()

    def action_filters(self) -> None:
        """Tick filters."""
        self.push_screen(FilterPanel(self.view, self._known), self._take_view)
        self._learn()

    def action_interval(self) -> None:
        """Choose an interval."""
        choices = [
            Choice("", EVERYTHING),
            *(Choice(word, name, "" if word == name else word) for word, name in INTERVALS.items()),
        ]
        typed = "or type: 36h, 2026-11-01, 2026-10-01..2026-11-01"
        now = (self.view.since or "") if self.view.until is None else "?"
        self.push_screen(Choose("Interval", choices, now, typed=typed), self._take_interval)

    def action_group(self) -> None:
        """Choose what spend is broken down by."""
        from botanu_store.filters import CALL_COLUMNS, RUN_COLUMNS

        names = [name for name in (*RUN_COLUMNS, *CALL_COLUMNS) if name != "run"]
        choices = [Choice(name, TITLES[name]) for name in names]
        self.push_screen(Choose("Spend by", choices, self.group), self._take_group)

    def action_sort(self) -> None:
        """Choose what rows are sorted by."""
        fields = self.page.sortable()
        if not fields:
            self.notify("There is nothing to sort here.")
            return
        choices = [Choice(field, title) for field, title in fields.items()]
        self.push_screen(Choose("Sort by", choices, self.page.sorting.field), self._take_sort)

    def action_see_everything(self) -> None:
        """Take all filters and the interval away."""
        self.view = View()

    def action_read(self) -> None:
        """Read the store again now."""
        self.reader.answers.forget()
        self.page.ask()

    def action_pause(self) -> None:
        """Stop looking for new spans, or go on."""
        self.paused = not self.paused
        self.page.show_view()
        self._tick()

    def _take_pair(self, pair: Pair | None) -> None:
        if pair is not None and pair[1] not in self.view.values.get(pair[0], ()):
            self.view = self.view.toggled(*pair)

    def _take_view(self, view: View | None) -> None:
        if view is not None:
            self.view = view

    def _take_interval(self, words: str | None) -> None:
        if words is None:
            return
        since, _, until = words.partition("..")
        view = self.view.within(since.strip() or None, until.strip() or None)
        try:
            view.filters(self.zone, self.now())
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the words is said
            self.notify(str(error), severity="warning", markup=False)
            return
        self.view = view

    def _take_group(self, name: str | None) -> None:
        if name is not None:
            self.action_go("overview")
            self.group = name

    def _take_sort(self, field: str | None) -> None:
        if field is not None:
            self.page.sort_by(field)

    @work(thread=True, exclusive=True, group="values", exit_on_error=False)
    def _learn(self) -> None:
        """Read the values that the store knows, for dialogs to offer."""
        try:
            with self.reader.store(self) as store:
                known = {kind: store.known_values(kind) for kind in KINDS_BY_VALUE}
        except Exception:  # noqa: BLE001 - a dialog without suggestions still works, and the screen says what is wrong
            return
        self.call_from_thread(self._know, known)

    def _know(self, known: Known) -> None:
        self._known = known
        if isinstance(self.screen, Find | FilterPanel):
            self.screen.know(known)

    # What to take along

    def action_copy_command(self) -> None:
        """Copy the command line that reports what is shown."""
        settings = self.reader.settings
        given = {"--store": settings.store_to_name, "--config": settings.config, "--tz": settings.tz}
        self._copy(shlex.join(["botanu", *self.page.command(), *as_words(given)]))

    def action_copy_id(self) -> None:
        """Copy the id of the run that is looked at."""
        run_id = self.page.selected_run()
        if run_id is None:
            self.notify("No run is selected.")
        else:
            self._copy(run_id)

    def _copy(self, said: str) -> None:
        self.copy_to_clipboard(said)
        self.notify(text.safe(said), title="Copied", markup=False)

    def action_export(self) -> None:
        """Choose how what is shown is written to a file."""
        notes = ("the report's rows", "rows, totals and coverage", "a picture of the screen")
        choices = [Choice(form, form, note) for form, note in zip(exporting.FORMS, notes, strict=True)]
        self.push_screen(Choose(f"Export to {Path.cwd()}", choices, "csv"), self._take_form)

    def _take_form(self, form: str | None) -> None:
        if form is None:
            return
        path = exporting.file_for(self.page.PAGE, form, self.now(), Path.cwd())
        if form == "svg":
            # After the dialog is gone.
            self.call_after_refresh(self._draw, path)
        else:
            self._export(self.page, path)

    def _draw(self, path: Path) -> None:
        path.write_text(self.export_screenshot(title="botanu"), "utf-8")
        self.notify(f"Wrote {path}.", markup=False)

    def action_open_trace(self) -> None:
        """Open the trace that is looked at in its viewer."""
        template = trace_url(self.reader.settings.config)
        if template is None:
            self.notify(f"Name your viewer in botanu.toml:\n\n{links.HOW}", title="No trace viewer", markup=False)
            return
        ids = self.page.selected_trace()
        if ids is None:
            self.notify("No trace is selected.")
        else:
            self.open_url(links.address(template, ids))

    @work(thread=True, group="export", exit_on_error=False)
    def _export(self, page: Page, path: Path) -> None:
        try:
            scope = self.reader.scope(self.view)
            with self.reader.store(path) as store:
                said = exporting.export(*page.exported(scope, store), self.reader.settings, path)
        except Exception as error:  # noqa: BLE001 - whatever is wrong is said
            title, *lines = explained(error, self.reader.settings.store_name)
            self.call_from_thread(self.notify, "\n".join(lines), title=title, severity="error", markup=False)
            return
        self.call_from_thread(self.notify, said, markup=False)

    def action_help(self) -> None:
        """Show what every key does."""
        self.push_screen(Help())
