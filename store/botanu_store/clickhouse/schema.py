"""The tables of botanu in ClickHouse: made of the same columns as those of a local store, so that a column is said once."""

from __future__ import annotations

import re
from functools import cache

import duckdb

from botanu_store.engines.clickhouse import SETTINGS, Server
from botanu_store.engines.duckdb import fill, script, store_in_memory
from botanu_store.reports.usage import KEPT_COLUMNS

_TYPES = {"VARCHAR": "String", "BIGINT": "Int64", "INTEGER": "Int32", "DOUBLE": "Float64", "BOOLEAN": "Bool", "TIMESTAMP": "DateTime64(6, 'UTC')"}  # fmt: skip

_FEW_VALUES = {
    "category", "vendor", "model", "request_model", "operation", "step", "service", "usage", "not_counted_reason", "dialect", "use_case",
    "workflow", "workflow_version", "team", "cost_center", "region", "environment", "status", "outcome", "value_type", "source",
    "context", "meter", "unit", "rule", "book", "price_vendor", "price_model",
}  # fmt: skip
"""Columns of text with so few values that ClickHouse keeps each once."""

_KEYS = {"run_id", "trace_id", "span_id", "price_id", "first_read"}
"""Columns that are never NULL, as those of a sorting key must be."""

_TABLE = re.compile(r"create table if not exists (\w+) \((.*?)\n\) engine", re.DOTALL)

TABLES = ("calls", "runs", "run_usage", "prices", "price_keys")


def create_tables(server: Server) -> None:
    """Make the tables that are missing and the columns that an older botanu did not know, and the view of what runs cost."""
    text = script("clickhouse/sql/tables.sql")
    for table in TABLES:
        text = text.replace(
            "{" + table + "}", ",\n    ".join(f"{name} {kind}" for name, kind in _columns()[table].items())
        )
    for statement in text.strip().removesuffix(";").split(";\n"):
        server.run(statement)
    for table, columns in _TABLE.findall(text):
        known = {row["name"] for row in server.rows(f"describe {table}")}
        for column in columns.split(",\n"):
            if column.split()[0] not in {*known, "index"}:
                server.run(f"alter table {table} add column if not exists {column.strip()}")
    settings = ", ".join(f"{name} = {value!r}" for name, value in SETTINGS.items())
    server.run(fill(script("clickhouse/sql/run_costs.sql"), settings=settings))


def columns(table: str) -> list[str]:
    """Return the columns that a table has in a local store too."""
    return list(_columns()[table])


def column_list(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return the columns that a table on this connection has, as ClickHouse is told of them."""
    return ", ".join(f"{name} {kind}" for name, kind in _described(con, table).items())


@cache
def _columns() -> dict[str, dict[str, str]]:
    con = store_in_memory()
    try:
        return {table: _described(con, table) for table in TABLES}
    finally:
        con.close()


def _described(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = con.execute(f"describe {table}").fetchall()
    return {str(name): _kind(table, str(name), str(kind)) for name, kind, *_ in described if name not in KEPT_COLUMNS}


def _kind(table: str, name: str, kind: str) -> str:
    plain = _TYPES.get(kind, kind.replace("DECIMAL", "Decimal"))
    if name in _KEYS or (table == "price_keys" and name in ("category", "vendor", "model", "operation")):
        return plain
    return f"LowCardinality(Nullable({plain}))" if name in _FEW_VALUES else f"Nullable({plain})"
