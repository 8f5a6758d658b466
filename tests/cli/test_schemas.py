"""What every report writes as JSON is what its shipped schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botanu_cli.schemas import NAMES
from jsonschema import Draft202012Validator

from tests.cli.conftest import Botanu

REPORTS = {
    "cost": [["cost"], ["cost", "-g", "vendor,model,time:day"], ["cost", "--compare", "--since", "2026-01-01"], ["cost", "-g", "meter"]],
    "runs": [["runs", "list"]],
    "calls": [["calls", "list"], ["calls", "list", "--not-counted"]],
    "outcomes": [["outcomes"], ["outcomes", "--use-case", "nothing"]],
    "vendors": [["vendors"]],
    "prices": [["prices", "list"], ["prices", "show", "gpt-4o"]],
    "unpriced": [["prices", "unpriced"]],
    "store": [["store", "info"]],
    "sql": [["sql", "select use_case, count(*) as runs, sum(cost_usd) as usd from priced_calls join runs using (run_id) group by all"]],
    "budget": [["budget", "check"], ["budget", "check", "--max-usd", "0.0001", "--since", "30d"]],
}  # fmt: skip


def schema(botanu: Botanu, name: str) -> Any:
    result = botanu("schema", name)
    assert result.code == 0
    document = json.loads(result.out)
    Draft202012Validator.check_schema(document)
    return document


def wrong(document: Any, by: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(by).iter_errors(document)]


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_keeps_its_schema(botanu: Botanu, filled: Path, tmp_path: Path, name: str) -> None:
    """Whole documents over the samples, filtered and grouped, with the user's own values and budgets."""
    (tmp_path / "botanu.toml").write_text(
        '[values]\ntickets_resolved = 4.50\n[[budgets]]\nname = "all"\nper = "total"\n'
        'max_usd = 0.1\nmin_roi = 1\nmax_increase = "10%"\nmin_success_rate = "1%"\n'
    )
    by = schema(botanu, name)

    for arguments in REPORTS[name]:
        document = json.loads(botanu(*arguments, "-f", "json").out)
        assert wrong(document, by) == []
        assert wrong({**document, "surprise": 1}, by) != []


def test_an_ingest_keeps_its_schema(botanu: Botanu, samples: Path, tmp_path: Path) -> None:
    """What came in, and what was set aside with the place and the reason."""
    (tmp_path / "bad.jsonl").write_bytes(b"{torn")

    result = botanu("ingest", str(samples / "foreign_spans.jsonl"), "bad.jsonl", "-f", "json")

    document = json.loads(result.out)
    assert (result.code, document["rejected_count"]) == (0, 1)
    assert wrong(document, schema(botanu, "ingest")) == []


def test_every_schema_is_of_a_report_that_is_tried_here(botanu: Botanu) -> None:
    """None is shipped that nothing is held to."""
    assert {*REPORTS, "run", "ingest"} == set(NAMES)


def test_a_run_keeps_its_schema(botanu: Botanu, filled: Path) -> None:
    """The header, the calls, the linked runs and the tree of every sample run."""
    by = schema(botanu, "run")

    for row in json.loads(botanu("runs", "list", "-f", "json").out)["rows"][::4]:
        assert wrong(json.loads(botanu("runs", "show", row["run_id"], "-f", "json").out), by) == []


def test_an_unknown_schema_names_the_nearest(botanu: Botanu) -> None:
    """Exit code 2, and the names there are."""
    result = botanu("schema", "costs")

    assert (result.code, result.out) == (2, "")
    assert "Did you mean cost?" in result.err
