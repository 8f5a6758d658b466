"""`botanu outcomes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botanu_cli.options import Everything, Limit, Request, report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from botanu_store.reports.report import Row


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
        known = store.known_values("value_type") if worth else []
    _note_worthless(request, found.rows, worth)
    _note_unknown(request, worth, known)
    request.show_first(found, OUTCOMES, limit, everything=everything)


def _note_worthless(request: Request, rows: Iterable[Row], worth: Mapping[str, Decimal]) -> None:
    """Say of which value types amounts are known, but not what one is worth: their value and return are empty."""
    from botanu_cli.configuration import place_of_values
    from botanu_cli.text import listed

    missing = dict.fromkeys(
        row["value_type"]
        for row in rows
        if row["value_type"] and row["value_type"] not in worth
        if row["value_amount"] is not None and row["value_usd"] is None
    )
    if missing:
        them = "it" if len(missing) == 1 else "them"
        place = place_of_values(request.settings.config)
        request.settings.say(f"No worth is set for {listed([*missing])}: add {them} under {place}.")


def _note_unknown(request: Request, worth: Mapping[str, Decimal], known: list[str]) -> None:
    """Say which value types have a worth but no run: they may be misspelt."""
    from difflib import get_close_matches

    from botanu_cli.text import listed, safe

    for name in worth:
        if known and name not in known:
            near = listed(get_close_matches(name, known, n=1, cutoff=0.4) or known[:3])
            request.settings.say(
                f"No value type {safe(name)} in the store, though [values] names it. Nearest known: {near}."
            )
