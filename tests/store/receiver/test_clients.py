"""Clients that people really use: OpenTelemetry's exporters for Python and JavaScript, and curl."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from botanu_store import open_store
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from tests.store.receiver.conftest import Serve, Served

EXPORTERS: dict[str, Callable[[Served], SpanExporter]] = {
    "http": lambda served: HttpExporter(endpoint=f"{served.url}/v1/traces"),
    "http, gzip": lambda served: HttpExporter(endpoint=f"{served.url}/v1/traces", compression=Compression.Gzip),
    "grpc": lambda served: GrpcExporter(endpoint=served.grpc, insecure=True),
}


@pytest.mark.parametrize("kind", EXPORTERS)
def test_python_exporters_deliver_a_call_with_its_cost(serve: Serve, kind: str) -> None:
    """A model call recorded with OpenTelemetry alone, exported by its own exporter, is priced in the store."""
    served = serve()
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    provider.add_span_processor(BatchSpanProcessor(EXPORTERS[kind](served)))
    said = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
    usage = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100}
    for _ in range(600):
        with provider.get_tracer("test").start_as_current_span("chat gpt-4o", attributes={**said, **usage}):
            pass
    provider.shutdown()
    assert len(served.spans()) == 600
    assert str(_cost(served)) == "2.100000000000"  # 600 x (1000 x 2.50 + 100 x 10.00) / 1e6 USD


def _cost(served: Served) -> object:
    with open_store(served.store) as store:
        return store.query("select sum(amount_usd) as usd from charges")[0]["usd"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_sends_a_file(serve: Serve, samples: Path, tmp_path: Path) -> None:
    """One line of the sample traces, sent by hand, as the documentation shows."""
    served = serve()
    line = next(path for path in sorted(samples.glob("*.jsonl"))).read_text("utf-8").splitlines()[0]
    (tmp_path / "trace.json").write_text(line, "utf-8")
    command = ["curl", "-sS", "--fail", f"{served.url}/v1/traces", "-H", "content-type: application/json"]
    done = subprocess.run(
        [*command, "--data-binary", "@trace.json"], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.stdout, done.stderr) == ("{}", "")
    assert len(served.spans()) > 0


NODE_PROGRAM = """
const { NodeTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-node");
const exporters = {
  json: require("@opentelemetry/exporter-trace-otlp-http").OTLPTraceExporter,
  protobuf: require("@opentelemetry/exporter-trace-otlp-proto").OTLPTraceExporter,
};
const exporter = new exporters[process.argv[2]]({ url: process.argv[3] + "/v1/traces", compression: process.argv[4] });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
const tracer = provider.getTracer("node");
for (let i = 0; i < 25; i++) tracer.startSpan("work " + i).end();
provider.shutdown();
"""


@pytest.fixture(scope="module")
def node_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Node.js program with OpenTelemetry's SDK, installed by npm."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("node")
    names = ("sdk-trace-node", "exporter-trace-otlp-http", "exporter-trace-otlp-proto")
    command = ["npm", "install", "--no-audit", "--no-fund", *(f"@opentelemetry/{name}" for name in names)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"npm cannot install OpenTelemetry's SDK here: {done.stderr.strip()[-200:]}")
    (folder / "program.js").write_text(NODE_PROGRAM, "utf-8")
    return folder / "program.js"


@pytest.mark.slow
@pytest.mark.parametrize(("encoding", "compression"), [("json", "none"), ("json", "gzip"), ("protobuf", "gzip")])
def test_the_javascript_sdk_delivers(serve: Serve, node_program: Path, encoding: str, compression: str) -> None:
    """Spans of a Node.js program arrive in JSON and in protobuf, packed and not."""
    served = serve()
    command = ["node", str(node_program), encoding, served.url, compression]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(served.spans()) == 25
