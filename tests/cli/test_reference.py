"""Help that teaches, and the page of documentation made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from botanu_cli import reference
from botanu_cli.app import app

from tests.cli.conftest import Botanu
from tests.conftest import REPOSITORY


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, and of every group of them."""
    for name, below in command.commands.items():
        yield (*words, name)
        if hasattr(below, "commands"):
            yield from commands(below, (*words, name))


COMMANDS = sorted(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_by_example(botanu: Botanu, words: tuple[str, ...]) -> None:
    """Help says what a command does and shows at least one line to type, which begins with that command; a switch takes no value."""
    result = botanu(*words, "--help")
    assert (result.code, result.err) == (0, "")
    assert "Example" in result.out
    assert f"botanu {' '.join(words).replace('tui', 'dashboard')}" in result.out
    assert "<bool>" not in result.out
    assert "<str>" not in result.out


def test_a_group_alone_shows_its_help_and_no_error(botanu: Botanu) -> None:
    """`botanu runs` is half a command: its commands are listed, the exit code is that of wrong usage."""
    result = botanu("runs")

    assert (result.code, result.err) == (2, "")
    assert "botanu runs show" in result.out


def test_the_page_of_commands_is_that_of_the_program() -> None:
    """docs/api/cli.md is what `python -m botanu_cli.reference` prints today."""
    page = (REPOSITORY / "docs" / "api" / "cli.md").read_text("utf-8")
    assert page == reference.page(), "renew it: python -m botanu_cli.reference > docs/api/cli.md"
