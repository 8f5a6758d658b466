"""The whole way: a program runs, is killed or not, and `botanu` says what it cost; the same spans reach an OTLP endpoint."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PROGRAM = """
import sys, time
from botanu import botanu_use_case, disable, emit_outcome, init_botanu
from botanu.tracking.data import track_db_operation
from botanu.tracking.llm import track_llm_call, track_tool_call

init_botanu(service_name="support-agent", schedule_delay_millis=100, auto_instrument=False, {where})

@botanu_use_case("Customer Support")
def answer(number):
    with track_db_operation("postgresql", "SELECT") as query:
        query.set_result(rows_returned=1)
    with track_tool_call("search_orders"):
        pass
    with track_llm_call("openai", "gpt-4o") as call:
        call.set_tokens(input_tokens=1000, output_tokens=100)
    emit_outcome("success", value_type="tickets_resolved", value_amount=1)

for number in range(3):
    answer(number)
print("answered", flush=True)
if "wait" in sys.argv:
    time.sleep(600)
disable()
"""

# 1,000 x 2.50 + 100 x 10.00 USD a million, https://openai.com/api/pricing
COST_OF_ONE = "0.003500000000"


def program(folder: Path, where: str) -> Path:
    path = folder / "agent.py"
    path.write_text(PROGRAM.format(where=where), "utf-8")
    return path


def botanu(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "botanu_cli", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def costs(folder: Path) -> list[str]:
    return [row["cost_usd"] for row in csv.DictReader(io.StringIO(botanu(folder, "runs", "list", "-f", "csv")))]


@contextmanager
def collector() -> Iterator[tuple[str, list[Span]]]:
    """A real OTLP/HTTP endpoint; yields its address and the spans that reach it."""
    received: list[Span] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            received.extend(span for r in request.resource_spans for s in r.scope_spans for span in s.spans)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", received
    finally:
        server.shutdown()
        server.server_close()


def test_a_program_without_any_collector_costs_exactly_what_it_used(tmp_path: Path) -> None:
    """It runs silently, and `botanu` gives the exact cost of those very runs."""
    done = subprocess.run(
        [sys.executable, program(tmp_path, 'store="botanu.duckdb"')],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert (done.stdout, done.stderr) == ("answered\n", "")
    assert costs(tmp_path) == [COST_OF_ONE] * 3
    assert "Customer Support" in botanu(tmp_path, "cost", "--use-case", "Customer Support")


@pytest.mark.parametrize("end", [None, signal.SIGKILL], ids=["running", "killed"])
def test_runs_are_there_while_the_program_runs_and_after_it_was_killed(
    tmp_path: Path, end: signal.Signals | None
) -> None:
    """What was flushed is in the report, whether the program still runs or died by SIGKILL."""
    process = subprocess.Popen(
        [sys.executable, program(tmp_path, 'store="botanu.duckdb"'), "wait"], cwd=tmp_path, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"answered\n"
        spool = tmp_path / "botanu.duckdb.spool"
        deadline = time.monotonic() + 30
        # Twelve spans: three runs of four each.
        while sum(text.count('"spanId"') for text in _texts(spool)) < 12 and time.monotonic() < deadline:
            time.sleep(0.05)
        if end is not None:
            os.kill(process.pid, end)
            process.wait(30)

        assert costs(tmp_path) == [COST_OF_ONE] * 3
        assert (process.poll() is None) == (end is None)
    finally:
        process.kill()
        process.communicate()


def _texts(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in folder.glob("[0-9]*.jsonl")]


def test_an_otlp_endpoint_gets_the_same_spans(tmp_path: Path) -> None:
    """The same program pointed at an OTLP/HTTP endpoint delivers its spans there, and to the store beside it the same ones."""
    with collector() as (address, received):
        where = f'otlp_endpoint="{address}", store="botanu.duckdb"'
        subprocess.run([sys.executable, program(tmp_path, where)], cwd=tmp_path, check=True, capture_output=True)

    assert len(received) == 12
    stored = botanu(tmp_path, "calls", "list", "-f", "csv")
    assert {row["span_id"] for row in csv.DictReader(io.StringIO(stored))} < {span.span_id.hex() for span in received}
    assert sum(span.name == "botanu.run/Customer Support" for span in received) == 3


def test_what_a_collector_received_can_be_taken_in_as_protobuf(tmp_path: Path) -> None:
    """The very bytes of an export request, kept in a file, give the same cost; twice changes nothing."""
    bodies: list[bytes] = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f'otlp_endpoint="http://127.0.0.1:{server.server_port}/v1/traces"'
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    subprocess.run(
        [sys.executable, program(tmp_path, where)], cwd=tmp_path, check=True, capture_output=True, env=environment
    )
    server.shutdown()
    server.server_close()
    for number, body in enumerate(bodies):
        (tmp_path / f"{number}.pb").write_bytes(body)
    files = [f"{number}.pb" for number in range(len(bodies))]

    first, second = botanu(tmp_path, "ingest", *files), botanu(tmp_path, "ingest", *files)

    assert "12 new" in first
    assert "0 new, 12 already there" in second
    assert costs(tmp_path) == [COST_OF_ONE] * 3
