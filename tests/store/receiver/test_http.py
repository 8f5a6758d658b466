"""OTLP/HTTP as the specification has it: encodings, compression, partial success, errors that tell a client whether to try again."""

from __future__ import annotations

import gzip
import itertools
import socket
from pathlib import Path

import requests
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.store.receiver.conftest import Serve, ids, request

PROTOBUF = "application/x-protobuf"


def message(*spans: Span) -> bytes:
    """Return a protobuf request of these spans."""
    document = ExportTraceServiceRequest()
    document.resource_spans.add().scope_spans.add().spans.extend(spans)
    return document.SerializeToString()


def good_span(number: int = 0xA1) -> Span:
    """Return a span that can be used."""
    return Span(trace_id=b"\1" * 16, span_id=number.to_bytes(8, "big"), name="work", start_time_unix_nano=1)


def test_spans_in_both_encodings_packed_or_not_are_in_the_store(serve: Serve) -> None:
    """JSON and protobuf, plain and gzip, on one line or many, all arrive, each once."""
    served = serve()
    plain, packed = request(2), request(3)
    assert served.post(plain).json() == {}
    assert (
        served.post(gzip.compress(str(packed).replace("'", '"').encode()), content_encoding="gzip").status_code == 200
    )
    pretty = str(request(1)).replace("'", '"').replace(",", ",\r\n").encode()
    assert served.post(pretty).status_code == 200
    answer = served.post(message(good_span(0xA7), good_span(0xA8)), content_type=PROTOBUF)
    assert answer.headers["content-type"] == PROTOBUF
    assert ExportTraceServiceResponse.FromString(answer.content) == ExportTraceServiceResponse()
    assert served.post(gzip.compress(message(good_span(0xA9))), content_type=PROTOBUF, content_encoding="gzip").ok
    found = served.spans()
    assert len(found) == len(set(found)) == 2 + 3 + 1 + 2 + 1
    assert set(ids(plain) + ids(packed)) <= set(found)


def test_all_members_of_a_gzip_are_taken(serve: Serve) -> None:
    """A gzip may be several, one after the other; none of them is acknowledged and lost, and what follows them is no gzip."""
    served = serve()
    packed = [gzip.compress(message(good_span(number))) for number in (1, 2, 3)]
    as_gzip = {"content_type": PROTOBUF, "content_encoding": "gzip"}
    assert served.post(b"".join(packed), **as_gzip).status_code == 200
    assert served.post(packed[0] + b"more", **as_gzip).status_code == 400
    assert served.post(packed[0] + packed[1][:-4], **as_gzip).status_code == 400
    assert len(served.spans()) == 3


def test_bad_spans_are_a_partial_success_and_the_good_ones_are_kept(serve: Serve) -> None:
    """What cannot be used is counted in the answer; the rest of the request is in the store."""
    served = serve()
    document = request(2)
    document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"] = "12"
    told = served.post(document).json()["partialSuccess"]
    assert told["rejectedSpans"] == "1"
    assert "1 of 2" in told["errorMessage"]
    answer = served.post(message(good_span(), Span(name="no ids")), content_type=PROTOBUF)
    assert ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans == 1
    assert len(served.spans()) == 2


def test_an_empty_request_is_taken(serve: Serve) -> None:
    """A client may send nothing at all, which null says too, as Go writes a list without entries; that is no error and writes nothing."""
    served = serve()
    assert served.post({}).status_code == 200
    assert served.post({"resourceSpans": []}).status_code == 200
    assert served.post({"resourceSpans": None}).status_code == 200
    assert served.post(b"", content_type=PROTOBUF).status_code == 200
    assert requests.get(served.url + "/healthz", timeout=5).json()["segments_pending"] == 0


CASES: list[tuple[bytes, dict[str, str], int]] = [
    (b"{", {}, 400),
    (b"[]", {}, 400),
    (b"null", {}, 400),
    (b'{"resourceSpans": 1}', {}, 400),
    (b"\xff\xff\xff", {"content_type": PROTOBUF}, 400),
    (b"not gzip", {"content_encoding": "gzip"}, 400),
    (gzip.compress(b"{}")[:-4], {"content_encoding": "gzip"}, 400),
    (b"{}", {"content_encoding": "br"}, 415),
    (b"{}", {"content_type": "text/plain"}, 415),
    (b"{}", {"origin": "https://example.com"}, 403),
]


