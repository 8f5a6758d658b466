"""Budgets in words: figures, one sentence per limit, and the commands that show more."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from botanu_cli import text
from botanu_cli.budgets.evaluate import Check, Result, Unit
from botanu_cli.budgets.quality import QUALITY
from botanu_cli.budgets.read import Budget
from botanu_cli.options import KINDS

_NAMES = {
    "max_tokens": "tokens",
    "max_llm_calls": "LLM calls",
    "min_roi": "return on cost",
    "min_success_rate": "success rate",
    "max_unpriced_calls": "unpriced calls",
    "max_increase": "increase",
}


def what(budget: Budget, limit: str) -> str:
    """Say which figure a limit is about: `p95 cost per run`."""
    figure = _NAMES.get(limit, "cost")
    if limit in ("min_roi", "min_success_rate", "max_unpriced_calls"):
        return figure
    of = "total cost" if budget.metric == "total" else f"{budget.metric} cost per {budget.per.replace('_', ' ')}"
    if limit == "max_increase":
        return f"increase of {of}"
    return of.replace("cost", figure)


def figure(number: Decimal | float | None, unit: Unit) -> str:
    """Write a figure in its unit."""
    if number is None:
        return ""
    if unit == "usd":
        return text.usd(number if isinstance(number, Decimal) else Decimal(repr(number)))
    if unit == "share":
        return text.percent(float(number))
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def measured(check: Check) -> str:
    """Write what was measured; a sign says that calls without a price would add to it, or take away from it."""
    if check.measured is None:
        return ""
    return ("≥" if check.lower_bound else "≤" if check.upper_bound else "") + figure(check.measured, check.unit)


def within(check: Check) -> str:
    """Write the interval of a figure: `$0.055 to $0.071`."""
    if check.interval is None:
        return ""
    return " to ".join(figure(edge, check.unit) for edge in check.interval)


def sentence(result: Result, check: Check) -> str:
    """Say in one sentence what came of a limit."""
    name = what(result.budget, check.limit)
    if check.measured is None:
        return f"{name}: {check.why}."
    relation = {"fail": "breaks", "no data": "is not judged against"}.get(check.status, "keeps")
    said = f"{name} is {measured(check)}, which {relation} the limit of {figure(check.allowed, check.unit)}"
    facts = [
        f"{check.samples:,} sample{'' if check.samples == 1 else 's'}",
        f"95% interval {within(check)}" if check.interval else "",
        check.why,
    ]
    return f"{said} ({'; '.join(fact for fact in facts if fact)})."


def explanation(result: Result, store: str | None) -> Iterator[str]:
    """Say of a broken budget which runs cost most or were no success, what changed, and how to look at them."""
    for row in result.costliest:
        cost = text.usd_at_least(row["cost_usd"], row["unpriced_calls"])
        yield f"{cost}  {text.safe(row['use_case'])}, {row['outcome']}: {_command(['runs', 'show', row['short_id']], store)}"
    yield from (unsuccessful(row) for row in result.unsuccessful)
    yield from result.changes
    if any(check.limit == "max_unpriced_calls" and check.status == "fail" for check in result.checks):
        yield f"Without a price: {_command(['calls', 'list', '--unpriced', *_flags(result)], store)}"
    if result.costliest:
        yield f"All of them: {_command(['runs', 'list', '--sort', 'cost', *_flags(result)], store)}"
        yield f"By model: {_command(['cost', '--group-by', 'vendor,model', *_flags(result)], store)}"
    if result.unsuccessful:
        outcomes = [] if result.filters.outcome else sorted({row["outcome"] for row in result.unsuccessful})
        asked = [word for outcome in outcomes for word in ("--outcome", outcome)]
        yield f"These runs: {_command(['runs', 'list', *asked, *_flags(result)], store)}"
    if any(check.limit in QUALITY and check.status == "fail" for check in result.checks):
        yield f"By outcome: {_command(['outcomes', *_flags(result)], store)}"


def unsuccessful(row: Mapping[str, Any]) -> str:
    """Say how many root runs were no success for one reason: `3 root runs  Support, failed: VendorError, $0.02`."""
    reason = "" if row["reason"] == row["outcome"] else f": {text.safe(row['reason'])}"
    runs = text.counted(row["root_runs"], "root run")
    return f"{runs}  {text.safe(row['use_case'])}, {row['outcome']}{reason}, {text.usd(row['cost_usd'])}"


def _command(words: list[str], store: str | None) -> str:
    named = ["--store", store] if store else []
    return text.safe(shlex.join(["botanu", *words, *named]))


def _flags(result: Result) -> list[str]:
    words = [
        word for name, flags in KINDS.items() for value in getattr(result.filters, name) for word in (flags[0], value)
    ]
    interval = result.filters.interval
    for flag, moment in (("--since", interval.since), ("--until", interval.until)):
        if moment is not None:
            words += [flag, moment.isoformat(timespec="seconds")]
    return words
