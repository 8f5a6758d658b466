"""The only writer of stdout: one report in any format, the same numbers in each."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from botanu_store.reports.formulas import is_formula

from botanu_cli import text
from botanu_cli.layout import LEFT, Column, Layout

if TYPE_CHECKING:
    from botanu_store.filters import Interval
    from botanu_store.reports.report import Report
    from rich.text import Text

    from botanu_cli.settings import Settings


def write(report: Report, layout: Layout, settings: Settings, form: str, output: Path | None) -> None:
    """Write a report to stdout or a file, and the talk about it to stderr."""
    if form == "table" and output is None:
        _write_table(report, layout, settings)
        return
    content = _RENDERERS[form](report, layout, settings)
    if output is None:
        emit(content)
    else:
        write_file(output, content)
        settings.say(f"Wrote {layout.counted(len(report.rows))} to {output}.")


def emit(content: str) -> None:
    """Write text to stdout as it is, and end its last line; where nobody reads it any more, the command goes on to what it comes to.

    Raises:
        OSError: there is no room for it; the error names stdout.
    """
    try:
        sys.stdout.write(content if content.endswith("\n") or not content else content + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        write_nowhere()
    except OSError as error:
        # What is left in the buffer would fail again at the end, and change the exit code.
        write_nowhere()
        raise OSError(error.errno, error.strerror, "stdout") from error


def write_file(path: Path, content: str) -> None:
    """Write text to a file.

    Raises:
        OSError: it cannot be written; the error names the file, as a full disk's own does not.
    """
    try:
        path.write_text(content, "utf-8")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_nowhere() -> None:
    """Let go of a stdout that nobody reads, as after `botanu … | head`: what is left in its buffer is no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show(content: str) -> None:
    """Write text for people to stdout: through `$PAGER` where a terminal is too low for it."""
    pager = os.environ.get("PAGER", "")
    if not (pager and sys.stdout.isatty() and content.count("\n") >= shutil.get_terminal_size().lines):
        emit(content)
        return
    # As git does: less ends by itself when all fits, shows colours, and leaves what was read on the screen.
    environment = {"LESS": "FRX", **os.environ}
    try:
        subprocess.run(shlex.split(pager), input=content.encode(), env=environment, check=False)  # noqa: S603 - the user's own
    except (OSError, ValueError):
        emit(content)


def as_json(report: Report, layout: Layout) -> dict[str, Any]:
    """Return the JSON document of a report: exact money as text, counts as integers, times as RFC 3339 UTC."""
    coverage = asdict(report.coverage)
    before = {} if report.before is None else {"before": _interval(report.before)}
    return {
        "schema": f"botanu.{report.name}/1",
        "generated_at": text.rfc3339(datetime.now(UTC)),
        "interval": _interval(report.interval),
        **before,
        "filters": report.filters,
        "rows": [{name: plain(row.get(name)) for name in layout.fields} for row in report.rows],
        "totals": {name: plain(report.totals.get(name)) for name in layout.totals},
        "coverage": coverage,
    }


def _interval(interval: Interval) -> dict[str, Any]:
    return {"since": plain(_utc(interval.since)), "until": plain(_utc(interval.until)), "tz": interval.tz}


def coverage_line(report: Report) -> str:
    """Say in one line what the totals rest on."""
    coverage = report.coverage
    parts = [f"{text.counted(coverage.calls_counted, 'call')} counted"]
    if coverage.calls_unpriced:
        models = text.listed(coverage.unpriced_models)
        # Runs that `--min-cost` leaves out may be below it only because they have no price.
        bound = (
            "the total is a lower bound" if report.totals.get("unpriced_calls", 1) else "their runs may cost enough too"
        )
        parts.append(f"{coverage.calls_unpriced:,} unpriced ({models}): {bound}")
    if coverage.duplicates_excluded:
        parts.append(f"{text.counted(coverage.duplicates_excluded, 'repeat')} left out")
    if coverage.sampled:
        parts.append(f"about {text.counted(coverage.sampled, 'run')} sampled away")
    if coverage.segments_pending:
        parts.append(f"{text.counted(coverage.segments_pending, 'segment')} pending")
    return " · ".join(parts)


def interval_line(report: Report) -> str:
    """Say which interval was asked for, and at which day's prices; empty when it is everything, at today's."""
    interval, parts = report.interval, list[str]()
    zone = ZoneInfo(interval.tz)
    if interval.since is not None or interval.until is not None:
        parts.append(f"{_from_to(interval, zone)} ({interval.tz})")
    if report.before is not None:
        parts.append(f"before: {_from_to(report.before, zone)}")
    parts += (
        f"as priced on {text.when(datetime.fromisoformat(day), zone)}" for day in report.filters.get("as_priced", ())
    )
    return " · ".join([*parts, *filter(None, [oldest_prices(report)])])


def oldest_prices(report: Report) -> str:
    """Say that no prices are known of the day that the report is priced as of; empty where there are some."""
    if report.oldest_prices is None:
        return ""
    read = text.when(report.oldest_prices, ZoneInfo(report.interval.tz))
    return f"the oldest prices known here were read on {read} and are used"


def _from_to(interval: Interval, zone: ZoneInfo) -> str:
    return f"{text.minute(interval.since, zone) or 'the beginning'} to {text.minute(interval.until, zone) or 'now'}"


