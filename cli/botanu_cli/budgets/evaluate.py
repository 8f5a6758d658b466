"""Measures each budget on a store and judges each of its limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any, Literal

from botanu_store.errors import InputError
from botanu_store.filters import Filters, Interval
from botanu_store.records import PICO_USD
from botanu_store.reports.samples import Per, Samples

from botanu_cli.budgets import statistics
from botanu_cli.budgets.baseline import Remembered
from botanu_cli.budgets.quality import QUALITY, unsuccessful
from botanu_cli.budgets.read import Budget
from botanu_cli.budgets.statistics import ConfidenceInterval, Metric, Sample
from botanu_cli.interval import interval as interval_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from botanu_store.reports.report import Coverage, Report, Row
    from botanu_store.store import Store

Status = Literal["pass", "warn", "fail", "no data"]
Unit = Literal["usd", "tokens", "calls", "share"]

_QUANTITIES = ("max_usd", "max_tokens", "max_llm_calls")
_UNITS: dict[str, Unit] = {
    "max_usd": "usd",
    "max_tokens": "tokens",
    "max_llm_calls": "calls",
    "max_unpriced_calls": "calls",
}
_COSTLIEST = 3
_PICOS = int(1 / PICO_USD)


@dataclass(frozen=True, slots=True)
class Check:
    """One limit of one budget, judged."""

    limit: str
    allowed: Decimal
    unit: Unit
    status: Status
    measured: Decimal | None
    samples: int
    used: float | None = None
    """Share of the limit used; above 1 it is broken."""
    interval: ConfidenceInterval | None = None
    """Where the figure, or the change, lies with 95 % confidence."""
    lower_bound: bool = False
    """Whether calls without a price would add to the figure."""
    upper_bound: bool = False
    """Whether calls without a price would take away from the figure."""
    why: str = ""
    """What there is to know beyond the figures."""


@dataclass(slots=True)
class Result:
    """One budget, judged: its worst limit is its status."""

    budget: Budget
    filters: Filters
    checks: list[Check]
    remembered: Remembered
    coverage: Coverage
    costliest: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Runs that cost most, where the budget failed by what runs use."""
    unsuccessful: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What root runs came to that was no success, and why, where the budget failed by what runs achieve."""
    changes: list[str] = field(default_factory=list[str])
    """What is different from the baseline, where the budget failed."""

    @property
    def status(self) -> Status:
        """The worst of its limits."""
        found = {check.status for check in self.checks}
        return next(status for status in _WORST_FIRST if status in found)


_WORST_FIRST: tuple[Status, ...] = ("fail", "warn", "no data", "pass")


@dataclass(frozen=True, slots=True)
class Context:
    """What budgets are judged on."""

    store: Store
    shared: Filters
    """Filters from flags: they hold where a budget does not set the same kind itself, their interval for all."""
    zone: ZoneInfo
    now: datetime
    values: Mapping[str, Decimal]


def evaluate(
    budgets: Sequence[Budget],
    context: Context,
    baseline: Mapping[str, Remembered] | None = None,
    *,
    remembering: bool = True,
) -> list[Result]:
    """Measure budgets on a store and judge each of their limits; name what broke those that failed.

    What was measured is kept for a later check where it is `remembering`, which takes what every unit cost.
    """
    samples = lru_cache(1)(context.store.samples)
    found = {
        budget.name: _evaluated(budget, context, samples, baseline, remembering=remembering)
        for group in alike(budgets)
        for budget in group
    }
    return [found[budget.name] for budget in budgets]


def alike(budgets: Iterable[Budget]) -> list[list[Budget]]:
    """Return together those about the same runs, which may be millions: judged one after the other, their samples are read once."""
    found: dict[object, list[Budget]] = defaultdict(list)
    for budget in budgets:
        about = tuple(sorted(budget.filters.items())), budget.since, budget.until
        found[about, units_of(budget)].append(budget)
    return list(found.values())


def _evaluated(
    budget: Budget,
    context: Context,
    samples: Callable[[Filters, Per], Samples],
    baseline: Mapping[str, Remembered] | None,
    *,
    remembering: bool,
) -> Result:
    filters = filters_of(budget, context)
    # They are read where a limit is about them.
    measured = cache(lambda: samples(filters, units_of(budget)))
    before = None if baseline is None else baseline.get(budget.name)
    # Of several limits on quality, and of why they broke, one report tells.
    outcomes = cache(lambda: context.store.outcomes(filters, context.values))
    checks = [_check(name, budget, measured, outcomes, before) for name in budget.limits]
    remembered = remember(measured()) if remembering else Remembered(Sample([]), {})
    result = Result(budget, filters, checks, remembered, context.store.coverage(filters))
    if result.status == "fail":
        broken = {check.limit for check in checks if check.status == "fail"}
        result.unsuccessful = unsuccessful(outcomes().rows) if broken & QUALITY else []
        # A return may be low where every run is a success: then they cost too much.
        result.costliest = _costliest(context.store, filters) if broken - QUALITY or not result.unsuccessful else []
        result.changes = _changes(before, result.remembered)
    return result


def filters_of(budget: Budget, context: Context) -> Filters:
    """Return what a budget is about: its own filters over those from flags, and the interval from flags over its own."""
    shared = {name: tuple(values) for name, values in context.shared.asked().items() if name != "min_cost"}
    asked = context.shared.interval
    own = asked if asked.since or asked.until else _window(budget, context)
    return Filters(**(shared | dict(budget.filters)), min_cost=context.shared.min_cost, interval=own)


def _window(budget: Budget, context: Context) -> Interval:
    """The interval that a budget sets itself; one without a moment in it is named with the budget, for it has no flags to exchange."""
    try:
        return interval_of(budget.since, budget.until, context.zone, context.now)
    except InputError as error:
        raise InputError(
            f"Budget {budget.name!r}: until {budget.until!r} is not after since {budget.since!r}. Exchange them, or leave one out."
        ) from error


def units_of(budget: Budget) -> Per:
    """Return what a budget's samples are: a total is one of all runs."""
    return "run" if budget.per == "total" else budget.per


