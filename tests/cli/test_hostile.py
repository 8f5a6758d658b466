"""Escapes for terminals, shells, SQL and spreadsheets in every string that a span has: each command shows them harmless, in every format."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botanu_store import open_store
from botanu_store.reports.cost import DIMENSIONS

from tests.cli.conftest import Botanu, Open
from tests.conftest import SAMPLES
from tests.store.builders import chat, document, lines, trace_id

pytestmark = pytest.mark.usefixtures("ready_made")

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


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all samples spoiled, only read."""
    documents = [json.loads(line) for file in sorted(SAMPLES.glob("*.jsonl")) for line in file.read_text().splitlines()]
    folder = tmp_path_factory.mktemp("spoilt")
    (folder / "a.jsonl").write_bytes(lines(*map(spoiled, documents)))
    with open_store(folder / "botanu.duckdb") as store:
        store.ingest([folder / "a.jsonl"])
    return folder / "botanu.duckdb"


@pytest.fixture(scope="module")
def opened(spoilt: Path) -> Iterator[Open]:
    """That store."""
    with open_store(spoilt) as store:
        yield Open(store)


def test_what_is_taken_in_and_set_aside_is_named_harmless(botanu: Botanu, tmp_path: Path) -> None:
    """A file with escapes in its name, and in a span that is rejected, beside one that is good."""
    bad = {"traceId": trace_id(), "spanId": "x", "name": ESCAPES}
    file = tmp_path / "odd \x1b[31m name.jsonl"
    file.write_bytes(
        lines(spoiled(document([chat(trace_id())])), {"resourceSpans": [{"scopeSpans": [{"spans": [bad]}]}]})
    )

    result = botanu("ingest", str(file))

    assert (result.code, "1 new" in result.out) == (0, True)
    assert "Set aside" in result.err
    assert harmless(result.out + result.err)


def harmless(page: str) -> bool:
    """Whether a terminal shows this page as it is, line after line."""
    return not [c for c in page if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c != "\n"]


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_no_command_lets_an_escape_through(
    botanu: Botanu, opened: Open, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Every report and list, with hostile names, models, tenants, ids and reasons in it, is plain text."""
    opened.serves(monkeypatch)
    for command in COMMANDS:
        result = botanu(*command, "-f", form)
        assert result.code == 0, (command, result.err)
        assert harmless(result.out), command
        assert harmless(result.err), command


@pytest.mark.parametrize("query", ["select * from spans", "select * from runs"])
@pytest.mark.parametrize("form", ["table", "markdown"])
def test_what_a_query_finds_is_shown_harmless(
    botanu: Botanu, spoilt: Path, tmp_path: Path, query: str, form: str
) -> None:
    """Whatever stands in the store, asked for as it is."""
    shutil.copy(spoilt, tmp_path / "botanu.duckdb")

    result = botanu("sql", query, "-f", form)

    assert (result.code, result.err) == (0, "")
    assert harmless(result.out)


def test_a_run_is_shown_harmless(botanu: Botanu, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree of a run, its header and its calls too."""
    opened.serves(monkeypatch)
    runs = json.loads(botanu("runs", "list", "-f", "json").out)["rows"]
    for run in runs[:5]:
        for extra in ([], ["--calls"]):
            result = botanu("runs", "show", run["run_id"], *extra)
            assert result.code == 0, result.err
            assert harmless(result.out + result.err)


def test_data_stays_what_it_is(botanu: Botanu, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON carries every name exactly, and a filter with it, SQL and all, finds what it names."""
    opened.serves(monkeypatch)
    rows = json.loads(botanu("cost", "-g", "model", "-f", "json").out)["rows"]
    model = next(row["model"] for row in rows if row["model"] and row["model"].endswith(ESCAPES))

    found = json.loads(botanu("cost", "-g", "model", "--model", model, "-f", "json").out)["rows"]

    assert [row["model"] for row in found] == [model]
