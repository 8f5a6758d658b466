"""What a layout is: the columns of a report's table, and its fields in the formats for machines; layouts.py has that of each report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botanu_cli import text

if TYPE_CHECKING:
    from botanu_store.reports.report import Report

Kind = Literal[
    "text",
    "command",
    "fact",
    "count",
    "money",
    "price",
    "day",
    "worth",
    "share",
    "roi",
    "change",
    "meters",
    "figure",
    "duration",
    "time",
    "minute",
    "mark",
]

LEFT: tuple[Kind, ...] = ("text", "command", "fact", "time", "minute", "day", "mark", "meters")
"""Kinds of columns that begin at the left; numbers end at the right."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: which field, what it is called, how it is written, and how long it stays when room is short."""

    field: str
    title: str
    kind: Kind = "text"
    keep: int = 5
    """Columns with the lowest are dropped first."""
    usual: object = None
    """What goes without saying: a column that says nothing else is not shown."""
    per: tuple[str, ...] = ()
    """What an amount is divided by, the sum of these fields: where that is nothing, no price could give it one."""


@dataclass(frozen=True, slots=True)
class Nested:
    """A second table under the first: the lists that rows hold in one field, each item with some fields of its row."""

    field: str
    title: str
    inherited: tuple[str, ...]
    columns: tuple[Column, ...]

    def rows(self, report: Report) -> list[dict[str, Any]]:
        """Return the items of all rows."""
        return [
            {name: row[name] for name in self.inherited} | item for row in report.rows for item in row[self.field] or ()
        ]


@dataclass(frozen=True, slots=True)
class Layout:
    """How one report is laid out: the table's columns, and the machine formats' fields in order."""

    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    totals: tuple[str, ...]
    noun: str
    """What a row is, for "50 of 1,200 runs"."""
    nested: Nested | None = None
    covered: bool = True
    """Whether the rows are of calls, so that it is said under a table what these rest on."""
    single: str = ""
    """What one row is, where that is more than the noun without its s."""

    def counted(self, rows: int) -> str:
        """Write how many rows there are: `1 group`, `1,200 runs`."""
        return f"1 {self.single}" if rows == 1 and self.single else text.counted(rows, self.noun.removesuffix("s"))
