"""The trackers: spans, names, attributes, errors and metrics of model calls, tools, databases, stores and queues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from botanu.testing import RecordedRuns
from botanu.tracking.data import (
    DBOperation,
    set_data_metrics,
    set_warehouse_metrics,
    track_db_operation,
    track_messaging_operation,
    track_storage_operation,
)
from botanu.tracking.llm import (
    LLMTracker,
    set_llm_attributes,
    set_token_usage,
    track_llm_call,
    track_tool_call,
)


def test_a_model_call(recorded: RecordedRuns) -> None:
    """A CLIENT span `{operation} {model}` with everything said; every `set_*` returns the tracker."""
    with track_llm_call("OpenAI", "gpt-5", client_request_id="mine", team="blue", **{"gen_ai.x": 1}) as call:
        assert call.span is not None
        assert call.span.kind is SpanKind.CLIENT  # type: ignore[attr-defined]
        chained = (
            call.set_tokens(
                input_tokens=100, output_tokens=50, cached_tokens=40, cache_write_tokens=10, reasoning_tokens=20
            )
            .set_request_id(provider_request_id="theirs")
            .set_response_model("gpt-5-2026")
            .set_finish_reason("stop")
            .set_streaming()
            .set_cache_hit()
            .set_attempt(2)
            .set_request_params(
                temperature=0.5,
                top_p=0.9,
                max_tokens=10,
                stop_sequences=["x"],
                frequency_penalty=0.1,
                presence_penalty=0.2,
            )
            .add_metadata(color="green", **{"botanu.shape": "round"})
        )
        assert chained is call

    [span] = recorded.spans
    assert span.name == "chat gpt-5"
    assert span.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "botanu.vendor": "openai",
        "botanu.provider.client_request_id": "mine",
        "botanu.team": "blue",
        "gen_ai.x": 1,
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.usage.cache_creation.input_tokens": 10,
        "gen_ai.usage.reasoning.output_tokens": 20,
        "botanu.usage.cached_tokens": 40,
        "botanu.usage.cache_read_tokens": 40,
        "botanu.usage.cache_write_tokens": 10,
        "gen_ai.response.id": "theirs",
        "botanu.provider.request_id": "theirs",
        "gen_ai.response.model": "gpt-5-2026",
        "gen_ai.response.finish_reasons": ("stop",),
        "botanu.request.streaming": True,
        "botanu.request.cache_hit": True,
        "botanu.request.attempt": 2,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 10,
        "gen_ai.request.stop_sequences": ("x",),
        "gen_ai.request.frequency_penalty": 0.1,
        "gen_ai.request.presence_penalty": 0.2,
        "botanu.color": "green",
        "botanu.shape": "round",
    }


@pytest.mark.parametrize(
    ("provider", "model", "total"),
    [
        ("openai", "gpt-5", 100),
        ("google", "gemini-3-pro", 100),
        ("anthropic", "claude-opus-5", 160),
        ("bedrock", "amazon.nova-pro-v1:0", 160),
        ("vertex", "claude-opus-5@20260101", 160),
    ],
)
def test_input_tokens_are_the_total(provider: str, model: str, total: int, recorded: RecordedRuns) -> None:
    """`gen_ai.usage.input_tokens` includes cache reads and writes whether the vendor's own count does (100) or not."""
    with track_llm_call(provider, model) as call:
        call.set_tokens(input_tokens=100, output_tokens=5, cache_read_tokens=40, cache_write_tokens=20)

    assert recorded.spans[0].attributes["gen_ai.usage.input_tokens"] == total


def test_a_count_smaller_than_its_parts_cannot_include_them(recorded: RecordedRuns) -> None:
    """Whoever the vendor is, the total is never below the cached tokens."""
    with track_llm_call("someone", "model") as call:
        call.set_tokens(input_tokens=10, cache_read_tokens=40)
    with track_llm_call("anthropic", "claude-opus-5") as call:
        set_token_usage(10, 5, cached_tokens=40)

    assert [span.attributes["gen_ai.usage.input_tokens"] for span in recorded.spans] == [50, 50]


def test_a_tool(recorded: RecordedRuns) -> None:
    """An INTERNAL span `execute_tool {name}` with result, duration and metadata under `botanu.tool.`."""
    with track_tool_call("search", tool_call_id="c1", provider="Tavily", depth=2) as tool:
        assert tool.span is not None
        assert tool.span.kind is SpanKind.INTERNAL  # type: ignore[attr-defined]
        assert (
            tool.set_result(items_returned=3, bytes_processed=9).set_tool_call_id("c2").add_metadata(kind="web") is tool
        )

    attributes = recorded.spans[0].attributes
    assert attributes.pop("botanu.tool.duration_ms") >= 0
    assert recorded.spans[0].name == "execute_tool search"
    assert attributes == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "search",
        "gen_ai.tool.call.id": "c2",
        "gen_ai.provider.name": "tavily",
        "botanu.vendor": "tavily",
        "botanu.tool.depth": 2,
        "botanu.tool.success": True,
        "botanu.tool.items_returned": 3,
        "botanu.tool.bytes_processed": 9,
        "botanu.tool.kind": "web",
    }