def json_text(document: Any, *, indent: int | None = 2) -> str:
    """Return a JSON document as text in which no character does anything to a terminal."""
    return text.unambiguous(json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False))


def _json(report: Report, layout: Layout, _settings: Settings) -> str:
    return json_text(as_json(report, layout))


def _jsonl(report: Report, layout: Layout, _settings: Settings) -> str:
    rows = ({name: plain(row.get(name)) for name in layout.fields} for row in report.rows)
    return "".join(json_text(row, indent=None) + "\n" for row in rows)


def _csv(report: Report, layout: Layout, _settings: Settings) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(cell, layout.fields))
    writer.writerows([cell(plain(row.get(name))) for name in layout.fields] for row in report.rows)
    return stream.getvalue()


def _markdown(report: Report, layout: Layout, settings: Settings) -> str:
    from botanu_cli.table import totals_below

    parts = [markdown_table(report.rows, layout.columns, settings, totals_below(report, layout))]
    if layout.nested and (rows := layout.nested.rows(report)):
        parts += [f"{layout.nested.title}:", markdown_table(rows, layout.nested.columns, settings)]
    covered = coverage_line(report) if layout.covered else ""
    notes = [escaped(line) for line in (interval_line(report), covered) if line]
    return "\n\n".join([*parts, *notes]) + "\n"


def markdown_table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    settings: Settings,
    totals: Mapping[str, Any] | None = None,
) -> str:
    """Return rows as a Markdown table, with everything in them that Markdown would read made plain, and their total in bold."""
    from botanu_cli.table import says_something, written

    shown = [column for column in columns if says_something(rows, column)]
    lines = [[escaped(text.safe(column.title)) for column in shown]]
    lines.append(["---" if column.kind in LEFT else "---:" for column in shown])
    lines += [[escaped(written(row, column, settings.zone)) for column in shown] for row in rows]
    if totals is not None:
        cells = [escaped(written(totals, column, settings.zone)) if column.field in totals else "" for column in shown]
        lines.append([f"**{cell}**" if cell else "" for cell in ["Total", *cells[1:]]])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _table_text(report: Report, layout: Layout, settings: Settings) -> str:
    from botanu_cli.table import render

    return render(report, layout, settings, width=None, color=False)


def _write_table(report: Report, layout: Layout, settings: Settings) -> None:
    from botanu_cli.table import render

    show(render(report, layout, settings, width=terminal_width(), color=colours(settings)))


_RENDERERS: dict[str, Callable[[Report, Layout, Settings], str]] = {
    "table": _table_text,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
}


def printed(lines: Iterable[Text | str], *, width: int | None, color: bool) -> str:
    """Return lines as a terminal shows them; none is wrapped or cut."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(width or 100_000, 20),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    for line in lines:
        console.print(line)
    return stream.getvalue()


def prose(said: str, width: int | None, *, indent: int = 0, style: str = "dim") -> Iterator[Text]:
    """Yield a sentence in lines that fit the width, broken between words, all but the first moved in; in a pipe it stays one."""
    from rich.cells import cell_len, chop_cells
    from rich.text import Text

    words = said.lstrip(" ")
    line, empty = " " * (len(said) - len(words)), True
    for word in words.split(" "):
        added = word if empty else f" {word}"
        if width is not None and not empty and cell_len(line + added) > width:
            yield Text(line, style=style)
            line = " " * indent + word
        else:
            line += added
        empty = False
        if width is not None and cell_len(line) > width:
            *full, line = chop_cells(line, width)
            yield from (Text(part, style=style) for part in full)
    yield Text(line, style=style)


def terminal_width() -> int | None:
    """Return the columns to fit into; None in a pipe, where nothing is cut."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return int(columns)
    # A terminal that does not know its own size, as in some containers, says that it has no columns.
    return (os.get_terminal_size(sys.stdout.fileno()).columns or _UNKNOWN) if sys.stdout.isatty() else None


_UNKNOWN = 80


def colours(settings: Settings) -> bool:
    """Whether stdout gets colour: on a terminal, unless --no-color, NO_COLOR or a dumb terminal say no; FORCE_COLOR says yes."""
    if not settings.color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def plain(value: Any) -> Any:
    """Return a value as JSON and CSV carry it: money as exact text, times as RFC 3339 UTC."""
    if isinstance(value, Decimal):
        return text.exact(value)
    if isinstance(value, datetime):
        return text.rfc3339(value)
    if isinstance(value, list):
        return [plain(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in cast("Mapping[str, Any]", value).items()}
    return value


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


def cell(value: Any) -> Any:
    """Return a value as a cell of CSV; text that a spreadsheet would run as a formula is made text by a leading apostrophe."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json_text(value, indent=None)
    if isinstance(value, str):
        return "'" * is_formula(value) + text.safe(value)
    return value


def escaped(cell: str) -> str:
    """Return text as Markdown shows it: nothing in it is markup, and no address in it becomes a link."""
    return _MARKUP.sub(r"\\\g<0>", cell)


_MARKUP = re.compile(r"[\\`*_{}\[\]<>|&~]|^[#+-](?=\s|#)|:(?=//)|(?<=www)\.", re.IGNORECASE)