def unit_of(limit: str) -> Unit:
    """Return what a limit counts in."""
    return _UNITS.get(limit, "share")


def remember(measured: Samples) -> Remembered:
    """Return what a later check may be compared with; what has no price is left out."""
    count = max(len(measured), 1)
    usage = {"tokens": sum(measured.tokens) / count, "LLM calls": sum(measured.llm_calls) / count}
    return Remembered(Sample(measured.costs_pico, measured.achieved[: len(measured.costs_pico)]), usage)


def to_keep(result: Result) -> Remembered:
    """Return what a budget measured, with the figures that need every sample."""
    sample = _counted(result.remembered.sample, result.budget)
    exact = {metric: statistics.measure(sample, metric) for metric in _OF_ALL}
    return replace(
        result.remembered, exact={metric: int(figure) for metric, figure in exact.items() if figure is not None}
    )


_OF_ALL: tuple[Metric, ...] = ("max", "total")


def _check(
    name: str,
    budget: Budget,
    measured: Callable[[], Samples],
    outcomes: Callable[[], Report],
    before: Remembered | None,
) -> Check:
    allowed = budget.limits[name]
    if name == "max_increase":
        check = _increase(allowed, budget, remember(measured()), before)
    elif name in _QUANTITIES:
        check = _quantity(name, allowed, budget, measured())
    elif name == "max_unpriced_calls":
        unpriced = Decimal(sum(measured().unpriced_calls))
        check = _judged(Check(name, allowed, unit_of(name), "pass", unpriced, len(measured())), budget)
    else:
        check = _economic(name, allowed, outcomes().totals)
    return _enough(check, budget)


def _quantity(name: str, allowed: Decimal, budget: Budget, measured: Samples) -> Check:
    sample = _sample(name, measured, per_outcome=budget.per == "outcome")
    unknown = len(measured) - len(measured.costs_pico) if name == "max_usd" else 0
    figure = statistics.measure(sample, budget.metric) if sample.amounts else None
    within = statistics.interval(sample, budget.metric)
    if name == "max_usd":
        figure = None if figure is None else _usd(figure, budget.metric)
        within = None if within is None else (within[0] / _PICOS, within[1] / _PICOS)
    check = Check(
        limit=name,
        allowed=allowed,
        unit=unit_of(name),
        status="pass",
        measured=figure,
        samples=len(sample.amounts),
        interval=within,
        lower_bound=name == "max_usd" and any(measured.unpriced_calls),
        why=f"{unknown:,} of {len(measured):,} have no price and count as nothing" if unknown else "",
    )
    return _judged(check, budget)


def _usd(picos: Decimal, metric: Metric) -> Decimal:
    """Money as reports say it, where they say a percentile too."""
    figure = picos * PICO_USD
    return figure.quantize(PICO_USD, ROUND_HALF_UP) if metric in statistics.PERCENTILES else figure


