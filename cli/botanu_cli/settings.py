"""The global flags of one command line, and what they open."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from botanu_cli.diagnostics import say

if TYPE_CHECKING:
    from datetime import datetime

    from botanu_store.filters import Filters
    from botanu_store.ingest.ingested import Progress
    from botanu_store.store import Store


@dataclass(frozen=True, slots=True)
class Settings:
    """Global flags, as given."""

    store_given: str | None = None
    """`--store` or BOTANU_STORE, if any."""
    config: Path | None = None
    tz: str | None = None
    color: bool = True
    quiet: bool = False
    verbose: bool = False
    told: set[str] = field(default_factory=set[str], compare=False, repr=False)
    """What was said once and is not said again."""

    @property
    def store(self) -> str:
        """The store to read: what was named, else ./botanu.duckdb."""
        return self.store_given or "./botanu.duckdb"

    @property
    def store_name(self) -> str:
        """What to call the store: the same, without a server's user and password."""
        return re.sub(r"(?<=://)[^/?]*@", "", self.store)

    @property
    def store_to_name(self) -> str | None:
        """What a command that is written out names as its store, if any was given: the same, without a server's password."""
        return self.store_given and re.sub(r"(?<=://)([^/?@:]*):[^/?]*@", r"\1@", self.store_given)

    @property
    def store_flag(self) -> str:
        """What stands after a command so that it means this store, as a shell reads it."""
        return f" --store {shlex.quote(self.store_to_name)}" if self.store_to_name else ""

    def local_store(self) -> Path:
        """Return the path of the store, for what only a local one can do.

        Raises:
            InputError: the store is a server.
        """
        from botanu_store.errors import InputError

        if "://" in self.store:
            raise InputError("This works on a local store only. Name a DuckDB file with --store.")
        return Path(self.store)

    def server_store(self) -> str:
        """Return the address of the store, for what only a server needs.

        Raises:
            InputError: the store is a file.
        """
        from botanu_store.errors import InputError

        if "://" not in self.store:
            raise InputError("This works on a ClickHouse only. Name it with --store clickhouse://user@host/database.")
        return self.store

    def open(self, progress: Progress | None = None, *, believed_at: datetime | None = None) -> Store:
        """Open the store, say what was drained and set aside on the way, and how to fill it when it is empty.

        Args:
            progress: called with the number of segments just drained.
            believed_at: price by what the book said then.
        """
        from botanu_store import open_store

        from botanu_cli.configuration import overrides
        from botanu_cli.text import counted

        store = open_store(self.store, overrides=overrides(self.config), progress=progress, believed_at=believed_at)
        drained = store.drained
        if drained.rejected_count:
            self.say(
                f"{counted(drained.rejected_count, 'part')} of segments could not be read, kept in {store.spool.folder / 'rejected'}."
            )
        if store.empty:
            self.say(f"The store {self.store_name} is empty. {self._how_to_fill()}")
        if (until := store.behind()) is not None:
            self.say(f"Spans since {until:%Y-%m-%d %H:%M:%S} UTC are not in yet. Take them in: botanu sync")
        return store

    def _how_to_fill(self) -> str:
        if "://" in self.store:
            return f"Take in what the collector wrote: botanu sync{self.store_flag}"
        return (
            f"Fill it with `botanu ingest FILE{self.store_flag}`, or from your program: "
            f'init_botanu(store="{self.store_given or "botanu.duckdb"}"). Samples to look around in: botanu demo'
        )

    def say(self, message: str) -> None:
        """Write a note to stderr, unless --quiet."""
        say(message, quiet=self.quiet)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days begin: `--tz`, else this machine's, else UTC.

        Raises:
            InputError: `--tz` names none.
        """
        name = local_zone() if self.tz is None else self.tz
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            if self.tz is not None:
                raise _no_zone(name) from error
            self._say_in_utc(name)
            return ZoneInfo("UTC")

    def _say_in_utc(self, name: str) -> None:
        """Say once that this machine's zone has no name: TZ may hold a rule, as CET-1CEST, that no list of zones has."""
        if "zone" not in self.told and not _IS_UTC.fullmatch(name):
            self.told.add("zone")
            where = "TZ" if os.environ.get("TZ") else "this machine's zone"
            self.say(f"Times are in UTC: {where} is {name!r}, which names no zone. Name one: --tz Europe/Berlin")

    def everything(self) -> Filters:
        """Return filters that leave nothing out, with this zone's days."""
        from botanu_store.filters import Filters, Interval

        return Filters(interval=Interval(tz=self.zone.key))


def _no_zone(name: str) -> Exception:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    from botanu_store.errors import InputError

    near = get_close_matches(name, available_timezones(), n=1)
    hint = f"Did you mean {near[0]}?" if near else "Name one like Europe/Berlin or UTC."
    return InputError(f"{name!r} is no time zone. {hint}")


_IS_UTC = re.compile(r"[A-Za-z]{3,}[+-]?0")
"""A rule that says no more than UTC does."""


def as_words(given: Mapping[str, object]) -> list[str]:
    """Return flags and their values as words of a command, without those that have none."""
    return [word for flag, value in given.items() if value is not None for word in (flag, str(value))]


def local_zone() -> str:
    """Return the IANA name of this machine's zone, UTC when it has none; TZ may name it, or the file that holds it."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and not named.startswith("/"):
        return named
    link = Path(named or "/etc/localtime")
    target = str(link.resolve()) if link.exists() else ""
    _, found, name = target.partition("zoneinfo/")
    return name if found and name else "UTC"
