"""What a report is about: filters on runs and calls, and an interval, as bound SQL conditions.

Filters of one kind combine with OR, kinds with AND. The interval is about when a run started: a run's money belongs to that moment, so
that every report about the same filters adds up to the same total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from botanu_store.times import to_ns

RUN_COLUMNS: dict[str, str] = {
    "use_case": "r.use_case",
    "workflow": "r.workflow",
    "workflow_version": "r.workflow_version",
    "tenant": "r.tenant",
    "customer": "r.customer",
    "user": "r.user_id",
    "session": "r.session_id",
    "team": "r.team",
    "cost_center": "r.cost_center",
    "region": "r.region",
    "environment": "r.environment",
    "outcome": "r.outcome",
    "run": "r.run_id",
}
"""Dimensions that a run has as a whole."""

CALL_COLUMNS: dict[str, str] = {
    "service": "coalesce(nullif(c.service, ''), r.service)",
    "vendor": "c.vendor",
    "model": "c.model",
    "category": "c.category",
    "operation": "c.operation",
    "step": "c.step",
    "meter": "c.meter",
}
"""Dimensions that differ between the calls of one run."""

TIME_UNITS = ("hour", "day", "week", "month")


@dataclass(frozen=True, slots=True)
class Interval:
    """From `since`, inclusive, to `until`, exclusive; None is open. Days begin in the zone `tz` (an IANA name)."""

    since: datetime | None = None
    until: datetime | None = None
    tz: str = "UTC"


@dataclass(frozen=True, slots=True)
class Filters:
    """Values asked for, by dimension; empty means all. A value may hold `*`; a run id may be cut short."""

    use_case: tuple[str, ...] = ()
    workflow: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    cost_center: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    run_id: tuple[str, ...] = ()
    min_cost: Decimal | None = None
    interval: Interval = field(default_factory=Interval)

    def asked(self) -> dict[str, list[str]]:
        """Return the filters that are set, for showing beside a report."""
        given = {f.name: list(getattr(self, f.name)) for f in fields(self) if isinstance(getattr(self, f.name), tuple)}
        asked = {name: values for name, values in given.items() if values}
        return asked | ({"min_cost": [str(self.min_cost)]} if self.min_cost is not None else {})


@dataclass(slots=True)
class Where:
    """Conditions on runs `r`, on calls `c`, and what they bind."""

    runs: str
    calls: str
    parameters: dict[str, Any]
    of_named_runs: str = "true"
    """The same condition on the run of each call `c`, where runs are named: only their calls are priced then."""
    calls_read_runs: bool = False
    """Whether a condition on calls reads their runs too."""
    only: tuple[str, ...] = ()
    """The runs that are named alone, if any are."""

    @property
    def needs_calls(self) -> bool:
        """Whether only runs with a matching call are meant."""
        return self.calls != "true"

    @property
    def join(self) -> str:
        """How runs are joined with what they used: one without a matching call stays where no call is asked for."""
        return "inner join" if self.needs_calls else "left join"

    @property
    def of_runs(self) -> str:
        """The join of calls `c` with their runs `r`, where a condition asks for it: every call has one."""
        return RUNS_OF_CALLS if self.runs != "true" or self.calls_read_runs else ""


RUNS_OF_CALLS = "inner join runs as r on r.run_id = c.run_id"
"""Gives each call `c` its run `r`: every call has one."""

NO_CONDITIONS = Where("true", "true", {})
"""For a query whose parts are filtered already."""


def where(filters: Filters) -> Where:
    """Turn filters into SQL conditions with bound parameters."""
    parameters: dict[str, Any] = {}
    run_parts = _interval_parts(filters.interval, parameters)
    call_parts: list[str] = []
    of_named_runs = "true"
    for name, values in filters.asked().items():
        if name == "run_id":
            beginnings = [f"{value.rstrip('*')}*" for value in values]
            run_parts.append(any_of("r.run_id", beginnings, name, parameters))
            of_named_runs = any_of("c.run_id", beginnings, name, parameters)
        elif name in RUN_COLUMNS:
            run_parts.append(any_of(RUN_COLUMNS[name], values, name, parameters))
        elif name in CALL_COLUMNS:
            call_parts.append(any_of(CALL_COLUMNS[name], values, name, parameters))
    # Every run costs nothing at least, one whose cost nobody knows too.
    if filters.min_cost is not None and filters.min_cost > 0:
        run_parts.append(_COSTS_AT_LEAST)
        parameters["min_cost"] = filters.min_cost
    return Where(
        " and ".join(run_parts) or "true",
        " and ".join(call_parts) or "true",
        parameters,
        of_named_runs,
        calls_read_runs=bool(filters.service),
    )


_COSTS_AT_LEAST = "r.run_id in (select of_run.run_id from usage_lines as of_run group by of_run.run_id having sum(of_run.cost_usd) >= $min_cost)"
"""All of a run counts, whichever of its calls are asked for."""


def only(conditions: Where, run_ids: Sequence[str]) -> Where:
    """Return these conditions for the runs named alone."""
    named = {f"named_{number}": run_id for number, run_id in enumerate(run_ids)}
    ids = ", ".join("$" + name for name in named) or "null"
    return replace(
        conditions,
        runs=f"({conditions.runs}) and r.run_id in ({ids})",
        parameters=conditions.parameters | named,
        only=tuple(run_ids),
        of_named_runs=f"c.run_id in ({ids})",
    )


def _interval_parts(interval: Interval, parameters: dict[str, Any]) -> list[str]:
    parts: list[str] = []
    if interval.since is not None:
        parameters["since_ns"] = to_ns(interval.since)
        parts.append("r.start_ns >= $since_ns")
    if interval.until is not None:
        parameters["until_ns"] = to_ns(interval.until)
        parts.append("r.start_ns < $until_ns")
    return parts


def any_of(column: str, values: Sequence[str], name: str, parameters: dict[str, Any]) -> str:
    """Return the condition that a column has one of these values, each bound; a value may hold `*`."""
    parts: list[str] = []
    for index, value in enumerate(values):
        key = f"{name}_{index}"
        if "*" in value:
            pattern = parameters[key] = like(value)
            # A beginning without an escape is looked up by the bounds of each block, not compared with every row.
            parts.append(f"{column} like ${key}" + (" escape '!'" if "!" in pattern else ""))
        else:
            parameters[key] = value
            parts.append(f"{column} = ${key}")
    return "(" + " or ".join(parts) + ")"


def like(value: str) -> str:
    """Return the pattern of SQL, escaped by `!`, for a value in which `*` is anything."""
    for character in "!%_":
        value = value.replace(character, "!" + character)
    return value.replace("*", "%")
