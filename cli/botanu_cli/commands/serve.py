"""`botanu serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from botanu_cli.settings import Settings

_PANEL = "Beyond this machine"


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    http_port: Annotated[
        int, typer.Option("--http-port", metavar="PORT", max=65535, min=0, help="OTLP/HTTP; 0 is any free one.")
    ] = 4318,
    grpc_port: Annotated[
        int, typer.Option("--grpc-port", metavar="PORT", max=65535, min=0, help="OTLP/gRPC; 0 is any free one.")
    ] = 4317,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="Clients must send what this file holds; needed on any address but loopback.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", metavar="FILE", help="Certificate chain, PEM.", rich_help_panel=_PANEL),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="Its private key, PEM.", rich_help_panel=_PANEL)
    ] = None,
    keep_content: Annotated[
        bool, typer.Option("--keep-content", help="Keep prompts, completions and tool arguments.")
    ] = False,
) -> None:
    """Receive OTLP from programs in any language, or from a collector, into the store.

    Takes traces and logs over HTTP (protobuf and JSON) and gRPC; metrics are accepted and dropped. What is acknowledged is on the disk.

    Examples:
      botanu serve

      OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 node app.js

      botanu serve --host 0.0.0.0 --token-file token.txt --tls-cert cert.pem --tls-key key.pem
    """
    from botanu_store.receiver.server import Listen, Receiver

    settings: Settings = context.obj
    listen = Listen(host, http_port, grpc_port, _token(token_file), tls_cert, tls_key)
    receiver = Receiver(settings.local_store(), listen, content="keep" if keep_content else "drop")
    scheme = "http" if tls_cert is None else "https"
    receiver.run(
        lambda http, grpc: settings.say(
            f"Receiving OTLP at {scheme}://{http} and, by gRPC, {grpc}, into {settings.store}. Ctrl-C stops."
        )
    )
    settings.say("Stopped; all that was acknowledged is kept.")


def _token(path: Path | None) -> str | None:
    from botanu_store.errors import InputError

    if path is None:
        return None
    token = path.read_text("utf-8", "replace").strip()
    if not token:
        raise InputError(f"{path} is empty. Put the token that clients must send into it.")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(
            f"{path} holds more than one word of plain characters. Make a token with: openssl rand -hex 32"
        )
    return token
