"""OTLP/HTTP as an ASGI application: protobuf and JSON, gzip or plain, with `/healthz` and `/metrics` beside it.

Requests with an `Origin` header are refused: it is a browser's, and no page that somebody visits shall write to the store on their machine.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from botanu_store.receiver.intake import Hold, Intake
from botanu_store.receiver.limits import Refusal, RefusedError
from botanu_store.receiver.messages import Encoding, answer
from botanu_store.receiver.metrics import CONTENT_TYPE, waiting
from botanu_store.records import Signal

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_SIGNALS: dict[str, Signal] = {"/v1/traces": "traces", "/v1/logs": "logs", "/v1/metrics": "metrics"}
_ENCODINGS: dict[bytes, Encoding] = {b"application/x-protobuf": "protobuf", b"application/json": "json"}
_TYPES: dict[Encoding, bytes] = {encoding: name for name, encoding in _ENCODINGS.items()}
_MEMBERS = 1000
"""Members of one gzip: a million empty ones are no bytes, and take half a minute."""


class OtlpOverHttp:
    """The ASGI application of one receiver."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        signal = _SIGNALS.get(scope["path"])
        encoding = _encoding(headers)
        try:
            if signal is None:
                await self._answer_page(scope, headers, send)
                return
            await _respond(send, 200, *await self._take(scope["method"], signal, encoding, headers, receive))
        except RefusedError as error:
            self._intake.metrics.refused("http", error.refusal)
            await _refuse(send, error, encoding or "json")

    async def _take(
        self, method: str, signal: Signal, encoding: Encoding | None, headers: dict[bytes, bytes], receive: Receive
    ) -> tuple[bytes, bytes]:
        if b"origin" in headers:
            raise RefusedError(Refusal.FROM_A_BROWSER, "requests of web pages are not taken")
        self._intake.admit(headers.get(b"authorization"))
        if method != "POST":
            raise RefusedError(Refusal.NO_SUCH_METHOD, "send OTLP by POST")
        if encoding is None:
            raise RefusedError(Refusal.UNKNOWN_ENCODING, f"content-type is one of {_listed(_ENCODINGS)}")
        with self._intake.holding() as hold:
            body = await self._read(headers, receive, hold)
            receipt = await self._intake.take("http", signal, encoding, body)
        return _TYPES[encoding], _encoded(answer(signal, receipt), encoding)

    async def _read(self, headers: dict[bytes, bytes], receive: Receive, hold: Hold) -> bytes:
        unpacker = _Unpacker(headers.get(b"content-encoding", b"").strip().lower(), self._intake.limits.body_bytes)
        hold.check(int(headers.get(b"content-length") or 0))
        parts, more, received = list[bytes](), True, 0
        try:
            async with asyncio.timeout(self._intake.limits.seconds):
                while more:
                    event = await receive()
                    if event["type"] == "http.disconnect":
                        raise RefusedError(Refusal.TOO_SLOW, "the client has gone")
                    more = event.get("more_body", False)
                    received += len(event.get("body", b""))
                    hold.check(received)
                    part = unpacker.unpack(event.get("body", b""))
                    hold.add(len(part))
                    parts.append(part)
        except TimeoutError as error:
            raise RefusedError(Refusal.TOO_SLOW, f"the request took over {self._intake.limits.seconds:g} s") from error
        unpacker.finish()
        return b"".join(parts)

    async def _answer_page(self, scope: Scope, headers: dict[bytes, bytes], send: Send) -> None:
        if scope["path"] == "/healthz":
            await self._answer_health(send)
        elif scope["path"] == "/metrics":
            self._intake.admit(headers.get(b"authorization"))
            await _respond(send, 200, CONTENT_TYPE.encode(), self._intake.metrics.text())
        else:
            raise RefusedError(Refusal.NO_SUCH_PATH, f"there are {', '.join(_SIGNALS)}, /healthz and /metrics")

    async def _answer_health(self, send: Send) -> None:
        segments, size = waiting(self._intake.spool)
        state = {
            "status": "stopping" if self._intake.stopping else "ok",
            "segments_pending": segments,
            "bytes_pending": size,
        }
        await _respond(send, 503 if self._intake.stopping else 200, b"application/json", orjson.dumps(state))


def _encoding(headers: dict[bytes, bytes]) -> Encoding | None:
    return _ENCODINGS.get(headers.get(b"content-type", b"").partition(b";")[0].strip().lower())


class _Unpacker:
    """Unpacks a body part by part, never past the limit however small the packed bytes are."""

    def __init__(self, encoding: bytes, limit: int) -> None:
        if encoding not in (b"", b"identity", b"gzip"):
            raise RefusedError(Refusal.UNKNOWN_ENCODING, "content-encoding is gzip, or none")
        self._gzip = _member() if encoding == b"gzip" else None
        self._members = 1
        self._room = limit + 1

    def unpack(self, part: bytes) -> bytes:
        if self._gzip is None:
            return part
        data = list[bytes]()
        # With no room left the body is too large already, and zlib would take a bound of 0 for none.
        while part and self._room:
            if self._gzip.eof:
                self._gzip = self._next_member()
            try:
                data.append(self._gzip.decompress(part, self._room))
            except zlib.error as error:
                raise RefusedError(Refusal.MALFORMED, f"not gzip: {error}") from error
            self._room -= len(data[-1])
            part = self._gzip.unused_data
        return b"".join(data)

    def _next_member(self) -> Any:
        """Begin what follows a member: a gzip may be several, one after the other (RFC 1952), and what is in each of them is acknowledged."""
        self._members += 1
        if self._members > _MEMBERS:
            raise RefusedError(Refusal.TOO_LARGE, f"a gzip of more than {_MEMBERS:,} members")
        return _member()

    def finish(self) -> None:
        if self._gzip is not None and not self._gzip.eof:
            raise RefusedError(Refusal.MALFORMED, "gzip that is cut short")


def _member() -> Any:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _encoded(message: Message, encoding: Encoding) -> bytes:
    return message.SerializeToString() if encoding == "protobuf" else orjson.dumps(MessageToDict(message))


async def _refuse(send: Send, error: RefusedError, encoding: Encoding) -> None:
    """Answer with a `google.rpc.Status`, as the OTLP specification has it."""
    refusal = error.refusal
    extra = list[tuple[bytes, bytes]]()
    if refusal.retry_after is not None:
        extra.append((b"retry-after", str(refusal.retry_after).encode()))
    if refusal is Refusal.UNAUTHORIZED:
        extra.append((b"www-authenticate", b"Bearer"))
    if refusal is Refusal.NO_SUCH_METHOD:
        extra.append((b"allow", b"POST"))
    status = Status(code=refusal.grpc.value[0], message=error.message)
    await _respond(send, refusal.http, _TYPES[encoding], _encoded(status, encoding), extra)


async def _respond(
    send: Send, status: int, content_type: bytes, body: bytes, extra: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _listed(names: Iterable[bytes]) -> str:
    return ", ".join(name.decode() for name in names)