def test_a_database(recorded: RecordedRuns) -> None:
    """A CLIENT span with what was read, written and scanned, and metadata under `botanu.data.`."""
    with track_db_operation("bigquery", DBOperation.SELECT, "sales", region="eu") as db:
        assert db.span is not None
        assert db.span.kind is SpanKind.CLIENT  # type: ignore[attr-defined]
        chained = (
            db.set_result(rows_returned=1, rows_affected=2, bytes_read=3, bytes_written=4)
            .set_table("orders", schema="public")
            .set_query_id("q")
            .set_bytes_scanned(5)
            .add_metadata(cached=True)
        )
        assert chained is db

    attributes = recorded.spans[0].attributes
    assert attributes.pop("botanu.data.duration_ms") >= 0
    assert attributes == {
        "db.system": "bigquery",
        "db.operation": "SELECT",
        "db.name": "sales",
        "db.collection.name": "orders",
        "db.schema": "public",
        "botanu.vendor": "bigquery",
        "botanu.data.region": "eu",
        "botanu.data.rows_returned": 1,
        "botanu.data.rows_affected": 2,
        "botanu.data.bytes_read": 3,
        "botanu.data.bytes_written": 4,
        "botanu.data.cached": True,
        "botanu.warehouse.query_id": "q",
        "botanu.warehouse.bytes_scanned": 5,
    }


def test_a_store(recorded: RecordedRuns) -> None:
    """A CLIENT span with objects and bytes, and metadata under `botanu.storage.`."""
    with track_storage_operation("aws_s3", "put", tier="cold") as storage:
        assert (
            storage.set_result(objects_count=1, bytes_read=2, bytes_written=3).set_bucket("b").add_metadata(x=1)
            is storage
        )

    attributes = recorded.spans[0].attributes
    assert attributes.pop("botanu.storage.duration_ms") >= 0
    assert attributes == {
        "botanu.storage.system": "s3",
        "botanu.storage.operation": "PUT",
        "botanu.storage.bucket": "b",
        "botanu.storage.tier": "cold",
        "botanu.storage.x": 1,
        "botanu.vendor": "s3",
        "botanu.data.objects_count": 1,
        "botanu.data.bytes_read": 2,
        "botanu.data.bytes_written": 3,
    }


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("publish", SpanKind.PRODUCER),
        ("send", SpanKind.PRODUCER),
        ("consume", SpanKind.CONSUMER),
        ("receive", SpanKind.CONSUMER),
        ("subscribe", SpanKind.CONSUMER),
    ],
)
def test_a_queue(operation: str, kind: SpanKind, recorded: RecordedRuns) -> None:
    """PRODUCER for publish and send, else CONSUMER; metadata under `botanu.messaging.`."""
    with track_messaging_operation("sqs", operation, "jobs", fifo=True) as queue:
        assert queue.span is not None
        assert queue.span.kind is kind  # type: ignore[attr-defined]
        assert queue.set_result(message_count=2, bytes_transferred=3).add_metadata(x=1) is queue

    attributes = recorded.spans[0].attributes
    assert attributes.pop("botanu.messaging.duration_ms") >= 0
    assert attributes == {
        "messaging.system": "sqs",
        "messaging.operation": operation,
        "messaging.destination.name": "jobs",
        "botanu.messaging.fifo": True,
        "botanu.messaging.x": 1,
        "botanu.messaging.message_count": 2,
        "botanu.messaging.bytes_transferred": 3,
        "botanu.vendor": "sqs",
    }


TRACKERS: list[tuple[Callable[[], Any], str]] = [
    (lambda: track_llm_call("openai", "m"), "error.type"),
    (lambda: track_tool_call("t"), "error.type"),
    (lambda: track_db_operation("pg", "SELECT"), "botanu.data.error"),
    (lambda: track_storage_operation("s3", "GET"), "botanu.storage.error"),
    (lambda: track_messaging_operation("sqs", "send", "q"), "botanu.messaging.error"),
]


@pytest.mark.parametrize(("make", "key"), TRACKERS)
def test_exceptions_are_recorded_and_re_raised(
    make: Callable[[], AbstractContextManager[Any]], key: str, recorded: RecordedRuns
) -> None:
    """An exception marks the span, names its class, and is re-raised; said twice it is recorded once."""
    with pytest.raises(KeyError), make():
        raise KeyError("no")
    with pytest.raises(KeyError), make() as tracker:  # noqa: PT012
        error = KeyError("no")
        assert tracker.set_error(error) is tracker
        raise error
    with make() as tracker:
        tracker.set_error(ValueError("quiet"))

    assert [span.is_error for span in recorded.spans] == [True] * 3
    assert [span.attributes[key] for span in recorded.spans] == ["KeyError", "KeyError", "ValueError"]
    assert recorded.spans[0].events["exception"]["exception.type"] == "KeyError"
    assert trace.get_current_span() is trace.INVALID_SPAN


