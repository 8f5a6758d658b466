"""`--store clickhouse://…` and `sync`, over HTTP: clickhouse-connect and ClickHouse's engine, each in a process of its own."""

from __future__ import annotations

import json
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from botanu_store.clickhouse.sync import sync
from botanu_store.engines.clickhouse import connect, read_address

from tests.cli.conftest import Botanu
from tests.conftest import SAMPLES
from tests.store.builders import START, as_protobuf, chat, document, trace_id
from tests.store.clickhouse import front, local, otel
from tests.store.told_twice import WORLDS

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
@pytest.mark.parametrize("kind", ["map", "json"])
def test_what_a_collector_wrote_costs_what_a_local_store_says(
    botanu: Botanu, filled: Path, place: str, kind: str
) -> None:
    """A real collector takes spans over OTLP and writes them with its own ClickHouse exporter; botanu reads its table, of either variant."""
    store = address(place, f"collected_{kind}")
    server = connect(read_address(address(place)))
    server.run(f"create database collected_{kind}")
    server.close()
    server = connect(read_address(store))
    otel.create(server, is_json=kind == "json")
    with collector(
        place, f"collected_{kind}", *(["--clickhouse-exporter-enable-json"] if kind == "json" else [])
    ) as url:
        for sent in local.documents(sorted(SAMPLES.glob("*.jsonl"))):
            requests.post(
                url, as_protobuf(dict(sent)), headers={"content-type": "application/x-protobuf"}, timeout=10
            ).raise_for_status()
        until(lambda: server.rows("select count() as n from otel_traces")[0]["n"] == 116)
    server.close()

    assert botanu("--store", store, "sync").out.startswith("Concluded 24 runs and 73 calls of 116 spans in ")
    for command in (("cost",), ("calls", "list"), ("outcomes",)):
        assert asked(botanu, store, *command) == asked(botanu, str(filled), *command), command


@contextmanager
def collector(place: str, database: str, *words: str) -> Iterator[str]:
    """A collector that exports to this database, and where it takes spans."""
    program = Path(pytest.importorskip("rotel", reason="is on PyPI for Linux").__file__ or "").with_name("rotel-agent")
    port, other = free_port(), free_port()
    to = {"endpoint": f"http://{place}", "user": "somebody", "password": PASSWORD, "database": database}
    to |= {"compression": "none", "async-insert": "false"}
    words += ("--otlp-http-endpoint", f"127.0.0.1:{port}", "--otlp-grpc-endpoint", f"127.0.0.1:{other}")
    words += ("--exporter", "clickhouse", *(f"--clickhouse-exporter-{name}={value}" for name, value in to.items()))
    process = subprocess.Popen([program, "start", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: is_open(port))
        yield f"http://127.0.0.1:{port}/v1/traces"
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def is_open(port: int) -> bool:
    """Whether somebody listens."""
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that takes a second or two."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.1)
    raise TimeoutError


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


@pytest.mark.slow
def test_workers_count_once_what_several_traces_tell(
    botanu: Botanu, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each concludes some of the runs, and none of the others' rows; afterwards there is nothing to do for any number of them."""
    store = address(place, "twice")
    server = connect(read_address(address(place)))
    server.run("create database twice")
    server.close()
    server = connect(read_address(store))
    otel.create(server)
    given = [*WORLDS["told_three_times"], *(part for part in WORLDS["many"] if "a" * 32 not in str(part))]
    otel.fill(server, given)
    monkeypatch.setattr("botanu_store.clickhouse.sync.BATCH_SPANS", 4)
    sync(server, address=read_address(store), workers=2)
    here = local.fill(tmp_path / "all.duckdb", given)
    assert local.synced(server) == local.concluded(here)
    server.close()

    assert botanu("--store", store, "sync", "--workers", "2").out == "Nothing new.\n"
    for command in (("cost", "--group-by", "run"), ("calls", "list"), ("runs", "show", "run-1")):
        assert asked(botanu, store, *command) == asked(botanu, str(here), *command), command


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


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client program.\r\nYou must use port 8123 for HTTP.\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 4\r\nconnection: close\r\n\r\nnone",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello",
    ],
    ids=["clickhouse-client", "proxy", "web page"],
)
def test_what_is_no_clickhouse_is_named_as_such(botanu: Botanu, said: bytes) -> None:
    """The port of clickhouse-client above all; the message says which one it should be."""
    with _answering(said) as place:
        result = botanu("--store", address(place), "cost")

    assert (result.code, result.out) == (4, "")
    assert "answers, but not as ClickHouse does by HTTP" in result.err
    assert "Correct host and port: 8123" in result.err
    assert PASSWORD not in result.err


@contextmanager
def _answering(said: bytes) -> Generator[str]:
    """Where something listens that answers this, whatever it is asked."""

    class Foreign(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(said)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Foreign) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{listener.server_address[1]}"
        listener.shutdown()


def test_a_slash_behind_the_database_is_none_of_its_name() -> None:
    """As it is with any address of the web."""
    assert read_address("clickhouse://somebody@here/otel/") == read_address("clickhouse://somebody@here/otel")


@pytest.mark.parametrize("form", ["table", "markdown", "junit", "json", "github"])
def test_a_broken_budget_shows_how_to_look_without_the_password(botanu: Botanu, place: str, form: str) -> None:
    """Its commands go into the log of a build, with the user's name and the place alone."""
    assert botanu("--store", address(place, "otel"), "sync").code == 0

    result = botanu("--store", address(place, "otel"), "budget", "check", "--max-usd", "0.000001", "-f", form)

    assert result.code == 1
    assert PASSWORD not in result.out + result.err
    assert form in ("json", "github") or f"--store clickhouse://somebody@{place}/otel" in result.out.replace("\\", "")


def test_what_only_one_kind_of_store_can_do(botanu: Botanu, filled: Path, place: str) -> None:
    """A sync is for a server, maintenance for a file, and each says so."""
    assert "works on a ClickHouse only" in botanu("--store", str(filled), "sync").err
    for words in (("serve",), ("export", "out")):
        result = botanu("--store", address(place), *words)
        assert result.code == 2
        assert PASSWORD not in result.err
