"""The terminal that the dashboard needs: whether there is one, and the end of the program where it goes away."""

from __future__ import annotations

import os
import sys
from threading import Thread
from time import sleep

from botanu_store.errors import InputError

_LOOK_EVERY = 0.5
_HUNG_UP = 129
"""What a shell calls a program that ended by SIGHUP, the signal of a terminal that goes away."""


def need_terminal() -> None:
    """Return where keys and drawings have a terminal, or a browser that stands for one.

    Raises:
        InputError: nobody would see the dashboard, nor could leave it.
    """
    if not (_in_browser() or (_connected() and os.environ.get("TERM") != "dumb")):
        raise InputError(
            "The dashboard needs a terminal that can draw. "
            "For a report use `botanu cost`, for a browser `botanu dashboard --web`."
        )


def end_with_terminal() -> None:
    """End the program soon after its terminal is gone.

    Where no signal says so, as to whoever ignores it or is not in the terminal's session, Textual reads nothing for ever, a whole core's
    worth, and its loop may wait for ever to write. So it is not asked to leave; a store endures that as it endures the signal.
    """
    if not _in_browser():
        Thread(target=_watch, name="terminal", daemon=True).start()


def _watch() -> None:
    while _connected():
        sleep(_LOOK_EVERY)
    os._exit(_HUNG_UP)


def _connected() -> bool:
    # Textual draws on stderr, which is seldom redirected; on Windows on stdout.
    drawn = sys.__stdout__ if sys.platform == "win32" else sys.__stderr__
    return all(stream is not None and not stream.closed and stream.isatty() for stream in (sys.__stdin__, drawn))


def _in_browser() -> bool:
    """Whether `--web` started this: then pipes carry keys and drawings."""
    return bool(os.environ.get("TEXTUAL_DRIVER"))
