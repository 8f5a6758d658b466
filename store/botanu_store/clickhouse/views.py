"""What a report reads in ClickHouse: the functions and views of a local store, before its text as common table expressions.

Nothing of it is made on the server, so that it agrees with this version and with this user's prices, and a report needs no more than the right to select.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from botanu_store.clickhouse.schema import columns
from botanu_store.engines.duckdb import script
from botanu_store.prices.money import charges_script
from botanu_store.reports.usage import BY_CALL, Sums, usage_script
from botanu_store.reports.view_text import bare, definitions, needed

_FUNCTION = re.compile(r"^create function (\w+) as\s+(.*?);$", re.MULTILINE | re.DOTALL)
_WITH = re.compile(r"((?:\s*--[^\n]*\n)*)\s*with (recursive )?")


def whole(text: str, tables: Mapping[str, str], lines: str = BY_CALL) -> str:
    """Return a query with whatever it reads before it.

    Args:
        text: a query on the relations of a local store.
        tables: what these relations rest on: a query for each table's name.
        lines: what reports sum: calls, or what runs come to.
    """
    # What is read more than once, ClickHouse reads again anyway.
    text = text.replace(" as not materialized (", " as (")
    functions = _functions()
    parts = functions | {name: f"({query})" for name, query in {**tables, **_views(lines)}.items()}
    before = [
        f"{parts[name]} as {name}" if name in functions else f"{name} as {parts[name]}" for name in needed(text, parts)
    ]
    if not before:
        return text
    begins = _WITH.match(text)
    recursive = "recursive " if begins and begins[2] else ""
    rest = f", {text[begins.end() :]}" if begins else f" {text}"
    return f"with {recursive}{', '.join(before)}{rest}"


@cache
def _functions() -> dict[str, str]:
    return {name: f"({text})" for name, text in _FUNCTION.findall(bare(script("clickhouse/sql/functions.sql")))}


@cache
def _views(lines: str) -> dict[str, str]:
    return definitions(charges_script("clickhouse") + usage_script(Sums(lines)))


def stored(table: str, condition: str) -> str:
    """Return the query of a table of botanu's, as a local store has it."""
    return f"select {', '.join(columns(table))} from botanu_{table} final where {condition}"
