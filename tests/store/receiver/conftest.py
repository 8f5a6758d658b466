"""A real receiver in a process of its own, on free ports, and what its tests say to it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from botanu_store import open_store

from tests.store import builders

_LISTENING = re.compile(r"Receiving OTLP at (\S+) and, by gRPC, (\S+),")
_PATIENCE = 300
"""Tenths of a second."""

_SERVE = """
import sys
from pathlib import Path
from botanu_store.receiver.limits import Limits
from botanu_store.receiver.server import Listen, Receiver

limits = eval(sys.argv[2], {"Limits": Limits})
say = lambda http, grpc: print(f"Receiving OTLP at http://{http} and, by gRPC, {grpc},", file=sys.stderr, flush=True)
Receiver(Path(sys.argv[1]), Listen("127.0.0.1", int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] or None), limits).run(say)
"""


@dataclass
class Served:
    """A receiver that runs."""

    store: Path
    process: subprocess.Popen[str]
    url: str = ""
    grpc: str = ""
    said: list[str] = field(default_factory=list)

    def post(self, body: Any, path: str = "/v1/traces", **headers: str) -> requests.Response:
        """Send a document, or bytes (in parts, too) as they are, and return the answer."""
        data = orjson.dumps(body) if isinstance(body, dict | list) else body
        given = {"content-type": "application/json", **{name.replace("_", "-"): v for name, v in headers.items()}}
        return requests.post(self.url + path, data=data, headers=given, timeout=30)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def spans(self) -> list[str]:
        """Stop, and return the span ids in the store when nothing waits for it, with repetitions if there were any."""
        if self.process.poll() is None:
            self.stop()
        # The child of a receiver that was killed may be at its last drain; until it ends, a reader sees what was there before.
        for _ in range(_PATIENCE):
            with open_store(self.store) as store:
                if not store.info()["segments_pending"]:
                    return [row["span_id"] for row in store.query("select span_id from spans order by all")]
            time.sleep(0.1)
        raise AssertionError("the spool is not drained")


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a receiver as `botanu serve` with these arguments, or with these limits and this token; it ends with the test."""
    running = list[Served]()

    def start(*arguments: str, limits: str = "", again: Served | None = None, token: str = "") -> Served:
        store = tmp_path / "served.duckdb"
        ports = [again.url.rpartition(":")[2], again.grpc.rpartition(":")[2]] if again else ["0", "0"]
        command = [sys.executable, "-m", "botanu_cli", "--store", str(store), "serve", *arguments]
        command += ["--http-port", ports[0], "--grpc-port", ports[1]]
        if limits:
            command = [sys.executable, "-c", _SERVE, str(store), limits, *ports, token]
        environment = {**os.environ, "PYTHONWARNINGS": "default"}
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path)
        served = Served(store, process)
        _await_start(served)
        running.append(served)
        return served

    yield start
    for served in running:
        with suppress(OSError):
            served.process.kill()
        served.process.wait()
        if served.process.stderr:
            served.process.stderr.close()


def _await_start(served: Served) -> None:
    """Read what it says until it listens, and go on reading in the background."""
    assert served.process.stderr
    for line in served.process.stderr:
        served.said.append(line)
        if found := _LISTENING.search(line):
            served.url, served.grpc = found.groups()
            break
    else:
        pytest.fail("the receiver did not start: " + "".join(served.said))
    stream = served.process.stderr
    threading.Thread(target=lambda: served.said.extend(iter(stream.readline, "")), daemon=True).start()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost, and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True)
    return cert, key


def request(count: int = 1, **said: Any) -> builders.Document:
    """Return an OTLP document of so many new spans."""
    return builders.document([builders.span(builders.trace_id(), **said) for _ in range(count)])


def ids(document: builders.Document) -> list[str]:
    """Return the span ids of a document."""
    return [s["spanId"] for r in document["resourceSpans"] for scope in r["scopeSpans"] for s in scope["spans"]]
