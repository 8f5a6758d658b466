"""How fast the store takes spans in and answers, and what a span takes on disk: one command, ratios within one run.

    python benchmarks/store.py [runs]      # default 25,000 runs, 200,000 spans

Prints spans a second for JSON segments and for protobuf, the latter also as a multiple of the time that merely parsing and walking the same
bytes takes; bytes a span on disk; and each report, first and warm.
"""

from __future__ import annotations

import base64
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from botanu_store import open_store
from botanu_store.filters import Filters
from botanu_store.store import Store
from generate import lines
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that this takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def as_protobuf(line: bytes) -> bytes:
    """Return a JSON line's document as a serialised protobuf message."""
    document = orjson.loads(line)
    for span in (s for r in document["resourceSpans"] for scoped in r["scopeSpans"] for s in scoped["spans"]):
        for key in ("traceId", "spanId", "parentSpanId"):
            span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    return ParseDict(document, TracesData()).SerializeToString()


def walk(messages: list[bytes]) -> None:
    """Parse messages and touch every field and attribute once."""
    for message in messages:
        for group in TracesData.FromString(message).resource_spans:
            for span in (s for scoped in group.scope_spans for s in scoped.spans):
                _ = (span.trace_id, span.span_id, span.parent_span_id, span.name, span.kind, span.start_time_unix_nano)
                for pair in span.attributes:
                    _ = (pair.key, getattr(pair.value, pair.value.WhichOneof("value")))


def ingest(folder: Path, name: str, files: list[Path]) -> tuple[float, Path]:
    """Take files into a fresh store and return the seconds it took and the store."""
    path = folder / f"{name}.duckdb"
    with open_store(path) as store:
        return timed(lambda: store.ingest(files)), path


def answer(path: Path) -> None:
    """Print how long each report takes, the first time and warm."""
    with open_store(path) as store:
        run_id = store.runs(Filters(), limit=1).rows[0]["run_id"]
    reports: dict[str, Callable[[Store], Any]] = {
        "cost by use case": lambda store: store.cost(Filters()),
        "cost by vendor and model": lambda store: store.cost(Filters(), ["vendor", "model"]),
        "cost by day": lambda store: store.cost(Filters(), ["time:day"]),
        "run list, a page": lambda store: store.runs(Filters(), limit=50),
        "one run's tree": lambda store: store.run(run_id),
    }
    for name, report in reports.items():
        with open_store(path) as store:
            first = timed(lambda report=report, store=store: report(store))
            warm = min(timed(lambda report=report, store=store: report(store)) for _ in range(3))
        print(f"{name:<28} first {first * 1000:7.0f} ms   warm {warm * 1000:7.0f} ms")


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if sys.argv[1:] else 25_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "spans.jsonl"
        with file.open("wb") as out:
            out.writelines(lines(runs))
        spans = runs * 8
        seconds, path = ingest(folder, "json", [file])
        print(f"JSON      {spans / seconds:8,.0f} spans/s   {path.stat().st_size / spans:.0f} bytes a span on disk")
        messages = [as_protobuf(line) for line in lines(min(runs, 5000))]
        files = [folder / f"{number}.pb" for number in range(len(messages))]
        for target, message in zip(files, messages, strict=True):
            target.write_bytes(message)
        walked = timed(lambda: walk(messages))
        seconds, _ = ingest(folder, "protobuf", files)
        print(
            f"protobuf  {min(runs, 5000) * 8 / seconds:8,.0f} spans/s   {seconds / walked:.1f} times parsing and walking"
        )
        answer(path)
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
