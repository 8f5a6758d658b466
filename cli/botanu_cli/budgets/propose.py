"""Budgets proposed from what the store has seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from botanu_store.records import PICO_USD

from botanu_cli import text
from botanu_cli.budgets.statistics import Sample, measure

if TYPE_CHECKING:
    from botanu_store.filters import Filters
    from botanu_store.store import Store

_MOST = 10


def proposed(store: Store, filters: Filters, headroom: Decimal) -> list[str]:
    """Return `[[budgets]]` for the costliest use cases: the p95 of a run's cost with headroom, and where it comes from."""
    rows = [row for row in store.cost(filters).rows if row["cost_usd"]]
    return [part for row in rows[:_MOST] for part in _budget(store, filters, row["use_case"], headroom)]


def with_budgets(before: str, budgets: list[str]) -> str:
    """Return a settings file with these budgets at its end, or an example where there are none; what an earlier proposal explained stands once."""
    head = "" if _HEAD.rstrip() in before else _HEAD + "\n"
    example = "" if _EXAMPLE.rstrip() in before else _EXAMPLE
    text = before.rstrip() + "\n\n" if before.strip() else ""
    return (text + head + ("\n".join(budgets) or example)).rstrip() + "\n"


def _budget(store: Store, filters: Filters, use_case: str, headroom: Decimal) -> Iterator[str]:
    costs = store.samples(replace(filters, use_case=(use_case,)), "run").costs_pico
    found = measure(Sample(costs), "p95")
    if not found:
        return
    p95 = found * PICO_USD
    limit = _rounded_up(p95 * (1 + headroom))
    seen = f"p95 of {text.counted(len(costs), 'run')} was {text.usd(p95)}; with {text.percent(float(headroom))} headroom, rounded up:"
    yield "\n".join(
        [
            "[[budgets]]",
            f"name = {_quoted(use_case)}",
            f"use_case = {_quoted(use_case)}",
            'metric = "p95"',
            f"# {seen}",
            f"max_usd = {limit:f}",
            f"min_samples = {min(20, len(costs))}",
            "",
        ]
    )


def _rounded_up(amount: Decimal) -> Decimal:
    """Two significant digits, upwards."""
    return amount.quantize(Decimal(1).scaleb(amount.adjusted() - 1), ROUND_CEILING)


def _quoted(name: str) -> str:
    """A TOML string; JSON's is one, but for one character."""
    return json.dumps(name).replace("\x7f", "\\u007f")


_HEAD = """\
# Budgets: checked by `botanu budget check`, which ends with exit code 1 when one is broken.
# Everything that a budget may say:
#   use_case, workflow, tenant, team, environment, vendor, model, … = "…"   which runs; `*` stands for anything
#   window = "7d", or since and until                                       when; left out: all there is
#   per = "run"         run, outcome, root_run, total, day, call
#   metric = "mean"     mean, p50, p90, p95, p99, max, total
#   max_usd, max_tokens, max_llm_calls, max_unpriced_calls, min_roi, min_success_rate
#   max_increase = "10%"  against `botanu budget check --baseline`; fails only where chance does not explain it
#   warn_at = 0.8       share of the limit from which on to warn
#   min_samples = 20    fewer are not enough data, which passes unless on_missing = "fail"
"""

_EXAMPLE = """\
# [[budgets]]
# name = "support ticket"
# use_case = "Customer Support"
# metric = "p95"
# max_usd = 0.05
"""
