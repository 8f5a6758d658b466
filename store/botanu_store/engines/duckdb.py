"""DuckDB: open a store's file, or say why not.

A DuckDB file has one writer, and while it is open for writing no other process can open it at all; so connections here are short, and
opening waits a little for another's to end.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from botanu_store.errors import StoreUnavailable, StoreUnusable
from botanu_store.records import METERS

SCHEMA_VERSION = 1

# Readable and writable by DuckDB 1.5 and 2.x alike; 2.0's own default is not readable by 1.5 (duckdb PR #22754).
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
}
_WAIT_SECONDS = 2.0
_RETRY_SECONDS = 0.02


class Database:
    """One open connection, as the reports use it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def rows(self, text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run a query with named parameters and return its rows by column."""
        self.con.execute(text, _bound(text, parameters))
        names = [column[0] for column in self.con.description or []]
        return [dict(zip(names, row, strict=True)) for row in self.con.fetchall()]

    def arrow(self, text: str, parameters: Mapping[str, Any]) -> Any:
        """Run a query with named parameters and return its rows as a pyarrow table."""
        return self.con.sql(text, params=_bound(text, parameters)).to_arrow_table()

    def close(self) -> None:
        """Close the connection; the file is free for others again."""
        self.con.close()


def _bound(text: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a text names: DuckDB refuses others."""
    return {name: value for name, value in parameters.items() if f"${name}" in text}


def connect(path: Path | None, *, read_only: bool = False, wait: float = _WAIT_SECONDS) -> duckdb.DuckDBPyConnection:
    """Open the database file (None: one in memory), waiting up to `wait` seconds while another process holds it.

    Raises:
        StoreUnusable: the path is a folder, unreadable, or no DuckDB database.
        StoreUnavailable: another process still holds it.
    """
    if path is None:
        return _tune(duckdb.connect(":memory:", config=_CONFIG))
    check_path(path, read_only=read_only)
    deadline = time.monotonic() + wait
    while True:
        try:
            return _tune(duckdb.connect(str(path), read_only=read_only, config=_CONFIG))
        except duckdb.Error as error:
            if not _is_lock(error):
                raise _unusable(path, error) from error
            if time.monotonic() >= deadline:
                raise StoreUnavailable(
                    f"{path} is in use by another process ({_holder(error)}). Try again when it has finished."
                ) from error
        time.sleep(_RETRY_SECONDS)


def migrate(con: duckdb.DuckDBPyConnection, path: Path | None) -> None:
    """Bring an empty or older database to this schema; a foreign or newer one is left alone and refused."""
    version = stored_version(con, path)
    if version == SCHEMA_VERSION:
        return
    con.execute("begin")
    con.execute(script("schema/tables.sql").replace("{meters}", ",\n    ".join(f"{meter} bigint" for meter in METERS)))
    con.execute(script("schema/prices.sql"))
    con.execute("insert into meta values ('schema_version', ?)", [str(SCHEMA_VERSION)])
    con.execute("commit")


def stored_version(con: duckdb.DuckDBPyConnection, path: Path | None) -> int | None:
    """Return the schema's version in this database, None when it is empty.

    Raises:
        StoreUnusable: the database is somebody else's, or of a newer botanu.
    """
    tables = {
        str(row[0]) for row in con.execute("select table_name from duckdb_tables() where not temporary").fetchall()
    }
    if not tables:
        return None
    if "meta" not in tables or "spans" not in tables:
        raise StoreUnusable(
            f"{path} is a DuckDB database, but not a botanu store. Name another file with --store; this one was not changed."
        )
    row = con.execute("select value from meta where key = 'schema_version'").fetchall()
    version = int(row[0][0]) if row else 0
    if version > SCHEMA_VERSION:
        raise StoreUnusable(
            f"{path} was written by a newer botanu (schema {version}, this one knows {SCHEMA_VERSION}). "
            "Upgrade botanu; the store was not changed."
        )
    return version


def script(name: str) -> str:
    """Return the text of one of the package's SQL files."""
    return resources.files("botanu_store").joinpath(name).read_text("utf-8")


def _tune(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute("set enable_progress_bar = false; set preserve_insertion_order = false; set timezone = 'UTC'")
    return con


def check_path(path: Path, *, read_only: bool) -> None:
    """Say why this path cannot be a store before DuckDB tries it.

    Raises:
        StoreUnusable: it is a folder, is in no folder, or its permissions forbid it.
    """
    if path.is_dir():
        raise StoreUnusable(f"{path} is a folder, not a store. Name a file, for example {path / 'botanu.duckdb'}.")
    if not path.exists() and not path.parent.is_dir():
        raise StoreUnusable(f"The folder {path.parent} does not exist. Create it, or name another file with --store.")
    if path.exists():
        try:
            with path.open("rb" if read_only else "r+b"):
                pass
        except PermissionError as error:
            raise StoreUnusable(
                f"{path} cannot be {'read' if read_only else 'written'}: permission denied. Change its permissions or name another file."
            ) from error


def _is_lock(error: duckdb.Error) -> bool:
    return "lock" in str(error) and "onflicting lock" in str(error)


def _holder(error: duckdb.Error) -> str:
    found = re.search(r"lock is held in (.+? \(PID \d+\))", str(error))
    return found[1] if found else "its name is not known"


def _unusable(path: Path, error: duckdb.Error) -> StoreUnusable:
    first_line = str(error).splitlines()[0]
    if "not a valid DuckDB database" in first_line:
        return StoreUnusable(
            f"{path} is not a DuckDB database. Name another file with --store; this one was not changed."
        )
    return StoreUnusable(
        f"{path} cannot be opened: {first_line} It was not changed; restore it from a copy or name another file."
    )
