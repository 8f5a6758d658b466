"""`botanu export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from botanu_cli.options import Request, filtered
from botanu_cli.text import counted


@filtered
def export(
    request: Request,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write into; made when it is not there.")],
    form: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="parquet or csv.")] = "parquet",
) -> None:
    """Runs, calls and charges as Parquet or CSV files, for a notebook or a warehouse.

    Filters hold as for reports; amounts are exact decimals in USD, null where there is no price.

    Examples:
      botanu export exported/

      botanu export exported/ --since 7d --format csv
    """
    if form not in ("parquet", "csv"):
        raise typer.BadParameter(f"{form!r} is no format here. Choose from parquet, csv.", param_hint="--format")
    with request.open() as store:
        written = store.export(request.filters(store), folder, form="csv" if form == "csv" else "parquet")
    for path, count in written.items():
        request.settings.say(f"Wrote {counted(count, 'row')} to {path}.")
