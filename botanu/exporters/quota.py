"""The spool's bounds: how much may wait in it, and a count of what had to be dropped."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

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
    """Counts dropped spans in `dropped-<pid>.json`, which `botanu doctor` adds up; the first drop is one warning."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._pid = 0
        self._spans = 0

    def add(self, spans: int, reason: str) -> None:
        """Count `spans` as dropped for `reason`."""
        with self._lock:
            if self._pid != os.getpid():
                self._begin(reason)
            self._spans += spans
            # Where nothing can be written the count waits in memory for the next drop.
            with suppress(OSError):
                self._save(reason)

    def _begin(self, reason: str) -> None:
        self._pid = os.getpid()
        self._spans = _saved(self._path)
        _log.warning("spans for the local store are being dropped (%s); `botanu doctor` says how many", reason)

    def _save(self, reason: str) -> None:
        temporary = self._folder / f".dropped-{self._pid}.json"
        temporary.write_text(json.dumps({"spans": self._spans, "reason": reason, "at": time.time()}), "utf-8")
        temporary.replace(self._path)

    @property
    def _path(self) -> Path:
        return self._folder / f"dropped-{self._pid}.json"


def _saved(path: Path) -> int:
    try:
        return int(json.loads(path.read_text("utf-8"))["spans"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
