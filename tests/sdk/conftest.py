"""What the SDK's tests share: recorded runs, a clean process, a real OTLP collector, real child processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from opentelemetry import context, propagate, trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import botanu
from botanu.testing import RecordedRuns, record_runs


@pytest.fixture(autouse=True)
def clean_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Each test starts without configuration, provider, run or propagator of another, and leaves none behind."""
    for name in list(os.environ):
        if name.startswith(("OTEL_", "BOTANU_")) or name == "DEPLOYMENT_ENVIRONMENT":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    provider, propagator = trace._TRACER_PROVIDER, propagate.get_global_textmap()
    token = context.attach(context.Context())
    yield
    context.detach(token)
    botanu.disable()
    trace._TRACER_PROVIDER = provider
    propagate.set_global_textmap(propagator)


@pytest.fixture
def recorded() -> Iterator[RecordedRuns]:
    """Everything botanu makes during the test."""
    with record_runs() as runs:
        yield runs


@dataclass
class Collector:
    """A real OTLP/HTTP server that keeps what it is sent, and fails on demand."""

    endpoint: str = ""
    status: int = 200
    delay: float = 0
    requests: list[tuple[dict[str, str], ExportTraceServiceRequest]] = field(default_factory=list)

    @property
    def spans(self) -> list[Any]:
        """All spans that arrived."""
        return [
            span
            for _, request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def names(self) -> set[str]:
        """Their names."""
        return {span.name for span in self.spans}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on a loopback port."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            threading.Event().wait(kept.delay)
            if kept.status == 200:
                kept.requests.append((dict(self.headers), ExportTraceServiceRequest.FromString(body)))
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.endpoint = f"http://127.0.0.1:{server.server_port}/v1/traces"
    yield kept
    server.shutdown()
    server.server_close()


@dataclass
class Store:
    """The spool of one local store, read as it is on disk."""

    path: Path

    @property
    def spool(self) -> Path:
        """The folder of segments."""
        return self.path.with_name(self.path.name + ".spool")

    @property
    def documents(self) -> list[dict[str, Any]]:
        """Every line of every segment."""
        return [
            orjson.loads(line)
            for segment in sorted(self.spool.glob("*.jsonl"))
            for line in segment.read_bytes().splitlines()
        ]

    @property
    def spans(self) -> list[dict[str, Any]]:
        """Every span, its attributes as plain values."""
        return [
            {**span, "attributes": {a["key"]: _plain(a["value"]) for a in span["attributes"]}}
            for document in self.documents
            for resource in document["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def runs(self) -> list[dict[str, Any]]:
        """The attributes of every run that ended."""
        return [span["attributes"] for span in self.spans if span["name"].startswith("botanu.run/")]

    def dropped(self, kind: str = "spans") -> int:
        """How many spans were counted as dropped."""
        return sum(orjson.loads(path.read_bytes())[kind] for path in self.spool.glob("dropped-*.json"))


def _plain(value: dict[str, Any]) -> Any:
    kind, content = next(iter(value.items()), ("", None))
    return int(content) if kind == "intValue" else content


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A local store that nobody has written to."""
    return Store(tmp_path / "botanu.duckdb")


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program in a process of its own and return what it said; it must end well unless told otherwise."""

    def run(program: str, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "program.py"
        file.write_text(program, "utf-8")
        ended = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", *(arguments or (str(file),))],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or ended.returncode == 0, ended.stderr
        return ended

    return run
