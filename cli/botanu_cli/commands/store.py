"""`botanu store info`, `prune`, `compact` and `rebuild`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli.helping import Command, group
from botanu_cli.options import Request, written
from botanu_cli.text import counted

if TYPE_CHECKING:
    from botanu_store.store import Store
    from botanu_store.upkeep import Pruned

    from botanu_cli.settings import Settings

app = group(
    "The store itself: what is in it, forgetting, and space.",
    "botanu store info",
    "botanu store prune --older-than 90d --dry-run",
)


@app.command("info", cls=Command)
@written
def info(request: Request) -> None:
    """What is in the store and beside it.

    Example:
      botanu store info
    """
    from botanu_store.reports.report import Report

    from botanu_cli.layouts import STORE

    everything = request.settings.everything()
    with request.settings.open() as store:
        facts, coverage = store.info(), store.coverage(everything)
    rows = [{"fact": name, "value": value} for name, value in facts.items()]
    report = Report("store", rows, {}, coverage, everything.interval, {}, len(rows))
    request.show(report, STORE)


@app.command("prune", cls=Command)
def prune(
    context: typer.Context,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="WHEN", help="A span back from now such as 90d, or a date.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask, as a terminal does where more than half would go.")
    ] = False,
) -> None:
    """Forget the runs that were over before a moment; a run goes whole or not at all.

    Examples:
      botanu store prune --older-than 90d --dry-run

      botanu store prune --older-than 2026-01-01
    """
    from botanu_cli.output import emit

    settings: Settings = context.obj
    before = _past(older_than, settings)
    with settings.open() as store:
        if not dry_run and not yes and sys.stdin.isatty() and not _agreed(store, before):
            settings.say("Nothing was forgotten.")
            return
        gone = store.prune(before, dry_run=dry_run)
    emit(f"{'Would forget' if dry_run else 'Forgot'} {_what(gone)} from before {before.isoformat(timespec='seconds')}.")
    if gone.spans and not dry_run:
        settings.say("The file keeps its size until: botanu store compact")


def _past(older_than: str, settings: Settings) -> datetime:
    """The moment before which all goes; one that is not over yet would leave nothing."""
    from botanu_store.errors import InputError

    from botanu_cli.interval import moment

    now = datetime.now(UTC)
    before = moment(older_than, settings.zone, now, "--older-than")
    if before >= now:
        raise InputError(
            f"--older-than {older_than!r} is not in the past, so every run would go. Give a day that is over, or a span back from now such as 90d."
        )
    return before


def _agreed(store: Store, before: datetime) -> bool:
    """Whether it is fine with whoever sits there; they are asked only where more than half of the runs would go."""
    gone, runs = store.prune(before, dry_run=True), store.info()["runs"]
    if gone.runs * 2 <= runs:
        return True
    return typer.confirm(f"Forget {_what(gone)}, of {counted(runs, 'run')} in {store.name}?", err=True)


def _what(gone: Pruned) -> str:
    return f"{counted(gone.runs, 'run')}, {counted(gone.calls, 'call')} and {counted(gone.spans, 'span')}"


@app.command("compact", cls=Command)
def compact(context: typer.Context) -> None:
    """Give back the space of what was forgotten.

    Example:
      botanu store compact
    """
    from botanu_cli.output import emit

    settings: Settings = context.obj
    with settings.open() as store:
        before, after = store.compact()
    emit(f"{before:,} bytes before, {after:,} after.")


@app.command("rebuild", cls=Command)
def rebuild(context: typer.Context) -> None:
    """Read the kept spans again with the rules of this version, and say what that changed.

    The store stays as it is until all is done; it may be interrupted at any time.

    Example:
      botanu store rebuild
    """
    from botanu_store.filters import Filters

    from botanu_cli import text
    from botanu_cli.output import emit

    settings: Settings = context.obj
    with settings.open() as store:
        before = store.cost(Filters()).totals
        spans = store.rebuild() if store.path.exists() else 0
    with settings.open() as store:
        after = store.cost(Filters()).totals
    emit(f"Read {text.counted(spans, 'span')} again.")
    for said, field, write in (
        ("Calls", "calls", text.count),
        ("Unpriced", "unpriced_calls", text.count),
        ("Cost", "cost_usd", text.usd),
    ):
        change = "as before" if before[field] == after[field] else f"{write(before[field])} before"
        emit(f"{said}: {write(after[field])}, {change}")
