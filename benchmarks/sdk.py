"""What the SDK costs: the figures of the contract's section 7 and of the local store's exporter.

    python benchmarks/sdk.py            everything but the long one
    python benchmarks/sdk.py --memory   a million runs, to see that memory stays flat

A ratio is the median over pairs measured one right after the other, so that a busy machine slows both sides of a pair alike.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import botanu
from botanu import _tracer
from botanu.exporters.local import LocalStoreExporter
from botanu.models.run_context import configure_process, generate_run_id
from botanu.processors import RunContextEnricher
from botanu.tracking.llm import track_llm_call

ROUNDS = 25
BATCH = 512


class NullExporter(SpanExporter):
    """Takes spans and forgets them."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002 - the interface fixes it
        """Forget the batch."""
        return SpanExportResult.SUCCESS


def seconds(work: Callable[[], object], times: int) -> float:
    """Seconds for one call of `work`, on average over so many, on this thread's clock."""
    started = time.thread_time()
    for _ in range(times):
        work()
    return (time.thread_time() - started) / times


def paired(ours: Callable[[], object], theirs: Callable[[], object], times: int) -> tuple[float, float, float]:
    """Median seconds of both, and the median of the ratios of pairs."""
    pairs = [(seconds(theirs, times), seconds(ours, times)) for _ in range(ROUNDS)]
    bare, run = zip(*pairs, strict=True)
    return statistics.median(run), statistics.median(bare), statistics.median(ours / theirs for theirs, ours in pairs)


def provider(*, enriched: bool) -> TracerProvider:
    """A provider with batches to nowhere, and the enricher if asked for."""
    made = TracerProvider(shutdown_on_exit=False)
    if enriched:
        made.add_span_processor(RunContextEnricher())
    made.add_span_processor(BatchSpanProcessor(NullExporter(), max_queue_size=100_000))
    return made


@botanu.botanu_use_case("Benchmark")
def one_run() -> None:
    """One run with one tracked call and one outcome."""
    with track_llm_call("openai", "gpt-5") as call:
        call.set_tokens(1000, 100)
    botanu.emit_outcome("success")


def hot_path() -> None:
    """A run against two bare spans."""
    tracer = provider(enriched=False).get_tracer("bare")
    said = {"a": 1, "b": "x", "c": 2.0}

    def bare() -> None:
        with (
            tracer.start_as_current_span("outer", attributes=said),
            tracer.start_as_current_span("inner", attributes=said),
        ):
            pass

    # As `enable` does, so that runs do not look at the environment each time.
    configure_process(propagation_mode="lean", environment="production")
    with _tracer.recording_with(provider(enriched=True)):
        run, two_spans, ratio = paired(one_run, bare, 1000)
    print(
        f"one run, one call, one outcome  {run * 1e6:8.1f} µs   two bare spans {two_spans * 1e6:.1f} µs   {ratio:.2f}x (at most 2.5)"
    )


def small_things() -> None:
    """What happens for every run and every span."""
    span = trace.NonRecordingSpan(trace.INVALID_SPAN_CONTEXT)
    enricher = RunContextEnricher()
    made = min(seconds(generate_run_id, 20_000) for _ in range(5))
    started = min(seconds(lambda: enricher.on_start(span), 20_000) for _ in range(5))  # type: ignore[arg-type]
    print(f"generate_run_id                 {made * 1e6:8.2f} µs   (under 2)")
    print(f"enricher without a run          {started * 1e6:8.2f} µs   (under 3)")


def typical_spans(count: int) -> list[ReadableSpan]:
    """Finished spans as runs make them: two thirds of them runs and calls, the rest foreign ones with 15 attributes."""
    kept = InMemorySpanExporter()
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(RunContextEnricher())
    made.add_span_processor(SimpleSpanProcessor(kept))
    foreign = made.get_tracer("foreign")
    said = {f"attribute.number_{i}": f"value {i}" if i % 3 else i for i in range(15)}
    with _tracer.recording_with(made):
        while len(kept.get_finished_spans()) < count:
            one_run()
            foreign.start_span("GET /somewhere", attributes=said).end()
    return list(kept.get_finished_spans())[:count]


def exporter() -> None:
    """A batch into a segment, fsync included, against OpenTelemetry's protobuf encoding of the same batch."""
    spans = typical_spans(BATCH)
    with tempfile.TemporaryDirectory() as folder:
        local = LocalStoreExporter(Path(folder) / "botanu.duckdb")
        pairs = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            encode_spans(spans).SerializePartialToString()
            encoded = time.perf_counter()
            local.export(spans)
            pairs.append((encoded - started, time.perf_counter() - encoded))
    theirs, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(
        f"export of {BATCH} spans with fsync {ours * 1e3:7.2f} ms   protobuf encoding {theirs * 1e3:.2f} ms   {ratio:.2f}x (at most 1)"
    )


def memory(runs: int) -> None:
    """Peak memory while so many runs go into a local store that is drained now and then."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "botanu.duckdb"
        botanu.enable("benchmark", store=store, auto_instrument=False)
        provider: TracerProvider = trace.get_tracer_provider()  # type: ignore[assignment]
        for part in range(10):
            for number in range(runs // 10):
                one_run()
                if number % 500 == 0:
                    provider.force_flush()
            for segment in store.with_name("botanu.duckdb.spool").glob("[!.]*.jsonl"):
                segment.unlink()
            gc.collect()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
                1 << 20 if sys.platform == "darwin" else 1 << 10
            )
            print(f"{(part + 1) * runs // 10:>9,} runs   peak {peak:.0f} MiB", flush=True)
        botanu.disable()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="a million runs, to see that memory stays flat")
    parser.add_argument("--runs", type=int, default=1_000_000, help="how many runs that is")
    said = parser.parse_args()
    if said.memory:
        memory(said.runs)
        return
    hot_path()
    small_things()
    exporter()


if __name__ == "__main__":
    main()
