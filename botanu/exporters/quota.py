"""The spool's bounds: how much may wait in it, and a count of what had to be dropped."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from botanu._fork import after_fork
from botanu.exporters.segment import write_owned

_log = logging.getLogger("botanu")

_RECHECK_SHARE = 32
_RECHECK_SECONDS = 1.0


class SpoolQuota:
    """Bounds the bytes in a spool folder that several processes write to and one empties.

    The folder is measured when this process has added a thirty-second of the bound since the last time, or, when it was
    full, once a second; so the cost is next to nothing and the bound is overshot by that share for each process at most.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max = max_bytes
        self._known = 0
        self._added = max_bytes
        self._measured_at = float("-inf")

    def allows(self, size: int) -> bool:
        """Whether `size` bytes more may be written; counts them as written if so."""
        full = self._known + self._added + size > self._max
        stale = self._added * _RECHECK_SHARE > self._max
        if (stale or full) and time.monotonic() - self._measured_at > (_RECHECK_SECONDS if full else 0):
            self._known, self._added = _bytes_in(self._folder), 0
            self._measured_at = time.monotonic()
        if self._known + self._added + size > self._max:
            return False
        self._added += size
        return True


def _bytes_in(folder: Path) -> int:
    total = 0
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                total += entry.stat().st_size
    return total


class DropCounter:
    """Counts lost spans in `dropped-<pid>.json`, which `botanu doctor` adds up.

    `spans` are missing from the store, and the first of them is one warning; `not_sent` are in the store but did not reach
    the OTLP endpoint beside it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # A signal's handler may end a span while its thread counts one.
        self._lock = threading.RLock()
        self._counts: dict[str, int] | None = None
        self._has_warned = False
        # A lock that another thread holds at the fork would never be released in the child.
        after_fork(self._forget)

    def add(self, reason: str, *, spans: int = 0, not_sent: int = 0) -> None:
        """Count spans as lost for `reason`."""
        with self._lock:
            if self._counts is None:
                self._counts = _saved(self._path)
            if spans and not self._has_warned:
                self._has_warned = True
                _log.warning("spans for the local store are being dropped (%s); `botanu doctor` says how many", reason)
            self._counts["spans"] += spans
            self._counts["not_sent"] += not_sent
            # Where nothing can be written the count waits in memory for the next loss.
            with suppress(OSError):
                self._save(reason)

    def _forget(self) -> None:
        self._lock = threading.RLock()
        self._counts = None
        self._has_warned = False

    def _save(self, reason: str) -> None:
        temporary = self._folder / f".{self._path.name}"
        said = {**(self._counts or {}), "reason": reason, "at": time.time()}
        write_owned(temporary, json.dumps(said).encode())
        temporary.replace(self._path)

    @property
    def _path(self) -> Path:
        return self._folder / f"dropped-{os.getpid()}.json"


def _saved(path: Path) -> dict[str, int]:
    """What an earlier counter of the same process id has counted."""
    counts = {"spans": 0, "not_sent": 0}
    with suppress(OSError, ValueError, TypeError, AttributeError):
        said = json.loads(path.read_text("utf-8"))
        counts |= {name: int(said.get(name, 0)) for name in counts}
    return counts
