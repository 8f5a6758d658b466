"""`botanu runs list` and `botanu runs show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli import completion
from botanu_cli.helping import Command, group
from botanu_cli.options import Everything, Limit, Request, report
from botanu_cli.settings import Settings

if TYPE_CHECKING:
    from botanu_store.reports import Report, RunSort
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
def show_run(
    context: typer.Context,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="The run's id; a unique beginning is enough.", autocompletion=completion.run_ids
        ),
    ],
    calls: Annotated[bool, typer.Option("--calls", help="The flat list of calls instead of the tree.")] = False,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="table, json; jsonl, csv or markdown for its calls.")
    ] = "table",
) -> None:
    """One run: who, when, outcome and cost, and the tree of what it did.

    Examples:
      botanu runs show 019ab1

      botanu runs show 019ab1 --calls
    """
    from botanu_store.filters import Filters

    from botanu_cli.layouts import CALLS
    from botanu_cli.options import known_format
    from botanu_cli.output import colours, emit, show, terminal_width, write
    from botanu_cli.run_page import as_json, render

    settings: Settings = context.obj
    known_format(form)
    with settings.open() as store:
        detail = store.run(run)
        if form == "json":
            emit(as_json(detail))
        elif form != "table":
            found = store.calls(Filters(run_id=(detail.run["run_id"],)))
            add_short_ids(store, found)
            write(found, CALLS, settings, form, None)
        else:
            show(render(detail, settings, width=terminal_width(), color=colours(settings), flat=calls))


def add_short_ids(store: Store, found: Report) -> None:
    """Give each run of a report the short id that its table shows."""
    short = store.short_ids([row["run_id"] for row in found.rows])
    for row in found.rows:
        row["short_id"] = short[row["run_id"]]
