"""Ctrl-C: whenever it comes, a command ends with 130 and one line that says what stays."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from botanu_cli.diagnostics import ExitCode, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

FLAGS_WITH_VALUE = ("--store", "--config", "--tz")
"""Global flags whose value is the next word."""

_STAYS: dict[str, str] = dict.fromkeys(
    ("ingest", "sync"), "What was taken in stays; run it again to take in the rest: nothing is counted twice."
)
_WHOLE = "The store is whole; run the command again."

_heard = False


def hear(arguments: Sequence[str]) -> None:
    """Listen from now on, unless whoever started this process wants it to hear nothing."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stopping(arguments))


def leave() -> None:
    """Let an event loop hear them from now on, which ends what it runs by itself: a dashboard has a screen to give back."""
    if getattr(signal.getsignal(signal.SIGINT), "__module__", "") == __name__:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def heard() -> bool:
    """Whether there was an interrupt: whatever error came of it, it is none."""
    return _heard


def end(arguments: Sequence[str]) -> NoReturn:
    """Say what stays of what this command line did, and end the process."""
    # Whoever presses Ctrl-C twice still gets 130: the second one finds nothing left to interrupt.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say(f"Interrupted. {_STAYS.get(_command(arguments), _WHOLE)}")
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    # An interrupt that went through `eval` has Python end as if nobody had heard it, whatever `sys.exit` is told.
    os._exit(ExitCode.INTERRUPTED)


def _stopping(arguments: Sequence[str]) -> Callable[[int, FrameType | None], None]:
    def stop(_number: int, frame: FrameType | None) -> None:
        global _heard  # noqa: PLW0603 - a process has one Ctrl-C
        _heard = True
        if _imports(frame):
            # A library that is interrupted while it is loaded makes another error of it, or none. Whatever is on the disk is as after a kill: whole.
            end(arguments)
        raise KeyboardInterrupt

    return stop


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _command(arguments: Sequence[str]) -> str:
    words = iter(arguments)
    for word in words:
        if word in FLAGS_WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""
