"""DuckDB: open a store's file, or say why not.

A DuckDB file has one writer, and while it is open for writing no other process can open it at all; so connections here are short, and
opening waits a little for another's to end.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Literal

import duckdb

from botanu.exporters.segment import sync_folder
from botanu_store.engines.faults import explained, is_lock, is_unread_log, unavailable, unusable
from botanu_store.errors import StoreUnusable
from botanu_store.records import METERS

Engine = Literal["duckdb", "clickhouse"]

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    ("schema/1_tables.sql", "schema/1_prices.sql"),
    ("schema/2_resource_as_text.sql",),
    ("schema/3_sums_of_runs.sql",),
    ("schema/4_user_and_session.sql",),
)
"""The scripts that make each version of the schema of the one before, the first of an empty file. What was released is never changed."""

SCHEMA_VERSION = len(MIGRATIONS)

# Readable and writable by DuckDB 1.5 and 2.x alike; 2.0's own default is not readable by 1.5 (duckdb PR #22754).
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.5.0",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
}
ROW_GROUP = 45_056
"""Rows that DuckDB keeps together, a third of what is usual: fewer take more of the disk, more take more memory on the way in.

A transaction of more rows than that is written to its place at once; one of fewer goes through the log and into the last row group, which is written
again each time: that takes twice the time. No property of the file, but of who writes it."""

WAIT_SECONDS = 2.0
"""How long one waits for whoever else holds the file."""

RETRY_SECONDS = 0.02


def connect(path: Path | None, *, read_only: bool = False, wait: float = WAIT_SECONDS) -> duckdb.DuckDBPyConnection:
    """Open the database file (None: one in memory), waiting up to `wait` seconds while another process holds it.

    Raises:
        StoreUnusable: the path is a folder, unreadable, or no DuckDB database.
        StoreFull: there is no room to open it.
        StoreUnavailable: another process still holds it.
    """
    if path is None:
        return _tune(duckdb.connect(":memory:", config=_CONFIG))
    check_path(path, read_only=read_only)
    deadline = time.monotonic() + wait
    while True:
        try:
            con = _tune(duckdb.connect(str(path), read_only=read_only, config=_CONFIG))
            return con if read_only else _in_own_row_groups(con, path)
        except duckdb.Error as error:
            if is_unread_log(error) and _read_log(path):
                continue
            if not is_lock(error):
                raise unusable(path, error) from error
            if time.monotonic() >= deadline:
                raise unavailable(path, error) from error
        time.sleep(RETRY_SECONDS)


def _read_log(path: Path) -> bool:
    """Bring a log into its file that says something of JSON, as a migration does: DuckDB can read that only once it is open itself."""
    with suppress(duckdb.Error), duckdb.connect(":memory:", config=_CONFIG) as con:
        con.execute(f"attach {literal(path)} as store")
        con.execute("checkpoint store")
        return True
    return False


def _in_own_row_groups(con: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyConnection:
    """Attach the connection's own file again: only ATTACH takes the size of row groups, and only `connect` keeps a process from opening a file twice."""
    try:
        ((name,),) = con.execute("select current_database()").fetchall()
        con.execute(f"attach ':memory:' as botanu_aside; use botanu_aside; detach {identifier(name)}")
        con.execute(f"attach {literal(path)} as store (row_group_size {ROW_GROUP}); use store; detach botanu_aside")
        # A checkpoint may merge half the file's row groups at once, which takes seconds and a gigabyte; a few at a time are enough.
        con.execute("set max_vacuum_tasks = 1")
    except BaseException:
        con.close()
        raise
    return con


def exists(path: Path) -> bool:
    """Say whether there is a file that holds anything; an empty one is no store yet."""
    return path.exists() and (path.is_dir() or path.stat().st_size > 0)


def connect_writable(path: Path, *, wait: float = WAIT_SECONDS) -> duckdb.DuckDBPyConnection:
    """Open a store for writing, made or brought to this schema if need be; only who holds the right to drain may.

    Raises:
        StoreError: as `connect` and `migrate` do.
    """
    if not exists(path):
        _make(path)
    con = connect(path, wait=wait)
    try:
        migrate(con, path)
    except BaseException:
        con.close()
        raise
    return con


def _make(path: Path) -> None:
    """Make an empty store under another name and put it in place, so that whoever is killed here leaves no half of one."""
    check_path(path, read_only=False)
    fresh = path.with_name(f".{path.name}.new")
    remove_database(fresh)
    try:
        con = connect(fresh)
        migrate(con, fresh)
        con.close()
        fresh.replace(path)
    except BaseException:
        remove_database(fresh)
        raise
    sync_folder(path.parent)


