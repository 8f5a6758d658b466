"""Entry point of the `botanu` command: runs the program and turns every error into a message and an exit code."""

from __future__ import annotations

import os

try:
    import gc
    import io
    import sys

    from botanu_cli import interrupts
    from botanu_cli.diagnostics import ExitCode, say_error
except KeyboardInterrupt:
    # Nobody listens yet, and to load even this takes as long as Python itself does.
    os.write(2, b"Interrupted. Nothing was done; run the command again.\n")
    os._exit(130)

_COLLECT_AFTER = 50_000
"""Objects made between two looks for garbage. Imports make many and leave none: at Python's own 700 looking takes a fifteenth of a report's time."""
_NEEDED = ("typer", "rich", "duckdb", "pyarrow", "genai_prices")


def main(arguments: list[str] | None = None) -> None:
    """Run `botanu` with these arguments (default: the process's own) and exit."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        # Before all that takes time; what is imported above is little.
        interrupts.hear(given)
        code = _run(given)
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    if code == ExitCode.INTERRUPTED:
        interrupts.end(given)
    sys.exit(code)


def _run(given: list[str]) -> int:
    gc.set_threshold(_COLLECT_AFTER)
    _ready_streams()
    from importlib.util import find_spec

    from botanu_store.own_process import leave_pandas_out

    leave_pandas_out()
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        say_error(
            f"The botanu command needs packages that are not installed: {', '.join(missing)}.",
            'Install them with: pip install "botanu[cli]"',
        )
        return ExitCode.USAGE
    from botanu_cli.app import run
    from botanu_cli.completion import is_asked

    if "--no-color" in given:
        # Help and errors are written before the flag is read, and by others than the reports.
        os.environ["NO_COLOR"] = "1"
    if is_asked():
        # One offer a line: help that is wrapped at the terminal's width would be read as more offers.
        os.environ["COLUMNS"] = "1000"
    return run(given)


def _ready_streams() -> None:
    """Give every stream a place, though whoever started this closed it, and write the same bytes in every locale."""
    from pathlib import Path

    nowhere = Path(os.devnull)
    # In order: each then gets the descriptor that is its own, and no file that is opened later does.
    sys.stdin = sys.stdin or nowhere.open(encoding="utf-8")
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    main()
