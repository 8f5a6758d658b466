"""Many processes at one store, killed at random: nothing lost, nothing twice."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from botanu_store import open_store
from botanu_store.spool import Spool

from tests.store import crowd

ROLES = ("write",) * 8 + ("drain", "read")
ROUNDS, SECONDS = 4, 1.0


def confirmed(logs: list[Path]) -> set[str]:
    """Spans whose flush had returned; the last line of a killed writer may be torn, and is of a flush that had returned too."""
    return {line for log in logs if log.exists() for line in log.read_text().split() if len(line) == 16}


def stored(store: Path) -> list[str]:
    """Ids of the spans in the store, repeated ones too."""
    with open_store(store) as opened:
        return [row["span_id"] for row in opened.query("select span_id from spans")]


def size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until something has happened, a minute at most."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_what_a_flush_confirmed_is_in_the_store_once_whoever_is_killed(tmp_path: Path) -> None:
    """Eight writers, a drain and a reader die by kill -9 at random moments, round after round; after each the file opens and all is there."""
    store = tmp_path / "s.duckdb"
    chance = random.Random(11)
    logs = [tmp_path / f"{number}.log" for number in range(len(ROLES))]
    for _ in range(ROUNDS):
        sizes = [size(log) for log in logs]
        processes = [crowd.start(role, store, log) for role, log in zip(ROLES, logs, strict=True)]
        try:
            wait_for(lambda sizes=sizes: all(size(log) > before for log, before in zip(logs, sizes, strict=True)))
            time.sleep(chance.random() * SECONDS)
        finally:
            for process in chance.sample(processes, len(processes)):
                process.kill()
                time.sleep(chance.random() / 20)
            for process in processes:
                process.join()
        assert [process.exitcode for process in processes] == [-signal.SIGKILL] * len(processes)

        there = stored(store)

        assert len(there) == len(set(there))
        assert confirmed(logs[:8]) <= set(there)
        assert Spool(store).segments() == []
    said = "\n".join(log.read_text() for log in logs[8:] if log.exists())
    assert "drained" in said
    assert "read" in said
    assert "torn" not in said
