"""`pytest --botanu-budget botanu.toml`: the suite runs with the SDK writing to a store of its own, and a broken budget fails the session."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

_OPTION = "--botanu-budget"


@dataclass(slots=True)
class _Session:
    """What one session with budgets keeps: where its store is, and what the check said."""

    config: Path
    store: Path
    outputs: list[str]
    folder: tempfile.TemporaryDirectory[str] | None
    """Where the store is when nobody asked to keep it."""
    said: str = ""


_KEY = pytest.StashKey[_Session]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("botanu", "what the suite's model calls cost")
    group.addoption(_OPTION, metavar="FILE", help="Check the budgets of this file on what the suite's runs cost.")
    group.addoption("--botanu-store", metavar="FILE", help="Keep what the suite's runs cost in this store.")
    group.addoption(
        "--botanu-output",
        metavar="FORMAT:FILE",
        action="append",
        default=[],
        help="Write the result too: table, json, markdown, junit or github; repeatable.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the SDK before the first test, writing to a store of the session's own."""
    named = config.getoption(_OPTION)
    if not named:
        return
    path = Path(named).resolve()
    if not path.is_file():
        raise pytest.UsageError(f"{_OPTION} {named}: there is no such file. Write one with: botanu budget init")
    if not hasattr(config, "workerinput"):
        config.stash[_KEY] = session = _session(config, path)
        # Processes that tests start, and workers of pytest-xdist, write to the same store.
        os.environ["BOTANU_STORE"] = str(session.store)
    from botanu import init_botanu

    init_botanu(service_name="pytest", store=os.environ["BOTANU_STORE"])


def _session(config: pytest.Config, path: Path) -> _Session:
    kept: str | None = config.getoption("--botanu-store")
    outputs: list[str] = config.getoption("--botanu-output") or []
    folder = None if kept else tempfile.TemporaryDirectory(prefix="botanu-")
    store = Path(folder.name) / "suite.duckdb" if folder else Path(kept or "").resolve()
    return _Session(path, store, outputs, folder)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Check the budgets; one that is broken fails a session that passed."""
    if not session.config.getoption(_OPTION):
        return
    from botanu import disable

    disable()
    found = session.config.stash.get(_KEY, None)
    if found is None:
        return
    code = _check(found)
    if code and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what came of the budgets, under the suite's own result."""
    found = config.stash.get(_KEY, None)
    if found is not None:
        terminalreporter.section("botanu budgets")
        terminalreporter.write(found.said)
        if found.folder is not None:
            terminalreporter.write_line(
                "To look at these runs afterwards, keep their store: --botanu-store suite.duckdb"
            )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the session's store."""
    found = config.stash.get(_KEY, None)
    if found is not None:
        os.environ.pop("BOTANU_STORE", None)
        if found.folder is not None:
            found.folder.cleanup()


def _check(session: _Session) -> int:
    import subprocess
    import sys

    outputs = [word for output in session.outputs for word in ("--output", output)]
    words = ["budget", "check", "--config", str(session.config), "--store", str(session.store), *outputs]
    # A process of its own, because the suite may have replaced clocks, streams or sockets of this one.
    done = subprocess.run(  # noqa: S603 - this program itself
        [sys.executable, "-m", "botanu_cli", *words], capture_output=True, text=True, encoding="utf-8", check=False
    )
    session.said = done.stdout + done.stderr
    return done.returncode
