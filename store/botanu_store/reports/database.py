"""One open connection, as the reports use it."""

# pyright: reportUnknownMemberType=false
# (duckdb types only some of what it returns.)

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from botanu_store.engines.duckdb import Engine
from botanu_store.engines.faults import explained

if TYPE_CHECKING:
    from botanu_store.reports.views import Views


@dataclass(frozen=True, slots=True)
class Named:
    """Runs that a query names, and reads no others."""

    ids: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()
    """Of their ids."""
    roots: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    with_spans: bool = False
    """Whether the spans of the traces are read in which these runs are."""
    traces: tuple[str, ...] = ()
    """Others whose spans are read."""


class Database:
    """A DuckDB store, open, with the views that reports read."""

    engine: Engine = "duckdb"
    """Who answers what is about many runs."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection | Callable[[], duckdb.DuckDBPyConnection],
        path: Path | None = None,
        views: Views | None = None,
    ) -> None:
        """Read from a connection, or from one that is opened when something is asked of it: to open one takes as long as a small report."""
        self._con = con
        self._path = path
        self._views = views

    @property
    def bare(self) -> duckdb.DuckDBPyConnection:
        """The connection as it is, with or without the views."""
        if not isinstance(self._con, duckdb.DuckDBPyConnection):
            self._con = self._con()
        return self._con

    @bare.setter
    def bare(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The connection with the views, for whatever query."""
        return self._viewed(None)

    def _viewed(self, text: str | None) -> duckdb.DuckDBPyConnection:
        if self._views is not None:
            self._views.make(self.bare, text)
        return self.bare

    @property
    def keeps_sums(self) -> bool:
        """Whether what runs used is kept with them."""
        return self._views is not None and self._views.keep_sums(self.bare)

    def of(self, named: Named) -> Database:  # noqa: ARG002 - all is here
        """Return what to ask about these runs alone."""
        return self

    def rows(self, text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run a query with named parameters and return its rows by column."""
        with explained(self._path):
            con = self._viewed(text)
            con.execute(text, bound(text, parameters))
            names = [column[0] for column in con.description or []]
            return [dict(zip(names, row, strict=True)) for row in con.fetchall()]

    def arrow(self, text: str, parameters: Mapping[str, Any]) -> Any:
        """Run a query with named parameters and return its rows as a pyarrow table."""
        with explained(self._path):
            return self._viewed(text).sql(text, params=bound(text, parameters)).to_arrow_table()

    def holds_spans(self) -> bool:
        """Whether there is any span."""
        return bool(self.bare.execute("select 1 from spans limit 1").fetchall())

    def behind(self) -> datetime | None:
        """Return up to when spans were synced, if there are later ones elsewhere: in a local store there are none."""
        return None

    def interrupt(self) -> None:
        """Stop the query that another thread runs here, if there is one."""
        if isinstance(self._con, duckdb.DuckDBPyConnection):
            self._con.interrupt()

    def close(self) -> None:
        """Close the connection; the file is free for others again."""
        if isinstance(self._con, duckdb.DuckDBPyConnection):
            self._con.close()


def bound(text: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that a text names: DuckDB refuses others."""
    named = set(_PARAMETER.findall(text))
    return {name: value for name, value in parameters.items() if name in named}


_PARAMETER = re.compile(r"\$(\w+)")
