"""A suite of somebody's own, run with budgets: nothing in it but tests that call a model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
from botanu import botanu_use_case, emit_outcome
from botanu.tracking.llm import track_llm_call


@botanu_use_case("Support")
def answer():
    with track_llm_call("openai", "gpt-4o") as call:
        call.set_tokens(input_tokens=1000, output_tokens=100)
    emit_outcome("success")


def test_one():
    answer()


def test_two():
    answer()
"""
BUDGET = '[[budgets]]\nname = "ticket"\nuse_case = "Support"\nmetric = "max"\nmax_usd = {}\n'


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_agent.py").write_text(SUITE)
    # Its model is not called by any library, so none needs to be instrumented; tests/test_ci_page.py has one that is.
    (tmp_path / "botanu.yaml").write_text("auto_instrument_packages: []\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return tmp_path


def session(folder: Path, max_usd: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "botanu.toml").write_text(BUDGET.format(max_usd))
    words = [
        sys.executable,
        "-m",
        "pytest",
        "--botanu-budget",
        "botanu.toml",
        *arguments,
    ]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_a_kept_budget_leaves_the_session_passed(suite: Path) -> None:
    """Exit code 0, what was measured at the end, and nothing left behind."""
    done = session(suite, "0.0035")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "botanu budgets" in done.stdout
    assert "$0.0035" in done.stdout
    assert not list(suite.glob("*.duckdb*"))


def test_a_broken_budget_fails_a_session_whose_tests_pass(suite: Path) -> None:
    """Exit code 1; the store is kept where asked for, and the outputs are written."""
    done = session(suite, "0.003", "--botanu-store", "suite.duckdb", "--botanu-output", "junit:budgets.xml")

    assert done.returncode == 1
    assert "2 passed" in done.stdout
    assert "breaks the limit of $0.0030" in done.stdout
    assert 'failures="1"' in (suite / "budgets.xml").read_text()
    shown = subprocess.run(
        [sys.executable, "-m", "botanu_cli", "cost", "--store", "suite.duckdb"],
        cwd=suite, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "$0.0070" in shown.stdout


@pytest.mark.slow
def test_workers_of_xdist_write_to_one_store(suite: Path) -> None:
    """However the suite is spread, the budget is checked once, on all of it."""
    done = session(suite, "0.0035", "-n", "2")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("1 budget: ") == 1
    assert "2 calls counted" in done.stdout


def test_a_budget_file_that_is_not_there_is_a_usage_error(suite: Path) -> None:
    """Pytest's own code for wrong usage, and how to make the file."""
    words = [sys.executable, "-m", "pytest", "--botanu-budget", "nowhere.toml"]
    done = subprocess.run(words, cwd=suite, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 4
    assert "botanu budget init" in done.stderr
