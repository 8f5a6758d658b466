"""A newcomer's session, from an empty folder to a budget that fails and one that holds, recorded word by word in `newcomer.txt`.

To record it again after a wanted change: BOTANU_RECORD=1 python -m pytest tests/cli/test_newcomer.py
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Botanu
from tests.conftest import REPOSITORY

RECORD = Path(__file__).with_name("newcomer.txt")
RECORDING = "BOTANU_RECORD" in os.environ

PROGRAM = """
import os
from openai import OpenAI
from botanu import botanu_use_case, emit_outcome, init_botanu
from botanu.tracking.llm import track_llm_call

init_botanu(service_name="helpdesk", store="botanu.duckdb")
client = OpenAI(api_key="none", base_url=os.environ["VENDOR"] + "/v1")

@botanu_use_case("Support")
def answer(question):
    with track_llm_call("openai", "gpt-4o") as call:
        call.record_response(client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": question}]))
    emit_outcome("success", value_type="ticket", value_amount=1)

for number in range(25):
    answer(f"Question {number}: where is my order?")
"""

BUDGET = """
[[budgets]]
name = "ticket"
use_case = "Support"
metric = "p95"
max_usd = 0.0001
"""


@contextmanager
def vendor() -> Iterator[str]:
    """A model's vendor on this machine: the one that the sample traces were made with."""
    code = "import sys, vendors\nwith vendors.serving() as url:\n    print(url, flush=True)\n    sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=REPOSITORY / "sample_traces",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate("", timeout=30)


class Session:
    """Lines typed into a shell in the current folder, and what came back."""

    def __init__(self, botanu: Botanu) -> None:
        self.text = ""
        self._botanu = botanu

    def types(self, line: str) -> None:
        """Run a command line of botanu's and record it with its exit code and both streams."""
        done = self._botanu(*shlex.split(line)[1:])
        self._answered(line, done.out, done.err, done.code)

    def runs(self, program: str, **environment: str) -> None:
        """Run a program to its end and record what it says, which should be nothing."""
        done = subprocess.run(
            [sys.executable, program],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self._answered(f"python {program}", done.stdout, done.stderr, done.returncode)

    def edits(self, name: str, text: str) -> None:
        """Write a file, and record it."""
        Path(name).write_text(text, "utf-8")
        self.text += f"# {name}:\n{text.strip()}\n\n"

    def _answered(self, line: str, out: str, err: str, code: int) -> None:
        parts = [f"$ {line}", out.rstrip("\n"), err.rstrip("\n"), f"[exit code {code}]"]
        self.text += "\n".join(part for part in parts if part) + "\n\n"


def same_every_time(text: str) -> str:
    """Ids, times and durations as words, and no column wider for them."""
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f-]+)?\b|\b[0-9a-f]{16,32}\b", "ID", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?", "TIME", text)
    text = re.sub(r"\b\d+(\.\d+)? (ms|s)\b", "DURATION", text)
    text = re.sub(r"\bv:[0-9a-f]{12}\b", "v:HASH", text)
    text = re.sub(r"[█▉▊▋▌▍▎▏▐░─━]+", "─", text)
    return re.sub(r"(?<=\S)[ ]{2,}", "  ", re.sub(r"[ ]+$", "", text, flags=re.MULTILINE))


@pytest.mark.slow
def test_a_newcomer_gets_from_nothing_to_a_budget(botanu: Botanu, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty store says how to fill it, a slip gets the right word, and each command says what comes next."""
    monkeypatch.setenv("COLUMNS", "100")
    me = Session(botanu)
    me.types("botanu cost")
    me.types("botanu cots")
    me.types("botanu cost --gruop-by vendor")
    me.types("botanu cost --group-by vendr")
    me.types("botanu runs show 1234")
    me.edits("helpdesk.py", PROGRAM)
    with vendor() as url:
        me.runs("helpdesk.py", VENDOR=url)
    me.types("botanu cost")
    me.types("botanu cost --group-by vendor,model --use-case Suport")
    me.types("botanu runs list --limit 3")
    me.types(f"botanu runs show {_newest(botanu)}")
    me.types("botanu outcomes")
    me.types("botanu budget check")
    me.types("botanu budget init")
    me.types("botanu budget check")
    me.edits("botanu.toml", BUDGET.replace("metric", "metirc"))
    me.types("botanu budget check")
    me.edits("botanu.toml", BUDGET)
    me.types("botanu budget check")
    me.edits("botanu.toml", BUDGET.replace("0.0001", "0.01"))
    me.types("botanu budget check")
    found = same_every_time(me.text)
    if RECORDING:
        RECORD.write_text(found, "utf-8")
    assert found == RECORD.read_text("utf-8")


def _newest(botanu: Botanu) -> str:
    listed = botanu("runs", "list", "--limit", "1", "--format", "json").out
    (run_id,) = re.findall(r'"run_id": "([^"]+)"', listed)
    return str(run_id)
