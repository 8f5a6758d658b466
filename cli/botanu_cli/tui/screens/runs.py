"""2 Runs: all of them, however many, sorted, a page at a time."""

from __future__ import annotations

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Textual leaves the type of its app and of workers open.
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from botanu_cli import output, text
from botanu_cli.layouts import RUNS
from botanu_cli.tui.messages import Answered, Failed
from botanu_cli.tui.paged import Paged, Piece, fetch, window
from botanu_cli.tui.reader import Scope, Stopped
from botanu_cli.tui.screens.page import Page, Question, Sorting
from botanu_cli.tui.view import View
from botanu_cli.tui.widgets.grid import Grid
from botanu_cli.tui.widgets.panel import name_panel

if TYPE_CHECKING:
    from botanu_store.reports.report import Report
    from botanu_store.reports.runs import RunSort
    from botanu_store.store import Store

    from botanu_cli.layout import Layout

SORTS: dict[str, RunSort] = {
    "started_at": "started",
    "cost_usd": "cost",
    "duration_ms": "duration",
    "input_tokens": "tokens",
    "llm_calls": "llm_calls",
}
"""What runs can be sorted by: the column that shows it, and the store's name of it."""
EXPORTED = 10_000
"""Runs exported at most: what is here is for looking at; `botanu runs list` writes any number."""


class Runs(Page):
    """The second screen."""

    PAGE: ClassVar[str] = "runs"
    MAIN: ClassVar[str] = "#runs"

    def __init__(self) -> None:
        super().__init__()
        self.sorting = Sorting("started_at")
        self.totals: Report | None = None
        self._adding_up: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """Lay out the table."""
        yield Grid(self.dashboard.zone, id="runs", columns=RUNS.columns)

    @property
    def grid(self) -> Grid:
        """The table."""
        return self.query_one("#runs", Grid)

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Ask for the order and the piece in sight, then for the totals."""
        sort = SORTS[self.sorting.field]
        grid = self.grid
        in_sight = (grid.current, grid.cursor, grid.scroll_offset.y, max(grid.size.height, 1))

        def piece(store: Store) -> Paged:
            order = store.run_order(scope.filters, sort)
            return Paged(order, fetch(store, scope.filters, order, *window(order, *in_sight)))

        return [
            Question(piece, self._show_order),
            Question(lambda store: store.runs(scope.filters, sort=sort, limit=1), self._show_totals),
        ]

    def command(self) -> list[str]:
        """Return the words after `botanu` that report the same."""
        sort = SORTS[self.sorting.field]
        return ["runs", "list", *(["--sort", sort] if sort != "started" else []), *self.flags]

    def exported(self, scope: Scope, store: Store) -> tuple[Report, Layout]:
        """Return the runs to write to a file."""
        return store.runs(scope.filters, sort=SORTS[self.sorting.field], limit=EXPORTED), RUNS

    def sortable(self) -> dict[str, str]:
        """Return what can be sorted by."""
        titles = {column.field: column.title for column in RUNS.columns if column.field in SORTS}
        return titles | {"input_tokens": "Tokens in and out"}

    def sort_by(self, field: str) -> None:
        """Sort by a column; runs are always listed with the most first."""
        if field in SORTS:
            self.sorting = Sorting(field)
            self.ask()

    def selected_run(self) -> str | None:
        """Return the run under the cursor."""
        row = self.grid.current
        return None if row is None else str(row["run_id"])

    def _show_order(self, found: Paged) -> None:
        if not len(found):
            self.say_nothing_matches("runs")
            return
        self.grid.show(found, sorted_by=self.sorting.mark)
        if not self.grid.border_title:
            name_panel(self.grid, text.counted(len(found), "run"))

    def _show_totals(self, found: Report) -> None:
        self.totals, totals = found, found.totals
        cost = text.usd_at_least(totals["cost_usd"], totals["unpriced_calls"])
        runs, calls = text.counted(totals["runs"], "run"), text.counted(totals["llm_calls"], "LLM call")
        name_panel(self.grid, f"{runs} · {cost} · {calls}")
        self.show_coverage(output.coverage_line(found))

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Open the run."""
        self.dashboard.open_run(str(message.row["run_id"]))

    def on_grid_sort_asked(self, message: Grid.SortAsked) -> None:
        """Sort by the column whose title was clicked."""
        self.sort_by(message.field)

    def on_grid_needed(self, message: Grid.Needed) -> None:
        """Fetch what is in sight; totals can wait."""
        rows = self.grid.rows
        if isinstance(rows, Paged):
            self.stop()
            self._fetch(self.round, self.dashboard.view, rows, message.first, message.last)

    @work(thread=True, exclusive=True, group="store", exit_on_error=False)
    def _fetch(self, number: int, view: View, rows: Paged, first: int, last: int) -> None:
        worker: Worker[Any] = get_current_worker()
        try:
            scope = self.reader.scope(view)
            with self.reader.store(self, lambda: worker.is_cancelled) as store:
                piece = fetch(store, scope.filters, rows.order, first, last)
                self.post_message(Answered(number, lambda answer: self._add(rows, answer), piece))
        except Stopped:
            return
        except Exception as error:  # noqa: BLE001 - drawn, unless nobody waits for it
            if not worker.is_cancelled:
                self.post_message(Failed(number, error))

    def _add(self, rows: Paged, piece: Piece) -> None:
        rows.add(piece)
        if self.grid.rows is rows:
            self.grid.loaded()
        if self._adding_up is not None:
            self._adding_up.stop()
        self._adding_up = self.set_timer(0.5, self.refresh_if_changed)
