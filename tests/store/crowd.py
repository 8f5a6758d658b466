"""Processes that use one store at once, for tests that kill them."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from botanu_store import open_store
from botanu_store.errors import StoreUnavailable
from botanu_store.filters import Filters

from botanu.exporters.segment import spool_folder, write_segment
from tests.store.builders import chat, document, lines

_context = multiprocessing.get_context("forkserver")
# All begin as copies of one process that has read the code already, so that what is killed is at work and not still starting.
_context.set_forkserver_preload([__name__, "genai_prices", "botanu_store.resolve.same_call"])


def start(role: str, store: Path, log: Path) -> ForkServerProcess:
    """Start a process that plays this role until it is killed."""
    process = _context.Process(target={"write": write, "drain": drain, "read": read}[role], args=(store, log))
    process.start()
    return process


def write(store: Path, log: Path) -> None:
    """Flush segments for ever, and say of each, once it is confirmed, which spans are in it."""
    with log.open("a") as confirmed:
        while True:
            spans = [chat(os.urandom(16).hex(), span_id=os.urandom(8).hex()) for _ in range(20)]
            write_segment(spool_folder(store), lines(document(spans)))
            confirmed.write("".join(span["spanId"] + "\n" for span in spans))
            confirmed.flush()
            time.sleep(0.02)


def drain(store: Path, log: Path) -> None:
    """Open the store, which takes in what waits, for ever."""
    while True:
        try:
            with open_store(store) as opened:
                _note(log, f"drained {opened.drained.new}")
        except StoreUnavailable:
            _note(log, "busy")


def read(store: Path, log: Path) -> None:
    """Report for ever; each report must agree with itself."""
    while True:
        try:
            with open_store(store) as opened:
                report = opened.cost(Filters())
        except StoreUnavailable:
            _note(log, "busy")
        else:
            whole = report.totals["calls"] == sum(row["calls"] for row in report.rows)
            _note(log, f"read {report.totals['calls']}" if whole else "torn")


def _note(log: Path, line: str) -> None:
    with log.open("a") as out:
        out.write(line + "\n")
