"""Escapes for terminals, shells, SQL and spreadsheets in every string that a span has: each command shows them harmless, in every format."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from botanu_store.reports import DIMENSIONS

from tests.cli.conftest import Botanu
from tests.store.builders import lines, trace_id

ESCAPES = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m \u202e\u2066 [bold]b[/bold] '; drop table spans; -- \r\n=1+1 | `x` \x00\x7f\u2028"
)
COMMANDS = [
    ["runs", "list", "--all"],
    ["outcomes"],
    ["vendors"],
    ["calls", "list", "--all"],
    ["calls", "list", "--not-counted"],
    ["calls", "list", "--unpriced"],
    ["sql", "select * from spans"],
    ["sql", "select * from runs"],
    ["store", "info"],
    *(["cost", "-g", name] for name in DIMENSIONS),
]


def spoiled(value: Any) -> Any:
    """A document with the escapes in every string but those that decide whether it is a span at all."""
    if isinstance(value, list):
        return [spoiled(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = (
        "key",
        "traceId",
        "spanId",
        "parentSpanId",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "timeUnixNano",
        "intValue",
    )
    return {
        name: inner if name in kept else inner + ESCAPES if isinstance(inner, str) else spoiled(inner)
        for name, inner in value.items()
    }


@pytest.fixture
def spoilt(botanu: Botanu, samples: Path, tmp_path: Path) -> list[str]:
    """A store with all samples spoiled, and spans that are rejected; the trace ids in it."""
    documents = [json.loads(line) for file in sorted(samples.glob("*.jsonl")) for line in file.read_text().splitlines()]
    spans = [span for d in documents for r in d["resourceSpans"] for s in r["scopeSpans"] for span in s["spans"]]
    bad = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": trace_id(), "spanId": "x", "name": ESCAPES}]}]}]}
    file = tmp_path / "odd \x1b[31m name.jsonl"
    file.write_bytes(lines(*map(spoiled, documents), bad))

    result = botanu("ingest", str(file))

    assert result.code == 0
    assert harmless(result.out + result.err)
    return sorted({span["traceId"] for span in spans})


def harmless(page: str) -> bool:
    """Whether a terminal shows this page as it is, line after line."""
    return not [c for c in page if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c != "\n"]


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_no_command_lets_an_escape_through(botanu: Botanu, spoilt: list[str], form: str) -> None:
    """Every report and list, with hostile names, models, tenants, ids and reasons in it, is plain text."""
    for command in COMMANDS:
        result = botanu(*command, "-f", form)
        assert result.code == 0, (command, result.err)
        assert harmless(result.out), command
        assert harmless(result.err), command


def test_a_run_is_shown_harmless(botanu: Botanu, spoilt: list[str]) -> None:
    """The tree of a run, its header and its calls too."""
    runs = json.loads(botanu("runs", "list", "-f", "json").out)["rows"]
    for run in runs[:5]:
        for extra in ([], ["--calls"]):
            result = botanu("runs", "show", run["run_id"], *extra)
            assert result.code == 0, result.err
            assert harmless(result.out + result.err)


def test_data_stays_what_it_is(botanu: Botanu, spoilt: list[str]) -> None:
    """JSON carries every name exactly, and a filter with it, SQL and all, finds what it names."""
    rows = json.loads(botanu("cost", "-g", "model", "-f", "json").out)["rows"]
    model = next(row["model"] for row in rows if row["model"] and row["model"].endswith(ESCAPES))

    found = json.loads(botanu("cost", "-g", "model", "--model", model, "-f", "json").out)["rows"]

    assert [row["model"] for row in found] == [model]
