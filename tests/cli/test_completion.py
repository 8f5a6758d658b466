"""Completion: the shell asks the program, as typer's scripts do for bash, zsh and fish, and gets names from the store."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.store.builders import chat, document, run, spool, trace_id

BOTANU = Path(sys.executable).with_name("botanu")


def zsh(line: str) -> dict[str, str]:
    """The question of typer's script for zsh."""
    return {"_BOTANU_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}


def fish(line: str) -> dict[str, str]:
    """The question of typer's script for fish."""
    return {
        "_BOTANU_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": line,
    }


def asked(question: dict[str, str]) -> str:
    """Return what the program offers."""
    done = subprocess.run(
        [BOTANU], env={**os.environ, **question}, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("shell", [zsh, fish])
def test_values_come_from_the_store(filled: Path, shell: Callable[[str], dict[str, str]]) -> None:
    """Use cases, models and vendors that begin so are offered; others are not."""
    assert "Customer Support" in asked(shell("botanu cost --use-case Cust"))
    assert "Document Processing" not in asked(shell("botanu cost --use-case Cust"))
    assert "gpt-4o-mini" in asked(shell("botanu vendors --model gpt"))
    assert "openai" in asked(shell("botanu calls list --vendor open"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_gets_words_that_can_stand_on_the_line(filled: Path) -> None:
    """The real script in a real bash: a name with a space is one word, escaped."""
    script = (
        'eval "$(botanu --show-completion bash 2>/dev/null || botanu --show-completion)"; '
        "COMP_WORDS=(botanu cost --use-case Cust); COMP_CWORD=3; _botanu_completion botanu; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{BOTANU.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Customer\\ Support" in done.stdout.splitlines(), done.stderr


def test_flags_commands_and_fixed_words_are_offered(tmp_path: Path) -> None:
    """Commands, flags, formats, dimensions after a comma, sort fields and schema names; one a line."""
    assert "--group-by" in asked(fish("botanu cost --gro"))
    assert all("\t" in line for line in asked(fish("botanu cost --")).splitlines())
    assert "outcomes" in asked(fish("botanu out"))
    assert asked(fish("botanu cost --format js")).split() == ["json", "jsonl"]
    assert "vendor,model" in asked(fish("botanu cost --group-by vendor,mo")).split()
    assert "llm_calls" in asked(fish("botanu runs list --sort llm"))
    assert "vendors" in asked(fish("botanu schema ven"))
    assert list(tmp_path.iterdir()) == []


def test_runs_complete_by_their_beginning(tmp_path: Path, filled: Path) -> None:
    """`runs show` offers the ids of the newest runs."""
    with duckdb.connect(str(filled), read_only=True) as con:
        run_id = con.execute("select run_id from runs order by start_ns desc limit 1").fetchall()[0][0]
    assert run_id in asked(fish(f"botanu runs show {run_id[:6]}"))


def test_the_store_of_the_line_is_asked_wherever_it_is_named(filled: Path, tmp_path: Path) -> None:
    """--store after the command counts, as it does when the line is run."""
    filled.rename(tmp_path / "other.duckdb")
    assert "Customer" in asked(fish("botanu cost --store other.duckdb --use-case Cust"))
    assert asked(fish("botanu cost --use-case Cust")) == ""


def test_nothing_is_offered_rather_than_an_error(tmp_path: Path) -> None:
    """A store that is missing, foreign or held by another process, and hostile names, disturb no shell; nothing is drained."""
    assert asked(fish("botanu cost --use-case x")) == ""
    (tmp_path / "botanu.duckdb").write_text("no database")
    assert asked(fish("botanu cost --use-case x")) == ""
    (tmp_path / "botanu.duckdb").unlink()
    trace = trace_id()
    segment = spool(tmp_path / "botanu.duckdb", document([run(trace, "r", use_case="\x1b[31mred\n"), chat(trace)]))
    assert asked(fish("botanu cost --use-case x")) == ""
    assert segment.exists()
    with duckdb.connect(str(tmp_path / "botanu.duckdb")):
        assert asked(fish("botanu cost --use-case x")) == ""
