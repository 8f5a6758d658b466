"""SQL from the user: one question, on a connection that can neither write nor reach any file, extension or other database."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import duckdb

from botanu_store.errors import InputError

_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_LOCKS = (
    "set python_enable_replacements = false",
    "set enable_external_access = false",
    "set lock_configuration = true",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns and rows that a query gave; a repeated column name gets a number."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def ask(con: duckdb.DuckDBPyConnection, query: str) -> Answer:
    """Answer one query; the connection is locked from then on.

    Args:
        con: a connection to a store, opened read-only.
        query: one SELECT (or WITH, FROM, VALUES, SHOW, DESCRIBE, EXPLAIN).

    Raises:
        InputError: it is none, or DuckDB cannot run it.
    """
    try:
        statements = duckdb.extract_statements(query)
        if [statement.type in _READS for statement in statements] != [True]:
            raise InputError("That is not one query. Give a single SELECT; the store is only read.")
        _refuse_functions(con, query)
        for lock in _LOCKS:
            con.execute(lock)
        found = con.sql(statements[0])
        columns = ", ".join(_portable(f"#{place}", str(kind)) for place, kind in enumerate(found.types, start=1))
        return Answer(_numbered(found.columns), found.project(columns).fetchall())
    except duckdb.Error as error:
        raise InputError(f"The query cannot be run: {_first_part(error)}") from error


def _refuse_functions(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """Refuse functions that read files or change the database's state; without access to files DuckDB still reads the store's own as bytes."""
    functions = "select function_name from duckdb_functions() where function_type in ('table', 'table_macro', 'pragma')"
    refused = {str(row[0]) for row in con.execute(functions).fetchall()} - _HARMLESS
    begins = [start for start, kind in duckdb.tokenize(query) if kind is not duckdb.token_type.comment]
    words = [
        query[start:end].split("--", maxsplit=1)[0].split("/*", maxsplit=1)[0].strip()
        for start, end in pairwise([*begins, len(query)])
    ]
    for word, following in pairwise(words):
        name = word.strip('"').lower()
        if following.startswith("(") and name in refused:
            raise InputError(f"{name} cannot be used here: a query reads the store's relations only.")


_HARMLESS = {
    "duckdb_columns", "duckdb_functions", "duckdb_tables", "duckdb_types", "duckdb_views", "generate_series", "histogram",
    "histogram_values", "json_each", "json_tree", "pg_timezone_names", "range", "repeat", "repeat_row", "summary", "unnest",
}  # fmt: skip


def _portable(column: str, kind: str) -> str:
    """A moment in UTC; DuckDB itself hands out zoned ones only where pytz is installed."""
    if kind == _ZONED:
        return f"timezone('UTC', {column})"
    return f"cast({column} as varchar)" if _ZONED in kind else column


_ZONED = "TIMESTAMP WITH TIME ZONE"


def _numbered(names: list[str]) -> tuple[str, ...]:
    return tuple(f"{name}_{names[:i].count(name) + 1}" if name in names[:i] else name for i, name in enumerate(names))


def _first_part(error: duckdb.Error) -> str:
    return str(error).strip().split("\n\n")[0]
