"""1 Overview: what was spent, on what, what came of it, and how budgets stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll

from botanu_cli import output
from botanu_cli.layout import Column
from botanu_cli.layouts import TITLES, cost_layout
from botanu_cli.options import KINDS
from botanu_cli.tui.board import Board, board_questions
from botanu_cli.tui.figures import coverage_tile, economic_tiles, spend_tile
from botanu_cli.tui.reader import Scope
from botanu_cli.tui.screens.budgets import COLUMNS
from botanu_cli.tui.screens.page import Page, Question, Sorting
from botanu_cli.tui.series import REST, Series, course
from botanu_cli.tui.standing import Standing
from botanu_cli.tui.widgets.columns import Drawn, Picture
from botanu_cli.tui.widgets.grid import Grid, Listed
from botanu_cli.tui.widgets.panel import name_panel
from botanu_cli.tui.widgets.pictures import name_column, series_number, share_bar, sparkline
from botanu_cli.tui.widgets.stacked import Stacked
from botanu_cli.tui.widgets.tiles import Tile, Tiles

if TYPE_CHECKING:
    from botanu_store.reports.report import Report
    from botanu_store.store import Store

    from botanu_cli.budgets.read import Budget
    from botanu_cli.layout import Layout

_COST = Column("cost_usd", "Cost", "money", keep=9)
_CHANGE = Column("change", "Change", "change", keep=6)
_RUNS = Column("runs", "Runs", "count", keep=4)
_PER_RUN = Column("cost_per_run_usd", "Per run", "money", keep=5)


class Overview(Page):
    """The first screen."""

    PAGE: ClassVar[str] = "overview"
    MAIN: ClassVar[str] = "#groups"

    def __init__(self) -> None:
        super().__init__()
        self.sorting = Sorting("cost_usd")
        self.course: Series | None = None
        self.spend: Report | None = None
        self.economics: Mapping[str, Any] | None = None
        self._board = Board()

    def compose_body(self) -> ComposeResult:
        """Lay out figures, chart and the largest of each kind."""
        zone = self.dashboard.zone
        yield Tiles()
        with VerticalScroll(id="overview", can_focus=False):
            yield Stacked(classes="panel")
            with Container(id="tops"):
                with Container():
                    yield Grid(zone, id="groups")
                    yield Grid(zone, id="budgets")
                with Container():
                    yield Grid(zone, id="vendors")
                    yield Grid(zone, id="models")

    def on_mount(self) -> None:
        """Name the panels."""
        name_panel(self.query_one(Stacked), "Spend")
        for name in ("groups", "vendors", "models", "budgets"):
            name_panel(self.query_one(f"#{name}", Grid), name.capitalize())

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Ask for spend, its course, vendors, models, economics and budgets."""
        group = self.dashboard.group
        return [
            Question(lambda store: _spend(store, scope, group), self._show_spend, f"spend by {group}"),
            Question(lambda store: course(store, scope.filters, group), self._show_course, f"course by {group}"),
            Question(lambda store: store.outcomes(scope.filters, scope.worth), self._show_economics, "outcomes"),
            Question(lambda store: store.vendor_costs(scope.filters), self._show_vendors, "vendor costs"),
            *board_questions(scope, self.reader.settings.config, self._begin_budgets, self._add_budgets),
        ]

    def looked_at(self) -> object:
        """Return the dimension beside the view."""
        return self.dashboard.group

    def command(self) -> list[str]:
        """Return the words after `botanu` that report the same."""
        compare = ["--compare"] if self.dashboard.view.since else []
        return ["cost", "--group-by", self.dashboard.group, *compare, *self.flags]

    def exported(self, scope: Scope, store: Store) -> tuple[Report, Layout]:
        """Return spend by group."""
        found = _spend(store, scope, self.dashboard.group)
        return found, cost_layout([self.dashboard.group], compared="change" in found.totals)

    def sortable(self) -> dict[str, str]:
        """Return the columns of spend by group."""
        return {column.field: column.title for column in (_COST, _CHANGE, _RUNS, _PER_RUN)}

    def sort_by(self, field: str) -> None:
        """Sort spend by group."""
        self.sorting = self.sorting.asked(field)
        self._show_groups()

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Look at the runs behind a row, or at the budgets."""
        if message.grid.id == "budgets":
            self.dashboard.action_go("budgets")
            return
        field, kind = _BEHIND.get(message.grid.id or "", (self.dashboard.group, self.dashboard.group))
        value = message.row.get(field)
        if kind in KINDS and value:
            self.dashboard.narrow(kind, str(value))

    def on_grid_sort_asked(self, message: Grid.SortAsked) -> None:
        """Sort by the column whose title was clicked."""
        if message.grid.id == "groups" and message.field in self.sortable():
            self.sort_by(message.field)

    def _show_spend(self, found: Report) -> None:
        if not found.rows:
            self.say_nothing_matches("runs")
            return
        self.spend = found
        self._show_tiles()
        self._show_groups()
        self.show_coverage(output.coverage_line(found))

    def _show_course(self, found: Series) -> None:
        self.course = found
        chart = self.query_one(Stacked)
        name_panel(chart, f"Spend by {found.unit} and {TITLES[self.dashboard.group].lower()}")
        chart.series = found
        self._show_groups()

    def _show_economics(self, found: Report) -> None:
        self.economics = found.totals
        self._show_tiles()

    def _show_vendors(self, found: Report) -> None:
        tops = {field: summed(found.rows, field) for field in ("vendor", "product")}
        # One below the other, they look like one table.
        width = max((cell_len(str(row[field])) for field, rows in tops.items() for row in rows), default=0)
        for panel, field in (("vendors", "vendor"), ("models", "product")):
            self._show_top(panel, tops[field], field, width)

    def _begin_budgets(self, budgets: Sequence[Budget]) -> None:
        self._board.begin(budgets, self.dashboard.view)
        self.query_one("#budgets", Grid).display = bool(budgets)
        self._show_budgets()

    def _add_budgets(self, found: Sequence[Standing]) -> None:
        self._board.add(found)
        self._show_budgets()

    def _show_budgets(self) -> None:
        columns = [column for column in COLUMNS if column.title != "Day by day"]
        rows = self._board.rows(self.dashboard.now())
        self.query_one("#budgets", Grid).show(Listed(rows, "budget", "limit"), columns)

    def _show_top(self, panel: str, rows: list[dict[str, Any]], field: str, width: int) -> None:
        columns = (name_column(field, _TITLES[field], width), _COST, share_bar())
        self.query_one(f"#{panel}", Grid).show(Listed(rows, field), columns)

    def _show_groups(self) -> None:
        if self.spend is None:
            return
        group = self.dashboard.group
        grid = self.query_one("#groups", Grid)
        name_panel(grid, f"By {TITLES[group].lower()}")
        columns: tuple[Drawn, ...] = (
            *self._numbers(group),
            Column(group, TITLES[group], "text", keep=10),
            _COST,
            _CHANGE,
            share_bar(),
            *self._sparks(group),
            _RUNS,
            _PER_RUN,
        )
        grid.show(Listed(self.sorting.rows(self.spend.rows), group), columns, self.sorting.mark)

    def _numbers(self, group: str) -> tuple[Picture, ...]:
        """The numbers and colours of the groups in the chart."""
        if self.course is None:
            return ()
        numbers = {name: number for number, name in enumerate(self.course.groups, 1) if name != REST}
        return (series_number(lambda row: numbers.get(str(row[group] or ""))),)

    def _sparks(self, group: str) -> tuple[Picture, ...]:
        trend = self.course
        if trend is None or len(trend.buckets) < 2:
            return ()
        return (sparkline(f"By {trend.unit}", lambda row: trend.groups.get(str(row[group] or ""), ())),)

    def _show_tiles(self) -> None:
        spend, economics = self.spend, self.economics
        tiles = [Tile("Spend", "…") if spend is None else spend_tile(spend.totals)]
        tiles += [Tile(name, "…") for name in _ECONOMICS] if economics is None else economic_tiles(economics)
        self.query_one(Tiles).tiles = tiles if spend is None else [*tiles, coverage_tile(spend.coverage)]


_ECONOMICS = ("Per outcome", "ROI", "Success", "Waste")


_BEHIND = {"vendors": ("vendor", "vendor"), "models": ("product", "model")}
_TITLES = {"vendor": "Vendor", "product": "Model or product"}


def summed(found: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    """Return what vendors cost added up by one field, the costliest first."""
    sums: dict[str, dict[str, Any]] = {}
    for row in found:
        into = sums.setdefault(row[field], {field: row[field], "calls": 0, "unpriced_calls": 0, "cost_usd": None})
        into["calls"] += row["calls"]
        into["unpriced_calls"] += row["unpriced_calls"]
        if row["cost_usd"] is not None:
            into["cost_usd"] = (into["cost_usd"] or 0) + row["cost_usd"]
    whole = sum((row["cost_usd"] or 0 for row in found), Decimal(0))
    for row in sums.values():
        row["share"] = None if row["cost_usd"] is None or not whole else float(row["cost_usd"] / whole)
    return Sorting("cost_usd").rows(list(sums.values()))


def _spend(store: Store, scope: Scope, group: str) -> Report:
    from botanu_store.reports.compare import interval_before

    since = scope.filters.interval.since
    before = interval_before(scope.filters.interval, scope.now) if since else None
    return store.cost(scope.filters, (group,), before=before)
