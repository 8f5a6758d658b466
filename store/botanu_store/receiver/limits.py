"""What the receiver takes at most, and the ways in which it says no."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import grpc

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one receiver; beyond each of them a request is refused and nothing of it is kept."""

    body_bytes: int = 16 * MIB
    """Bytes of one request, before and after decompression."""
    items: int = 100_000
    """Spans or log records of one request, and resources and scopes: two bytes of an empty one become a hundred in memory."""
    requests: int = 64
    """Requests being written at once."""
    held_bytes: int = 256 * MIB
    """Bytes of all requests that are being read or written."""
    spool_bytes: int = 1024 * MIB
    """Bytes that may wait in the spool for the store."""
    seconds: float = 30.0
    """How long a client may take to send the body of one request."""
    header_seconds: float = 10.0
    """How long it may take to send the headers."""

    @property
    def readings(self) -> int:
        """Calls by gRPC that are being read at once: how long a message is, is known when it is in memory, so each may be the longest."""
        return max(1, min(self.requests, self.held_bytes // self.body_bytes))


class Refusal(Enum):
    """Why a request is refused: HTTP status, gRPC code, and after how many seconds to try again, if trying again helps.

    Which codes make a client retry: the OTLP specification, "Failures" of both transports
    (https://opentelemetry.io/docs/specs/otlp/#failures).
    """

    MALFORMED = (400, grpc.StatusCode.INVALID_ARGUMENT, None)
    UNAUTHORIZED = (401, grpc.StatusCode.UNAUTHENTICATED, None)
    FROM_A_BROWSER = (403, grpc.StatusCode.PERMISSION_DENIED, None)
    NO_SUCH_PATH = (404, grpc.StatusCode.UNIMPLEMENTED, None)
    NO_SUCH_METHOD = (405, grpc.StatusCode.UNIMPLEMENTED, None)
    TOO_SLOW = (503, grpc.StatusCode.DEADLINE_EXCEEDED, 1)  # 408 says it better, but exporters give up on it
    TOO_LARGE = (413, grpc.StatusCode.INVALID_ARGUMENT, None)
    UNKNOWN_ENCODING = (415, grpc.StatusCode.UNIMPLEMENTED, None)
    BUSY = (429, grpc.StatusCode.RESOURCE_EXHAUSTED, 1)
    SPOOL_FULL = (429, grpc.StatusCode.RESOURCE_EXHAUSTED, 5)
    UNWRITABLE = (503, grpc.StatusCode.UNAVAILABLE, 5)
    STOPPING = (503, grpc.StatusCode.UNAVAILABLE, 1)

    def __init__(self, http: int, grpc_code: grpc.StatusCode, retry_after: int | None) -> None:
        self.http = http
        self.grpc = grpc_code
        self.retry_after = retry_after


class RefusedError(Exception):
    """A request is not taken; the message says why, for the client to read."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.message = message
