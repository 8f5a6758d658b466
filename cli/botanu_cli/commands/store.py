"""`botanu store info`, `prune`, `compact` and `rebuild`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli.helping import Command, group
from botanu_cli.options import Request, written

if TYPE_CHECKING:
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
    from botanu_store.filters import Filters, Interval
    from botanu_store.reports import Report

    from botanu_cli.layouts import STORE

    everything = Filters(interval=Interval(tz=request.settings.zone.key))
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
) -> None:
    """Forget the runs that were over before a moment; a run goes whole or not at all.

    Examples:
      botanu store prune --older-than 90d --dry-run

      botanu store prune --older-than 2026-01-01
    """
    from botanu_cli.interval import moment
    from botanu_cli.output import emit
    from botanu_cli.text import counted

    settings: Settings = context.obj
    before = moment(older_than, settings.zone, datetime.now(UTC), "--older-than")
    with settings.open() as store:
        gone = store.prune(before, dry_run=dry_run)
    verb = "Would forget" if dry_run else "Forgot"
    forgotten = f"{counted(gone.runs, 'run')}, {counted(gone.calls, 'call')} and {counted(gone.spans, 'span')}"
    emit(f"{verb} {forgotten} from before {before.isoformat(timespec='seconds')}.")
    if gone.spans and not dry_run:
        settings.say("The file keeps its size until: botanu store compact")


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
