"""The command line: global flags, the tree of commands, and what each error means for the exit code."""

from __future__ import annotations

import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from botanu_cli.commands import (
    budget,
    calls,
    cost,
    dashboard,
    demo,
    doctor,
    export,
    ingest,
    outcomes,
    prices,
    runs,
    schema,
    serve,
    sql,
    store,
    sync,
    vendors,
)
from botanu_cli.diagnostics import ExitCode, say_error, say_traceback
from botanu_cli.helping import Command, Group
from botanu_cli.interrupts import FLAGS_WITH_VALUE, heard
from botanu_cli.settings import Settings

app = typer.Typer(
    cls=Group,
    name="botanu",
    help="What did this outcome cost, and was it worth it? Cost per run, outcome and vendor, from OpenTelemetry spans.",
    epilog="Start with `botanu demo`, or send spans to a store with the SDK and look at `botanu cost`.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
_REPORTS, _CHECKS, _ENTRY, _STORE = "Reports", "Budgets and prices", "Spans in", "The store, and what else there is"
app.command("cost", cls=Command, rich_help_panel=_REPORTS)(cost.cost)
app.command("outcomes", cls=Command, rich_help_panel=_REPORTS)(outcomes.outcomes)
app.command("vendors", cls=Command, rich_help_panel=_REPORTS)(vendors.vendors)
app.add_typer(runs.app, name="runs", rich_help_panel=_REPORTS)
app.add_typer(calls.app, name="calls", rich_help_panel=_REPORTS)
app.command("dashboard", cls=Command, rich_help_panel=_REPORTS)(dashboard.dashboard)
app.command("tui", cls=Command, hidden=True)(dashboard.dashboard)
app.add_typer(budget.app, name="budget", rich_help_panel=_CHECKS)
app.add_typer(prices.app, name="prices", rich_help_panel=_CHECKS)
app.command("demo", cls=Command, rich_help_panel=_ENTRY)(demo.demo)
app.command("ingest", cls=Command, rich_help_panel=_ENTRY)(ingest.ingest)
app.command("serve", cls=Command, rich_help_panel=_ENTRY)(serve.serve)
app.command("sync", cls=Command, rich_help_panel=_ENTRY)(sync.sync)
app.command("doctor", cls=Command, rich_help_panel=_STORE)(doctor.doctor)
app.command("export", cls=Command, rich_help_panel=_STORE)(export.export)
app.command("sql", cls=Command, rich_help_panel=_STORE)(sql.sql)
app.command("schema", cls=Command, rich_help_panel=_STORE)(schema.schema)
app.add_typer(store.app, name="store", rich_help_panel=_STORE)

_SWITCHES = ("--no-color", "-q", "--quiet", "-v", "--verbose", "--version")


def _version(value: bool) -> None:
    if value:
        from botanu._version import __version__

        sys.stdout.write(f"botanu {__version__}\n")
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    store: Annotated[
        str | None,
        typer.Option(
            envvar="BOTANU_STORE",
            metavar="URL",
            help="The store: a DuckDB file, or clickhouse://user@host/database. (default: ./botanu.duckdb)",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="BOTANU_CLI_CONFIG",
            metavar="PATH",
            help="Your prices and settings. (default: ./botanu.toml, else pyproject.toml)",
        ),
    ] = None,
    tz: Annotated[
        str | None, typer.Option("--tz", metavar="ZONE", help="Zone in which days begin. (default: this machine's)")
    ] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Data only: no notes on stderr.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more; show where an error came from.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    if store is not None and not store.strip():
        raise typer.BadParameter("--store names nothing. Name a DuckDB file, or leave it out.")
    context.obj = Settings(store_given=store, config=config, tz=tz, color=not no_color, quiet=quiet, verbose=verbose)


@cache
def program() -> Any:
    """Return all commands as one program; to put it together takes as long as a small report."""
    return typer.main.get_command(app)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; never raises."""
    verbose = "--verbose" in arguments or "-v" in arguments
    try:
        done = program().main(_globals_first(arguments), standalone_mode=False, prog_name="botanu")
        return int(done or ExitCode.OK)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except SystemExit:
        return _closed_pipe()
    except Exception as error:  # noqa: BLE001 - the one place where errors become messages
        if heard():
            return ExitCode.INTERRUPTED
        if verbose:
            say_traceback(error)
        return _explained(error)


def _explained(error: Exception) -> int:
    from botanu_store.errors import StoreError, StoreUnavailable

    if isinstance(error, typer.Abort):
        return ExitCode.INTERRUPTED
    if isinstance(error, typer.TyperException):
        said = error.format_message()
        if not said:
            return ExitCode.USAGE  # a group of commands without one of them: its help is on the screen already
        say_error(said if said.endswith((".", "?")) else f"{said}.", _help_of(error))
        return ExitCode.USAGE
    if isinstance(error, StoreError):
        say_error(str(error))
        return ExitCode.UNAVAILABLE if isinstance(error, StoreUnavailable) else ExitCode.USAGE
    if isinstance(error, OSError):
        say_error(*_of_file(error))
        return ExitCode.USAGE
    say_error(
        f"Something unexpected went wrong: {type(error).__name__}: {error}.", "Run again with --verbose and report it."
    )
    return ExitCode.USAGE


def _of_file(error: OSError) -> tuple[str, str]:
    """What is wrong with a file, and what to do about it."""
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
    if path is not None and isinstance(error, FileNotFoundError):
        if not path.parent.exists():
            return f"The folder {path.parent} does not exist.", "Create it, or name another."
        if not path.exists():
            return f"The file {path} does not exist.", "Name one that does."
    # Whoever writes a file names it; help and the version are written by others.
    unnamed = "stdout" if error.errno == errno.ENOSPC else "A file"
    return f"{path or unnamed}: {error.strerror or error}.", "Check the disk and the permissions."


def _help_of(error: typer.TyperException) -> str:
    context: Any = getattr(error, "ctx", None)
    return f"See: {context.command_path} --help" if context is not None else ""


def _closed_pipe() -> int:
    # Typer exits with 1 where whoever reads its help closes the pipe early; that is no error, and no broken budget.
    from botanu_cli.output import write_nowhere

    write_nowhere()
    return ExitCode.OK


def _globals_first(arguments: list[str]) -> list[str]:
    """Global flags are accepted after the command's name too: move them to the front."""
    front, rest = list[str](), list[str]()
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        if word in _SWITCHES or word.startswith(tuple(f"{flag}=" for flag in FLAGS_WITH_VALUE)):
            front.append(word)
        elif word in FLAGS_WITH_VALUE:
            if not waiting:
                raise typer.BadParameter("Its value is missing.", param_hint=word)
            front += [word, waiting.pop(0)]
        else:
            rest.append(word)
    return front + rest
