"""`botanu cost`."""

from __future__ import annotations

from typing import Annotated

import typer

from botanu_cli.options import Request, report


@report
def cost(
    request: Request,
    group_by: Annotated[
        str,
        typer.Option(
            "--group-by",
            "-g",
            metavar="DIM[,DIM…]",
            help="use_case, workflow, workflow_version, tenant, customer, team, cost_center, region, environment, service, vendor, model, "
            "category, operation, meter, step, outcome, run, time:hour, time:day, time:week, time:month.",
        ),
    ] = "use_case",
) -> None:
    """What it cost, by use case or any other dimension.

    Examples:
      botanu cost

      botanu cost --use-case "Customer Support" --group-by vendor,model

      botanu cost --since 7d --group-by time:day --format json
    """
    from botanu_cli.layouts import cost_layout

    dimensions = [name.strip().replace("-", "_") for name in group_by.split(",") if name.strip()]
    with request.settings.open() as store:
        request.show(store.cost(request.filters(store), dimensions), cost_layout(dimensions))
