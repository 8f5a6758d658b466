"""What is shown, as a file: the report in the CLI's own formats."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from botanu_cli.output import write

if TYPE_CHECKING:
    from botanu_store.reports.report import Report

    from botanu_cli.layout import Layout
    from botanu_cli.settings import Settings

FORMS = ("csv", "json", "svg")


def file_for(page: str, form: str, now: datetime, folder: Path) -> Path:
    """Return a name that no file has yet: `botanu-runs-20261102-153000.csv`."""
    stem = f"botanu-{page}-{now:%Y%m%d-%H%M%S}"
    names = (f"{stem}{'' if number == 1 else f'-{number}'}.{form}" for number in range(1, 1000))
    return next(path for name in names if not (path := folder / name).exists())


def export(report: Report, layout: Layout, settings: Settings, path: Path) -> str:
    """Write a report to a file and say what was written."""
    write(report, layout, replace(settings, quiet=True), path.suffix.lstrip("."), path)
    if len(report.rows) == report.total_rows:
        return f"Wrote {layout.counted(len(report.rows))} to {path}."
    return f"Wrote {len(report.rows):,} of {report.total_rows:,} {layout.noun} to {path}; botanu runs list writes them all."
