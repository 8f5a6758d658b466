"""`botanu outcomes`."""

from __future__ import annotations

from botanu_cli.options import Everything, Limit, Request, report


@report
def outcomes(request: Request, limit: Limit = None, everything: Everything = False) -> None:
    """What an outcome cost, what it was worth, and what was spent for nothing.

    The unit is the root run: its attempts are one. What one unit of a value type is worth stands in botanu.toml:

      [values]
      tickets_resolved = 4.50

    Examples:
      botanu outcomes

      botanu outcomes --use-case "Customer Support" --since 7d
    """
    from botanu_cli.configuration import values
    from botanu_cli.layouts import OUTCOMES

    worth = values(request.settings.config)
    with request.open() as store:
        found = store.outcomes(request.filters(store), worth)
    request.show_first(found, OUTCOMES, limit, everything=everything)
