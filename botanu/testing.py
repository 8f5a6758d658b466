"""For the tests of programs that use botanu: record runs in memory and look at them.

    def test_a_question_is_one_call():
        with record_runs() as recorded:
            answer("why?")

        assert recorded.runs[0].outcome == "success"
        assert recorded.runs[0].calls[0].attributes["gen_ai.usage.input_tokens"] == 12

With `pytest_plugins = ["botanu.testing"]` in a conftest the same is a fixture, `botanu_runs`. Nothing is sent anywhere while
recording, whether botanu is enabled or not.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from botanu import _tracer, attributes
from botanu.processors.enricher import RunContextEnricher


@dataclass
class RecordedSpan:
    """One span: its name, attributes and events."""

    name: str
    attributes: dict[str, Any]
    events: dict[str, dict[str, Any]]
    """The attributes of each event by the event's name."""
    is_error: bool


@dataclass
class RecordedRun:
    """One run: what its span says, and the spans that belong to it."""

    run_id: str
    use_case: str
    attributes: dict[str, Any]
    spans: list[RecordedSpan] = field(default_factory=list[RecordedSpan])

    @property
    def outcome(self) -> str | None:
        """The outcome: success, partial or failed; None when there is none."""
        return self.attributes.get(attributes.OUTCOME)

    @property
    def status(self) -> str | None:
        """The status: success, failure, partial, timeout or canceled; None when there is no outcome."""
        return self.attributes.get(attributes.OUTCOME_STATUS)

    @property
    def calls(self) -> list[RecordedSpan]:
        """The tracked operations: those that name a vendor."""
        return [span for span in self.spans if attributes.VENDOR in span.attributes]


class RecordedRuns:
    """What was recorded so far; a run is there when it has ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._provider = TracerProvider(shutdown_on_exit=False)
        self._provider.add_span_processor(RunContextEnricher())
        self._provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def provider(self) -> TracerProvider:
        """The provider that records, for instrumentations that the test wants to take part."""
        return self._provider

    @property
    def spans(self) -> list[RecordedSpan]:
        """All spans in the order they ended."""
        return [_recorded(span) for span in self._exporter.get_finished_spans()]

    @property
    def runs(self) -> list[RecordedRun]:
        """All runs in the order they ended."""
        spans = self.spans
        return [
            RecordedRun(
                run_id=span.attributes[attributes.RUN_ID],
                use_case=span.attributes[attributes.USE_CASE],
                attributes=span.attributes,
                spans=[
                    one for one in spans if one.attributes.get(attributes.RUN_ID) == span.attributes[attributes.RUN_ID]
                ],
            )
            for span in spans
            if span.name.startswith("botanu.run/")
        ]

    def clear(self) -> None:
        """Forget what was recorded."""
        self._exporter.clear()


@contextmanager
def record_runs() -> Generator[RecordedRuns]:
    """Record all that botanu makes in this process for the time of the block."""
    recorded = RecordedRuns()
    with _tracer.recording_with(recorded.provider):
        yield recorded


def _recorded(span: ReadableSpan) -> RecordedSpan:
    return RecordedSpan(
        name=span.name,
        attributes=dict(span.attributes or {}),
        events={event.name: dict(event.attributes or {}) for event in span.events},
        is_error=not span.status.is_ok,
    )


try:
    import pytest
except ImportError:
    pass
else:

    @pytest.fixture(name="botanu_runs")
    def botanu_runs() -> Iterator[RecordedRuns]:
        """Record all runs of one test."""
        with record_runs() as recorded:
            yield recorded
