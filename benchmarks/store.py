"""How fast the store takes spans in and answers, and what it takes for that: one command, at one size or at several.

    python benchmarks/store.py                          # 25,000 runs, 200,000 spans
    python benchmarks/store.py 12500 125000 1250000     # 100 thousand to 10 million spans: shows growth

Prints spans a second for JSON segments and for protobuf, the latter also as a multiple of the time that merely parsing and walking the same
bytes takes; peak memory; bytes a span on disk; and each report, first and warm. Each store is made by a process of its own, so that its
memory is its own. Beside the wall's clock stands the processor's time, which other load changes less.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from botanu_store import open_store
from botanu_store.filters import Filters, Interval
from botanu_store.reports.runs import RunSort
from botanu_store.store import Store
from generate import START, lines
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

Question = Callable[[Store], Any]

SPANS_IN_RUN = 8
DIMENSIONS = ("use_case", "tenant", "service", "vendor", "model", "category", "operation", "meter", "time:day", "run")
SORTS: tuple[RunSort, ...] = ("started", "cost", "duration", "tokens", "llm_calls")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the wall's clock and of the processor."""

    wall: float
    cpu: float


def timed(work: Callable[[], Any]) -> Took:
    """Return what this takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


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


def ingest(store: Path, files: list[str]) -> None:
    """Take files into a store; `main` runs this in a process of its own, which prints what it took."""
    with open_store(store) as opened:
        took = timed(lambda: opened.ingest(map(Path, files)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": took.wall, "cpu": took.cpu, "memory": memory}))


def ingested(store: Path, files: list[Path]) -> dict[str, float]:
    """Return what a fresh process took to take these files in."""
    command = [sys.executable, __file__, "--ingest", str(store), *map(str, files)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(said.splitlines()[-1]))


def take_in_json(folder: Path, runs: int) -> Path:
    """Make a store of this many runs from one file of JSON lines, print what that took, and return the store."""
    file, store, spans = folder / "spans.jsonl", folder / f"{runs}.duckdb", runs * SPANS_IN_RUN
    with file.open("wb") as out:
        out.writelines(lines(runs))
    took = ingested(store, [file])
    file.unlink()
    print(
        f"JSON      {spans / took['wall']:8,.0f} spans/s  {took['cpu'] / spans * 1e6:5.1f} µs processor a span  "
        f"peak memory {took['memory']:5,.0f} MiB  {store.stat().st_size / spans:4.0f} bytes a span on disk",
        flush=True,
    )
    return store


def take_in_protobuf(folder: Path, runs: int = 50_000) -> None:
    """Print how fast protobuf goes in, and how that compares to parsing and walking it."""
    messages = [as_protobuf(line) for line in lines(runs)]
    files = [folder / f"{number}.pb" for number in range(len(messages))]
    for target, message in zip(files, messages, strict=True):
        target.write_bytes(message)
    walked = timed(lambda: walk(messages))
    took, spans = ingested(folder / "protobuf.duckdb", files), runs * SPANS_IN_RUN
    print(
        f"protobuf  {spans / took['wall']:8,.0f} spans/s  {took['cpu'] / spans * 1e6:5.1f} µs processor a span  "
        f"{took['wall'] / walked.wall:4.1f} times parsing and walking"
    )


def questions(run_id: str) -> dict[str, Question]:
    """Return every report by name."""
    everything, half = Filters(), datetime.fromtimestamp(START / 1e9, UTC)
    since, until = Interval(since=half), Interval(until=half)

    def page(sort: RunSort) -> Question:
        return lambda store: store.runs(everything, sort=sort, limit=50)

    def cost(*dimensions: str) -> Question:
        return lambda store: store.cost(everything, dimensions)

    return {
        **{f"cost by {name}": cost(name) for name in DIMENSIONS},
        "cost by run, a page": lambda store: store.cost(everything, ("run",), limit=50),
        "cost by vendor and model": cost("vendor", "model"),
        "cost, compared": lambda store: store.cost(Filters(interval=since), before=until),
        "outcomes": lambda store: store.outcomes(everything),
        "vendors": lambda store: store.vendors(everything),
        **{f"runs by {sort}, a page": page(sort) for sort in SORTS},
        "calls, a page": lambda store: store.calls(everything, limit=50),
        "one run's tree": lambda store: store.run(run_id),
        "budget samples, by day": lambda store: store.samples(everything, "day"),
        "budget samples, by run": lambda store: store.samples(everything, "run"),
    }


def answers(path: Path) -> dict[str, tuple[Took, Took]]:
    """Return what each report takes, the first time on a connection and at best of three more."""
    found: dict[str, tuple[Took, Took]] = {}
    with open_store(path) as store:
        run_id = store.runs(Filters(), limit=1).rows[0]["run_id"]
    for name, report in questions(run_id).items():
        with open_store(path) as store:
            first, *rest = [timed(partial(report, store)) for _ in range(4)]
        found[name] = first, min(rest, key=lambda took: took.wall)
    return found


def show_growth(sizes: list[int], found: list[dict[str, tuple[Took, Took]]]) -> None:
    """Print each report's times at each size: first, warm, and warm in the processor's time, in milliseconds."""
    print(
        f"\n{'ms: first / warm / warm, processor':<36}" + "".join(f"{size * SPANS_IN_RUN:>22,} spans" for size in sizes)
    )
    for name in found[0]:
        cells = (answer[name] for answer in found)
        shown = (f"{first.wall * 1e3:,.0f} / {warm.wall * 1e3:,.0f} / {warm.cpu * 1e3:,.0f}" for first, warm in cells)
        print(f"{name:<36}" + "".join(f"{cell:>28}" for cell in shown))


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--ingest"]:
        ingest(Path(sys.argv[2]), sys.argv[3:])
        return
    sizes = [int(size) for size in sys.argv[1:]] or [25_000]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: list[dict[str, tuple[Took, Took]]] = []
        for size in sizes:
            print(f"\n{size * SPANS_IN_RUN:,} spans, {size:,} runs; load of the machine {os.getloadavg()[0]:.1f}")
            found.append(answers(take_in_json(folder, size)))
        take_in_protobuf(folder)
        show_growth(sizes, found)


if __name__ == "__main__":
    main()
