"""The commands and flags as a page of documentation, made of the program itself: `python -m botanu_cli.reference > docs/api/cli.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from typer.core import TyperArgument, TyperOption

from botanu_cli.app import program

BAR = "\\|"
"""A bar inside a cell of a Markdown table."""

_INTRODUCTION = """# Command line

Made of the program itself; `botanu COMMAND --help` says the same. Global flags work before and after a command's name.

| exit code | means |
| --- | --- |
| 0 | fine |
| 1 | a check failed: `botanu budget check` found a broken budget, or `botanu doctor` something that is wrong |
| 2 | a flag, a setting, a file or a value cannot be used as given |
| 3 | data is incomplete, and `--strict` was given |
| 4 | the store is locked past the wait, or cannot be reached |
| 130 | interrupted |
"""


def page() -> str:
    """Return the whole page."""
    root: Any = program()
    parts = [_INTRODUCTION, "## Global flags\n", *_table(_options(root.params)), ""]
    for words, command in _commands(root, ("botanu",)):
        parts += [*_section(words, command), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The commands below this one, in the order of their names."""
    for name, below in sorted(command.commands.items()):
        if below.hidden:
            continue
        if hasattr(below, "commands"):
            yield from _commands(below, (*words, name))
        else:
            yield (*words, name), below


def _section(words: Sequence[str], command: Any) -> Iterator[str]:
    about, _, examples = str(command.help or "").partition("Example")
    arguments = [parameter for parameter in command.params if isinstance(parameter, TyperArgument)]
    usage = " ".join([*words, *(_named(argument) for argument in arguments)])
    yield f"## `{usage}`\n"
    yield about.strip()
    lines = [line.strip() for line in examples.partition("\n")[2].splitlines() if line.strip()]
    if lines:
        yield "\n```sh\n" + "\n".join(lines) + "\n```"
    shared = _is_report(command)
    own = [option for option in _options(command.params) if not (shared and option.rich_help_panel == "Filters")]
    if arguments or own:
        yield ""
        yield from _table([*arguments, *own])
    if shared:
        yield "\nAnd the [filters](#filters) that reports share."
    if tuple(words) == _WHERE_FILTERS_ARE:
        filters = [option for option in _options(command.params) if option.rich_help_panel == "Filters"]
        yield "\n### Filters\n"
        yield "Shared by all reports. Of one kind they combine with OR, between kinds with AND. Where they ask for calls, runs without such a call are left out.\n"
        yield from _table(filters)


def _is_report(command: Any) -> bool:
    return any(getattr(parameter, "rich_help_panel", None) == "Filters" for parameter in command.params)


def _options(parameters: Sequence[Any]) -> list[Any]:
    return [p for p in parameters if isinstance(p, TyperOption) and not p.hidden and p.name != "help"]


def _table(parameters: Sequence[Any]) -> Iterator[str]:
    yield "| | |"
    yield "| --- | --- |"
    for parameter in parameters:
        name = _named(parameter) if isinstance(parameter, TyperArgument) else _flags(parameter)
        yield f"| `{name.replace('|', BAR)}` | {_told(parameter)} |"


def _named(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _flags(option: Any) -> str:
    value = f" {option.metavar or 'TEXT'}" if not option.is_flag else ""
    return ", ".join([*option.opts, *option.secondary_opts]) + value


def _told(parameter: Any) -> str:
    told = str(parameter.help or "").replace("|", BAR)
    shown = parameter.show_default and parameter.default not in (None, False, ()) and not parameter.required
    variable = f" Or `{parameter.envvar}`." if getattr(parameter, "envvar", None) else ""
    return told + (f" Default: `{parameter.default}`." if shown else "") + variable


_WHERE_FILTERS_ARE = ("botanu", "cost")


if __name__ == "__main__":
    sys.stdout.write(page())
