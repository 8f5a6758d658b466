"""Runs in their order, of which only the pieces looked at are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botanu_cli.tui.widgets.columns import Row

if TYPE_CHECKING:
    from botanu_store.filters import Filters
    from botanu_store.reports.pages import RunOrder
    from botanu_store.store import Store

AROUND = 150
"""Rows fetched on both sides of those asked for: a piece costs the same at any length."""
_MOST_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows with their places."""

    rows: dict[int, Row]


class Paged:
    """Rows of a grid by their place in an order of runs."""

    def __init__(self, order: RunOrder, piece: Piece) -> None:
        self.order = order
        self._rows: dict[int, Row] = dict(piece.rows)

    def __len__(self) -> int:
        return len(self.order)

    def row(self, index: int) -> Row | None:
        """Return a row, None where it has to be fetched first."""
        return self._rows.get(index)

    def find(self, row: Row) -> int | None:
        """Return where this run is now."""
        return self.order.find(str(row["run_id"]))

    def seen(self) -> Sequence[Row]:
        """Return the rows that are here."""
        return list(self._rows.values())

    def add(self, piece: Piece) -> None:
        """Keep more rows; when there are too many, only these."""
        if len(self._rows) > _MOST_KEPT:
            self._rows.clear()
        self._rows.update(piece.rows)


def fetch(store: Store, filters: Filters, order: RunOrder, first: int, last: int) -> Piece:
    """Read the rows from one place to another, and some around them."""
    first = max(first - AROUND, 0)
    ids = order.ids(first, last + AROUND)
    found = {row["run_id"]: row for row in store.runs_named(filters, ids)}
    short = store.short_ids(list(found))
    return Piece({first + at: _row(run_id, found, short) for at, run_id in enumerate(ids)})


def _row(run_id: str, found: dict[str, dict[str, Any]], short: dict[str, str]) -> Row:
    # A run that was pruned since its place was read leaves a line that says no more than its id.
    return found.get(run_id, {"run_id": run_id, "calls": 0}) | {"short_id": short.get(run_id, run_id[:8])}


def window(order: RunOrder, current: Row | None, cursor: int, top: int, height: int) -> tuple[int, int]:
    """Return the places that will be in sight when this order is shown and the cursor stays on its run."""
    at_top = cursor == 0 and top == 0
    place = None if current is None or at_top else order.find(str(current["run_id"]))
    moved = 0 if place is None else place - cursor
    first = max(min(top + moved, len(order) - height), 0)
    return first, first + height
