"""Every report in every format over the sample traces, kept word by word in `golden/`.

To keep them again after a wanted change: BOTANU_RECORD=1 python -m pytest tests/cli/test_golden.py
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from botanu_store import open_store
from rich.cells import cell_len

from tests.cli.conftest import Botanu, Open
from tests.conftest import SAMPLES

GOLDEN = Path(__file__).with_name("golden")
RECORDING = "BOTANU_RECORD" in os.environ
SETTINGS = """
[values]
tickets_resolved = 0.25
documents_processed = 0.40

[[budgets]]
name = "support run"
use_case = "Customer Support"
metric = "p95"
max_usd = 0.05

[[budgets]]
name = "documents"
use_case = "Document Processing"
since = 2026-11-20
until = 2026-11-30
per = "outcome"
max_usd = 0.10
max_tokens = 60_000

[[budgets]]
name = "quality"
min_success_rate = "95%"
min_samples = 500

[[budgets]]
name = "no surprise"
max_increase = "10%"
"""
RUN = "01a20803-ee4"
WHEN = "--since 2026-11-20 --until 2026-11-27"
COMMANDS = {
    "cost": "cost",
    "cost-models": f"cost -g vendor,model --use-case 'Customer*' {WHEN}",
    "cost-compare": f"cost --compare {WHEN}",
    "outcomes": "outcomes",
    "vendors": "vendors",
    "runs-list": "runs list --sort cost --limit 6",
    "runs-show": f"runs show {RUN}",
    "calls-list": "calls list --limit 6",
    "prices-list": "prices list",
    "prices-unpriced": "prices unpriced",
    "store-info": "store info",
    "ingest": f"ingest {shlex.quote(str(SAMPLES / 'foreign_spans.jsonl'))}",
    "budget-check": "budget check",
}
FORMATS = {
    "80.txt": "table",
    "200.txt": "table",
    "json": "json",
    "jsonl": "jsonl",
    "csv": "csv",
    "md": "markdown",
    "xml": "junit",
    "annotations": "github",
}
_OF_BUDGETS = ("80.txt", "200.txt", "json", "md", "xml", "annotations")
_OF_REPORTS = ("80.txt", "200.txt", "json", "jsonl", "csv", "md")
CASES = [
    f"{name}.{ending}"
    for name in COMMANDS
    for ending in (_OF_BUDGETS if name == "budget-check" else _OF_REPORTS)
]  # fmt: skip


@pytest.fixture(scope="module")
def place(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the samples as ./botanu.duckdb, and values and budgets beside it."""
    folder = tmp_path_factory.mktemp("golden")
    shutil.copy(ingested, folder / "botanu.duckdb")
    (folder / "botanu.toml").write_text(SETTINGS, "utf-8")
    return folder


@pytest.fixture(scope="module")
def opened(place: Path) -> Iterator[Open]:
    """A copy of that store, read and not written."""
    shutil.copy(place / "botanu.duckdb", place / "read.duckdb")
    with open_store(place / "read.duckdb") as store:
        yield Open(store)


def steady(text: str) -> str:
    """What is another each time as a word: when it was written, how fast, how large, and with which prices."""
    for pattern, word in _CHANGING.items():
        text = re.sub(pattern, word, text)
    return text


_CHANGING = {
    r'(?<="generated_at": )"[^"]+"': '"NOW"',
    r'(?<="seconds": )[\d.e-]+(?=\n?})': "SECONDS",
    r"(?<=,\[\],0,)\d+\.\d+(?=\n?$)|(?<= 0 \| 0 \| 0 \| )\d+\.\d+": "SECONDS",
    r", [\d,]+ spans/s": "",
    r"genai-prices \d[\w.]*, rates [0-9a-f]+": "BOOK",
    r'(?<="fact": "bytes", "value": )\d+|(?<="bytes",\n      "value": )\d+': "BYTES",
    r"(\nbytes\s+|\nbytes,|\n\| bytes \| )[\d,]+": r"\1BYTES",
}


@pytest.mark.parametrize("case", CASES)
def test_a_report_reads_as_it_did(
    botanu: Botanu, place: Path, opened: Open, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """Word by word as it was kept; no line of a table is wider than its terminal."""
    name, _, ending = case.partition(".")
    width = ending.removesuffix(".txt")
    monkeypatch.chdir(place)
    if width.isdigit():
        monkeypatch.setenv("COLUMNS", width)
    if name not in ("ingest", "store-info"):
        opened.serves(monkeypatch)

    result = botanu(*shlex.split(COMMANDS[name]), "-f", FORMATS[ending])

    found = steady(result.out)
    if RECORDING:
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / case).write_text(found, "utf-8")
    assert result.code == (1 if name == "budget-check" else 0), result.err
    assert found == (GOLDEN / case).read_text("utf-8")
    if width.isdigit():
        assert max(map(cell_len, result.out.splitlines())) <= int(width)


def test_nothing_is_kept_that_no_report_writes() -> None:
    """A report that is gone takes its files with it."""
    assert {path.name for path in GOLDEN.iterdir()} == set(CASES)
