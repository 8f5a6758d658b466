"""Existing OpenTelemetry: a provider that the program has, gets, or that cannot be joined."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

import botanu
from botanu.processors import RunContextEnricher
from botanu.tracking.llm import track_llm_call
from tests.sdk.conftest import Store


def one_run() -> None:
    """One run with a call in it."""
    with botanu.run("Support"), track_llm_call("openai", "gpt-5"):
        pass


def theirs(**words: Any) -> tuple[TracerProvider, Any]:
    """A provider of the program's own with its own exporter."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "theirs"}), shutdown_on_exit=False, **words)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return provider, kept


def test_one_set_before_is_joined(store: Store) -> None:
    """It stays the program's provider, its exporter keeps receiving, its spans carry the run and are in the store."""
    provider, kept = theirs()
    trace._TRACER_PROVIDER = provider
    botanu.enable("x", store=store.path, auto_instrument=False)
    assert trace.get_tracer_provider() is provider
    one_run()
    botanu.disable()
    one_run()

    assert [span.name for span in kept.get_finished_spans()] == ["chat gpt-5", "botanu.run/Support"] * 2
    assert len(store.spans) == 2
    resource = store.documents[0]["resourceSpans"][0]["resource"]["attributes"]
    assert {"key": "service.name", "value": {"stringValue": "theirs"}} in resource


def test_joined_again_nothing_is_doubled(store: Store) -> None:
    """Enabled, disabled and enabled again on one provider, each span is written once."""
    provider, _ = theirs()
    trace._TRACER_PROVIDER = provider
    for _ in range(3):
        botanu.enable("x", store=store.path, auto_instrument=False)
        one_run()
        botanu.disable()

    assert len(store.spans) == 6


def test_one_set_after_is_joined(store: Store) -> None:
    """A provider that the program sets after `enable` becomes the provider, and is joined at the next run."""
    botanu.enable("x", store=store.path, auto_instrument=False)
    one_run()
    provider, kept = theirs()
    once, trace._TRACER_PROVIDER_SET_ONCE = trace._TRACER_PROVIDER_SET_ONCE, type(trace._TRACER_PROVIDER_SET_ONCE)()
    trace.set_tracer_provider(provider)
    trace._TRACER_PROVIDER_SET_ONCE = once
    one_run()
    botanu.disable()

    assert trace.get_tracer_provider() is provider
    assert len(kept.get_finished_spans()) == 2
    assert len(store.spans) == 4


def test_one_that_cannot_be_joined_is_left_alone(store: Store) -> None:
    """A foreign provider without processors stays the global one, and botanu's own spans go beside it."""

    class Foreign(trace.TracerProvider):
        made: int = 0

        def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
            self.made += 1
            return trace.NoOpTracer()

    foreign = Foreign()
    trace._TRACER_PROVIDER = foreign
    botanu.enable("x", store=store.path, auto_instrument=False)
    one_run()
    botanu.disable()

    assert trace.get_tracer_provider() is foreign
    assert foreign.made == 0
    assert len(store.spans) == 2


def test_a_ratio_sampler_is_reported(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """A sampler on the joined provider is a warning that names the share of cost that will be seen."""
    trace._TRACER_PROVIDER = theirs(sampler=ParentBasedTraceIdRatio(0.25))[0]
    botanu.enable("x", store=store.path, auto_instrument=False)
    for _ in range(100):
        one_run()
    botanu.disable()

    assert "25 %" in caplog.text
    assert {run["botanu.sample_rate"] for run in store.runs()} == {0.25}


def test_the_rate_counts_on_a_joined_provider_too(store: Store) -> None:
    """`trace_sample_rate` thins what botanu exports, and leaves the program's own exporter everything."""
    provider, kept = theirs()
    trace._TRACER_PROVIDER = provider
    botanu.enable("x", store=store.path, trace_sample_rate=0.3, auto_instrument=False)
    for _ in range(200):
        one_run()
    botanu.disable()

    assert len(kept.get_finished_spans()) == 400
    assert 20 < len(store.runs()) < 110
    assert len(store.spans) == 2 * len(store.runs())


def test_by_hand(store: Store) -> None:
    """`provider.add_span_processor(RunContextEnricher())` is all that an existing set-up needs."""
    provider, kept = theirs()
    trace._TRACER_PROVIDER = provider
    provider.add_span_processor(RunContextEnricher())
    with botanu.run("Support") as run:
        trace.get_tracer("theirs").start_span("theirs").end()

    spans = kept.get_finished_spans()
    assert [span.attributes["botanu.run_id"] for span in spans] == [run.run_id] * 2
