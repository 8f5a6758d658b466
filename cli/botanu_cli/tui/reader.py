"""The way to the store: one question at a time, on connections that are open no longer than the work takes.

Within one process DuckDB lets a file be open in one mode only, so that a drain and a read cannot overlap: whoever reads waits for the
one before, whose query is stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from botanu_store.filters import Filters

from botanu_cli.settings import Settings
from botanu_cli.tui.answers import UNREAD, Answers, Fingerprint, Stat

if TYPE_CHECKING:
    from botanu_store.store import Store

    from botanu_cli.tui.view import View

MEMORY = "150MB"
"""What queries may take: with the program itself that stays below 500 MB on ten million spans."""

MORE_MEMORY = ("300MB", None)
"""What they may take where that is not enough: some figures, such as percentiles, need all of their values at once. None is what there is."""

SERVER_SECONDS = 30
"""How long what a server answered is shown before it is asked again: syncs are minutes apart."""

Answer = TypeVar("Answer")


class Stopped(Exception):  # noqa: N818 - named after the situation
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one asking is about, with the words of the view resolved to moments."""

    filters: Filters
    worth: dict[str, Decimal]
    """What one unit of a value type is worth in USD."""
    zone: ZoneInfo
    now: datetime


class Reader:
    """Opens the store for one worker at a time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = replace(settings, quiet=True)
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._open: Store | None = None
        self._who: object = None
        self.last = UNREAD
        """The fingerprint of what was read last."""
        self.answers = Answers()

    def scope(self, view: View) -> Scope:
        """Resolve a view at this moment.

        Raises:
            InputError: words that name no time, or settings that cannot be used.
        """
        from botanu_cli.configuration import values

        zone, moment = self.settings.zone, now()
        return Scope(view.filters(zone, moment), values(self.settings.config), zone, moment)

    @contextmanager
    def store(
        self, who: object, cancelled: Callable[[], bool] = lambda: False, progress: Callable[[int], None] | None = None
    ) -> Generator[Store]:
        """Open the store, draining its spool, for the time of the block.

        Args:
            who: asks; `stop` stops their queries alone.
            cancelled: whether the answer is not wanted any more.
            progress: called with the number of segments just drained.

        Raises:
            Stopped: the answer is not wanted any more.
            StoreError: the store cannot be opened.
        """
        with self._turn:
            if cancelled():
                raise Stopped
            waited = self.fingerprint()[1]
            with self.settings.open(progress) as store:
                # What came in meanwhile was not read, nor was what waited before and still does; what our own drain and close change was.
                spool = tuple(name for name in self.fingerprint()[1] if name in waited)
                self._hold(store, who)
                store.limit_memory(MEMORY)
                try:
                    yield store
                finally:
                    self._hold(None, None)
            file, _, config = self.fingerprint()
            self.last = (file, spool, config)

    def answer(self, store: Store, ask: Callable[[Store], Answer]) -> Answer:
        """Ask a question within the memory there is for it; what does not fit, even with the disk's help, is answered with more."""
        from duckdb import OutOfMemoryException

        for more in MORE_MEMORY:
            try:
                return ask(store)
            except OutOfMemoryException:
                store.limit_memory(more)
        return ask(store)

    def stop(self, who: object = None) -> None:
        """Stop the query that runs for somebody (None: for anybody); a drain goes on to its end, so that its work is not lost."""
        with self._guard:
            if self._open is not None and who in (None, self._who):
                self._open.interrupt()

    def fingerprint(self) -> Fingerprint:
        """Return what changes whenever the store, its spool or the settings do; what a server holds may change at any time."""
        settings = _stat(self.settings.config or Path("botanu.toml"))
        if "://" in self.settings.store:
            return (int(monotonic() // SERVER_SECONDS),), (), settings
        path = Path(self.settings.store)
        return _stat(path), _waiting(path), settings

    def _hold(self, store: Store | None, who: object) -> None:
        with self._guard:
            self._open, self._who = store, who


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def _waiting(store: Path) -> tuple[str, ...]:
    """The names of the segments in the spool."""
    from botanu_store.spool import Spool

    try:
        return tuple(segment.name for segment in Spool(store).segments())
    except OSError:
        return ()


def _stat(path: Path) -> Stat:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)
