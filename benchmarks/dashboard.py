"""How fast the dashboard is on a store: in a real terminal, by what appears on it.

    python benchmarks/dashboard.py botanu.duckdb

Prints the seconds to the first picture, from a key to each screen's own words, to a row a page further on and at the end of all runs, each with
the seconds of processor that it took (less than that where both processors are free, more where others use them), and the memory at its largest.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

SCREENS = {"2": "Started", "3": "Spans", "4": "Unit economics", "5": "By vendor and model", "6": "budgets|kept"}
_PATIENCE = 120.0
_CODES = re.compile(r"\x1b\[[0-9;?<>=]*[A-Za-z]|\x1b[PX^_][^\x1b]*\x1b\\|\x1b\][^\x07]*\x07")


class Terminal:
    """The dashboard in a terminal of 140 columns and 45 lines."""

    def __init__(self, store: str) -> None:
        self.process, self._handle = pty.fork()
        if self.process == 0:
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.execv(sys.executable, [sys.executable, "-m", "botanu_cli", "dashboard", "--store", store])
        fcntl.ioctl(self._handle, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 140, 0, 0))

    def until(self, pattern: str) -> float:
        """Return the seconds until this is written on the screen."""
        started, seen = time.perf_counter(), ""
        while time.perf_counter() - started < _PATIENCE:
            if select.select([self._handle], [], [], 0.01)[0]:
                seen += os.read(self._handle, 65536).decode("utf-8", "replace")
                if re.search(pattern, _CODES.sub("", seen)):
                    return time.perf_counter() - started
        raise TimeoutError(pattern)

    def press(self, keys: str) -> None:
        """Press keys, after what is still being written has been read."""
        while select.select([self._handle], [], [], 0.3)[0]:
            os.read(self._handle, 65536)
        os.write(self._handle, keys.encode())

    def processor(self) -> float:
        """Return the seconds of processor used so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the most memory that the process ever had, in MB."""
        status = Path(f"/proc/{self.process}/status").read_text("utf-8")
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024

    def end(self) -> None:
        """Leave."""
        os.kill(self.process, signal.SIGTERM)
        os.waitpid(self.process, 0)


def main() -> None:
    """Open, go to every screen, scroll, and print how long each took."""
    terminal = Terminal(sys.argv[1])
    measured(terminal, "first picture", "Overview")
    measured(terminal, "first figures", "By use case")
    measured(terminal, "all of it", r"read \d\d:\d\d:\d\d")
    for key, words in SCREENS.items():
        terminal.press(key)
        measured(terminal, words, words)
    terminal.press("2")
    for name, keys in {"a page down": "\x1b[6~", "the end": "\x1b[F", "a page up": "\x1b[5~"}.items():
        terminal.press(keys)
        measured(terminal, name, r"20\d\d-\d\d-\d\d")
    print(f"memory            {terminal.memory():6.0f} MB")
    terminal.end()


def measured(terminal: Terminal, name: str, words: str) -> None:
    """Wait for words and print how long that took."""
    before = terminal.processor()
    print(f"{name:<17} {terminal.until(words):6.2f} s  processor {terminal.processor() - before:5.2f} s", flush=True)


if __name__ == "__main__":
    main()