def test_what_cannot_be_taken_is_refused_with_the_reason_and_not_tried_again(serve: Serve) -> None:
    """Malformed, unknown and foreign requests get a final status with a sentence in it, and leave nothing behind."""
    served = serve()
    for body, headers, status in CASES:
        answer = served.post(body, **headers)
        assert (answer.status_code, "retry-after" in answer.headers) == (status, False), (body, headers)
        is_protobuf = answer.headers["content-type"] == PROTOBUF
        told = Status.FromString(answer.content).message if is_protobuf else answer.json()["message"]
        assert len(told) > len("a word"), (body, headers)
    assert served.spans() == []


def test_a_document_of_nonsense_inside_is_taken_for_empty(serve: Serve) -> None:
    """Wrong types deep inside are no reason to fail; there is just nothing to keep."""
    served = serve()
    assert served.post(b'{"resourceSpans": [1, {"scopeSpans": [null, {"spans": "no"}]}]}').status_code == 200
    assert served.spans() == []


def test_other_paths_and_methods_say_what_there_is(serve: Serve) -> None:
    """A wrong path names the right ones, and GET says to POST."""
    served = serve()
    wrong = served.post({}, path="/traces")
    assert wrong.status_code == 404
    assert "/v1/traces" in wrong.json()["message"]
    asked = requests.get(served.url + "/v1/traces", timeout=5)
    assert (asked.status_code, asked.headers["allow"]) == (405, "POST")


def test_health_and_metrics_say_how_it_goes(serve: Serve) -> None:
    """`/healthz` is up and `/metrics` counts requests, items and refusals in Prometheus' format."""
    served = serve()
    served.post(request(3))
    served.post(b"{")
    health = requests.get(served.url + "/healthz", timeout=5)
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    metrics = requests.get(served.url + "/metrics", timeout=5).text
    assert 'botanu_receiver_items_total{protocol="http",signal="traces"} 3.0' in metrics
    assert 'botanu_receiver_refused_total{protocol="http",reason="malformed"} 1.0' in metrics
    assert "botanu_spool_bytes" in metrics


def test_metrics_are_accepted_and_dropped_and_that_is_said_once(serve: Serve) -> None:
    """A client that sends metrics as well is not disturbed; the log says once that they go nowhere."""
    served = serve()
    for _ in range(3):
        assert served.post({"resourceMetrics": [{"scopeMetrics": []}]}, path="/v1/metrics").status_code == 200
    served.stop()
    assert "".join(served.said).count("accepted and dropped") == 1


def test_headers_that_never_end_lose_their_connection_and_others_do_not_wait(serve: Serve) -> None:
    """A client that sends a byte now and then holds up nobody, and is closed in the end."""
    served = serve(limits="Limits(seconds=0.5, header_seconds=0.5)")
    host, _, port = served.url.removeprefix("http://").partition(":")
    slow_body = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    held = [socket.create_connection((host, int(port)), timeout=20) for _ in range(40)]
    for number, connection in enumerate(held):
        connection.sendall(b"POST /v1/traces HTTP/1.1\r\nhos" if number % 2 else slow_body)
    assert served.post(request(1)).status_code == 200
    answers = [_all_of(connection) for connection in held]
    assert all(b" 503 " in answer and b"retry-after" in answer.lower() for answer in answers[::2])
    assert all(answer == b"" or b" 408 " in answer for answer in answers[1::2])


def _all_of(connection: socket.socket) -> bytes:
    """Return what comes until the connection is closed or one answer is there."""
    with connection:
        try:
            return connection.recv(4096)
        except ConnectionResetError:
            return b""


def test_a_bomb_is_refused_and_not_unpacked(serve: Serve) -> None:
    """A few kilobytes that would unpack to gigabytes, and a body longer than allowed, or that never ends, are refused."""
    served = serve()
    bomb = gzip.compress(b" " * (1 << 27))
    assert served.post(bomb, content_encoding="gzip").status_code == 413
    assert served.post(b" " * ((16 << 20) + 1)).status_code == 413
    for endless in (b"x" * (1 << 20), gzip.compress(b"")):
        parts = itertools.chain([gzip.compress(b"{}")], itertools.repeat(endless, 2000))
        assert served.post(parts, content_encoding="gzip").status_code in (400, 413)
    assert served.post(request(1)).status_code == 200
    assert peak_kib(served.process.pid) < 400 * 1024


def peak_kib(pid: int) -> int:
    """Return how much memory a process had at most."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
