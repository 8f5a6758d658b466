"""The receiver as a whole: two listeners, one spool, one child that drains it; graceful from start to stop."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportAttributeAccessIssue=false
# (Of grpcio's types pyright knows the half without asyncio; mypy knows all.)

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import resource
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import grpc
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server
from grpc import aio

from botanu.exporters.segment import make_folder
from botanu_store.errors import InputError
from botanu_store.otlp.content import ContentMode
from botanu_store.receiver.http import OtlpOverHttp
from botanu_store.receiver.intake import Intake
from botanu_store.receiver.limits import Limits
from botanu_store.receiver.look import look_at
from botanu_store.receiver.rpc import make_server
from botanu_store.spool import Spool

_CONNECTIONS = 1024
_FILES = 8 * _CONNECTIONS
_GRACE = 10.0
"""Seconds that requests under way have to end."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where a receiver listens, and who may speak to it."""

    host: str = "127.0.0.1"
    http_port: int = 4318
    grpc_port: int = 4317
    token: str | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def check(self) -> None:
        """Look at the settings before anything listens.

        Raises:
            InputError: another address than loopback without a token, one port for both, or half of what TLS needs.
        """
        if not _is_loopback(self.host) and self.token is None:
            raise InputError(
                f"{self.host} can be reached from other machines. Give --token-file, so that not everybody can write."
            )
        if self.http_port == self.grpc_port != 0:
            raise InputError(
                f"HTTP and gRPC cannot both listen on {self.http_port}. Choose another with --http-port or --grpc-port."
            )
        if (self.tls_cert is None) != (self.tls_key is None):
            raise InputError("TLS needs a certificate and its key. Give both --tls-cert and --tls-key.")
        if self.tls_cert is not None and self.tls_key is not None:
            _check_pair(self.tls_cert, self.tls_key)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver for one store; `run` returns when it was stopped."""

    store: Path
    listen: Listen = field(default_factory=Listen)
    limits: Limits = field(default_factory=Limits)
    content: ContentMode = "drop"

    def run(self, started: Callable[[str, str], None]) -> None:
        """Serve until SIGINT or SIGTERM; `started` is called with both addresses once they listen.

        Raises:
            InputError: it cannot listen as it was told to.
            StoreUnusable: the store can never be drained.
        """
        # The HTTP server takes no names.
        listen = replace(self.listen, host=_resolved(self.listen.host))
        listen.check()
        look_at(self.store)
        os.umask(0o077)  # whatever it writes is of other people
        _raise_file_limit()
        asyncio.run(self._serve(listen, started))

    async def _serve(self, listen: Listen, started: Callable[[str, str], None]) -> None:
        spool = Spool(self.store)
        make_folder(spool.folder)  # a segment is on the disk when its folder is
        intake = Intake(spool, self.limits, listen.token)
        http_port = _free_port(listen.host, listen.http_port, "--http-port")
        http = _http_server(intake, listen, http_port)
        rpc = make_server(intake)
        grpc_port = _bind(rpc, listen)
        stopped = _stop_signal()
        drainer = asyncio.create_task(_keep_draining(self.store, self.content))
        await rpc.start()
        serving = asyncio.create_task(http.serve())
        await _listening(listen.host, http_port, serving)
        started(_address(listen.host, http_port), _address(listen.host, grpc_port))
        await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
        intake.stopping = True
        await rpc.stop(_GRACE)
        http.stop()  # type: ignore[no-untyped-call]
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(serving), _GRACE)
        await intake.finish()
        drainer.cancel()
        await asyncio.wait([drainer])


def _raise_file_limit() -> None:
    """Let connections that do nothing not take the files that segments need: the usual limit of 1,024 is for programs of another time."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _listening(host: str, port: int, serving: asyncio.Task[None]) -> None:
    """Return when the HTTP server answers; its own start says nothing of it."""
    while not serving.done():
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return
        await asyncio.sleep(0.01)
    await serving  # to say why it does not listen


def _stop_signal() -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    stopped = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _set, stopped)
    return stopped


def _set(stopped: asyncio.Future[None]) -> None:
    if not stopped.done():
        stopped.set_result(None)


def _http_server(intake: Intake, listen: Listen, port: int) -> Server:
    logging.getLogger("_granian").setLevel(logging.ERROR)
    return Server(
        OtlpOverHttp(intake),
        address=listen.host,
        port=port,
        interface=Interfaces.ASGINL,
        # To see whether a client speaks HTTP/2 the server would wait for its first bytes for ever.
        http=HTTPModes.http1,
        websockets=False,
        backlog=_CONNECTIONS,
        backpressure=_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=int(intake.limits.header_seconds * 1000)),
        log_enabled=False,
        ssl_cert=listen.tls_cert,
        ssl_key=listen.tls_key,
        ssl_protocol_min=SSLProtocols.tls12,
    )


def _bind(server: aio.Server, listen: Listen) -> int:
    address = _address(listen.host, _free_port(listen.host, listen.grpc_port, "--grpc-port"))
    if listen.tls_cert is None or listen.tls_key is None:
        return server.add_insecure_port(address)
    pair = (listen.tls_key.read_bytes(), listen.tls_cert.read_bytes())
    return server.add_secure_port(address, grpc.ssl_server_credentials([pair]))


def _free_port(host: str, port: int, flag: str) -> int:
    """Return the port, or any free one for 0, after seeing that nobody has it; the HTTP server itself would share it silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(
                f"Cannot listen on {_address(host, port)}: {error.strerror}. Choose another with {flag} or --host."
            ) from error
        return int(probe.getsockname()[1])


async def _keep_draining(store: Path, content: ContentMode) -> None:
    """Have a child that drains, another one when it dies; when cancelled, let it drain for the last time and wait for it."""
    command = (sys.executable, "-m", "botanu_store.receiver.drainer", str(store), content)
    while True:
        child = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
        try:
            await child.wait()
        finally:
            if child.stdin:
                child.stdin.close()
            await child.wait()
        await asyncio.sleep(1)


def _check_pair(cert: Path, key: Path) -> None:
    for path in (cert, key):
        path.open("rb").close()

    def asked() -> str:  # else OpenSSL asks whoever sits at the terminal, and neither server could
        raise InputError(f"{key} has a passphrase. Give a key without: openssl pkey -in {key} -out plain-key.pem")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, asked)
    except ssl.SSLError as error:
        raise InputError(
            f"{cert} and {key} are no certificate and its key. Give PEM files that belong together."
        ) from error


def _resolved(host: str) -> str:
    """Return the address of a host, that of IPv4 where it has both."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputError(f"{host!r} is no address of this machine: {error}. Choose another with --host.") from error
    return str(min(found, key=lambda entry: entry[0] != socket.AF_INET)[4][0])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # such as fe80::1%eth0
        return False


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
