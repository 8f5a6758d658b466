"""A figure marked ≥ or ≤ is a bound: whatever price its unpriced calls turn out to have, the truth lies on that side of it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Botanu
from tests.store.builders import chat, document, run, trace_id, write

WORTH = "[values]\nticket = 2\n"
PRICED = f'{WORTH}[prices."in-house-*"]\ninput = 0.01\noutput = 0.01\n'
AMOUNTS = ("cost_usd", "cost_per_run_usd", "p50_usd", "p95_usd", "cost_per_outcome_usd", "usd_per_million_tokens")


@pytest.fixture
def half_priced(botanu: Botanu, tmp_path: Path) -> None:
    """Three tickets: one of a model without a price, as cheap as can be, one for $1 and one for $3."""
    spans = list[dict[str, Any]]()
    for model, tokens in (("in-house-7b", (1_000_000, 10)), ("gpt-4o", (400_000, 0)), ("gpt-4o", (1_200_000, 0))):
        trace = trace_id()
        worth = {"botanu__outcome__value_type": "ticket", "botanu__outcome__value_amount": 1.0}
        spans += [
            run(trace, f"run-{trace[-4:]}", span_id=trace[16:], **worth),
            chat(trace, trace[16:], model=model, tokens=tokens),
        ]
    botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))
    (tmp_path / "worth.toml").write_text(WORTH)
    (tmp_path / "priced.toml").write_text(PRICED)


def asked(botanu: Botanu, config: str, *command: str) -> list[dict[str, Any]]:
    """Return the rows and the totals of a report with these prices."""
    said = json.loads(botanu(*command, "--config", config, "--format", "json").out)
    return [*said["rows"], said["totals"]]


@pytest.mark.usefixtures("half_priced")
@pytest.mark.parametrize("command", [["cost"], ["cost", "-g", "vendor"], ["vendors"], ["outcomes"]], ids=" ".join)
def test_no_price_makes_an_amount_smaller(botanu: Botanu, command: list[str]) -> None:
    """Of every row and total: cost, per run, percentiles, per outcome and per million tokens."""
    bounds, truths = (asked(botanu, config, *command) for config in ("worth.toml", "priced.toml"))
    key = ("use_case", "vendor", "product")
    true = {tuple(row.get(name) for name in key): row for row in truths}
    compared = [
        (Decimal(row[name]), Decimal(true[tuple(row.get(part) for part in key)][name]))
        for row in bounds
        for name in AMOUNTS
        if row.get(name) is not None
    ]

    assert compared
    assert all(bound <= truth for bound, truth in compared)


@pytest.mark.usefixtures("half_priced")
@pytest.mark.parametrize("metric", ["mean", "p50", "p95", "max", "total"])
def test_a_budget_breaks_by_no_more_than_what_was_surely_spent(botanu: Botanu, metric: str) -> None:
    """A maximum is judged by a lower bound, whichever the statistic, so that no build fails for want of a price."""
    command = ("budget", "check", "--max-usd", "1000", "--metric", metric, "--min-samples", "1")
    (bound, *_), (truth, *_) = (asked(botanu, config, *command) for config in ("worth.toml", "priced.toml"))

    assert bound["lower_bound"]
    assert not truth["lower_bound"]
    assert 0 < Decimal(bound["measured"]) <= Decimal(truth["measured"])


@pytest.mark.usefixtures("half_priced")
def test_a_return_that_rests_on_unknown_costs_is_an_upper_bound(botanu: Botanu) -> None:
    """It says so beside the figure, in the report and in the check of a budget."""
    command = ("budget", "check", "--min-roi", "10%", "--min-samples", "1")
    (bound, *_), (truth, *_) = (asked(botanu, config, *command) for config in ("worth.toml", "priced.toml"))

    assert bound["upper_bound"]
    assert not truth["upper_bound"]
    assert Decimal(bound["measured"]) > Decimal(truth["measured"])
    assert "≤" in botanu(*command, "--config", "worth.toml").out
    assert "≤" in botanu("outcomes", "--config", "worth.toml").out
