"""What DuckDB's errors mean to who uses a store."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from botanu_store.errors import StoreError, StoreFull, StoreUnavailable, StoreUnusable

_NO_ROOM = ("No space left on device", "Disk quota exceeded", "File too large")
_NOT_WRITABLE = ("Read-only file system", "Permission denied")
_DISK_FAILS = ("Input/output error", "fsync failed")
_DAMAGED = (
    "checksum",
    "orrupt",
    "Could not read enough bytes",
    "INTERNAL Error",
    "Failed to deserialize",
    "Serialization Error",
)


@contextmanager
def explained(path: Path | None) -> Generator[None]:
    """Raise what DuckDB says of the disk and the file as errors of the store; what it says of a query stays as it is."""
    try:
        yield
    except duckdb.Error as error:
        meaning = _meaning(path, error)
        if meaning is None:
            raise
        raise meaning from error


def is_lock(error: duckdb.Error) -> bool:
    """Say whether another process holds the file."""
    return "onflicting lock" in str(error)


def is_unread_log(error: duckdb.Error) -> bool:
    """Say whether the file could not be opened since its log says something of JSON."""
    return "replaying WAL" in str(error) and "json" in str(error)


def unavailable(path: Path, error: duckdb.Error) -> StoreUnavailable:
    """Say who holds the file."""
    return StoreUnavailable(f"{path} is in use by another process ({_holder(error)}). Try again when it has finished.")


def unusable(path: Path, error: duckdb.Error) -> StoreError:
    """Say why a file cannot be opened."""
    text = str(error).splitlines()[0]
    if "not a valid DuckDB database" in text:
        return StoreUnusable(
            f"{path} is not a DuckDB database. Name another file with --store; this one was not changed."
        )
    return _meaning(path, error) or StoreUnusable(
        f"{path} cannot be opened: {text} It was not changed; restore it from a copy or name another file."
    )


def _meaning(path: Path | None, error: duckdb.Error) -> StoreError | None:
    text = str(error)
    if path is None:
        return None
    if any(words in text for words in _NO_ROOM):
        return StoreFull(
            f"The disk has no room for {path}. Make room and run the command again; nothing that was in the store or its spool is lost."
        )
    if any(words in text for words in _NOT_WRITABLE):
        return StoreUnusable(f"{path} cannot be written. Change its permissions or name another file with --store.")
    if any(words in text for words in _DISK_FAILS):
        return StoreUnusable(
            f"The disk of {path} fails: {text.splitlines()[0][:200]} What was in the store and its spool is not touched; look at the disk."
        )
    if any(words in text for words in _DAMAGED):
        return StoreUnusable(
            f"{path} is damaged: {text.splitlines()[0][:200]} It was not changed; restore it from a copy or name another file."
        )
    return None


def _holder(error: duckdb.Error) -> str:
    found = re.search(r"lock is held in (.+? \(PID \d+\))", str(error))
    return found[1] if found else "its name is not known"
