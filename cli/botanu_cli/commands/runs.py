"""`botanu runs list` and `botanu runs show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli import completion
from botanu_cli.helping import Command, group
from botanu_cli.options import Everything, Limit, Request, report, written

if TYPE_CHECKING:
    from botanu_store.reports.report import Report
    from botanu_store.reports.runs import RunSort
    from botanu_store.store import Store

app = group(
    "Runs: one business transaction each, with its outcome and cost.",
    "botanu runs list --sort cost --since 7d",
    "botanu runs show 019ab1",
)

_SORTS: tuple[RunSort, ...] = ("started", "cost", "duration", "tokens", "llm_calls")


@app.command("list", cls=Command)
@report
def list_runs(
    request: Request,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="FIELD",
            help="started, cost, duration, tokens or llm_calls.",
            autocompletion=completion.one_of(_SORTS),
        ),
    ] = "started",
    limit: Limit = None,
    everything: Everything = False,
) -> None:
    """Runs, newest first.

    Examples:
      botanu runs list

      botanu runs list --sort cost --outcome failed --since 7d
    """
    from botanu_cli.layouts import RUNS

    chosen: RunSort | None = next((name for name in _SORTS if name == sort), None)
    if chosen is None:
        raise typer.BadParameter(
            f"{sort!r} is no field to sort by. Choose from {', '.join(_SORTS)}.", param_hint="--sort"
        )
    with request.open() as store:
        found = store.runs(request.filters(store), sort=chosen, limit=request.page(limit, everything=everything))
        add_short_ids(store, found)
        request.show(found, RUNS)


@app.command("show", cls=Command)
@written
def show_run(
    request: Request,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="The run's id; a unique beginning is enough.", autocompletion=completion.run_ids
        ),
    ],
    calls: Annotated[bool, typer.Option("--calls", help="The flat list of calls instead of the tree.")] = False,
) -> None:
    """One run: who, when, outcome and cost, and the tree of what it did; jsonl, csv and markdown are its calls.

    Examples:
      botanu runs show 019ab1

      botanu runs show 019ab1 --calls
    """
    from botanu_store.filters import Filters, Interval

    from botanu_cli.layouts import CALLS
    from botanu_cli.output import colours, terminal_width
    from botanu_cli.run_page import as_json, render

    settings, form = request.settings, request.values["format"]
    here = Interval(tz=settings.zone.key)
    with settings.open() as store:
        detail = store.run(run)
        detail.report.interval = here
        if form == "table":
            screen = request.values["output"] is None
            width, color = (terminal_width(), colours(settings)) if screen else (None, False)
            request.draw(render(detail, settings, width=width, color=color, flat=calls), detail.report)
        elif form == "json" and not calls:
            request.draw(as_json(detail), detail.report)
        else:
            found = store.calls(Filters(run_id=(detail.run["run_id"],), interval=here))
            add_short_ids(store, found)
            request.show(found, CALLS)


def add_short_ids(store: Store, found: Report) -> None:
    """Give each run of a report the short id that its table shows."""
    short = store.short_ids([row["run_id"] for row in found.rows])
    for row in found.rows:
        row["short_id"] = short[row["run_id"]]
