"""Ctrl-C, at any moment of a command: 130, and one line that says what stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STAYS = "Interrupted. What was taken in stays; run it again to take in the rest: nothing is counted twice.\n"
WHOLE = "Interrupted. The store is whole; run the command again.\n"
NOTHING = "Interrupted. Nothing was done; run the command again.\n"

# A test run in the background of a shell ignores interrupts, and its children would too.
LISTENING = "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
AT_IMPORT = (
    LISTENING
    + """
class Pressing:
    def find_spec(self, name, path=None, target=None):
        if name == MOMENT:
            signal.raise_signal(signal.SIGINT)

MOMENT, *line = sys.argv[1:]
sys.meta_path.insert(0, Pressing())
from botanu_cli.__main__ import main
main(line)
"""
)


def run(folder: Path, program: str, *arguments: str) -> tuple[int, str, str]:
    """Run a Python program; return its exit code and what it wrote."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("botanu_cli.diagnostics", NOTHING),
        ("typer", STAYS),
        ("botanu_cli.commands.ingest", STAYS),
        ("duckdb", STAYS),
        ("pyarrow", STAYS),
        ("genai_prices", STAYS),
    ],
)
def test_an_interrupt_while_a_library_is_loaded(samples: Path, tmp_path: Path, moment: str, said: str) -> None:
    """Loading takes most of a short command's time, and no library is asked what it makes of an interrupt."""
    assert run(tmp_path, AT_IMPORT, moment, "ingest", str(samples)) == (130, "", said)


def test_what_stays_is_said_of_the_command_and_not_of_a_value(tmp_path: Path) -> None:
    """A store may be called as a command is."""
    assert run(tmp_path, AT_IMPORT, "duckdb", "--store", "ingest", "cost") == (130, "", WHOLE)
    assert run(tmp_path, AT_IMPORT, "duckdb", "--store", "cost", "ingest", ".") == (130, "", STAYS)


@pytest.mark.parametrize("raised", ["eval('signal.raise_signal(signal.SIGINT)')", "lost()"])
def test_an_interrupt_that_python_or_a_library_makes_something_else_of(tmp_path: Path, raised: str) -> None:
    """Python ends by the signal when it went through `eval`, and libraries raise errors of their own instead: it is an interrupt all the same."""
    program = (
        LISTENING
        + f"""
def lost():
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted")

from botanu_cli import app, __main__
app.program = lambda: {raised}
__main__.main(["cost"])
"""
    )

    assert run(tmp_path, program) == (130, "", WHOLE)
