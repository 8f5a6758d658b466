"""The only writer of stderr, and the exit codes."""

from __future__ import annotations

import os
import sys
from enum import IntEnum


class ExitCode(IntEnum):
    """What an exit code of `botanu` means."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    UNAVAILABLE = 4
    INTERRUPTED = 130


def say(message: str, *, quiet: bool = False) -> None:
    """Write a note to stderr, unless quiet was asked for."""
    if not quiet:
        _write(message)


def say_error(message: str, way_out: str = "") -> None:
    """Write an error: one sentence of what is wrong, one of what to do."""
    text = f"{message} {way_out}".strip()
    prefix = "\x1b[1;31mError:\x1b[0m " if _colours() else "Error: "
    _write(prefix + text)


def say_traceback(error: BaseException) -> None:
    """Write where an error came from; only `--verbose` asks for it."""
    import traceback

    _write("".join(traceback.format_exception(error)))


def _write(text: str) -> None:
    try:
        sys.stderr.write(text.rstrip("\n") + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # nobody is left to tell


def _colours() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stderr.isatty()
