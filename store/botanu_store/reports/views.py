"""The views that reports read, made on a connection when a query first asks for them.

Each takes some hundredths of a second to make, the prices under them a tenth, and most queries need few of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from botanu_store.engines.duckdb import script
from botanu_store.prices.money import charges_script
from botanu_store.prices.tables import lay_out
from botanu_store.reports import usage
from botanu_store.reports.view_text import bare, definitions, needed

if TYPE_CHECKING:
    import duckdb

    from botanu_store.prices.overrides import Overrides

_PRICES = re.compile(r"\bprice")


class Views:
    """The views of one connection, with one user's prices."""

    def __init__(self, overrides: Overrides | None, believed_at: datetime | None) -> None:
        """Name the user's prices and discounts, and the moment as of which the price book is believed."""
        self._overrides = overrides
        self._believed_at = believed_at
        self._sums: usage.Sums | None = None
        self._missing: dict[str, str] = {}
        self._public = ""
        self._priced = False

    def keep_sums(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Say whether what runs used is kept with them, so that `costed_runs` need not add it up."""
        return self._begin(con).kept

    def make(self, con: duckdb.DuckDBPyConnection, text: str | None = None) -> None:
        """Make what a query reads and is not there yet; without a query, all there is."""
        self._begin(con)
        query = self._public if text is None else bare(text)
        names = needed(query, self._missing)
        if _PRICES.search(" ".join((query, *(self._missing[name] for name in names)))):
            self._price(con)
        self._create(con, names)

    def _begin(self, con: duckdb.DuckDBPyConnection) -> usage.Sums:
        if self._sums is None:
            con.execute(script("reports/sql/functions.sql"))
            self._sums = usage.sums(con, self._overrides, self._believed_at)
            self._missing = definitions(charges_script() + usage.usage_script(self._sums))
            self._public = " ".join(self._missing)
        return self._sums

    def _price(self, con: duckdb.DuckDBPyConnection) -> None:
        if not self._priced:
            lay_out(con, self._overrides, believed_at=self._believed_at)
            self._priced = True

    def _create(self, con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
        for name in names:
            con.execute(f"create or replace temp view {name} as {self._missing.pop(name)}")
