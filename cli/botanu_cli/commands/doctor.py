"""`botanu doctor`."""

from __future__ import annotations

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
    form: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="table or json.")] = "table",
) -> None:
    """What is wrong with this set-up: the SDK, a collector, the spool, settings, the store, prices, what counts twice.

    Ends with 1 when something is wrong.

    Example:
      botanu doctor
    """
    from botanu_cli.checkup import findings
    from botanu_cli.output import colours, emit, json_text, printed, terminal_width

    settings: Settings = context.obj
    if form not in ("table", "json"):
        raise typer.BadParameter(f"{form!r} is no format here. Choose from table, json.", param_hint="--format")
    found = list(findings(settings.store, settings.config))
    if form == "json":
        emit(json_text([asdict(finding) for finding in found]))
    else:
        width = terminal_width()
        emit(printed(_lines(found, width), width=width, color=colours(settings)))
    if any(finding.state == "fault" for finding in found):
        raise typer.Exit(ExitCode.CHECK_FAILED)


_MARKS = {"ok": ("✓", "green"), "note": ("!", "magenta"), "fault": ("✗", "bold red")}


def _lines(found: list[Finding], width: int | None) -> Iterator[Text]:
    from rich.text import Text

    from botanu_cli.output import prose

    indent = max(len(finding.check) for finding in found) + 4
    for finding in found:
        mark, style = _MARKS[finding.state]
        first, *more = prose(" " * indent + safe(finding.found), width, indent=indent, style="")
        yield Text.assemble((f"{mark} ", style), (f"{finding.check:<{indent - 2}}", "bold"), first[indent:])
        yield from more
        if finding.advice:
            yield from prose(" " * indent + safe(finding.advice), width, indent=indent)
