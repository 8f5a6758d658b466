"""A small HTTP front on ClickHouse's engine, in a process of its own: what a server of its speaks with clickhouse-connect, one query after another.

    python front.py PASSWORD

Prints its port, and serves until its standard input ends.
"""

from __future__ import annotations

import base64
import gzip
import re
import sys
import tempfile
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

_OURS = (
    "query",
    "database",
    "client_protocol_version",
    "session_id",
    "query_id",
    "enable_http_compression",
    "wait_end_of_query",
)


class Front(BaseHTTPRequestHandler):
    """Answers one client at a time."""

    protocol_version = "HTTP/1.1"
    engine: Any
    password = ""
    turn = threading.Lock()

    def do_GET(self) -> None:
        """Say that a server is here."""
        self._answer(200, b"Ok.\n")

    def do_POST(self) -> None:
        """Run a query."""
        said = dict(parse_qsl(urlsplit(self.path).query))
        body = self._body()
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if (kind := self.headers.get("content-type", "")).startswith("multipart/"):
            parts = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
            said |= {
                part.get_param("name", header="content-disposition"): part.get_content() for part in parts.iter_parts()
            }
            said, body = {name: value.rstrip("\n") for name, value in said.items()}, b""
        if self._said_password() != self.password:
            self._answer(403, b"Code: 516. DB::Exception: somebody: Authentication failed. (AUTHENTICATION_FAILED)")
            return
        try:
            with self.turn:
                self._answer(200, self._run(said, body))
        except Exception as error:  # noqa: BLE001 - whatever the engine says is the answer
            self._answer(500, str(error).encode())

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = list[bytes]()
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _said_password(self) -> str:
        basic = base64.b64decode(self.headers.get("authorization", "").removeprefix("Basic "))
        return self.headers.get("x-clickhouse-key") or basic.partition(b":")[2].decode()

    def _run(self, said: dict[str, str], body: bytes) -> bytes:
        for name, value in said.items():
            if name not in _OURS and not name.startswith("param_"):
                self.engine.query(f"set {name} = '{value}'")
        if said.get("database"):
            self.engine.query(f"use `{said['database']}`")
        query, form = said.get("query") or body.decode(), "TabSeparated"
        if found := re.search(r"\s+FORMAT (\w+)\s*;?\s*$", query):
            query, form = query[: found.start()], found[1]
        bound = {name.removeprefix("param_"): value for name, value in said.items() if name.startswith("param_")}
        if re.match(r"\s*insert\b", query, re.IGNORECASE) and said.get("query") and body:
            with tempfile.NamedTemporaryFile(suffix=".block") as file:
                Path(file.name).write_bytes(body)
                shape = f", '{self._shape(query)}'" if form == "RowBinary" else ""
                self.engine.query(f"{query} select * from file('{file.name}', '{form}'{shape})", params=bound)
            return b""
        return bytes(self.engine.query(query, form, params=bound).bytes())

    def _shape(self, query: str) -> str:
        """The columns that an insert names, with their types: rows in binary say nothing of them."""
        ((table, columns),) = re.findall(r"insert into (\S+)\s*\((.*)\)", query, re.IGNORECASE | re.DOTALL)
        described = str(self.engine.query(f"describe table {table} format TabSeparatedRaw")).splitlines()
        kinds = dict(line.split("\t")[:2] for line in described)
        return ", ".join(f"`{name}` {kinds[name]}" for name in columns.split(",")).replace("'", "\\'")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-clickhouse-summary", "{}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so the base class names it
        """Stay silent."""


def main() -> None:
    """Serve on a free port of this machine."""
    Front.engine, Front.password = chdb.connect(":memory:"), sys.argv[1]
    with ThreadingHTTPServer(("127.0.0.1", 0), Front) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
