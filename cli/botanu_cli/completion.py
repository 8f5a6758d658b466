"""What the shell offers after a flag: names of this store, dimensions, formats. Never slow, never an error, never a change to the store."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Complete = Callable[[str], list[str]]

VARIABLE = "_BOTANU_COMPLETE"
"""Set by the shell's script when it asks; its value ends with the shell's name."""


def is_asked() -> bool:
    """Whether this process was started to complete a line."""
    return VARIABLE in os.environ


def one_of(choices: Sequence[str]) -> Complete:
    """Offer fixed words."""
    return lambda incomplete: [word for word in choices if word.startswith(incomplete)]


def listed(choices: Sequence[str]) -> Complete:
    """Offer fixed words of which several may be given, with commas between."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{word}" for word in choices if word.startswith(last)]

    return complete


def known(dimension: str) -> Complete:
    """Offer the values that a dimension has in the store."""

    def complete(incomplete: str) -> list[str]:
        from botanu_store.reports.known import kept_in

        parts = (
            f"select {column} as value from {table} where starts_with({column}, $begun)"
            for table, column in kept_in(dimension).items()
        )
        return _offered(_ask(f"select distinct value from ({' union all '.join(parts)}) limit {_MOST}", incomplete))

    return complete


def dimensions(incomplete: str) -> list[str]:
    """Offer what `--group-by` takes."""
    from botanu_store.reports.cost import DIMENSIONS

    return listed(DIMENSIONS)(incomplete)


def schemas(incomplete: str) -> list[str]:
    """Offer the reports that have a schema."""
    from botanu_cli.schemas import NAMES

    return one_of(NAMES)(incomplete)


def run_ids(incomplete: str) -> list[str]:
    """Offer the newest runs whose ids begin so."""
    query = f"select run_id from runs where starts_with(run_id, $begun) order by start_ns desc limit {_MOST}"
    return _offered(_ask(query, incomplete))


def _ask(query: str, incomplete: str) -> list[str]:
    """Ask the store as it is: no drain, no wait, and whatever goes wrong there is nothing to offer."""
    path = Path(_store())
    if not path.is_file():
        return []
    try:
        import duckdb

        with duckdb.connect(str(path), read_only=True) as con:
            return [str(row[0]) for row in con.execute(query, {"begun": incomplete}).fetchall()]
    except Exception:  # noqa: BLE001 - a shell that completes must not be disturbed, whatever the store is
        return []


def _store() -> str:
    """The store of the line being typed: global flags may stand anywhere in it."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    try:
        words = shlex.split(line)
    except ValueError:  # a quote is still open
        words = line.split()
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--store":
            return following
        if word.startswith("--store="):
            return word.removeprefix("--store=")
    return os.environ.get("BOTANU_STORE") or "./botanu.duckdb"


def _offered(values: Iterable[str]) -> list[str]:
    """Values that can stand on a command line; bash alone leaves it to us to escape them."""
    plain = sorted(value for value in values if value and value.isprintable())
    if not os.environ.get(VARIABLE, "").endswith("bash"):
        return plain
    return [re.sub(r"([^\w@%+=:,./-])", r"\\\1", value) for value in plain]


_MOST = 200
