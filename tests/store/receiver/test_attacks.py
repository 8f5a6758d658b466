"""A hostile client: it says nothing, says it slowly, says too much in few bytes, or has no token. It holds up nobody and fills nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from botanu_store import open_store
from botanu_store.ingest import ingester
from botanu_store.spool import Spool

from tests.store.receiver.conftest import Serve, Served, request
from tests.store.receiver.test_grpc import export, spans
from tests.store.receiver.test_http import peak_kib

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PROTOBUF = "application/x-protobuf"


def _connection(address: str, said: bytes = b"") -> socket.socket:
    host, _, port = address.rpartition("/")[2].rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.sendall(said)
    return connection


def _is_closed(connection: socket.socket) -> bool:
    """Read until the other side closes; a connection that stays open runs into its timeout."""
    with connection:
        try:
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
    return True


def test_a_connection_on_which_nothing_comes_is_closed(serve: Serve) -> None:
    """Neither silence nor half a greeting holds a connection, on either port; without that a thousand of them would make it deaf."""
    served = serve(limits="Limits(header_seconds=0.5)")
    opened = [_connection(served.url, said) for said in (b"", b"P", HELLO, b"GET / HTTP/1.1\r\n")]
    opened += [_connection(served.grpc, said) for said in (b"", HELLO)]
    assert [_is_closed(connection) for connection in opened] == [True] * len(opened)
    assert served.post(request()).status_code == 200


def _unanswered(served: Served, **options: object) -> grpc.RpcError:
    """Begin a call by gRPC, never send its message, and return how that ends."""
    ended = threading.Event()

    def messages() -> Iterator[bytes]:
        ended.wait(20)
        yield b""

    with grpc.insecure_channel(served.grpc) as channel:
        try:
            with pytest.raises(grpc.RpcError) as caught:
                channel.stream_unary(EXPORT)(messages(), timeout=15, **options)
        finally:
            ended.set()
    return caught.value


def test_a_message_by_grpc_that_does_not_come_is_given_up(serve: Serve) -> None:
    """A call that is begun and never finished ends with a code that is tried again, and others do not wait for it."""
    served = serve(limits="Limits(seconds=0.5)")
    error = _unanswered(served)
    assert (error.code(), "took over 0.5 s" in error.details()) == (grpc.StatusCode.DEADLINE_EXCEEDED, True)
    export(served, spans(1))


def test_without_the_token_no_message_by_grpc_is_read(serve: Serve) -> None:
    """Who has no token is turned away before sending anything, so nothing of theirs takes memory."""
    served = serve(limits="Limits()", token="s3cret")
    error = _unanswered(served, metadata=[("authorization", "Bearer wrong")])
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


def _field(number: int, data: bytes) -> bytes:
    size, length = len(data), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data


def test_large_messages_by_grpc_do_not_stay_in_memory(serve: Serve) -> None:
    """Thirty of fifteen megabytes at once, of no span, are all taken, and never are all of them in memory."""
    served = serve()
    body = _field(15, bytes(15 << 20))
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]

    def send(_: int) -> bytes:
        with grpc.insecure_channel(served.grpc, options) as channel:
            return bytes(channel.unary_unary(EXPORT)(body, timeout=30))

    with ThreadPoolExecutor(30) as clients:
        assert set(clients.map(send, range(30))) == {b""}
    assert peak_kib(served.process.pid) < 750 * 1024


EMPTY = 100_001
BOMBS: dict[str, tuple[bytes, str]] = {
    "spans": (_field(1, _field(2, _field(2, b"") * EMPTY)), PROTOBUF),
    "scopes": (_field(1, _field(2, b"") * EMPTY), PROTOBUF),
    "resources": (_field(1, b"") * EMPTY, PROTOBUF),
    "json": (
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * EMPTY + b"{}]}]}]}",
        "application/json",
    ),
}


def test_more_items_than_a_request_may_have_are_refused_unread(serve: Serve) -> None:
    """Two bytes of an empty span become a hundred in memory and two hundred in what is set aside, so they are counted first."""
    served = serve()
    for name, (body, content_type) in BOMBS.items():
        assert served.post(body, content_type=content_type).status_code == 413, name
    assert export(served, spans(*range(1, 5001))) is not None
    assert len(served.spans()) == 5000


def test_what_is_set_aside_of_many_bad_spans_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of bad spans some are kept with the reason and all are counted: a bad client does not fill the disk."""
    monkeypatch.setattr(ingester, "REJECTED_LIMIT", 10)
    store = tmp_path / "s.duckdb"
    spool = Spool(store)
    spool.folder.mkdir()
    (spool.folder / "1.jsonl").write_bytes(
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b'{"name":"bad"},' * 99 + b'{"name":"bad"}]}]}]}\n'
    )
    with open_store(store) as opened:
        assert (opened.drained.rejected_count, len(opened.drained.rejected)) == (100, 10)
    (part,) = spool.rejected()
    assert part.read_text("utf-8").count('"bad"') == 10


def test_what_the_receiver_writes_is_for_its_owner_alone(serve: Serve) -> None:
    """Store, lock, spool and what was set aside are readable by nobody else, whatever the mask: they hold other people's data."""
    served = serve()
    document = request(2)
    document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["spanId"] = "12"
    assert served.post(document).status_code == 200
    served.stop()
    made = [path for path in served.store.parent.rglob("*") if path.name.startswith(served.store.name)]
    made += Spool(served.store).folder.rglob("*")
    assert len(made) > 5
    assert {oct(path.stat().st_mode & 0o077) for path in made} == {"0o0"}