def replace_database(path: Path, fresh: Path) -> None:
    """Put a database in the place of another one, durably, with its rights and, where that is allowed, its owner."""
    before = path.stat()
    shutil.copymode(path, fresh)
    with suppress(OSError):
        os.chown(fresh, before.st_uid, before.st_gid)
    fresh.replace(path)
    sync_folder(path.parent)


@contextmanager
def rewritten(path: Path, suffix: str) -> Generator[Path]:
    """Yield where a database is to be written that then stands in the place of this one, which nobody may have open; where that fails, it stays."""
    fresh = path.with_name(path.name + suffix)
    remove_database(fresh)
    try:
        with connect(path) as con:
            # Everything of the log into the file first, so that none is left beside the new one.
            con.execute("checkpoint")
        yield fresh
    except BaseException:
        remove_database(fresh)
        raise
    replace_database(path, fresh)


def remove_database(path: Path) -> None:
    """Delete a database file of ours and its log."""
    for left in (path, path.with_name(path.name + ".wal")):
        left.unlink(missing_ok=True)


def migrate(con: duckdb.DuckDBPyConnection, path: Path | None) -> None:
    """Bring an empty or older database to this schema, one version after the other; a foreign or newer one is left alone and refused.

    Raises:
        StoreUnusable: the database is somebody else's, or of a newer botanu.
    """
    for version in range(stored_version(con, path) or 0, SCHEMA_VERSION):
        with explained(path), transaction(con):
            for name in MIGRATIONS[version]:
                con.execute(fill(script(name), meters=",\n    ".join(f"{meter} bigint" for meter in METERS)))
            con.execute("delete from meta where key = 'schema_version'")
            con.execute("insert into meta values ('schema_version', ?)", [str(version + 1)])


def store_in_memory() -> duckdb.DuckDBPyConnection:
    """Open an empty store in memory."""
    con = connect(None)
    migrate(con, None)
    return con


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """Commit what is done inside, or nothing of it."""
    con.execute("begin")
    try:
        yield
        con.execute("commit")
    except BaseException:
        # After a fatal error, such as a full disk, there is no transaction left to roll back.
        with suppress(duckdb.Error):
            con.execute("rollback")
        raise


def stored_version(con: duckdb.DuckDBPyConnection, path: Path | None) -> int | None:
    """Return the schema's version in this database, None when it is empty.

    Raises:
        StoreUnusable: the database is somebody else's, or of a newer botanu.
    """
    version = _version(con)
    if version is None:
        if not con.execute("select 1 from duckdb_tables() where not temporary limit 1").fetchall():
            return None
        raise StoreUnusable(
            f"{path} is a DuckDB database, but not a botanu store. Name another file with --store; this one was not changed."
        )
    if version > SCHEMA_VERSION:
        raise StoreUnusable(
            f"{path} was written by a newer botanu (schema {version}, this one knows {SCHEMA_VERSION}). "
            "Upgrade botanu; the store was not changed."
        )
    return version


def _version(con: duckdb.DuckDBPyConnection) -> int | None:
    try:
        # A store's own tables are asked, not which there are: to list them takes DuckDB 5 ms, each time that a store is opened.
        [(version,)] = con.execute(
            "select value from meta where key = 'schema_version' and (select count(*) from spans where false) = 0"
        ).fetchall()
        return int(version)
    except (duckdb.Error, ValueError, TypeError):
        return None  # somebody else's table of that name


def script(name: str) -> str:
    """Return the text of one of the package's SQL files."""
    return resources.files("botanu_store").joinpath(name).read_text("utf-8")


def fill(text: str, /, **values: object) -> str:
    """Return a text of SQL with each `{name}` in it replaced by its value, one after the other: a value may name those after it."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def literal(value: object) -> str:
    """Return a text, or a path, as SQL's literal."""
    return "'" + str(value).replace("'", "''") + "'"


def literals(values: Iterable[str]) -> str:
    """Return texts as a list of SQL's literals."""
    return ", ".join(map(literal, values))


def identifier(name: str) -> str:
    """Return a name as SQL's identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


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
    try:
        # Whoever closes a file gives up all locks that the process has on it, DuckDB's too: it is opened only where that fails.
        if path.exists() and not os.access(path, os.R_OK if read_only else os.R_OK | os.W_OK):
            with path.open("rb" if read_only else "r+b"):
                pass
    except OSError as error:
        problem = (error.strerror or "it is not allowed").lower()
        raise StoreUnusable(
            f"{path} cannot be {'read' if read_only else 'written'}: {problem}. Change its permissions or name another file."
        ) from error
    if not read_only and not os.access(path.parent, os.W_OK):
        raise StoreUnusable(
            f"The folder {path.parent} cannot be written. Change its permissions, or name another file with --store."
        )
