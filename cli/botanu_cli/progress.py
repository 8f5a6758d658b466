"""Progress on stderr for work that takes longer than a second; none in a pipe, in CI or when quiet."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from botanu_cli.settings import Settings

_PATIENCE = 1.0


@contextmanager
def reading(files: Iterable[Path], settings: Settings) -> Generator[Callable[[int], None] | None]:
    """Show how much of these files has been read while the block runs; yields the callback to report bytes to, or None."""
    if settings.quiet or os.environ.get("CI") or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    bar = Progress(
        "Reading",
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("Reading", total=_size(files) or None)
    started = time.monotonic()

    def advance(size: int) -> None:
        if not bar.live.is_started and time.monotonic() - started > _PATIENCE:
            bar.start()
        bar.advance(task, size)

    try:
        yield advance
    finally:
        bar.stop()


def _size(files: Iterable[Path]) -> int:
    found = (inner for path in files for inner in (path.rglob("*") if path.is_dir() else [path]))
    return sum(path.stat().st_size for path in found if path.is_file())
