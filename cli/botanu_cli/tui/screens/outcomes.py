"""4 Outcomes: what an outcome cost and was worth, how that moves, and why runs failed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from botanu_cli import output, text
from botanu_cli.layout import Column
from botanu_cli.layouts import OUTCOMES
from botanu_cli.tui.figures import coverage_tile, economic_tiles, spend_tile
from botanu_cli.tui.reader import Scope
from botanu_cli.tui.screens.page import Page, Question, Sorting
from botanu_cli.tui.series import all_buckets, unit_for
from botanu_cli.tui.widgets.columns import Row
from botanu_cli.tui.widgets.grid import Grid, Listed
from botanu_cli.tui.widgets.panel import name_panel
from botanu_cli.tui.widgets.pictures import share_bar
from botanu_cli.tui.widgets.tiles import Tiles
from botanu_cli.tui.widgets.trend import Course, Trend

if TYPE_CHECKING:
    from botanu_store.reports.report import Report
    from botanu_store.store import Store

    from botanu_cli.layout import Layout

_REASONS = (
    Column("reason", "Reason", "text", keep=10),
    Column("root_runs", "Runs", "count", keep=8),
    Column("cost_usd", "Cost", "money", keep=9),
    share_bar(),
)


class Outcomes(Page):
    """The fourth screen."""

    PAGE: ClassVar[str] = "outcomes"
    MAIN: ClassVar[str] = "#outcomes"

    def __init__(self) -> None:
        super().__init__()
        self.sorting = Sorting("cost_usd")
        self.found: Report | None = None
        self._trend: tuple[str, list[dict[str, Any]]] | None = None

    def compose_body(self) -> ComposeResult:
        """Lay out figures, use cases, and for the one under the cursor its course and its failures."""
        zone = self.dashboard.zone
        yield Tiles()
        yield Grid(zone, id="outcomes", columns=OUTCOMES.columns)
        with Container(id="courses", classes="below"):
            yield Trend(id="roi", classes="panel")
            yield Trend(id="per-outcome", classes="panel")
            yield Grid(zone, id="reasons", columns=_REASONS)

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Ask for unit economics, then for their course."""
        return [
            Question(lambda store: store.outcomes(scope.filters, scope.worth), self._show, "outcomes"),
            Question(lambda store: _trend(store, scope), self._show_trend, "trend of outcomes"),
        ]

    def command(self) -> list[str]:
        """Return the words after `botanu` that report the same."""
        return ["outcomes", *self.flags]

    def exported(self, scope: Scope, store: Store) -> tuple[Report, Layout]:
        """Return unit economics."""
        return store.outcomes(scope.filters, scope.worth), OUTCOMES

    def sortable(self) -> dict[str, str]:
        """Return the columns."""
        return {column.field: column.title for column in OUTCOMES.columns}

    def sort_by(self, field: str) -> None:
        """Sort use cases."""
        self.sorting = self.sorting.asked(field)
        self._show_rows()

    def _show(self, found: Report) -> None:
        if not found.rows:
            self.say_nothing_matches("runs")
            return
        self.found = found
        self.query_one(Tiles).tiles = [
            spend_tile(found.totals),
            *economic_tiles(found.totals),
            coverage_tile(found.coverage),
        ]
        self.show_coverage(output.coverage_line(found))
        self._show_rows()

    def _show_rows(self) -> None:
        if self.found is not None:
            grid = self.query_one("#outcomes", Grid)
            name_panel(grid, "Unit economics")
            grid.show(Listed(self.sorting.rows(self.found.rows), "use_case", "value_type"), sorted_by=self.sorting.mark)

    def _show_trend(self, found: tuple[str, list[dict[str, Any]]]) -> None:
        self._trend = found
        row = self.query_one("#outcomes", Grid).current
        if row is not None:
            self._show_courses(row)

    def on_grid_moved(self, message: Grid.Moved) -> None:
        """Show the course and the failures of the use case."""
        if message.grid.id == "outcomes":
            self._show_courses(message.row)
            self._show_reasons(message.row)

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Look at the runs of the use case."""
        if message.grid.id == "outcomes":
            self.dashboard.narrow("use_case", str(message.row["use_case"]))

    def on_grid_sort_asked(self, message: Grid.SortAsked) -> None:
        """Sort by the column whose title was clicked."""
        if message.grid.id == "outcomes":
            self.sort_by(message.field)

    def _show_courses(self, row: Row) -> None:
        if self._trend is None:
            for panel, *_ in _COURSES:
                self.query_one(f"#{panel}", Trend).nothing = "Reading …"
            return
        unit, rows = self._trend
        mine = {str(found["time"]): found for found in rows if found["use_case"] == row["use_case"]}
        buckets = all_buckets({str(found["time"]) for found in rows}, unit)
        for panel, field, title, write in _COURSES:
            trend = self.query_one(f"#{panel}", Trend)
            figures = [_figure(mine.get(bucket, {}).get(field)) for bucket in buckets]
            name_panel(trend, f"{title} by {unit}, {row['use_case']}")
            trend.nothing = _nothing(panel, row)
            trend.course = Course(unit, buckets, figures, write)

    def _show_reasons(self, row: Row) -> None:
        reasons: list[dict[str, Any]] = row.get("reasons") or []
        failed = sum(reason["root_runs"] for reason in reasons)
        rows = [reason | {"share": reason["root_runs"] / failed, "calls": 1} for reason in reasons]
        grid = self.query_one("#reasons", Grid)
        name_panel(grid, f"Why runs failed, {row['use_case']}")
        grid.nothing = "None of them failed."
        grid.show(Listed(rows, "reason"))


def _nothing(panel: str, row: Row) -> str:
    """Say why a course has no figure at all."""
    if panel == "roi" and row["value_usd"] is None:
        return "No value is known: say in [values] of botanu.toml what one is worth."
    if panel == "per-outcome" and not row["success"]:
        return "No outcome yet."
    return "No cost is known: none of its calls has a price." if row["unpriced_calls"] else "It cost nothing."


def _figure(value: Any) -> float | None:
    return None if value is None else float(value)


def _usd(figure: float) -> str:
    return text.usd(Decimal(repr(figure)))


_COURSES = (("roi", "roi", "ROI", text.percent), ("per-outcome", "cost_per_outcome_usd", "Per outcome", _usd))


def _trend(store: Store, scope: Scope) -> tuple[str, list[dict[str, Any]]]:
    extent = store.extent(scope.filters)
    unit = "day" if extent is None else unit_for(*extent)
    return unit, store.outcome_trend(scope.filters, scope.worth, unit)
