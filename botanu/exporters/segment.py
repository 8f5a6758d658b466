"""Segments: immutable files in a spool folder, whole or not there at all."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

_numbers = itertools.count()


def spool_folder(store: str | os.PathLike[str]) -> Path:
    """Return the folder where the segments of the store at this path wait: `<store>.spool`."""
    path = Path(store)
    return path.with_name(path.name + ".spool")


def write_segment(folder: Path, payload: bytes, suffix: str = ".jsonl") -> Path:
    """Write `payload` as one segment into `folder`, durably: it survives the process, and nobody ever sees half of it.

    The name sorts by time, and is unique among all processes that write here.
    """
    name = f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}{suffix}"
    temporary, final = folder / f".{name}", folder / name
    try:
        handle = _create(temporary)
    except FileNotFoundError:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = _create(temporary)
    try:
        _write_all(handle, payload)
        os.fsync(handle)
    except BaseException:
        os.close(handle)
        temporary.unlink(missing_ok=True)
        raise
    os.close(handle)
    temporary.rename(final)
    _sync(folder)
    return final


def _sync(folder: Path) -> None:
    """Make the new name durable too: a file's own fsync does not promise that its folder knows it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)


def _write_all(handle: int, payload: bytes) -> None:
    rest = memoryview(payload)
    while rest:
        rest = rest[os.write(handle, rest) :]
