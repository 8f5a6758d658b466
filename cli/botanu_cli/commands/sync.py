"""`botanu sync`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli.settings import Settings
from botanu_cli.text import counted

if TYPE_CHECKING:
    from botanu_store.clickhouse.sync import Synced


def sync(
    context: typer.Context,
    table: Annotated[
        str, typer.Option("--table", metavar="NAME", help="Where the collector's exporter writes spans.")
    ] = "otel_traces",
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Look again from here on, for spans that came very late."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=1, help="Processes that conclude runs.")] = 1,
) -> None:
    """Make calls and runs of what a collector wrote into ClickHouse; only of what is new since the last time.

    Reports read what was synced. Run it from time to time, by cron for example; it may be killed anywhere and run beside another.

    Examples:
      botanu --store clickhouse://botanu@localhost:8123/otel sync

      botanu --store "clickhouse://botanu@ch.example/otel?secure=1" sync --workers 4
    """
    from botanu_store.clickhouse.sync import sync as bring_up_to_date
    from botanu_store.engines.clickhouse import connect, read_address
    from botanu_store.times import to_ns

    from botanu_cli.interval import moment
    from botanu_cli.output import emit

    settings: Settings = context.obj
    address = read_address(settings.server_store())
    since_ns = None if since is None else to_ns(moment(since, settings.zone, datetime.now(UTC), "--since"))
    server = connect(address)
    try:
        emit(summary(bring_up_to_date(server, table=table, since_ns=since_ns, address=address, workers=workers)))
    finally:
        server.close()


def summary(done: Synced) -> str:
    """Say in one line what came of a sync."""
    if not done.spans:
        return "Nothing new."
    found = f"{counted(done.runs, 'run')} and {counted(done.calls, 'call')} of {counted(done.spans, 'span')}"
    kept = f"; {counted(done.kept, 'run')} left as they were, for some of their spans have expired" if done.kept else ""
    return f"Concluded {found} in {done.seconds:,.1f} s{kept}."