@pytest.mark.parametrize(("make", "key"), TRACKERS)
async def test_trackers_in_async_code(make: Callable[[], Any], key: str, recorded: RecordedRuns) -> None:
    """Trackers work with `with` and `async with` in coroutines; interleaved ones do not mix."""

    async def work() -> bool:
        async with make() as outer:
            await asyncio.sleep(0)
            with make():
                await asyncio.sleep(0)
            return trace.get_current_span() is outer.span

    assert all(await asyncio.gather(*(work() for _ in range(5))))
    assert len(recorded.spans) == 10


@pytest.mark.parametrize(("make", "key"), TRACKERS)
def test_trackers_without_an_sdk(make: Callable[[], AbstractContextManager[Any]], key: str) -> None:
    """With no SDK configured, trackers do nothing and say nothing."""
    with make() as tracker:
        assert tracker.set_result() if hasattr(tracker, "set_result") else tracker.set_tokens(1, 2)


def test_a_failed_tool_is_not_a_success(recorded: RecordedRuns) -> None:
    """An exception sets `botanu.tool.success` to false."""
    with pytest.raises(KeyError), track_tool_call("t"):
        raise KeyError

    assert recorded.spans[0].attributes["botanu.tool.success"] is False


def test_a_tracker_of_ones_own() -> None:
    """A tracker made by hand, without a span, takes everything and writes nothing."""
    assert LLMTracker("openai", "m").set_tokens(1, 2).set_error(KeyError()).add_metadata(x=1).input_tokens == 1


def test_stand_alone_functions_write_on_the_current_span(recorded: RecordedRuns) -> None:
    """`set_llm_attributes`, `set_token_usage`, `set_data_metrics`, `set_warehouse_metrics` on the current span."""
    with track_tool_call("t"):
        set_llm_attributes(
            "claude", "claude-opus-5", "chat", 10, 5, cached_tokens=4, streaming=True, provider_request_id="r"
        )
    with track_tool_call("t"):
        set_token_usage(10, 5, cached_tokens=4)
        set_data_metrics(rows_returned=1, objects_count=2)
        set_warehouse_metrics("q", 7, rows_returned=3, partitions_scanned=4)

    model, other = (span.attributes for span in recorded.spans)
    assert model["gen_ai.provider.name"] == model["botanu.vendor"] == "anthropic"
    assert (model["gen_ai.usage.input_tokens"], model["gen_ai.usage.output_tokens"]) == (14, 5)
    assert model["botanu.usage.cached_tokens"] == model["gen_ai.usage.cache_read.input_tokens"] == 4
    assert (model["botanu.request.streaming"], model["gen_ai.response.id"]) == (True, "r")
    assert (other["gen_ai.usage.input_tokens"], other["botanu.usage.cache_read_tokens"]) == (10, 4)
    assert (other["botanu.data.rows_returned"], other["botanu.data.objects_count"]) == (3, 2)
    assert other["botanu.warehouse.query_id"] == "q"
    assert (other["botanu.warehouse.bytes_scanned"], other["botanu.warehouse.partitions_scanned"]) == (7, 4)


def test_stand_alone_functions_write_on_a_span_given(recorded: RecordedRuns) -> None:
    """With `span=` they write there."""
    span: Any = TracerProvider().get_tracer("x").start_span("mine")
    set_llm_attributes("openai", "m", span=span)
    set_token_usage(1, 2, span=span)
    set_data_metrics(bytes_read=3, span=span)
    set_warehouse_metrics("q", 4, span=span)

    assert span.attributes["gen_ai.usage.input_tokens"] == 1
    assert span.attributes["botanu.data.bytes_read"] == 3
    assert span.attributes["botanu.warehouse.bytes_scanned"] == 4


@pytest.fixture
def measured() -> Iterator[Callable[[], dict[str, Any]]]:
    """A real meter provider; calling it gives the data points by metric name."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    metrics.set_meter_provider(provider)

    def read() -> dict[str, Any]:
        data = reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    yield read
    provider.shutdown()


def test_metrics(measured: Callable[[], dict[str, Any]], recorded: RecordedRuns) -> None:
    """Histograms of tokens and durations, counters of attempts and executions, with their units."""
    with track_llm_call("openai", "m") as call:
        call.set_tokens(10, 5)
    with pytest.raises(KeyError), track_llm_call("openai", "m"):
        raise KeyError
    with track_tool_call("t"):
        pass

    found = measured()
    assert {name: metric.unit for name, metric in found.items()} == {
        "gen_ai.client.token.usage": "{token}",
        "gen_ai.client.operation.duration": "s",
        "botanu.gen_ai.attempts": "{attempt}",
        "botanu.tool.duration": "s",
        "botanu.tool.executions": "{execution}",
    }
    tokens = {p.attributes["gen_ai.token.type"]: p.sum for p in found["gen_ai.client.token.usage"].data.data_points}
    attempts = {p.attributes["status"]: p.value for p in found["botanu.gen_ai.attempts"].data.data_points}
    assert tokens == {"input": 10, "output": 5}
    assert attempts == {"success": 1, "error": 1}
    assert found["botanu.tool.executions"].data.data_points[0].value == 1
