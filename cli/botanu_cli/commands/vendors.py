"""`botanu vendors`."""

from __future__ import annotations

from botanu_cli.options import Everything, Limit, Request, report


@report
def vendors(request: Request, limit: Limit = None, everything: Everything = False) -> None:
    """What each vendor's models and products cost, how they answered, and what prompt caches saved.

    Latency is of calls that did not fail. What caches saved is cached tokens at the price of fresh ones, less what they cost, writing included.

    Examples:
      botanu vendors

      botanu vendors --category llm --since 7d
    """
    from botanu_cli.layouts import VENDORS

    with request.open() as store:
        request.show_first(store.vendors(request.filters(store)), VENDORS, limit, everything=everything)
