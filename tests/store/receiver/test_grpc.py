"""OTLP/gRPC: what arrives is kept, and a refusal tells the client whether and when to try again."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.store.receiver.conftest import Serve, Served


def spans(*numbers: int, name: str = "work") -> ExportTraceServiceRequest:
    """Return a request of spans with these ids."""
    message = ExportTraceServiceRequest()
    message.resource_spans.add().scope_spans.add().spans.extend(
        Span(trace_id=b"\2" * 16, span_id=number.to_bytes(8, "big"), name=name, start_time_unix_nano=1)
        for number in numbers
    )
    return message


def export(served: Served, message: ExportTraceServiceRequest, **options: Any) -> Any:
    """Send traces over a channel of their own."""
    with grpc.insecure_channel(served.grpc) as channel:
        return TraceServiceStub(channel).Export(message, timeout=10, **options)


def refused(served: Served, message: ExportTraceServiceRequest, **options: Any) -> Any:
    """Send what must be refused and return the error."""
    with pytest.raises(grpc.RpcError) as caught:
        export(served, message, **options)
    return caught.value


def test_what_is_sent_plain_or_packed_is_in_the_store(serve: Serve) -> None:
    """Spans over gRPC, with and without gzip, are there once the call has returned."""
    served = serve()
    assert not export(served, spans(1, 2)).partial_success.rejected_spans
    export(served, spans(3), compression=grpc.Compression.Gzip)
    assert served.spans() == [f"{number:016x}" for number in (1, 2, 3)]


def test_a_partial_success_counts_the_bad_spans(serve: Serve) -> None:
    """A span without a start time is counted in the answer and the others are kept."""
    served = serve()
    message = spans(1)
    message.resource_spans[0].scope_spans[0].spans.add(name="no ids")
    assert export(served, message).partial_success.rejected_spans == 1
    assert served.spans() == [f"{1:016x}"]


def test_logs_and_metrics_have_their_services(serve: Serve) -> None:
    """A client that exports all three signals gets an answer for each."""
    served = serve()
    with grpc.insecure_channel(served.grpc) as channel:
        LogsServiceStub(channel).Export(ExportLogsServiceRequest(), timeout=10)
        MetricsServiceStub(channel).Export(ExportMetricsServiceRequest(), timeout=10)
    served.stop()
    assert "".join(served.said).count("accepted and dropped") == 1


def test_a_call_of_two_messages_is_none_of_otlp_s(serve: Serve) -> None:
    """Nothing of it is taken, so no second message is acknowledged and lost."""
    served = serve()
    both = iter([spans(1).SerializeToString(), spans(2).SerializeToString()])
    with grpc.insecure_channel(served.grpc) as channel:
        send = channel.stream_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as caught:
            send(both, timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert served.spans() == []


def test_too_large_a_message_is_refused_for_good(serve: Serve) -> None:
    """A message beyond the limit, packed or not, is not taken, and the receiver goes on."""
    served = serve(limits="Limits(body_bytes=100_000)")
    large = spans(1, name="x" * 200_000)
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        error = refused(served, large, compression=compression)
        assert error.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT)
        assert "grpc-status-details-bin" not in dict(error.trailing_metadata())
    export(served, spans(2))
    assert served.spans() == [f"{2:016x}"]


def test_a_full_spool_says_when_to_try_again(serve: Serve) -> None:
    """RESOURCE_EXHAUSTED carries RetryInfo, without which clients would give up."""
    served = serve(limits="Limits(spool_bytes=10)")
    error = refused(served, spans(1))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    status = Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    told = RetryInfo()
    assert status.details[0].Unpack(told)
    assert told.retry_delay.seconds > 0
