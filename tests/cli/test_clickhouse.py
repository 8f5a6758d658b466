"""`--store clickhouse://…` and `sync`, over HTTP: clickhouse-connect and ClickHouse's engine, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botanu_store.engines.clickhouse import connect, read_address

from tests.cli.conftest import Botanu
from tests.conftest import SAMPLES
from tests.store.builders import START, chat, document, trace_id
from tests.store.clickhouse import front, local, otel

PASSWORD = "s3cret"


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    """Where a server with the spans of the samples listens: host and port."""
    process = subprocess.Popen(
        [sys.executable, front.__file__, PASSWORD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    place = f"127.0.0.1:{process.stdout.readline().strip()}"
    server = connect(read_address(address(place)))
    server.run("create database otel")
    server.close()
    server = connect(read_address(address(place, "otel")))
    otel.create(server)
    otel.fill(server, local.documents(sorted(SAMPLES.glob("*.jsonl"))))
    server.close()
    yield place
    process.communicate("")


def address(place: str, database: str = "default", password: str = PASSWORD) -> str:
    """The address as a user writes it."""
    return f"clickhouse://somebody:{password}@{place}/{database}"


COMMANDS = (
    ("cost",),
    ("cost", "--group-by", "vendor,model", "--since", "2026-11-01"),
    ("runs", "list", "--sort", "cost"),
    ("calls", "list"),
    ("outcomes",),
    ("vendors", "--use-case", "Customer Support"),
    ("prices", "unpriced"),
    ("budget", "check", "--max-usd", "0.05", "--metric", "p95"),
)


@pytest.mark.slow
def test_every_report_is_that_of_a_local_store(botanu: Botanu, filled: Path, place: str) -> None:
    """After a sync each command says what it says of a file with the same spans, and a second sync finds nothing to do."""
    store = address(place, "otel")
    first = botanu("--store", store, "sync")
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("Concluded 24 runs and 73 calls of 116 spans in ")
    assert botanu("--store", store, "sync").out == "Nothing new.\n"

    for command in COMMANDS:
        assert asked(botanu, store, *command) == asked(botanu, str(filled), *command), command
    (run, *_) = asked(botanu, store, "runs", "list", "--sort", "cost")["rows"]
    shown = ("runs", "show", run["run_id"][:12])
    assert asked(botanu, store, *shown) == asked(botanu, str(filled), *shown)
    assert asked(botanu, store, "store", "info")["rows"]

    server = connect(read_address(store))
    otel.fill(server, [document([chat(trace_id(), start=START + 7 * 86_400 * 10**9)])])
    server.close()
    late = botanu("--store", store, "cost")
    assert late.err.startswith("Spans since 2026-11-23 ")
    assert "botanu sync" in late.err


def asked(botanu: Botanu, store: str, *words: str) -> dict[str, Any]:
    """The JSON that a command writes, less when it was made."""
    result = botanu("--store", store, *words, "--format", "json")
    assert result.code in (0, 1), result.err
    document: dict[str, Any] = json.loads(result.out)
    document.pop("generated_at", None)
    return document


@pytest.mark.parametrize(
    ("store", "code", "words"),
    [
        ("clickhouse://somebody:hunter2@{place}/default", 4, "refuses this user or password"),
        ("clickhouse://somebody:hunter2@127.0.0.1:1/default", 4, "does not answer"),
        ("clickhouse://somebody:s3cret@{place}/nosuch", 2, "has no such database"),
        ("clickhouse://somebody:s3cret@{place}/default", 2, "botanu sync"),
        ("clickhouse://somebody:hunter2@{place}/a/b", 2, "Write it as clickhouse://"),
        ("clickhouse://somebody:hunter2@{place}/otel?verify=0", 2, "'verify'"),
        ("postgres://somebody:hunter2@{place}/otel", 2, "no kind of store"),
    ],
)
def test_what_is_in_the_way_is_named_and_the_password_is_not(
    botanu: Botanu, place: str, store: str, code: int, words: str
) -> None:
    """Exit code 4 where trying again may help, else 2; one sentence with the way out, and nothing else on either stream."""
    result = botanu("--store", store.format(place=place), "cost")

    assert (result.code, result.out) == (code, "")
    assert words in result.err
    assert result.err.count("\n") == 1
    assert "hunter2" not in result.err
    assert PASSWORD not in result.err


def test_what_only_one_kind_of_store_can_do(botanu: Botanu, filled: Path, place: str) -> None:
    """A sync is for a server, maintenance for a file, and each says so."""
    assert "works on a ClickHouse only" in botanu("--store", str(filled), "sync").err
    for words in (("serve",), ("export", "out")):
        result = botanu("--store", address(place), *words)
        assert result.code == 2
        assert PASSWORD not in result.err
