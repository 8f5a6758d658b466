"""`botanu calls list`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from botanu_cli.commands.runs import add_short_ids
from botanu_cli.helping import Command, group
from botanu_cli.options import Everything, Limit, Request, report

app = group("Calls: every operation that may cost money, counted or not.", "botanu calls list --unpriced")


@app.command("list", cls=Command)
@report
def list_calls(
    request: Request,
    not_counted: Annotated[bool, typer.Option("--not-counted", help="Only those left out, with the reason.")] = False,
    unpriced: Annotated[bool, typer.Option("--unpriced", help="Only counted ones without a price.")] = False,
    limit: Limit = None,
    everything: Everything = False,
) -> None:
    """Calls, newest first.

    Examples:
      botanu calls list --run-id 019ab1

      botanu calls list --not-counted
    """
    from botanu_cli.layouts import CALLS

    kind: Literal["all", "not_counted", "unpriced"] = (
        "not_counted" if not_counted else "unpriced" if unpriced else "all"
    )
    with request.open() as store:
        limited = request.page(limit, everything=everything)
        found = store.calls(request.filters(store), kind=kind, limit=limited)
        if request.values["format"] in ("table", "markdown"):
            add_short_ids(store, found)
        request.show(found, CALLS)
