"""The spool: segments that wait beside the database until somebody drains them.

A segment is one immutable file in the OTLP file format, written under a temporary name and renamed when complete; so whatever is listed here
is whole. Segments that cannot be read are moved to `rejected/` with the reason, never deleted.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

_SUFFIXES = (".jsonl", ".jsonl.zst", ".jsonl.gz", ".json", ".pb", ".pb.zst", ".pb.gz")


class Spool:
    """The folder `<store>.spool/` of one store."""

    def __init__(self, store: Path) -> None:
        self.folder = store.with_name(store.name + ".spool")
        self._lock_path = store.with_name(store.name + ".lock")

    def segments(self) -> list[Path]:
        """Return the complete segments, oldest first."""
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries if _is_segment(entry.name)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [self.folder / name for name in sorted(names)]

    def retire(self, segments: Iterable[Path]) -> None:
        """Delete segments whose spans are committed."""
        for segment in segments:
            segment.unlink(missing_ok=True)

    def reject(self, segment: Path, reason: str) -> None:
        """Set a whole segment aside with the reason beside it."""
        target = self._rejected() / segment.name
        target.with_name(target.name + ".reason").write_text(reason + "\n", "utf-8")
        segment.rename(target)

    def reject_part(self, name: str, part: bytes, reason: str) -> None:
        """Set one bad line or span aside with the reason, while the rest of its segment goes in."""
        target = self._rejected() / name
        target.write_bytes(part)
        target.with_name(target.name + ".reason").write_text(reason + "\n", "utf-8")

    def rejected(self) -> list[Path]:
        """Return what was set aside."""
        folder = self.folder / "rejected"
        return sorted(p for p in folder.iterdir() if p.suffix != ".reason") if folder.is_dir() else []

    def dropped(self) -> int:
        """Return how many spans writers had to drop because the spool was full or could not be written."""
        return self.lost()["spans"]

    def lost(self) -> dict[str, int]:
        """Return what writers had to give up: `spans` missing from the store, and `not_sent` to the OTLP endpoint beside it."""
        counted = [_counted_in(path) for path in self.folder.glob("dropped-*.json")] if self.folder.is_dir() else []
        return {name: sum(counts[name] for counts in counted) for name in _LOSSES}

    @contextmanager
    def drain_lock(self) -> Generator[bool]:
        """Hold the right to drain for the time of the block; yields False when another process has it."""
        try:
            handle = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield False
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            yield False
            return
        try:
            yield True
        finally:
            os.close(handle)

    def _rejected(self) -> Path:
        folder = self.folder / "rejected"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def _is_segment(name: str) -> bool:
    return not name.startswith((".", "dropped-")) and name.endswith(_SUFFIXES)


def _counted_in(path: Path) -> dict[str, int]:
    try:
        said = json.loads(path.read_text("utf-8"))
        return {name: int(said.get(name, 0)) for name in _LOSSES}
    except (OSError, ValueError, TypeError, AttributeError):
        return dict.fromkeys(_LOSSES, 0)


_LOSSES = ("spans", "not_sent")
