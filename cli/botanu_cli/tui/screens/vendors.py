"""5 Vendors: what each vendor's models cost, how they answered, and what caches saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult

from botanu_cli import output, text
from botanu_cli.layouts import VENDORS
from botanu_cli.tui.figures import coverage_tile
from botanu_cli.tui.reader import Scope
from botanu_cli.tui.screens.page import Page, Question, Sorting
from botanu_cli.tui.series import Series, course
from botanu_cli.tui.widgets.grid import Grid, Listed
from botanu_cli.tui.widgets.panel import name_panel
from botanu_cli.tui.widgets.pictures import share_bar
from botanu_cli.tui.widgets.stacked import Stacked
from botanu_cli.tui.widgets.tiles import Tile, Tiles

if TYPE_CHECKING:
    from botanu_store.reports.report import Report
    from botanu_store.store import Store

    from botanu_cli.layout import Layout

_COLUMNS = tuple(share_bar() if column.field == "share" else column for column in VENDORS.columns)


class Vendors(Page):
    """The fifth screen."""

    PAGE: ClassVar[str] = "vendors"
    MAIN: ClassVar[str] = "#vendors"

    def __init__(self) -> None:
        super().__init__()
        self.sorting = Sorting("cost_usd")
        self.found: Report | None = None

    def compose_body(self) -> ComposeResult:
        """Lay out figures, the course of spend, and the table."""
        yield Tiles()
        yield Stacked(classes="panel")
        yield Grid(self.dashboard.zone, id="vendors", columns=_COLUMNS)

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Ask for what is known at once, for the course of spend, then for all there is to vendors."""
        return [
            Question(lambda store: store.vendor_costs(scope.filters), self._show_costs, "vendor costs"),
            Question(lambda store: course(store, scope.filters, "vendor"), self._show_course, "course by vendor"),
            Question(lambda store: store.vendors(scope.filters), self._show, "vendors"),
        ]

    def command(self) -> list[str]:
        """Return the words after `botanu` that report the same."""
        return ["vendors", *self.flags]

    def exported(self, scope: Scope, store: Store) -> tuple[Report, Layout]:
        """Return the report by vendor and model."""
        return store.vendors(scope.filters), VENDORS

    def sortable(self) -> dict[str, str]:
        """Return the columns with one figure or word."""
        return {column.field: column.title for column in VENDORS.columns if column.kind != "meters"}

    def sort_by(self, field: str) -> None:
        """Sort vendors and models."""
        self.sorting = self.sorting.asked(field)
        self._show_rows()

    def _show_costs(self, found: Report) -> None:
        """Show the costs where nothing is shown yet: what they lack would flicker."""
        if self.found is None and found.rows:
            self._show(found)

    def _show(self, found: Report) -> None:
        if not found.rows:
            self.say_nothing_matches("calls")
            return
        self.found = found
        totals = found.totals
        errors = text.percent(totals["error_rate"]) or "—"
        saved = totals["saved_usd"]
        tokens = totals["input_tokens"] + totals["output_tokens"]
        per_million = text.usd_at_least(totals["usd_per_million_tokens"], totals["unpriced_calls"])
        self.query_one(Tiles).tiles = [
            Tile(
                "Spend",
                text.usd_at_least(totals["cost_usd"], totals["unpriced_calls"]),
                text.counted(totals["calls"], "call"),
            ),
            Tile("Per million tokens", per_million if tokens else "—", text.counted(tokens, "token")),
            Tile(
                "Cache hits",
                text.percent(totals["cache_hit_rate"]) or "—",
                f"saved {text.usd(saved)}" if saved is not None else "",
            ),
            Tile("Errors", errors, text.counted(totals["errors"], "call")),
            coverage_tile(found.coverage),
        ]
        self.show_coverage(output.coverage_line(found))
        self._show_rows()

    def _show_rows(self) -> None:
        if self.found is not None:
            grid = self.query_one("#vendors", Grid)
            name_panel(grid, "By vendor and model")
            grid.show(Listed(self.sorting.rows(self.found.rows), "vendor", "product"), sorted_by=self.sorting.mark)

    def _show_course(self, found: Series) -> None:
        chart = self.query_one(Stacked)
        name_panel(chart, f"Spend by {found.unit} and vendor")
        chart.series = found

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Look at the runs that used the vendor."""
        self.dashboard.narrow("vendor", str(message.row["vendor"]))

    def on_grid_sort_asked(self, message: Grid.SortAsked) -> None:
        """Sort by the column whose title was clicked."""
        if message.field in self.sortable():
            self.sort_by(message.field)
