"""OTLP/gRPC: the three `Export` methods, taking the messages' bytes as they come.

They are registered as taking a stream, which on the wire is the same for one message: only then is a client let in before its message is read,
and given up when the message does not come.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportAttributeAccessIssue=false
# (Of grpcio's types pyright knows the half without asyncio; mypy knows all.)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc import aio

from botanu_store.receiver.intake import Intake
from botanu_store.receiver.limits import Refusal, RefusedError
from botanu_store.receiver.messages import answer
from botanu_store.records import Signal

_SERVICES: dict[str, Signal] = {
    "opentelemetry.proto.collector.trace.v1.TraceService": "traces",
    "opentelemetry.proto.collector.logs.v1.LogsService": "logs",
    "opentelemetry.proto.collector.metrics.v1.MetricsService": "metrics",
}
_FRAMING = 1024
"""Bytes that a message may be longer than its body's limit, so that our own answer comes before gRPC's."""


def make_server(intake: Intake) -> aio.Server:
    """Return a gRPC server that takes OTLP; it has no port yet."""
    options = [
        ("grpc.max_receive_message_length", intake.limits.body_bytes + _FRAMING),
        ("grpc.max_metadata_size", 16 * 1024),
        ("grpc.so_reuseport", 0),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.server_handshake_timeout_ms", int(intake.limits.header_seconds * 1000)),
        ("grpc.max_concurrent_streams", intake.limits.requests),
    ]
    server = aio.server(options=options)
    reading = asyncio.Semaphore(intake.limits.readings)
    server.add_generic_rpc_handlers(
        [_handler(intake, service, signal, reading) for service, signal in _SERVICES.items()]
    )
    return server


def _handler(
    intake: Intake, service: str, signal: Signal, reading: asyncio.Semaphore
) -> grpc.GenericRpcHandler[bytes, bytes]:
    method = grpc.stream_unary_rpc_method_handler(_export(intake, signal, reading))
    return grpc.method_handlers_generic_handler(service, {"Export": method})


def _export(
    intake: Intake, signal: Signal, reading: asyncio.Semaphore
) -> Callable[[AsyncIterator[bytes], Any], Awaitable[bytes]]:
    async def export(messages: AsyncIterator[bytes], context: aio.ServicerContext[bytes, bytes]) -> bytes:
        try:
            metadata = dict(context.invocation_metadata() or ())
            intake.admit(str(metadata.get("authorization", "")).encode())
            with intake.holding() as hold:
                body = await _first(messages, reading, intake.limits.seconds)
                hold.add(len(body))
                receipt = await intake.take("grpc", signal, "protobuf", body)
        except RefusedError as error:
            intake.metrics.refused("grpc", error.refusal)
            await context.abort(error.refusal.grpc, error.message, _details(error))
            raise  # never reached: abort does not return
        return answer(signal, receipt).SerializeToString()

    return export


async def _first(messages: AsyncIterator[bytes], reading: asyncio.Semaphore, seconds: float) -> bytes:
    """Return the one message of a call; while as many as are allowed are being read, the others wait unread."""
    try:
        async with asyncio.timeout(seconds), reading:
            body = await anext(messages)
            # To the end of the stream: one that was left before keeps its last message in memory, until Python looks for cycles.
            if await anext(messages, None) is not None:
                raise RefusedError(Refusal.MALFORMED, "the call holds more than one message")
            return body
    except StopAsyncIteration as error:
        raise RefusedError(Refusal.MALFORMED, "the call holds no message") from error
    except TimeoutError as error:
        raise RefusedError(Refusal.TOO_SLOW, f"the request took over {seconds:g} s") from error


def _details(error: RefusedError) -> tuple[tuple[str, bytes], ...]:
    """When to try again; without it clients take RESOURCE_EXHAUSTED as final (OTLP specification, "OTLP/gRPC throttling")."""
    if error.refusal.retry_after is None:
        return ()
    detail = AnyMessage()
    detail.Pack(RetryInfo(retry_delay=Duration(seconds=error.refusal.retry_after)))
    status = Status(code=error.refusal.grpc.value[0], message=error.message, details=[detail])
    return (("grpc-status-details-bin", status.SerializeToString()),)
