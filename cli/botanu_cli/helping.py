"""How the program explains itself: every group and command is made of these, so that all help reads alike."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command in whose help a switch stands alone, for there is no value to give, and no Python type is named."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, switches without a value."""
        return _bare(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands, its help the same."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, switches without a value."""
        return _bare(super().get_params(ctx))


def group(about: str, *examples: str) -> typer.Typer:
    """Return a group that says what its commands are about and shows lines to type."""
    lines = "\n\n".join(f"  {example}" for example in examples)
    return typer.Typer(cls=Group, help=f"{about}\n\nExamples:\n{lines}", no_args_is_help=True)


def _nothing(ctx: Any) -> None:
    """Say no type: a parameter's name says what it is, its Python type nothing."""


def _bare(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            parameter.display_type_rich = _nothing
        elif getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    return parameters
