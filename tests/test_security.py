"""What docs/operations/security.md claims: each claim has its tests, and those of them that belong to no other place are here."""

from __future__ import annotations

import ast
import hmac
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from botanu_store import open_store
from botanu_store.receiver.intake import Intake
from botanu_store.receiver.limits import Limits, RefusedError
from botanu_store.spool import Spool

from botanu.exporters.quota import DropCounter
from tests.conftest import REPOSITORY
from tests.store.builders import chat, document, spool, trace_id

PAGE = (REPOSITORY / "docs" / "operations" / "security.md").read_text("utf-8")
CLAIMS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| claim "))]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda line: line[2:50])
def test_every_claim_names_tests_that_exist(claim: str) -> None:
    """A claim without a test, or with one that is gone, is none."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", claim.split(" | ")[1])
    assert named
    for path, test in named:
        tree = ast.parse((REPOSITORY / path).read_text("utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}, (
            f"{path}::{test}"
        )


COMMANDS = """
demo
cost
cost --group-by vendor,model
runs list
outcomes
vendors
calls list
store info
store compact
store rebuild
prices list
prices show gpt-4o
prices unpriced
sql "select count(*) from runs"
schema cost
budget init
budget check
export out
"""
OFFLINE = """
import os, shlex, sys
from botanu_cli.app import run

def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        sys.stderr.write(f"opens {arguments}\\n")
        os._exit(99)

sys.addaudithook(hook)
for line in sys.argv[1].strip().splitlines():
    code = run(["--store", "botanu-demo.duckdb", *shlex.split(line)])
    if code not in (0, 1):
        sys.exit(f"{line}: {code}")
"""


def test_no_command_opens_a_connection(tmp_path: Path) -> None:
    """Reports, prices, upkeep and exports work with no network, and try none."""
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, COMMANDS],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_token_is_compared_in_constant_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the token only `hmac.compare_digest` decides, which takes as long for a good beginning as for a bad one."""
    intake = Intake(Spool(tmp_path / "s.duckdb"), Limits(), "s3cret")
    with pytest.raises(RefusedError):
        intake.admit(b"Bearer s3cres")
    intake.admit(b"bearer s3cret")
    monkeypatch.setattr(hmac, "compare_digest", lambda given, token: (given, token) == (b"wrong", b"s3cret"))
    intake.admit(b"Bearer wrong")


def _rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def usual_mask() -> object:
    """The mask of most machines, with which everybody may read a new file."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_new_store_is_for_its_owner_alone(tmp_path: Path, samples: Path, usual_mask: None) -> None:
    """Its file is, and whatever DuckDB makes beside it while it writes; afterwards the mask is as it was."""
    seen = set[int]()

    def look(_: int) -> None:
        probe = tmp_path / "probe"
        probe.touch()
        seen.add(_rights(probe))

    with open_store(tmp_path / "s.duckdb") as store:
        store.ingest([samples], look)
    (tmp_path / "after").touch()

    assert seen == {0o600}
    assert {_rights(path) for path in tmp_path.glob("s.duckdb*")} == {0o600}
    assert _rights(tmp_path / "after") == 0o644


def test_a_store_keeps_the_rights_that_it_was_given(tmp_path: Path, usual_mask: None) -> None:
    """Compacting and rebuilding put a new file in its place, with the rights of the old one."""
    path = tmp_path / "s.duckdb"
    spool(path, document([chat(trace_id())]))
    open_store(path).close()
    path.chmod(0o640)
    with open_store(path) as store:
        store.compact()
        assert _rights(path) == 0o640
        store.rebuild()
    assert _rights(path) == 0o640


def test_a_link_in_a_shared_folder_is_not_followed(tmp_path: Path) -> None:
    """Who may write to the folder can neither have a file of ours overwritten nor one read that is not a segment."""
    store, mine, missing = tmp_path / "s.duckdb", tmp_path / "mine", tmp_path / "missing"
    mine.write_text('{"resourceSpans": []}\n')
    folder = Spool(store).folder
    (folder / "rejected").mkdir(parents=True)
    (folder / f".dropped-{os.getpid()}.json").symlink_to(mine)
    (folder / "rejected" / "part").symlink_to(mine)
    (folder / "1.jsonl").symlink_to(mine)
    store.with_name("s.duckdb.lock").symlink_to(missing)

    DropCounter(folder).add("full", spans=1)
    Spool(store).set_aside("part", b"bad", "why")
    with Spool(store).drain_lock() as held:
        assert not held

    assert mine.read_text() == '{"resourceSpans": []}\n'
    assert not missing.exists()
    assert Spool(store).segments() == []
    assert (Spool(store).lost()["spans"], (folder / "rejected" / "part").read_bytes()) == (1, b"bad")
