"""Type checkers see what users wrote."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).with_name("typing_examples.py")
REPOSITORY = EXAMPLES.parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("checker", [["mypy", "--strict", "--follow-imports=silent"], ["pyright", "--level", "error"]])
def test_the_examples_check(checker: list[str]) -> None:
    """The decorated function's own type is kept, under mypy and under pyright, and misuse is an error."""
    ended = subprocess.run(
        [sys.executable, "-m", *checker, str(EXAMPLES)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
