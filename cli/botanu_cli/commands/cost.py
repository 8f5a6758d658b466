"""`botanu cost`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from botanu_cli import completion
from botanu_cli.options import Everything, Limit, Request, report


@report
def cost(
    request: Request,
    group_by: Annotated[
        str,
        typer.Option(
            "--group-by",
            "-g",
            metavar="DIM[,DIM…]",
            autocompletion=completion.dimensions,
            help="use_case, workflow, workflow_version, tenant, customer, user, session, team, cost_center, region, environment, service, vendor, model, "
            "category, operation, meter, step, outcome, run, time:hour, time:day, time:week, time:month.",
        ),
    ] = "use_case",
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare with the interval of the same length before --since.")
    ] = False,
    chart: Annotated[bool, typer.Option("--chart", help="Draw it: bars, or columns over time.")] = False,
    limit: Limit = None,
    everything: Everything = False,
) -> None:
    """What it cost, by use case or any other dimension.

    Examples:
      botanu cost

      botanu cost --use-case "Customer Support" --group-by vendor,model

      botanu cost --since 7d --compare

      botanu cost --since 7d --group-by time:day --chart
    """
    from botanu_store.reports.compare import interval_before

    from botanu_cli.chart import render
    from botanu_cli.layouts import cost_layout

    if chart and request.values["format"] != "table":
        raise typer.BadParameter("A chart is for looking at: leave --format out.", param_hint="--chart")
    dimensions = _dimensions(group_by)
    with request.open() as store:
        filters = request.filters(store)
        before = interval_before(filters.interval, datetime.now(UTC)) if compare else None
        # Of a series in order of time the first part alone says nothing.
        whole = everything or chart or (limit is None and any(name.startswith("time:") for name in dimensions))
        found = store.cost(filters, dimensions, before=before, limit=request.page(limit, everything=whole))
    if chart:
        request.draw(render(found, dimensions, request.settings), found)
    else:
        request.show(found, cost_layout(dimensions, compared=compare))


def _dimensions(said: str) -> list[str]:
    names = list(dict.fromkeys(name.strip().replace("-", "_") for name in said.split(",") if name.strip()))
    if not names:
        raise typer.BadParameter("There is nothing to group by. Write vendor,model.", param_hint="--group-by")
    if sum(name.startswith("time:") for name in names) > 1:
        raise typer.BadParameter("Two units of time do not go together. Leave one out.", param_hint="--group-by")
    return names
