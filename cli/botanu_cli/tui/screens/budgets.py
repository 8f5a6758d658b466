"""6 Budgets: how much of each limit is used, how that moves, and when it runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from botanu_store.errors import InputError
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from botanu_cli import output, text
from botanu_cli.budgets.quality import QUALITY
from botanu_cli.layout import Column
from botanu_cli.tui.board import Board, board_questions, day_of
from botanu_cli.tui.reader import Scope
from botanu_cli.tui.screens.page import Page, Question, Sorting
from botanu_cli.tui.standing import Standing, judge
from botanu_cli.tui.widgets.grid import Grid, Listed
from botanu_cli.tui.widgets.panel import name_panel
from botanu_cli.tui.widgets.pictures import sparkline, used_bar
from botanu_cli.tui.widgets.trend import Course, Trend

if TYPE_CHECKING:
    from botanu_store.reports.report import Coverage, Report
    from botanu_store.store import Store

    from botanu_cli.budgets.evaluate import Unit
    from botanu_cli.budgets.read import Budget
    from botanu_cli.layout import Layout

COLUMNS = (
    Column("status", "Result", "mark", keep=10),
    Column("budget", "Budget", "text", keep=10),
    Column("what", "Limit on", "text", keep=6),
    Column("measured_text", "Measured", "figure", keep=9),
    Column("limit_text", "Limit", "figure", keep=9),
    used_bar(),
    sparkline("Day by day", lambda row: [Decimal(repr(figure or 0.0)) for figure in row["course"]]),
    Column("runs_out", "Runs out", "figure", keep=8),
)


class Budgets(Page):
    """The sixth screen."""

    PAGE: ClassVar[str] = "budgets"
    MAIN: ClassVar[str] = "#limits"

    def __init__(self) -> None:
        super().__init__()
        self.sorting = Sorting("used")
        self.found: Report | None = None
        self._board = Board()

    def compose_body(self) -> ComposeResult:
        """Lay out the limits, and for the one under the cursor its course and what to know."""
        yield Grid(self.dashboard.zone, id="limits", columns=COLUMNS)
        with Container(id="limit", classes="below"):
            yield Trend(id="course", classes="panel")
            with VerticalScroll(id="why", classes="panel"):
                yield Static()

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Ask which budgets there are, how they stand, and what their totals rest on."""
        of_budgets = board_questions(scope, self.reader.settings.config, self._begin, self._add)
        coverage = Question(lambda store: (scope, store.coverage(scope.filters)), self._show_all, "coverage")
        return [*of_budgets, coverage]

    def show_known(self) -> bool:
        """Show the budgets' names: the store may be busy with what another screen asked."""
        from botanu_cli.budgets.read import budgets_of

        try:
            budgets = budgets_of(self.reader.settings.config)
        except InputError:  # it is said when the store is asked
            return False
        if budgets:
            self._begin(budgets)
        return bool(budgets)

    def command(self) -> list[str]:
        """Return the words after `botanu` that report the same."""
        return ["budget", "check", *self.flags]

    def exported(self, scope: Scope, store: Store) -> tuple[Report, Layout]:
        """Return the budgets' results."""
        from botanu_cli.budgets.formats import BUDGETS, report_of
        from botanu_cli.budgets.read import budgets_of

        results = judge(store, scope, budgets_of(self.reader.settings.config))
        return report_of(results, store.coverage(scope.filters), scope.filters), BUDGETS

    def sortable(self) -> dict[str, str]:
        """Return what budgets can be sorted by."""
        return {"used": "Used", "budget": "Budget", "status": "Result"}

    def sort_by(self, field: str) -> None:
        """Sort budgets."""
        self.sorting = self.sorting.asked(field)
        self._show_rows()

    def _begin(self, budgets: Sequence[Budget]) -> None:
        self._board.begin(budgets, self.dashboard.view)
        if budgets:
            self._show_rows()
            return
        self.say(
            "There are no budgets yet.",
            "Propose some from what this store has seen:",
            "  botanu budget init",
            "or write one into botanu.toml:",
            '  [[budgets]]\n  name = "support"\n  use_case = "Customer Support"\n  per = "run"\n  metric = "p95"\n  max_usd = 0.05',
        )

    def _add(self, found: Sequence[Standing]) -> None:
        self._board.add(found)
        self._show_rows()

    def _show_all(self, found: tuple[Scope, Coverage]) -> None:
        from botanu_cli.budgets.formats import report_of

        scope, coverage = found
        if self._board.results:
            self.found = report_of(self._board.results, coverage, scope.filters)
            self.show_coverage(output.coverage_line(self.found))

    def _show_rows(self) -> None:
        grid = self.query_one("#limits", Grid)
        name_panel(grid, self._board.summary)
        rows = self.sorting.rows(self._board.rows(self.dashboard.now()))
        grid.show(Listed(rows, "budget", "limit"), sorted_by=self.sorting.mark)

    def on_grid_moved(self, message: Grid.Moved) -> None:
        """Show the course of the budget, and what to know of it."""
        standing: Standing | None = message.row["standing"]
        trend, why = self.query_one("#course", Trend), self.query_one("#why")
        name_panel(why, message.row["budget"])
        if standing is None:
            trend.course, trend.nothing = None, "Being judged …"
            self.query_one("#why Static", Static).update("")
            return
        row = standing.row
        allowed = float(row["allowed"])
        name_panel(trend, f"{'Spent so far' if standing.adds_up else 'Day by day'}, and the limit")
        trend.nothing = "This limit has no course."
        trend.course = Course(
            "day", standing.buckets, standing.course, _writer(row["unit"]), allowed, at_least=row["limit"] in QUALITY
        )
        self.query_one("#why Static", Static).update(Content("\n").join(_lines(standing, self.dashboard.now())))

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Open the costliest run of a broken budget, or what outcomes came of its runs."""
        standing: Standing | None = message.row["standing"]
        if standing is None:
            return
        if standing.result.costliest:
            self.dashboard.open_run(str(standing.result.costliest[0]["run_id"]))
        elif standing.result.unsuccessful:
            self.dashboard.action_go("outcomes")

    def on_grid_sort_asked(self, message: Grid.SortAsked) -> None:
        """Sort by the column whose title was clicked."""
        if message.field in self.sortable():
            self.sort_by(message.field)


def _lines(standing: Standing, now: datetime) -> list[Content]:
    lines = [Content(text.safe(standing.sentence))]
    if standing.runs_out is not None:
        past = standing.runs_out <= now
        said = f"At this pace the limit {'was' if past else 'will be'} reached on {day_of(standing, now)}."
        lines += [Content.styled(said, "$text-error" if past else "bold")]
    if standing.result.costliest:
        lines += [Content(""), Content.styled("Costliest runs, enter opens the first", "bold $primary")]
    for row in standing.result.costliest:
        cost = text.usd_at_least(row["cost_usd"], row["unpriced_calls"])
        lines.append(
            Content.assemble(cost, "  ", (text.safe(row["short_id"]), "bold"), f"  {text.safe(row['use_case'])}")
        )
    return lines + _unsuccessful(standing)


def _unsuccessful(standing: Standing) -> list[Content]:
    from botanu_cli.budgets import words

    if not standing.result.unsuccessful:
        return []
    more = "" if standing.result.costliest else ", enter opens Outcomes"
    title = Content.styled(f"Failed and partial runs by reason{more}", "bold $primary")
    return [Content(""), title, *(Content(words.unsuccessful(row)) for row in standing.result.unsuccessful)]


def _writer(unit: Unit) -> Callable[[float], str]:
    from botanu_cli.budgets import words

    return lambda figure: words.figure(figure, unit)
