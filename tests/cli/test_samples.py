"""The sample traces have known totals: what the vendors' server billed, at list prices, worked out here by hand."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Botanu

pytestmark = pytest.mark.usefixtures("ready_made")

# USD per million tokens. https://openai.com/api/pricing, https://claude.com/pricing
LIST_PRICES = {
    ("gpt-4o", "input"): "2.50",
    ("gpt-4o", "cache_read"): "1.25",
    ("gpt-4o", "output"): "10.00",
    ("gpt-4o-mini", "input"): "0.15",
    ("gpt-4o-mini", "cache_read"): "0.075",
    ("gpt-4o-mini", "output"): "0.60",
    ("claude-sonnet-4-5", "input"): "3.00",
    ("claude-sonnet-4-5", "cache_read"): "0.30",
    ("claude-sonnet-4-5", "cache_write"): "3.75",
    ("claude-sonnet-4-5", "output"): "15.00",
    ("text-embedding-3-small", "input"): "0.02",
}
METERS = {
    "input": "input_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "output": "output_tokens",
}


def bills(samples: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (samples / "bills.csv").open() as file:
        for line in csv.DictReader(file):
            found[line["program"]].append(line)
    return found


def stated(samples: Path) -> dict[str, tuple[int, int, str]]:
    """The README's table: runs, counted calls and total of each file."""
    rows = re.findall(
        r"^\| `(\w+)\.jsonl` \| (\d+) \| (\d+) \| \$([\d.]+) \|",
        (samples / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    return {name: (int(runs), int(calls), total) for name, runs, calls, total in rows}


PROGRAMS = ("support_agent", "document_pipeline", "vendor_fallback", "two_services", "foreign_spans")


@pytest.mark.parametrize("program", PROGRAMS)
def test_tokens_are_those_that_the_vendors_billed(botanu: Botanu, samples: Path, program: str) -> None:
    """By model and meter, what the store counted is what the server that answered says it billed."""
    botanu("ingest", str(samples / f"{program}.jsonl"))
    calls = json.loads(botanu("calls", "list", "-f", "json").out)["rows"]
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for call in calls:
        for kind, meter in METERS.items():
            if call["counted"] and call[meter]:
                counted[call["model"], kind] += call[meter]

    assert counted == {(line["model"], line["kind"]): int(line["tokens"]) for line in bills(samples)[program]}


@pytest.mark.parametrize("program", PROGRAMS)
def test_totals_are_those_that_the_readme_states(botanu: Botanu, samples: Path, program: str) -> None:
    """Runs, calls and the exact total of each file are written in sample_traces/README.md and hold."""
    botanu("ingest", str(samples / f"{program}.jsonl"))
    totals = json.loads(botanu("cost", "-f", "json").out)["totals"]
    runs, calls, total = stated(samples)[program]

    assert (totals["runs"], totals["calls"], Decimal(totals["cost_usd"])) == (runs, calls, Decimal(total))


@pytest.mark.parametrize("program", PROGRAMS)
def test_model_costs_are_the_bill_at_list_prices(botanu: Botanu, samples: Path, program: str) -> None:
    """Tokens billed times published prices, multiplied out here, is what `botanu cost` says of models, to the last digit."""
    botanu("ingest", str(samples / f"{program}.jsonl"))
    rows = json.loads(botanu("cost", "-g", "category", "-f", "json").out)["rows"]
    models = sum(
        Decimal(row["cost_usd"]) for row in rows if row["category"] in ("llm", "embedding") and row["cost_usd"]
    )

    priced = [line for line in bills(samples)[program] if (line["model"], line["kind"]) in LIST_PRICES]
    expected = (
        sum(int(line["tokens"]) * Decimal(LIST_PRICES[line["model"], line["kind"]]) for line in priced) / 1_000_000
    )

    assert models == expected


def test_a_run_that_crosses_two_services_is_one_run(botanu: Botanu, samples: Path) -> None:
    """Both services' calls belong to the run that the first one opened, and the outcome is what the second one said."""
    botanu("ingest", str(samples / "two_services.jsonl"))
    runs = json.loads(botanu("runs", "list", "-f", "json").out)["rows"]
    services = json.loads(botanu("cost", "-g", "service", "-f", "json").out)["rows"]

    assert {(run["use_case"], run["outcome"], run["value_type"]) for run in runs} == {
        ("Order Fulfilment", "success", "orders_shipped")
    }
    assert {row["service"] for row in services} == {"web-shop", "fulfilment"}


def test_the_support_agent_failed_once_and_retried_once(botanu: Botanu, samples: Path) -> None:
    """Failed calls are free, a retry is an attempt, a failed run keeps its outcome."""
    botanu("ingest", str(samples / "support_agent.jsonl"))
    runs = json.loads(botanu("runs", "list", "-f", "json").out)["rows"]
    calls = json.loads(botanu("calls", "list", "-f", "json").out)["rows"]

    assert sorted(run["outcome"] for run in runs) == ["failed", "partial", *["success"] * 6]
    assert {call["priced"] for call in calls if call["status"] == "error"} == {"free"}
    assert max(call["attempt"] for call in calls) == 3
