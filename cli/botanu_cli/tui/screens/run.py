"""3 Run: one run as a tree in time, what came of it, and all there is to know of each span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from botanu_cli import output, text
from botanu_cli.layouts import CALLS
from botanu_cli.run_page import joined, relation, value_text
from botanu_cli.tui.reader import Scope
from botanu_cli.tui.screens.page import Page, Question
from botanu_cli.tui.widgets.columns import MARKS, Row
from botanu_cli.tui.widgets.facts import Facts
from botanu_cli.tui.widgets.grid import Grid, Listed
from botanu_cli.tui.widgets.panel import name_panel
from botanu_cli.tui.widgets.tiles import Tile, Tiles
from botanu_cli.tui.widgets.waterfall import ids, span_columns, span_rows

if TYPE_CHECKING:
    from botanu_store.reports.report import Report
    from botanu_store.reports.tree import RunDetail
    from botanu_store.store import Store

    from botanu_cli.layout import Layout


@dataclass(frozen=True, slots=True)
class _Found:
    """A run with what its calls were charged; None where there is no run."""

    detail: RunDetail
    charges: list[dict[str, Any]]


class Run(Page):
    """The third screen."""

    PAGE: ClassVar[str] = "run"
    MAIN: ClassVar[str] = "#spans"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "fold(True)", "Fold", show=False),
        Binding("right", "fold(False)", "Unfold", show=False),
        Binding("left_square_bracket", "linked(-1)", "Previous attempt", show=False),
        Binding("right_square_bracket", "linked(1)", "Next attempt", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found: _Found | None = None
        self._folded: set[str] = set()

    @property
    def detail(self) -> RunDetail | None:
        """The run that is shown."""
        return None if self._found is None else self._found.detail

    def compose_body(self) -> ComposeResult:
        """Lay out who and what, the tree, and the facts of a span."""
        yield Static(id="who")
        yield Tiles()
        with Container(id="parts"):
            yield Grid(self.dashboard.zone, id="spans")
            yield Facts(classes="panel")

    def on_mount(self) -> None:
        """Name the panel."""
        name_panel(self.query_one(Facts), "Span")
        self.query_one(Facts).can_focus = True

    def questions(self, scope: Scope) -> Sequence[Question]:
        """Ask for the run, or for the newest."""
        wanted = self.dashboard.run_id

        def found(store: Store) -> _Found | None:
            run_id = wanted or next((row["run_id"] for row in store.runs(scope.filters, limit=1).rows), None)
            return None if run_id is None else _Found(store.run(run_id), store.run_charges(run_id))

        return [Question(found, self._show)]

    def looked_at(self) -> object:
        """Return the run beside the view."""
        return self.dashboard.run_id

    def command(self) -> list[str]:
        """Return the words after `botanu` that show the same run."""
        return ["runs", "show", self.selected_run() or ""]

    def exported(self, scope: Scope, store: Store) -> tuple[Report, Layout]:
        """Return the run's calls."""
        from dataclasses import replace

        run_id = self.selected_run() or ""
        return store.calls(replace(scope.filters, run_id=(run_id,))), CALLS

    def selected_run(self) -> str | None:
        """Return the run that is shown."""
        return None if self._found is None else str(self._found.detail.run["run_id"])

    def selected_trace(self) -> dict[str, str] | None:
        """Return the trace of the span under the cursor."""
        found = ids(self.query_one("#spans", Grid).current)
        return None if found is None else found | {"run_id": self.selected_run() or ""}

    def _show(self, found: _Found | None) -> None:
        if found is None:
            self.say_nothing_matches("runs")
            return
        if self._found is None or self._found.detail.run["run_id"] != found.detail.run["run_id"]:
            self._folded = set()
        self._found = found
        self.query_one("#who", Static).update(_who(found.detail))
        self.query_one(Tiles).tiles = _tiles(
            found.detail, self.dashboard.zone.key, text.when(found.detail.run["started_at"], self.dashboard.zone)
        )
        self.show_coverage(output.coverage_line(found.detail.report))
        self._show_spans()

    def _show_spans(self) -> None:
        if self._found is not None:
            roots = self._found.detail.roots
            grid = self.query_one("#spans", Grid)
            name_panel(grid, "Spans")
            rows = span_rows(roots, self._folded)
            grid.show(Listed(rows, "span_id"), span_columns(roots, rows))

    def on_grid_moved(self, message: Grid.Moved) -> None:
        """Show the facts of the span."""
        self.query_one(Facts).show(message.row["node"], self._charges(message.row))

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Fold or unfold the span."""
        self.action_fold(not message.row["hidden"])

    def _charges(self, row: Row) -> list[dict[str, Any]]:
        found = self._found.charges if self._found else []
        return [charge for charge in found if charge["span_id"] == row["span_id"]]

    def action_fold(self, fold: bool) -> None:
        """Hide what is below a span, or show it."""
        row = self.query_one("#spans", Grid).current
        if row is not None:
            (self._folded.add if fold else self._folded.discard)(row["span_id"])
            self._show_spans()

    def action_linked(self, by: int) -> None:
        """Go to the attempt or linked run before or after."""
        if self._found is None:
            return
        runs = sorted([self._found.detail.run, *self._found.detail.related], key=lambda row: row["started_at"])
        places = [row["run_id"] for row in runs]
        self.dashboard.run_id = str(places[(places.index(self.selected_run()) + by) % len(places)])


def _who(detail: RunDetail) -> Content:
    run = detail.run
    named = ("use_case", "workflow", "workflow_version", "tenant", "customer", "user", "team")
    for_whom = joined(*(run[name] for name in named))
    line = Content.assemble((text.safe(run["run_id"]), "bold $primary"), "  ", for_whom)
    if detail.related:
        line = Content.assemble(
            line,
            "  ",
            *(part for other in detail.related for part in _other(run, other)),
            ("[ ] goes there", "$foreground 60%"),
        )
    return line


def _other(run: Row, other: Row) -> tuple[Content | str, ...]:
    sign, style = MARKS.get(str(other["outcome"]), ("·", ""))
    cost = text.usd_at_least(other["cost_usd"], other["unpriced_calls"])
    said = Content.assemble((f"{relation(run, other)} ", "$foreground 60%"), (sign, style), f" {cost}")
    return said, "  "


def _tiles(detail: RunDetail, zone: str, started: str) -> list[Tile]:
    run = detail.run
    sign, style = MARKS.get(str(run["outcome"]), ("·", ""))
    attempts = 1 + sum(other["parent_run_id"] != run["run_id"] for other in detail.related)
    unpriced = f", {run['unpriced_calls']:,} unpriced" if run["unpriced_calls"] else ""
    return [
        Tile(
            "Cost",
            text.usd_at_least(run["cost_usd"], run["unpriced_calls"]),
            text.counted(run["calls"], "call") + unpriced,
        ),
        Tile(
            "Outcome",
            f"{sign} {run['outcome']}",
            joined(value_text(run), run["reason"]) or f"status {text.safe(run['status'])}",
            style,
        ),
        Tile("Took", text.duration(run["duration_ms"]), f"{started} {zone}"),
        Tile("Attempt", f"{run['attempt']}" + (f" of {attempts}" if attempts > 1 else ""), text.safe(run["status"])),
        Tile("Tokens", f"{run['input_tokens'] + run['output_tokens']:,}", f"{run['cached_tokens']:,} cached"),
        Tile("Where", text.safe(run["service"]) or "—", joined(run["environment"], run["region"])),
    ]
