"""What each run, root run, day or call used and cost: the numbers that budgets take their statistics from."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from botanu_store.filters import NO_CONDITIONS, Filters, where
from botanu_store.records import PICO_USD
from botanu_store.reports.cost import dimension
from botanu_store.reports.database import Database
from botanu_store.reports.outcomes import units_of
from botanu_store.reports.text import filled, runs_used

Per = Literal["run", "outcome", "root_run", "day", "call"]


@dataclass(frozen=True, slots=True)
class Samples:
    """Units, the cheapest first, in columns, as there may be millions: what each used and cost, and whether it achieved its outcome."""

    costs_pico: Sequence[int]
    """In `PICO_USD`; of the units after these no call has a price."""
    tokens: Sequence[int]
    llm_calls: Sequence[int]
    unpriced_calls: Sequence[int]
    achieved: Sequence[int]
    """1 where a unit did, 0 where not."""

    def __len__(self) -> int:
        return len(self.tokens)


def samples(db: Database, filters: Filters, per: Per) -> Samples:
    """Return one sample per unit; `outcome` and `root_run` have root runs for units."""
    text, parameters = _samples(db, filters, per)
    table = db.arrow(filled("samples_in_columns", NO_CONDITIONS, samples=text), parameters)
    costs = _integers(table.column("pico_usd").drop_null())
    if any(_integers(table.column("large"))):
        costs = [*costs, *_large_costs(db, text, parameters)]
    columns = list[Sequence[int]]()
    for name in ("tokens", "llm_calls", "unpriced_calls", "achieved"):
        # Each is copied into one piece, and not all are there twice at once.
        columns.append(_integers(table.column(name)))
        table = table.drop_columns(name)
    return Samples(costs, *columns)


def _large_costs(db: Database, text: str, parameters: dict[str, Any]) -> list[int]:
    """The costs that fit into no 64 bits."""
    large = f"select s.cost_usd from ({text}) as s where botanu_pico_usd(s.cost_usd) is null and s.cost_usd is not null order by 1"
    return [int(row["cost_usd"] / PICO_USD) for row in db.rows(large, parameters)]


def _integers(column: Any) -> Sequence[int]:
    """The numbers of a column where they lie: as objects of Python they would take ten times the memory."""
    array = column.combine_chunks()
    if not len(array):
        return ()
    numbers = memoryview(array.buffers()[1]).cast("q" if array.type.bit_width == 64 else "b")
    return numbers[array.offset : array.offset + len(array)]


def _samples(db: Database, filters: Filters, per: Per) -> tuple[str, dict[str, Any]]:
    """The query of these units and what it binds."""
    if per in ("outcome", "root_run"):
        return _root_runs(db, filters)
    if per == "call":
        return _calls(filters)
    conditions = where(filters)
    if per == "run":
        return filled("samples_of_runs", conditions, **runs_used(db, conditions)), conditions.parameters
    unit = dimension("time:day", filters.interval.tz)
    return filled("samples", conditions, unit=unit, **runs_used(db, conditions)), conditions.parameters


def _root_runs(db: Database, filters: Filters) -> tuple[str, dict[str, Any]]:
    units, parameters = units_of(db, filters, {})
    columns = "cost_usd, tokens, llm_calls, unpriced_calls, outcome = 'success' as achieved"
    return f"{units} select {columns} from units", parameters


def _calls(filters: Filters) -> tuple[str, dict[str, Any]]:
    conditions = where(filters)
    text = (
        "select c.cost_usd, c.input_tokens + c.output_tokens as tokens, c.category in ('llm', 'embedding') as llm_calls, "
        "c.priced = 'no' as unpriced_calls, true as achieved from counted_calls as c inner join runs as r on r.run_id = c.run_id "
        f"where {conditions.runs} and ({conditions.calls})"
    )
    return text, conditions.parameters
