"""Who may speak to a receiver: anybody on this machine; from elsewhere only who bears the token."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import grpc
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from tests.store.receiver.conftest import Serve, ids, request
from tests.store.receiver.test_grpc import export, refused, spans


def refusal(*arguments: str, store: str = "s.duckdb") -> str:
    """Run `botanu serve` with these arguments, which it must refuse, and return what it says."""
    command = [sys.executable, "-m", "botanu_cli", "--store", store, "serve", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_beyond_loopback_a_token_is_needed() -> None:
    """On any other address it refuses to start without one, and names the flag."""
    assert "--token-file" in refusal("--host", "0.0.0.0")


def test_it_may_be_told_where_to_listen_by_name(serve: Serve) -> None:
    """A name is looked up, and one that has no address is named."""
    served = serve("--host", "localhost")
    assert served.url.startswith("http://127.0.0.1:")
    assert served.post(request()).status_code == 200
    assert "'nosuch.invalid' is no address of this machine" in refusal("--host", "nosuch.invalid")


def test_an_empty_or_missing_token_file_is_named(tmp_path: Path) -> None:
    """It does not open the door: empty, missing, or in the encoding that some shells of Windows write."""
    (tmp_path / "token").write_text("\n")
    assert "empty" in refusal("--token-file", "token")
    assert "missing" in refusal("--token-file", "missing")
    (tmp_path / "token").write_text("s3cret", "utf-16")
    said = refusal("--token-file", "token")
    assert "more than one word of plain characters" in said
    assert "s3cret" not in said


def test_half_of_tls_is_refused() -> None:
    """A certificate without its key is a mistake."""
    assert "--tls-key" in refusal("--tls-cert", "cert.pem")


def test_a_port_in_use_is_named(serve: Serve) -> None:
    """Two receivers do not share a port silently; the second one says which flag chooses another."""
    port = serve().url.rpartition(":")[2]
    assert "--http-port" in refusal("--http-port", port, "--grpc-port", "0")


def test_both_protocols_cannot_have_one_port() -> None:
    """Said before anything listens."""
    assert "cannot both listen on 4318" in refusal("--grpc-port", "4318")


def test_only_who_bears_the_token_may_write(serve: Serve, tmp_path: Path) -> None:
    """Without the token, or with another, nothing is taken over either transport; health needs none."""
    (tmp_path / "token").write_text("s3cret\n")
    served = serve("--host", "0.0.0.0", "--token-file", "token")
    served.url, served.grpc = served.url.replace("0.0.0.0", "127.0.0.1"), served.grpc.replace("0.0.0.0", "127.0.0.1")
    assert served.post(request()).status_code == 401
    assert served.post(request(), authorization="Bearer s3cres").status_code == 401
    good = request()
    assert served.post(good, authorization="Bearer s3cret").status_code == 200
    assert requests.get(served.url + "/healthz", timeout=5).status_code == 200
    assert requests.get(served.url + "/metrics", timeout=5).status_code == 401
    assert refused(served, spans(0xA1)).code() is grpc.StatusCode.UNAUTHENTICATED
    export(served, spans(0xA2), metadata=[("authorization", "Bearer s3cret")])
    assert served.spans() == sorted([*ids(good), f"{0xA2:016x}"])


def test_tls_files_are_used_by_both_transports(serve: Serve, certificate: tuple[Path, Path]) -> None:
    """With a certificate, HTTP and gRPC speak TLS."""
    cert, key = certificate
    served = serve("--tls-cert", str(cert), "--tls-key", str(key))
    assert served.url.startswith("https://")
    good = request()
    taken = requests.post(served.url + "/v1/traces", json=good, verify=str(cert), timeout=10)
    assert taken.status_code == 200
    with grpc.secure_channel(served.grpc, grpc.ssl_channel_credentials(cert.read_bytes())) as channel:
        TraceServiceStub(channel).Export(spans(0xA3), timeout=10)
    assert served.spans() == sorted([*ids(good), f"{0xA3:016x}"])


def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    """Files that hold no certificate are named before anything listens."""
    (tmp_path / "cert.pem").write_text("no certificate")
    (tmp_path / "key.pem").write_text("no key")
    assert "cert.pem" in refusal(
        "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--http-port", "0", "--grpc-port", "0"
    )


def test_a_key_with_a_passphrase_is_refused(certificate: tuple[Path, Path]) -> None:
    """Nobody is asked for it: a service has no terminal; the message says how to do without."""
    cert, key = certificate
    locked = ["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:abcd", "-out", "locked.pem"]
    subprocess.run(locked, check=True, capture_output=True)
    assert "has a passphrase" in refusal("--tls-cert", str(cert), "--tls-key", "locked.pem")


def test_a_store_that_can_never_be_drained_is_refused(tmp_path: Path) -> None:
    """Else all would be acknowledged, and wait for ever: a folder, a file of somebody else's, another program's database."""
    folder, text, foreign = tmp_path / "folder", tmp_path / "text", tmp_path / "foreign.duckdb"
    folder.mkdir()
    text.write_text("no database")
    duckdb.connect(str(foreign)).execute("create table spans (mine integer)")
    for store, words in ((folder, "is a folder"), (text, "is not a DuckDB database"), (foreign, "not a botanu store")):
        assert words in refusal("--http-port", "0", "--grpc-port", "0", store=str(store))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "foreign.duckdb", "text"]