def _sample(name: str, measured: Samples, *, per_outcome: bool) -> Sample:
    counts = measured.achieved if per_outcome else None
    if name != "max_usd":
        return Sample(measured.tokens if name == "max_tokens" else measured.llm_calls, counts)
    costs = measured.costs_pico
    unknown = len(measured) - len(costs)
    if unknown and costs:
        # What nobody has a price for costs nothing at least: so the figure is a lower bound, and breaks no limit that the truth keeps.
        costs = [*costs, *repeat(0, unknown)]
    return Sample(costs, counts)


def _economic(name: str, allowed: Decimal, totals: Row) -> Check:
    figure = totals["roi" if name == "min_roi" else "success_rate"]
    known = totals["root_runs"] - totals["unknown"]
    if figure is None:
        missing = (
            "no outcome is known" if name == "min_success_rate" or not known else "the value is not known: see [values]"
        )
        return Check(name, allowed, unit_of(name), "no data", None, known, why=missing)
    measured = Decimal(repr(float(figure)))
    used = float(allowed / measured) if measured > 0 else None
    status: Status = "fail" if measured < allowed else "pass"
    bound = name == "min_roi" and totals["unpriced_calls"] > 0
    return Check(name, allowed, unit_of(name), status, measured, known, used, upper_bound=bound)


def _increase(allowed: Decimal, budget: Budget, now: Remembered, before: Remembered | None) -> Check:
    blank = Check("max_increase", allowed, unit_of("max_increase"), "no data", None, len(now.sample.amounts))
    if before is None:
        return replace(
            blank, why="there is no baseline of it: save one with --save-baseline, and name it with --baseline"
        )
    exact = before.exact.get(budget.metric)
    base = _counted(before.sample, budget) if exact is None else Sample([exact])
    moved = statistics.change(base, _counted(now.sample, budget), budget.metric)
    if moved is None:
        return replace(blank, why="the baseline or this check has nothing to compare")
    figure, within = moved
    # Only a change that chance does not explain breaks a build.
    surely = within[0] if within else figure
    above = figure > float(allowed)
    status: Status = "fail" if surely > float(allowed) else "warn" if above else "pass"
    why = "more than allowed, but chance may explain it" if status == "warn" else ""
    used = figure / float(allowed) if allowed else None
    return replace(blank, status=status, measured=Decimal(repr(figure)), used=used, interval=within, why=why)


def _counted(sample: Sample, budget: Budget) -> Sample:
    return sample if budget.per == "outcome" else Sample(sample.amounts)


def _judged(check: Check, budget: Budget) -> Check:
    """A maximum: failed above it, worth a warning from `warn_at` on."""
    if check.measured is None:
        return replace(check, status="no data", why=check.why or "nothing was measured")
    used = check.measured / check.allowed if check.allowed else None
    over = check.measured > check.allowed
    warns = used is not None and used >= budget.warn_at
    return replace(
        check, status="fail" if over else "warn" if warns else "pass", used=None if used is None else float(used)
    )


def _enough(check: Check, budget: Budget) -> Check:
    """Too few samples are no data, whatever they say; `on_missing` decides whether that fails."""
    if check.status != "no data" and check.samples < max(budget.min_samples, 1):
        check = replace(
            check, status="no data", why=f"not enough data: {check.samples:,} of {budget.min_samples:,} samples"
        )
    if check.status == "no data" and budget.on_missing == "fail":
        return replace(check, status="fail")
    return check


def _costliest(store: Store, filters: Filters) -> list[dict[str, Any]]:
    rows = store.runs(filters, sort="cost", limit=_COSTLIEST).rows
    short = store.short_ids([row["run_id"] for row in rows])
    return [
        {
            "run_id": row["run_id"],
            "short_id": short[row["run_id"]],
            "use_case": row["use_case"],
            "outcome": row["outcome"],
        }
        | {"calls": row["calls"], "unpriced_calls": row["unpriced_calls"], "cost_usd": row["cost_usd"]}
        for row in rows
    ]


def _changes(before: Remembered | None, now: Remembered) -> list[str]:
    if before is None:
        return []
    return [
        f"{name} on average: {before.usage[name]:,.1f} before, {value:,.1f} now ({value / before.usage[name] - 1:+.1%})"
        for name, value in now.usage.items()
        if before.usage.get(name)
    ]
