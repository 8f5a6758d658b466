"""`botanu sql`."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from botanu_cli.options import Request, answered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from botanu_store.sql import Answer

    from botanu_cli.layout import Column


@answered
def sql(request: Request, query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT.")]) -> None:
    """Ask the store in SQL; it is only read, and nothing outside it can be reached.

    Relations: runs, calls, charges, spans, prices; priced_calls is calls with their cost. The dialect is DuckDB's.

    Examples:
      botanu sql "select use_case, count(*) from runs group by all"

      botanu sql "select vendor, model, sum(cost_usd) from priced_calls where counted group by all" --format csv
    """
    from botanu_store.reports.report import Report

    from botanu_cli.layout import Layout

    with request.settings.open() as store:
        everything = request.settings.everything()
        coverage = store.coverage(everything)
        answer = store.ask(query)
    rows = [dict(zip(answer.columns, map(_simple, row), strict=True)) for row in answer.rows]
    layout = Layout(tuple(_columns(answer)), answer.columns, (), "rows", covered=False)
    report = Report("sql", rows, {}, coverage, everything.interval, {}, len(rows))
    request.show(report, layout)


def _columns(answer: Answer) -> Iterable[Column]:
    from botanu_cli.layout import Column

    for index, name in enumerate(answer.columns):
        numbers = all(isinstance(row[index], int | float | Decimal | None) for row in answer.rows)
        yield Column(name, name, "figure" if numbers else "text", keep=len(answer.columns) - index + 8)


def _simple(value: Any) -> Any:
    """A value that every format can carry: numbers, text, lists and maps as they are, all else as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str | int | float | Decimal | None):
        return value
    if isinstance(value, list | tuple):
        return [_simple(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, dict):
        return {str(name): _simple(item) for name, item in cast("Mapping[Any, Any]", value).items()}
    return str(value)
