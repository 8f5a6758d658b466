"""The results of a budget check as a table, JSON, Markdown, a JUnit report, and GitHub's annotations."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from botanu_store.reports.report import Report, Row

from botanu_cli import output, text
from botanu_cli.budgets import words
from botanu_cli.budgets.evaluate import Check, Result
from botanu_cli.layout import Column, Layout
from botanu_cli.settings import Settings

if TYPE_CHECKING:
    from botanu_store.filters import Filters
    from botanu_store.reports.report import Coverage

FORMATS = ("table", "json", "markdown", "junit", "github")

BUDGETS = Layout(
    columns=(
        Column("status", "Result", "mark", keep=10),
        Column("budget", "Budget", "text", keep=10),
        Column("what", "Limit on", "text", keep=9),
        Column("measured_text", "Measured", "figure", keep=10),
        Column("limit_text", "Limit", "figure", keep=9),
        Column("used", "Used", "share", keep=8),
        Column("interval_text", "95% interval", "figure", keep=3),
        Column("samples", "Samples", "count", keep=5),
    ),
    fields=(
        "budget", "status", "limit", "allowed", "measured", "unit", "used", "samples", "interval_low", "interval_high", "per", "metric",
        "since", "until", "filters", "lower_bound", "upper_bound", "why", "costliest", "unsuccessful", "changes",
    ),
    totals=("budgets", "pass", "warn", "fail", "no_data"),
    noun="budgets",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """All that a check came to, ready to be written."""

    results: Sequence[Result]
    report: Report
    """One row per limit, in the frame of every report."""
    settings: Settings

    @property
    def failed(self) -> list[Result]:
        """The broken budgets."""
        return [result for result in self.results if result.status == "fail"]


def report_of(results: Sequence[Result], shared: Coverage, filters: Filters) -> Report:
    """Return a report with one row per limit of each budget; `filters` are those that all share, with what totals under them rest on."""
    rows = [row_of(result, check) for result in results for check in result.checks]
    coverage = results[0].coverage if len(results) == 1 else shared
    return Report("budget", rows, _totals(results), coverage, filters.interval, filters.asked(), len(rows))


def _totals(results: Sequence[Result]) -> Row:
    """How many budgets passed, warned, failed and had no data."""
    statuses = [result.status for result in results]
    counts = {name.replace(" ", "_"): statuses.count(name) for name in ("pass", "warn", "fail", "no data")}
    return {"budgets": len(results), **counts}


def row_of(result: Result, check: Check) -> Row:
    """Return a limit's row in the report."""
    low, high = map(_exact, check.interval or (None, None))
    interval = result.filters.interval
    return {
        "budget": result.budget.name,
        "status": check.status,
        "limit": check.limit,
        "allowed": check.allowed,
        "measured": check.measured,
        "unit": check.unit,
        "used": check.used,
        "samples": check.samples,
        "interval_low": low,
        "interval_high": high,
        "per": result.budget.per,
        "metric": result.budget.metric,
        "since": interval.since,
        "until": interval.until,
        "filters": result.filters.asked(),
        "lower_bound": check.lower_bound,
        "upper_bound": check.upper_bound,
        "why": check.why,
        "costliest": [{k: v for k, v in row.items() if k != "short_id"} for row in result.costliest],
        "unsuccessful": result.unsuccessful,
        "changes": result.changes,
        "what": words.what(result.budget, check.limit),
        "measured_text": words.measured(check),
        "limit_text": words.figure(check.allowed, check.unit),
        "interval_text": words.within(check),
    }


def _exact(figure: float | None) -> Decimal | None:
    """A figure as JSON carries what was measured: money is never a float there."""
    return None if figure is None else Decimal(repr(figure))


def render(checked: Checked, form: str) -> str:
    """Return the results in one of `FORMATS`."""
    return _RENDERERS[form](checked)


