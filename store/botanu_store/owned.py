"""Files for their owner alone: a store holds what programs said of their customers, and the usual mask lets everybody read."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_usual_mask = 0


@contextmanager
def owner_only() -> Generator[None]:
    """Give every file that this process makes in the block to its owner alone: DuckDB makes files beside the one it was told to open."""
    _enter()
    try:
        yield
    finally:
        _leave()


# The mask is the whole process's: of blocks in several threads the first sets it and the last sets it back.


def _enter() -> None:
    global _inside, _usual_mask  # noqa: PLW0603 - as the mask is
    with _lock:
        if not _inside:
            _usual_mask = os.umask(0o077)
        _inside += 1


def _leave() -> None:
    global _inside  # noqa: PLW0603
    with _lock:
        _inside -= 1
        if not _inside:
            os.umask(_usual_mask)
