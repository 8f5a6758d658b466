"""The house's own rules: every test says what holds, no function and no file outgrows a reader, public names are sorted."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SOURCES = sorted(p for part in ("botanu", "store", "cli") for p in (REPOSITORY / part).rglob("*.py"))
TESTS = sorted((REPOSITORY / "tests").rglob("test_*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_every_test_states_in_a_sentence_what_holds(path: Path) -> None:
    """A test without a docstring is no specification."""
    tree = ast.parse(path.read_text("utf-8"))
    functions = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name.startswith("test_")
    ]

    assert [f.name for f in functions if not ast.get_docstring(f)] == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_file_and_no_function_outgrows_a_reader(path: Path) -> None:
    """A file has at most 400 lines, a function at most 60."""
    text = path.read_text("utf-8")
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert text.count("\n") <= 400
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 60] == []
