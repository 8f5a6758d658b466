"""The spool: segments that wait beside the database until somebody drains them.

A segment is one immutable file in the OTLP file format, written under a temporary name and renamed when complete; so whatever is listed here
is whole. What cannot be taken in is set aside in `rejected/` with the reason, less its content.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

from botanu.exporters.segment import real, spool_folder, write_owned
from botanu_store.owned import owner_only

_SUFFIXES = (".jsonl", ".jsonl.zst", ".jsonl.gz", ".json", ".pb", ".pb.zst", ".pb.gz")


class Spool:
    """The folder `<store>.spool/` of one store."""

    def __init__(self, store: Path) -> None:
        store = real(store)
        self.folder = spool_folder(store)
        self._lock_path = store.with_name(store.name + ".lock")
        self._wanted_path = store.with_name(store.name + ".wanted")

    def segments(self) -> list[Path]:
        """Return the complete segments, oldest first."""
        try:
            with os.scandir(self.folder) as entries:
                names = [e.name for e in entries if _is_segment(e.name) and e.is_file(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [self.folder / name for name in sorted(names)]

    def retire(self, segments: Iterable[Path]) -> None:
        """Delete segments whose spans are committed; one that cannot be deleted is known by the ledger and tried again next time."""
        for segment in segments:
            with suppress(OSError):
                segment.unlink()

    def sweep(self) -> None:
        """Delete what writers left that were killed while writing: nobody was told that it is written."""
        with suppress(OSError), os.scandir(self.folder) as entries:
            old = time.time() - _LONGEST_WRITE_SECONDS
            for entry in entries:
                if entry.name.startswith(".") and _is_segment(entry.name[1:]) and entry.stat().st_mtime < old:
                    Path(entry).unlink(missing_ok=True)

    def set_aside(self, name: str, part: bytes, reason: str) -> None:
        """Keep one bad line, message or span with the reason beside it, while the rest of its segment goes in."""
        folder = self.folder / "rejected"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_owned(folder / name, part)
        write_owned(folder / f"{name}.reason", (reason + "\n").encode("utf-8", "replace"))

    def rejected(self) -> list[Path]:
        """Return what was set aside."""
        folder = self.folder / "rejected"
        return sorted(p for p in folder.iterdir() if p.suffix != ".reason") if folder.is_dir() else []

    def lost(self) -> dict[str, int]:
        """Return what writers had to give up: `spans` missing from the store, and `not_sent` to the OTLP endpoint beside it."""
        counted = [_counted_in(path) for path in self.folder.glob("dropped-*.json")] if self.folder.is_dir() else []
        return {name: sum(counts[name] for counts in counted) for name in _LOSSES}

    @contextmanager
    def drain_lock(self, wait: float = 0.0) -> Generator[bool]:
        """Hold the right to drain for the time of the block; yields False when another process has it, after `wait` seconds.

        Files that are made in the block are for their owner alone.
        """
        handle = self._locked(wait)
        if handle is None:
            yield False
            return
        try:
            with owner_only():
                yield True
        finally:
            _release(handle)

    def being_written(self) -> bool:
        """Say whether another process of botanu has the right to drain now."""
        if not self._lock_path.exists():
            return False
        with self.drain_lock() as free:
            return not free

    @contextmanager
    def wanting(self) -> Generator[None]:
        """Let who writes for long know that this process waits for the file, for the time of the block."""
        handle = None
        with suppress(OSError):
            handle = _opened(self._wanted_path)
            # Whoever asks `is_wanted` at this moment has it for that moment alone.
            fcntl.flock(handle, fcntl.LOCK_SH)
        try:
            yield
        finally:
            if handle is not None:
                _release(handle)

    def is_wanted(self) -> bool:
        """Say whether another process of botanu waits for the file."""
        if not self._wanted_path.exists():
            return False
        try:
            handle = _opened(self._wanted_path)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            _release(handle)
        return False

    def _locked(self, wait: float) -> int | None:
        try:
            handle = _opened(self._lock_path)
        except OSError:
            return None
        deadline = time.monotonic() + wait
        while True:
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            if time.monotonic() >= deadline:
                os.close(handle)
                return None
            time.sleep(_RETRY_SECONDS)


def size_of(segments: Iterable[Path]) -> int:
    """Return the bytes of segments; one that was drained meanwhile has none."""
    size = 0
    for segment in segments:
        with suppress(FileNotFoundError):
            size += segment.stat().st_size
    return size


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _release(handle: int) -> None:
    """Give up a lock and its file; a child that was forked meanwhile has the file open too, and would keep the lock."""
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


def _is_segment(name: str) -> bool:
    return not name.startswith((".", "dropped-")) and name.endswith(_SUFFIXES)


def _counted_in(path: Path) -> dict[str, int]:
    try:
        said = json.loads(path.read_text("utf-8"))
        return {name: int(said.get(name, 0)) for name in _LOSSES}
    except (OSError, ValueError, TypeError, AttributeError):
        return dict.fromkeys(_LOSSES, 0)


_LOSSES = ("spans", "not_sent")
_LONGEST_WRITE_SECONDS = 3600
_RETRY_SECONDS = 0.02
