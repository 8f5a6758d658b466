"""`botanu doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from botanu_cli.diagnostics import ExitCode
from botanu_cli.settings import Settings
from botanu_cli.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from botanu_cli.checkup import Finding


def doctor(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table",
) -> None:
    """Can the SDK record, is a collector there, can the spool be written, does the store open, are prices known, does anything count twice?

    Ends with 1 when something is wrong.

    Example:
      botanu doctor
    """
    from botanu_cli.checkup import findings
    from botanu_cli.output import colours, emit, printed, terminal_width

    settings: Settings = context.obj
    if form not in ("table", "json"):
        raise typer.BadParameter(f"{form!r} is no format here. Choose from table, json.", param_hint="--format")
    found = list(findings(settings.store))
    if form == "json":
        emit(json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False))
    else:
        emit(printed(_lines(found), width=terminal_width(), color=colours(settings)))
    if any(finding.state == "fault" for finding in found):
        raise typer.Exit(ExitCode.CHECK_FAILED)


_MARKS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "fault": ("✗", "bold red")}


def _lines(found: list[Finding]) -> Iterator[Text]:
    from rich.text import Text

    for finding in found:
        mark, style = _MARKS[finding.state]
        yield Text.assemble((f"{mark} ", style), (f"{finding.check:<12}", "bold"), safe(finding.found))
        if finding.advice:
            yield Text(f"{'':14}{safe(finding.advice)}", style="dim")
