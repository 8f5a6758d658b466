"""`botanu store`: what is in it, forgetting, and space."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import START, chat, document, run, spool, trace_id, write

DAY = 86_400 * 10**9


def info(botanu: Botanu) -> dict[str, Any]:
    return {row["fact"]: row["value"] for row in json.loads(botanu("store", "info", "-f", "json").out)["rows"]}


def test_info_counts_what_is_there(botanu: Botanu, filled: Path) -> None:
    """Spans, calls and runs as the reports count them, the size, and what waits beside the store."""
    facts = info(botanu)

    runs = json.loads(botanu("runs", "list", "-f", "json").out)["rows"]
    assert facts["runs"] == len(runs)
    assert facts["calls"] == len(json.loads(botanu("calls", "list", "-f", "json").out)["rows"])
    assert facts["bytes"] == filled.stat().st_size
    assert (facts["segments_pending"], facts["parts_set_aside"], facts["spans_dropped"]) == (0, 0, 0)
    assert "genai-prices" in botanu("store", "info").out


def test_info_of_no_store_creates_none(botanu: Botanu, tmp_path: Path) -> None:
    """Looking is harmless."""
    assert info(botanu)["spans"] == 0
    assert list(tmp_path.iterdir()) == []


def test_prune_forgets_runs_whole(botanu: Botanu, tmp_path: Path) -> None:
    """A run over before the day goes with its calls and spans; one that went on after it stays, its first trace too."""
    old, long_ago, later = trace_id(), trace_id(), trace_id()
    spans = [
        run(old, "old", span_id=old[-16:], start=START - 9 * DAY),
        chat(old, old[-16:], start=START - 9 * DAY),
        run(long_ago, "long", span_id=long_ago[-16:], start=START - 9 * DAY),
        chat(long_ago, long_ago[-16:], start=START - 9 * DAY),
        chat(later, start=START, botanu__run_id="long"),
        chat(trace_id(), start=START - 8 * DAY),
    ]
    botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))
    before = json.loads(botanu("cost", "--run-id", "long", "-f", "json").out)["totals"]

    planned = botanu("store", "prune", "--older-than", "2026-11-15", "--dry-run", "--tz", "UTC")
    assert info(botanu)["runs"] == 3
    done = botanu("store", "prune", "--older-than", "2026-11-15", "--tz", "UTC")

    assert planned.out.startswith("Would forget 2 runs, 2 calls and 3 spans from before 2026-11-15T00:00:00+00:00")
    assert done.out.startswith("Forgot 2 runs, 2 calls and 3 spans")
    assert (info(botanu)["runs"], info(botanu)["calls"], info(botanu)["spans"]) == (1, 2, 3)
    assert json.loads(botanu("cost", "-f", "json").out)["totals"] == before


def test_compact_gives_back_space_and_changes_nothing(botanu: Botanu, tmp_path: Path) -> None:
    """After forgetting most of it the file is smaller, every number is the same, and spans still go in."""
    for part in range(4):
        spans = [chat(trace_id(), start=START - (9 if part else 0) * DAY, note="x" * 2000) for _ in range(1500)]
        botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))
    assert botanu("store", "prune", "--older-than", "2026-11-15").code == 0
    size, cost = info(botanu)["bytes"], botanu("cost", "-f", "csv").out

    result = botanu("store", "compact")

    assert result.code == 0
    assert info(botanu)["bytes"] < size
    assert botanu("cost", "-f", "csv").out == cost
    spool(tmp_path / "botanu.duckdb", document([chat(trace_id())]))
    assert info(botanu)["calls"] == 1501
    assert not list(tmp_path.glob("*.compact"))


def test_a_store_held_by_another_program_is_unavailable(botanu: Botanu, filled: Path) -> None:
    """Exit code 4 and who holds it, for reading and for writing."""
    program = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(filled)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    results = [botanu(*command) for command in (["cost"], ["store", "prune", "--older-than", "90d"])]
    holder.communicate("")

    assert [(result.code, result.out) for result in results] == [(4, "")] * 2
    assert all(f"(PID {holder.pid})" in result.err for result in results)
    assert botanu("cost").code == 0


def test_a_full_disk_is_said_and_loses_nothing(botanu: Botanu, filled: Path, tmp_path: Path) -> None:
    """Exit code 2 and what to do; with room the same command completes, each span once."""
    spans = info(botanu)["spans"]
    spool(filled, document([chat(trace_id(), note=os.urandom(4000).hex()) for _ in range(1000)]))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (filled.stat().st_size + 10_000, hard))
        result = botanu("cost")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)

    assert (result.code, result.out) == (2, "")
    assert "no room" in result.err
    assert "Make room and run the command again" in result.err
    assert info(botanu)["spans"] == spans + 1000


def test_a_moment_that_is_none_is_named(botanu: Botanu) -> None:
    """Exit code 2, the flag, and what would be one."""
    result = botanu("store", "prune", "--older-than", "ages")

    assert result.code == 2
    assert "--older-than 'ages' is no time" in result.err


@pytest.mark.parametrize("moment", ["2999-01-01", "0d", "now"])
def test_a_moment_that_is_not_over_is_refused(botanu: Botanu, filled: Path, moment: str) -> None:
    """It would leave nothing: exit code 2 with what to give, and every run stays."""
    runs = info(botanu)["runs"]

    result = botanu("store", "prune", "--older-than", moment)

    assert (result.code, result.out) == (2, "")
    assert f"--older-than '{moment}' is not in the past" in result.err
    assert "such as 90d" in result.err
    assert info(botanu)["runs"] == runs


def test_rebuild_concludes_the_same_from_the_same_spans(botanu: Botanu, filled: Path) -> None:
    """With the same rules every report is as before, what was wrong in the tables is right again, and nothing is left beside the store."""
    before = botanu("cost", "--group-by", "use_case,model", "-f", "csv").out, botanu("calls", "list", "-f", "csv").out
    with duckdb.connect(str(filled)) as con:
        con.execute("update calls set counted = false; delete from runs where use_case like 'C%'")

    result = botanu("store", "rebuild")

    assert result.code == 0, result.err
    assert "before" in result.out
    assert (
        botanu("cost", "--group-by", "use_case,model", "-f", "csv").out,
        botanu("calls", "list", "-f", "csv").out,
    ) == before
    assert "as before" in botanu("store", "rebuild").out
    assert sorted(path.name for path in filled.parent.iterdir()) == ["botanu.duckdb", "botanu.duckdb.lock"]


@pytest.mark.slow
def test_a_rebuild_killed_anywhere_leaves_the_store_as_it_was(botanu: Botanu, filled: Path) -> None:
    """The store's file is whole at every moment: before, or after."""
    before = botanu("calls", "list", "-f", "csv").out
    for delay in (0.2, 0.4, 0.6, 0.8, 1.0):
        process = subprocess.Popen([sys.executable, "-m", "botanu_cli", "store", "rebuild"], stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        assert botanu("calls", "list", "-f", "csv").out == before
    assert botanu("store", "rebuild").code == 0
    assert not filled.with_name(filled.name + ".rebuild").exists()
