"""6 Budgets: how much of each limit is used, how that moves, and when it runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from botanu_cli import output, text
from botanu_cli.budgets.quality import QUALITY
from botanu_cli.output import Column
from botanu_cli.tui.reader import Scope
from botanu_cli.tui.screens.page import Page, Question, Sorting
from botanu_cli.tui.standing import Standing, Standings, standings, standings_if_any
from botanu_cli.tui.widgets.grid import Grid, Listed
from botanu_cli.tui.widgets.panel import name_panel
from botanu_cli.tui.widgets.pictures import sparkline, used_bar
from botanu_cli.tui.widgets.trend import Course, Trend

if TYPE_CHECKING:
    from botanu_store.reports.report import Report
    from botanu_store.store import Store

    from botanu_cli.budgets.evaluate import Unit
    from botanu_cli.output import Layout

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
        self._standings: list[Standing] = []

    def compose_body(self) -> ComposeResult:
        """Lay out the limits, and for the one under the cursor its course and what to know."""
        yield Grid(self.dashboard.zone, id="limits", columns=COLUMNS)
        with Container(id="limit", classes="below"):
            yield Trend(id="course", classes="panel")
            with VerticalScroll(id="why", classes="panel"):
                yield Static()

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Ask how budgets stand."""
        config = self.reader.settings.config
        return [Question(lambda store: standings_if_any(store, scope, config), self._show, "budgets")]

    def command(self) -> list[str]:
        """Return the words after `botanu` that report the same."""
        return ["budget", "check", *self.flags]

    def exported(self, scope: Scope, store: Store) -> tuple[Report, Layout]:
        """Return the budgets' results."""
        from botanu_cli.budgets.formats import BUDGETS
        from botanu_cli.budgets.read import budgets_of

        return standings(store, scope, budgets_of(self.reader.settings.config))[0], BUDGETS

    def sortable(self) -> dict[str, str]:
        """Return what budgets can be sorted by."""
        return {"used": "Used", "budget": "Budget", "status": "Result"}

    def sort_by(self, field: str) -> None:
        """Sort budgets."""
        self.sorting = self.sorting.asked(field)
        self._show_rows()

    def _show(self, found: Standings | None) -> None:
        if found is None:
            self.say(
                "There are no budgets yet.",
                "Propose some from what this store has seen:",
                "  botanu budget init",
                "or write one into botanu.toml:",
                '  [[budgets]]\n  name = "support"\n  use_case = "Customer Support"\n  per = "run"\n  metric = "p95"\n  max_usd = 0.05',
            )
            return
        self.found, self._standings = found
        self.show_coverage(output.coverage_line(self.found))
        counts = self.found.totals
        broken = f"{counts['fail']} broken · " if counts["fail"] else ""
        kept = f"{broken}{counts['pass'] + counts['warn']} of {counts['budgets']} kept"
        name_panel(self.query_one("#limits", Grid), kept)
        self._show_rows()

    def _show_rows(self) -> None:
        rows = [standing_row(standing, self.dashboard.now()) for standing in self._standings]
        grid = self.query_one("#limits", Grid)
        grid.show(Listed(self.sorting.rows(rows), "budget", "limit"), sorted_by=self.sorting.mark)

    def on_grid_moved(self, message: Grid.Moved) -> None:
        """Show the course of the budget, and what to know of it."""
        standing: Standing = message.row["standing"]
        row = standing.row
        trend = self.query_one("#course", Trend)
        allowed = float(row["allowed"])
        name_panel(trend, f"{'Spent so far' if standing.adds_up else 'Day by day'}, and the limit")
        trend.nothing = "This limit has no course."
        trend.course = Course(
            "day", standing.buckets, standing.course, _writer(row["unit"]), allowed, at_least=row["limit"] in QUALITY
        )
        why = self.query_one("#why")
        name_panel(why, row["budget"])
        self.query_one("#why Static", Static).update(Content("\n").join(_lines(standing, self.dashboard.now())))

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Open the costliest run of a broken budget, or what outcomes came of its runs."""
        standing: Standing = message.row["standing"]
        if standing.costliest:
            self.dashboard.open_run(str(standing.costliest[0]["run_id"]))
        elif standing.unsuccessful:
            self.dashboard.action_go("outcomes")

    def on_grid_sort_asked(self, message: Grid.SortAsked) -> None:
        """Sort by the column whose title was clicked."""
        if message.field in self.sortable():
            self.sort_by(message.field)


def standing_row(standing: Standing, now: datetime) -> dict[str, Any]:
    """Return the row that a grid shows of a standing."""
    return standing.row | {"standing": standing, "course": standing.course, "calls": 1, "runs_out": _day(standing, now)}


def _day(standing: Standing, now: datetime) -> str:
    at = standing.runs_out
    if at is None:
        return ""
    day = at.astimezone(now.tzinfo)
    return f"{day.day} {day:%b}" if day.year == now.year else f"{day.day} {day:%b %Y}"


def _lines(standing: Standing, now: datetime) -> list[Content]:
    lines = [Content(text.safe(standing.sentence))]
    if standing.runs_out is not None:
        past = standing.runs_out <= now
        said = f"At this pace the limit {'was' if past else 'will be'} reached on {_day(standing, now)}."
        lines += [Content.styled(said, "$text-error" if past else "bold")]
    if standing.costliest:
        lines += [Content(""), Content.styled("Costliest runs, enter opens the first", "bold $primary")]
    for row in standing.costliest:
        cost = text.usd_at_least(row["cost_usd"], row["unpriced_calls"])
        lines.append(
            Content.assemble(cost, "  ", (text.safe(row["short_id"]), "bold"), f"  {text.safe(row['use_case'])}")
        )
    return lines + _unsuccessful(standing)


def _unsuccessful(standing: Standing) -> list[Content]:
    from botanu_cli.budgets import words

    if not standing.unsuccessful:
        return []
    more = "" if standing.costliest else ", enter opens Outcomes"
    title = Content.styled(f"Failed and partial runs by reason{more}", "bold $primary")
    return [Content(""), title, *(Content(words.unsuccessful(row)) for row in standing.unsuccessful)]


def _writer(unit: Unit) -> Callable[[float], str]:
    from botanu_cli.budgets import words

    return lambda figure: words.figure(figure, unit)
