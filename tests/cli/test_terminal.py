"""What only a terminal gets: a pager for long lists, colour, names in either direction; in a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import chat, document, run, trace_id, write

BOTANU = [sys.executable, "-m", "botanu_cli"]


def shown(*arguments: str, size: tuple[int, int] = (24, 100), answer: str = "", **environment: str) -> str:
    """Run the command on a terminal of so many lines and columns, where this is typed, and return all that it wrote there."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, size)
    os.write(ours, answer.encode())
    process = subprocess.Popen(
        [*BOTANU, *arguments],
        stdin=theirs if answer else None,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", **environment},
    )
    os.close(theirs)
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the last of the other side is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert process.wait(30) == 0
    return b"".join(parts).decode()


def test_a_long_list_is_paged_on_a_terminal_and_nowhere_else(botanu: Botanu, filled: Path, tmp_path: Path) -> None:
    """`$PAGER` gets what is higher than the screen; a short table, and a pipe, go past it."""
    pager, paged = "tee paged.txt", tmp_path / "paged.txt"

    page = shown("calls", "list", PAGER=pager)
    assert "73 calls counted" in page
    assert "73 calls counted" in paged.read_text()
    paged.unlink()

    assert "$" in shown("cost", PAGER=pager)
    subprocess.run([*BOTANU, "calls", "list"], env=os.environ | {"PAGER": pager}, capture_output=True, check=True)
    assert not paged.exists()


def test_a_terminal_that_does_not_know_its_size_is_taken_for_a_usual_one(filled: Path) -> None:
    """As one in a container: 80 columns."""
    lines = shown("runs", "list", "--limit", "3", size=(0, 0), PAGER="", NO_COLOR="1").splitlines()

    assert 60 < max(map(len, lines)) <= 80


def test_a_pager_that_is_not_there_costs_nothing(filled: Path) -> None:
    """The list is shown all the same."""
    assert "73 calls counted" in shown("calls", "list", PAGER="no-such-pager")


def test_a_terminal_gets_colour_unless_it_is_dumb(filled: Path) -> None:
    """TERM=dumb and --no-color are heeded."""
    assert "\x1b[" in shown("cost", PAGER="")
    assert "\x1b[" not in shown("cost", PAGER="", TERM="dumb")
    assert "\x1b[" not in shown("cost", "--no-color", PAGER="")


def test_a_name_from_right_to_left_ends_before_the_numbers(
    botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a screen a mark closes it, without which some terminals would carry the numbers over; in a pipe there is none."""
    trace = trace_id()
    spans = [run(trace, "run-1", use_case="دعم العملاء", span_id="1" * 16), chat(trace, "1" * 16)]
    botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))

    assert "\u200e" not in botanu("cost").out
    monkeypatch.setenv("COLUMNS", "80")
    for command in (["cost"], ["cost", "--chart"], ["runs", "show", "run-1"]):
        assert "العملاء\u200e" in botanu(*command).out


def test_whoever_forgets_most_of_a_store_is_asked_once(botanu: Botanu, filled: Path) -> None:
    """On a terminal alone, and not with --yes; a no leaves all as it was."""
    prune = ("store", "prune", "--older-than", "1m")

    refused = shown(*prune, answer="n\n")
    assert "Forget 24 runs" in refused
    assert "Nothing was forgotten" in refused
    assert "Would forget 24 runs" in (planned := shown(*prune, "--dry-run", answer="n\n"))
    assert "[y/N]" not in planned
    assert "Forgot 24 runs" in shown(*prune, answer="y\n")
    assert "[y/N]" not in shown(*prune, answer="n\n")


def test_a_script_is_not_asked(botanu: Botanu, filled: Path) -> None:
    """What says --yes goes on at once, on a terminal too."""
    assert "[y/N]" not in (done := shown("store", "prune", "--older-than", "1m", "--yes", answer="n\n"))
    assert "Forgot 24 runs" in done


@pytest.mark.parametrize(
    ("where", "term"),
    [({"stdin"}, "xterm"), ({"stderr"}, "xterm"), (set[str](), "xterm"), ({"stdin", "stderr"}, "dumb")],
)
def test_the_dashboard_needs_a_terminal_that_can_draw(filled: Path, where: set[str], term: str) -> None:
    """Where keys or drawings have none, or it is dumb, nothing is drawn, and two sentences say what to do."""
    ours, theirs = pty.openpty()
    streams = dict.fromkeys(where, theirs)
    process = subprocess.Popen(
        [*BOTANU, "dashboard"],
        stdin=streams.get("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=streams.get("stderr", subprocess.PIPE),
        env=os.environ | {"TERM": term, "NO_COLOR": "1"},
    )
    try:
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    said = err or os.read(ours, 65536)
    os.close(theirs)
    os.close(ours)

    assert (process.returncode, out) == (2, b"")
    assert said.decode().strip() == (
        "Error: The dashboard needs a terminal that can draw. "
        "For a report use `botanu cost`, for a browser `botanu dashboard --web`."
    )


def test_the_dashboard_ends_with_its_terminal(filled: Path) -> None:
    """Also where no signal comes, as outside of the terminal's session."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*BOTANU, "dashboard"], stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    )
    os.close(theirs)
    drawn = b""
    while b"Customer Support" not in drawn:
        drawn += os.read(ours, 65536)
    os.close(ours)
    try:
        assert process.wait(30) == 129
    finally:
        process.kill()
