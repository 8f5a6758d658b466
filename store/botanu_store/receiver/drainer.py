"""Spool into store, second by second: the receiver's child, in a process of its own so that requests never wait for a drain.

    python -m botanu_store.receiver.drainer STORE drop|keep

It drains for the last time and ends when its standard input does, so it never outlives the receiver, however that ends.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path
from typing import cast

from botanu_store.errors import StoreError, StoreUnavailable
from botanu_store.otlp.content import ContentMode
from botanu_store.own_process import leave_pandas_out
from botanu_store.spool import Spool
from botanu_store.store_file import StoreFile

_INTERVAL = 1.0
_NICE = 5
"""Below the receiver, whose clients wait; a drain may take its time."""


def main() -> None:
    """Drain until standard input ends."""
    leave_pandas_out()
    path, mode = Path(sys.argv[1]), cast("ContentMode", sys.argv[2])
    # A Ctrl-C in the terminal goes to both, and so does what `timeout` and many supervisors send: it is the receiver's to hear, which ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(_NICE)
    spool, said = Spool(path), ""
    ended = False
    while not ended:
        ended = bool(select.select([sys.stdin], [], [], _INTERVAL)[0])
        problem = _drain(path, mode) if spool.segments() else ""
        if problem and problem != said:
            sys.stderr.write(f"The spool waits: {problem}\n")
            sys.stderr.flush()
        said = problem


def _drain(path: Path, mode: ContentMode) -> str:
    """Drain once; return what is in the way, if anything is."""
    try:
        StoreFile(path, mode, drains_only=True).drain()
    except StoreUnavailable:
        return ""  # another process drains or reads; the next second will do
    except (StoreError, OSError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
