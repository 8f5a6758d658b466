"""`botanu ingest`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli.diagnostics import ExitCode
from botanu_cli.options import known_format
from botanu_cli.settings import Settings
from botanu_cli.text import counted, safe

if TYPE_CHECKING:
    from botanu_store.ingest.ingested import Ingested


def ingest(
    context: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH…", help="OTLP JSON lines, JSON or protobuf files, gzip or zstd, folders; - is stdin."
        ),
    ],
    content: Annotated[
        bool, typer.Option("--keep-content", help="Keep prompts, completions and tool arguments.")
    ] = False,
    form: Annotated[
        str,
        typer.Option(
            "--format", "-f", metavar="FORMAT", help="table, json, jsonl, csv or markdown.", callback=known_format
        ),
    ] = "table",
) -> None:
    """Take OTLP files into the store; what is there already is not counted twice.

    Examples:
      botanu ingest traces.jsonl

      botanu ingest exported/ more.pb.gz

      zcat traces.jsonl.gz | botanu ingest -
    """
    from botanu_store import open_store

    from botanu_cli.output import emit
    from botanu_cli.progress import reading

    settings: Settings = context.obj
    files = [Path(path) for path in paths if path != "-"]
    with (
        open_store(settings.store, content="keep" if content else "drop") as store,
        reading(files, settings) as progress,
    ):
        result = store.ingest(files, progress, stdin="-" in paths)
    tell_rejected(result, settings)
    emit(summary(result) if form == "table" else counts(result, form))
    if result.rejected and not result.spans:
        raise typer.Exit(ExitCode.USAGE)


def summary(result: Ingested) -> str:
    """Say in one line what came of an ingest."""
    rate = f", {result.spans / result.seconds:,.0f} spans/s" if result.seconds > _MEASURABLE and result.spans else ""
    parts = [
        f"{counted(result.spans, 'span')}: {result.new:,} new, {result.duplicates:,} already there, {result.rejected_count:,} rejected{rate}"
    ]
    if result.other_signals:
        parts.append(f"{counted(result.other_signals, 'document')} of logs or metrics left aside")
    if result.other_records:
        parts.append(f"{counted(result.other_records, 'log record')} without usage left aside")
    return "; ".join(parts)


def counts(result: Ingested, form: str) -> str:
    """Return what came of an ingest for a machine, with each part that was rejected; Markdown says only how many."""
    from dataclasses import asdict

    from botanu_cli.output import cell, json_text

    found = asdict(result) | {"seconds": round(result.seconds, 3)}
    if form == "json":
        return json_text({"schema": "botanu.ingest/1", **found})
    if form == "jsonl":
        return json_text(found, indent=None)
    if form == "csv":
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([found, map(cell, found.values())])
        return stream.getvalue()
    found["rejected"] = found.pop("rejected_count")
    names, figures = list(found), list(map(str, found.values()))
    lines = [[name.replace("_", "\\_") for name in names], ["---:"] * len(names), figures]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tell_rejected(result: Ingested, settings: Settings) -> None:
    """Say what was set aside, where and why, the first twenty of it."""
    for rejected in result.rejected[:_SHOWN]:
        settings.say(safe(f"Set aside: {rejected.source}, {rejected.where}: {rejected.reason}"))
    if result.rejected_count > _SHOWN:
        settings.say(f"… and {result.rejected_count - _SHOWN:,} more.")


_SHOWN = 20
_MEASURABLE = 0.05
