"""1 Overview: what was spent, on what, what came of it, and how budgets stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll

from botanu_cli import output, text
from botanu_cli.layouts import TITLES, cost_layout
from botanu_cli.output import Column
from botanu_cli.tui.reader import Scope
from botanu_cli.tui.screens.page import Page, Question
from botanu_cli.tui.series import Series, series, unit_for
from botanu_cli.tui.themes import SERIES
from botanu_cli.tui.widgets.columns import Picture
from botanu_cli.tui.widgets.grid import Grid, Listed
from botanu_cli.tui.widgets.pictures import share_bar, sparkline
from botanu_cli.tui.widgets.stacked import Stacked
from botanu_cli.tui.widgets.tiles import Tile, Tiles

if TYPE_CHECKING:
    from botanu_store.reports import Report
    from botanu_store.store import Store

    from botanu_cli.output import Layout

_COST = Column("cost_usd", "Cost", "money", keep=9)
_CHANGE = Column("change", "Change", "change", keep=6)
_RUNS = Column("runs", "Runs", "count", keep=4)
_PER_RUN = Column("cost_per_run_usd", "Per run", "money", keep=5)


class Overview(Page):
    """The first screen."""

    PAGE: ClassVar[str] = "overview"
    AUTO_FOCUS = "#groups"

    def __init__(self) -> None:
        super().__init__()
        self._trend: Series | None = None
        self._spend: Report | None = None
        self._economics: Mapping[str, Any] | None = None

    def compose_body(self) -> ComposeResult:
        """Lay out figures, chart and the largest of each kind."""
        zone = self.dashboard.zone
        yield Tiles()
        with VerticalScroll(id="overview", can_focus=False):
            with Container(id="charts"):
                yield Stacked(classes="panel")
                yield Grid(zone, id="budgets")
            with Container(id="tops"):
                yield Grid(zone, id="groups")
                yield Grid(zone, id="vendors")
                yield Grid(zone, id="models")

    def on_mount(self) -> None:
        """Name the panels."""
        self.query_one(Stacked).border_title = "Spend"
        for name in ("groups", "vendors", "models", "budgets"):
            self.query_one(f"#{name}", Grid).border_title = name.capitalize()

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Ask for spend, its course, economics, vendors, models and budgets."""
        group = self.dashboard.group
        return [
            Question(lambda store: _spend(store, scope, group), self._show_spend),
            Question(lambda store: _course(store, scope, group), self._show_course),
            Question(lambda store: store.outcomes(scope.filters, scope.worth), self._show_economics),
            Question(lambda store: store.cost(scope.filters, ("vendor",)), self._show_vendors),
            Question(lambda store: store.cost(scope.filters, ("model",)), self._show_models),
        ]

    def command(self) -> list[str]:
        """Return the words after `botanu` that report the same."""
        compare = ["--compare"] if self.dashboard.view.since else []
        return ["cost", "--group-by", self.dashboard.group, *compare]

    def report(self) -> tuple[Report, Layout] | None:
        """Return spend by group."""
        if self._spend is None:
            return None
        return self._spend, cost_layout([self.dashboard.group], compared="change" in self._spend.totals)

    def _show_spend(self, found: Report) -> None:
        if not found.rows:
            self.say_nothing_matches("runs")
            return
        self._spend = found
        self._show_tiles()
        self._show_groups()
        self.show_coverage(output.coverage_line(found))

    def _show_course(self, found: Series) -> None:
        self._trend = found
        chart = self.query_one(Stacked)
        chart.border_title = f"Spend by {found.unit} and {TITLES[self.dashboard.group].lower()}"
        chart.series = found
        self._show_groups()

    def _show_economics(self, found: Report) -> None:
        self._economics = found.totals
        self._show_tiles()

    def _show_vendors(self, found: Report) -> None:
        self._show_top("vendors", found, "vendor")

    def _show_models(self, found: Report) -> None:
        self._show_top("models", found, "model")

    def _show_top(self, panel: str, found: Report, field: str) -> None:
        columns = (Column(field, TITLES[field], "text", keep=10), _COST, share_bar())
        self.query_one(f"#{panel}", Grid).show(Listed(found.rows, field), columns)

    def _show_groups(self) -> None:
        if self._spend is None:
            return
        group = self.dashboard.group
        grid = self.query_one("#groups", Grid)
        grid.border_title = f"By {TITLES[group].lower()}"
        columns = (
            Column(group, TITLES[group], "text", keep=10),
            _COST,
            _CHANGE,
            share_bar(),
            *self._sparks(group),
            _RUNS,
            _PER_RUN,
        )
        grid.show(Listed(self._spend.rows, group), columns)

    def _sparks(self, group: str) -> tuple[Picture, ...]:
        trend = self._trend
        if trend is None or len(trend.buckets) < 2:
            return ()
        return (sparkline(f"By {trend.unit}", lambda row: trend.groups.get(str(row[group] or ""), ())),)

    def _show_tiles(self) -> None:
        self.query_one(Tiles).tiles = [
            *_spend_tiles(self._spend),
            *_economic_tiles(self._economics),
            *_coverage_tile(self._spend),
        ]