def _table(checked: Checked) -> str:
    from botanu_cli.table import table_lines

    width, color = output.terminal_width(), output.colours(checked.settings)
    lines = table_lines(checked.report.rows, BUDGETS.columns, checked.settings, width)
    talk = (line for said in _talk(checked) for line in output.prose(said, width, indent=_indent(said), style=""))
    return output.printed([*lines, "", *talk], width=width, color=color)


def _indent(said: str) -> int:
    return len(said) - len(said.lstrip()) + 2


def _talk(checked: Checked) -> list[str]:
    lines: list[str] = []
    for result in checked.results:
        notes = [words.sentence(result, check) for check in result.checks if check.status != "pass"]
        if notes:
            lines += [f"{text.safe(result.budget.name)}:", *(f"  {note}" for note in notes)]
            lines += [*(f"    {line}" for line in words.explanation(result, checked.settings.store_to_name)), ""]
    return [*lines, _verdict(checked), output.coverage_line(checked.report)]


def _verdict(checked: Checked) -> str:
    totals = checked.report.totals
    names = {"fail": "broken", "warn": "near the limit", "pass": "kept", "no_data": "without enough data"}
    parts = [f"{totals[key]} {name}" for key, name in names.items() if totals[key]]
    return f"{totals['budgets']} budget{'s' if totals['budgets'] != 1 else ''}: {', '.join(parts)}."


def _json(checked: Checked) -> str:
    document = output.as_json(checked.report, BUDGETS)
    return output.json_text(document)


def _markdown(checked: Checked) -> str:
    parts = [f"### {_verdict(checked)}", output.markdown_table(checked.report.rows, BUDGETS.columns, checked.settings)]
    for result in checked.failed:
        lines = [words.sentence(result, check) for check in result.checks if check.status == "fail"]
        lines += words.explanation(result, checked.settings.store_to_name)
        parts.append(
            f"**{output.escaped(text.safe(result.budget.name))}**\n\n"
            + "\n".join(f"- {output.escaped(line)}" for line in lines)
        )
    parts.append(output.escaped(output.coverage_line(checked.report)))
    return "\n\n".join(parts) + "\n"


def _junit(checked: Checked) -> str:
    statuses = [check.status for result in checked.results for check in result.checks]
    suite = ET.Element(
        "testsuite",
        name="botanu budget check",
        tests=str(len(statuses)),
        failures=str(statuses.count("fail")),
        errors="0",
        skipped=str(statuses.count("no data")),
    )
    for result in checked.results:
        for check in result.checks:
            _junit_case(suite, checked, result, check)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _junit_case(suite: ET.Element, checked: Checked, result: Result, check: Check) -> None:
    case = ET.SubElement(suite, "testcase", classname=_xml(result.budget.name), name=check.limit, time="0")
    said = _xml(words.sentence(result, check))
    if check.status == "fail":
        failure = ET.SubElement(case, "failure", message=said)
        failure.text = _xml("\n".join(words.explanation(result, checked.settings.store_to_name)))
    elif check.status == "no data":
        ET.SubElement(case, "skipped", message=said)
    else:
        ET.SubElement(case, "system-out").text = said


def _xml(said: str) -> str:
    """Text without what XML 1.0 cannot hold."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", said)


_LEVELS = {"fail": "error", "warn": "warning", "no data": "notice"}


def _github(checked: Checked) -> str:
    lines = [
        _annotation(result, check) for result in checked.results for check in result.checks if check.status != "pass"
    ]
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(_markdown(checked) + "\n")
    return "\n".join([*lines, _verdict(checked)]) + "\n"


def _annotation(result: Result, check: Check) -> str:
    title = _command_data(f"Budget {text.safe(result.budget.name)}").replace(":", "%3A").replace(",", "%2C")
    return f"::{_LEVELS[check.status]} title={title}::{_command_data(words.sentence(result, check))}"


def _command_data(said: str) -> str:
    # As the runner reads it: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


_RENDERERS: dict[str, Callable[[Checked], str]] = {
    "table": _table,
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
    "github": _github,
}
