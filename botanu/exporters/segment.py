"""Segments: immutable files in a spool folder, whole or not there at all."""

from __future__ import annotations

import itertools
import os
import secrets
import time
from pathlib import Path

# Of a random start: where process ids repeat (containers that share a spool) and the clock does too, a name must not.
_numbers = itertools.count(secrets.randbits(40))


def spool_folder(store: str | os.PathLike[str]) -> Path:
    """Return the folder where the segments of the store at this path wait: `<store>.spool`."""
    path = real(Path(store))
    return path.with_name(path.name + ".spool")


def real(store: Path) -> Path:
    """Return the store that a path means: of a link, what it leads to, or else one store had two spools, locks and logs."""
    return Path(os.path.realpath(store)) if store.is_symlink() else store


def write_segment(folder: Path, payload: bytes, suffix: str = ".jsonl") -> Path:
    """Write `payload` as one segment into `folder`, durably: it survives the process, and nobody ever sees half of it.

    The name sorts by time, and is unique among all processes that write here.
    """
    name = f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}{suffix}"
    temporary, final = folder / f".{name}", folder / name
    try:
        handle = _create(temporary)
    except FileNotFoundError:
        make_folder(folder)
        handle = _create(temporary)
    try:
        _write_all(handle, payload)
        os.fsync(handle)
    except BaseException:
        os.close(handle)
        temporary.unlink(missing_ok=True)
        raise
    os.close(handle)
    try:
        temporary.rename(final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder)
    return final


def write_owned(path: Path, payload: bytes) -> None:
    """Write a file that may be there already, for its owner alone, and never through a link that somebody laid there."""
    path.unlink(missing_ok=True)
    handle = _create(path)
    try:
        _write_all(handle, payload)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder for its owner, and those it is in, durably: the name of each stands in the one around it."""
    missing = [around for around in folder.parents if not around.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for made in (*missing, folder):
        sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable: a file's own fsync does not promise that its folder knows it."""
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