def _spend(store: Store, scope: Scope, group: str) -> Report:
    from botanu_store.compare import interval_before

    since = scope.filters.interval.since
    before = interval_before(scope.filters.interval, scope.now) if since else None
    return store.cost(scope.filters, (group,), before=before)


def _course(store: Store, scope: Scope, group: str) -> Series:
    extent = store.extent(scope.filters)
    unit = "day" if extent is None else unit_for(*extent)
    found = store.cost(scope.filters, (f"time:{unit}", group))
    return series(found.rows, group, unit, scope.filters.interval, SERIES)


def _spend_tiles(spend: Report | None) -> list[Tile]:
    if spend is None:
        return [Tile("Spend", "…")]
    totals = spend.totals
    change = totals.get("change")
    note = (
        f"{totals['runs']:,} runs"
        if change is None
        else f"{'▲' if change > 0 else '▼'} {text.change(change)} on before"
    )
    return [Tile("Spend", text.usd_at_least(totals["cost_usd"], totals["unpriced_calls"]), note)]


def _economic_tiles(totals: Mapping[str, Any] | None) -> list[Tile]:
    if totals is None:
        return [Tile(name, "…") for name in ("Per outcome", "ROI", "Success", "Waste")]
    cost = totals["cost_per_outcome_usd"]
    known = totals["root_runs"] - totals["unknown"]
    return [
        Tile(
            "Per outcome",
            "—" if cost is None else text.usd_at_least(cost, totals["unpriced_calls"]),
            f"{totals['success']:,} outcomes",
        ),
        Tile(
            "ROI",
            _roi(totals),
            "no value known" if totals["value_usd"] is None else f"value {text.usd(totals['value_usd'])}",
        ),
        Tile("Success", text.percent(totals["success_rate"]) or "—", f"of {known:,} known"),
        Tile("Waste", text.percent(totals["waste_share"]) or "—", text.usd(totals["waste_usd"] or Decimal(0))),
    ]


def _roi(totals: Mapping[str, Any]) -> str:
    if totals["roi"] is None:
        return "—"
    return ("≤" if totals["unpriced_calls"] else "") + text.percent(totals["roi"])


def _coverage_tile(spend: Report | None) -> list[Tile]:
    if spend is None:
        return []
    coverage = spend.coverage
    counted, unpriced = coverage.calls_counted, coverage.calls_unpriced
    share = (counted - unpriced) / counted if counted else 1.0
    note = ("all calls priced", "$text-success") if not unpriced else (f"{unpriced:,} unpriced", "$text-warning")
    return [Tile("Coverage", text.percent(share), *note)]
