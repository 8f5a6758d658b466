"""ClickHouse: connect to a server, query it with rows or Arrow, and say in our words what is wrong with it.

A session has settings that make ClickHouse answer as SQL says: without them a call that finds no price would cost 0 instead of being unpriced.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

import logging
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from botanu_store.errors import InputError, StoreError, StoreFull, StoreUnavailable, StoreUnusable

if TYPE_CHECKING:
    import pyarrow as pa
    from clickhouse_connect.driver.client import Client

SCHEME = "clickhouse://"

SETTINGS: dict[str, Any] = {
    "join_use_nulls": 1,
    "group_by_use_nulls": 1,
    "aggregate_functions_null_for_empty": 1,
    "cast_keep_nullable": 1,
    "prefer_column_name_to_alias": 1,
    "union_default_mode": "DISTINCT",
    "do_not_merge_across_partitions_select_final": 1,
}
"""Above all, a join without a match gives NULL: unpriced, not free. The last is for speed: what a row replaces is in its own partition."""

SESSION = SETTINGS | {"max_partitions_per_insert_block": 0}
"""What a session has besides: a partition is a day, and a batch may be of many, so the usual limit of a hundred would refuse a history of few runs a day."""

_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Address:
    """Where a ClickHouse is and who asks; `str()` of it shows no password."""

    host: str
    port: int
    database: str
    user: str
    password: str
    secure: bool

    def __str__(self) -> str:
        """Return the address as it may be shown."""
        return f"{SCHEME}{self.host}:{self.port}/{self.database}"

    __repr__ = __str__


def read_address(url: str) -> Address:
    """Read clickhouse://user:password@host:port/database?secure=1.

    Raises:
        InputError: it names no host, or something that is not understood.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError("The address of ClickHouse cannot be read. " + _FORM) from error
    asked = parse_qs(parts.query)
    unknown = sorted(set(asked) - {"secure"})
    database = unquote(parts.path.strip("/"))
    if not parts.hostname or unknown or "/" in parts.path.strip("/"):
        what = f"has {unknown[0]!r}, which is not known" if unknown else "names no host and database"
        raise InputError(f"The address of ClickHouse {what}. {_FORM}")
    secure = asked.get("secure", ["0"])[-1].lower() in ("1", "true", "yes")
    return Address(
        parts.hostname,
        port or (8443 if secure else 8123),
        database or "default",
        unquote(parts.username or "default"),
        unquote(parts.password or ""),
        secure,
    )


_FORM = "Write it as clickhouse://user:password@host:8123/database, with ?secure=1 for TLS."


class Server:
    """An open session with a ClickHouse."""

    def __init__(self, client: Client, name: str) -> None:
        """Use a client of clickhouse-connect whose settings are those of `SESSION`; `name` is what errors call the server."""
        self._client = client
        self._name = name

    def __str__(self) -> str:
        """Return what errors call it."""
        return self._name

    def rows(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a query whose named parameters are written `$name`, and return its rows by column."""
        query, bound = bind(text, parameters or {})
        with explained(self._name):
            found = self._client.query(query, parameters=bound)
            return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]

    def arrow(self, text: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run a query and return its rows as a pyarrow table."""
        query, bound = bind(text, parameters or {})
        with explained(self._name):
            return self._client.query_arrow(query, parameters=bound, use_strings=True)

    def run(self, text: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement that returns nothing."""
        statement, bound = bind(text, parameters or {})
        with explained(self._name):
            self._client.command(statement, parameters=bound)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows whose columns are named as the table's; one block, there whole or not at all in each partition."""
        if rows.num_rows:
            with explained(self._name):
                self._client.insert_arrow(table, rows)

    def close(self) -> None:
        """End the session; its temporary tables are gone."""
        self._client.close()


def connect(address: Address) -> Server:
    """Open a session.

    Raises:
        InputError: clickhouse-connect is not installed.
        StoreUnavailable: no server answers there.
        StoreUnusable: the server refuses this user or database.
    """
    try:
        import clickhouse_connect  # noqa: PLC0415 - an extra, and 150 ms that a local store does not need
    except ImportError as error:
        raise InputError(
            "Reading ClickHouse needs one package more. Install it: pip install 'botanu[clickhouse]'"
        ) from error
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # what is wrong is said once, by us
    with explained(str(address)):
        client = clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            database=address.database,
            secure=address.secure,
            settings=SESSION,
            connect_timeout=_CONNECT_SECONDS,
            send_receive_timeout=_ANSWER_SECONDS,
            form_encode_query_params=True,
        )
    return Server(client, str(address))


def bind(text: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the text with each `$name` typed as ClickHouse wants it, and what it binds; patterns escape by backslash there, not by `!`."""
    found: dict[str, Any] = {}

    def typed(match: re.Match[str]) -> str:
        like, name = match["like"] or "", match["name"]
        if name not in parameters:
            return match[0]
        kind, found[name] = _typed(parameters[name])
        if like:
            found[name] = re.sub(r"!([!%_])|\\", _with_backslash, found[name])
        return f"{like}{{{name}:{kind}}}"

    return _PARAMETER.sub(typed, text), found


def _with_backslash(match: re.Match[str]) -> str:
    """What `!` escapes, or a backslash, as a pattern of ClickHouse has it."""
    return "!" if match[1] == "!" else "\\" + (match[1] or "\\")


_PARAMETER = re.compile(r"(?P<like>\blike )?\$(?P<name>[a-z_][a-z_0-9]*)(?P<escape> escape '!')?")
_KINDS: dict[type, str] = {bool: "Bool", int: "Int64", Decimal: "Decimal(38, 12)", datetime: "DateTime64(6, 'UTC')", type(None): "Nullable(String)", list: "Array(String)"}  # fmt: skip


def _typed(value: Any) -> tuple[str, Any]:
    """The type of a value, and how it is written; what is exact is written as text."""
    return _KINDS.get(type(value), "String"), list(map(_plain, value)) if isinstance(value, list) else _plain(value)


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value


@contextmanager
def explained(name: str) -> Generator[None]:
    """Raise what the server or the way to it says as errors of the store; what is wrong with a query of ours stays as it is."""
    from clickhouse_connect.driver.exceptions import ClickHouseError  # noqa: PLC0415 - see `connect`

    try:
        yield
    except ClickHouseError as error:
        meaning = _meaning(name, str(error))
        if meaning is None:
            raise
        # Without its cause: that holds the address with its password.
        raise meaning from None


_MEANINGS: tuple[tuple[tuple[str, ...], type[StoreError], str], ...] = (
    (
        ("AUTHENTICATION_FAILED", "Code: 516", "WRONG_PASSWORD", "REQUIRED_PASSWORD", "UNKNOWN_USER", "Code: 192", "Code: 194"),
        StoreUnavailable,
        "refuses this user or password. Correct them in the address of the store.",
    ),
    (("ACCESS_DENIED", "Code: 497", "READONLY", "Code: 164", "is readonly"), StoreUnavailable, "does not allow this user what is needed: {said} See docs/integration/clickhouse.md for the rights."),
    (("UNKNOWN_DATABASE", "Code: 81"), StoreUnusable, "has no such database. Name the one that the collector writes to."),
    (("NOT_ENOUGH_SPACE", "Code: 243", "No space left"), StoreFull, "has no room left on its disk. Make room and run the command again."),
    (("UNKNOWN_TABLE", "Code: 60."), StoreUnusable, "lacks a table of botanu's. Make them with: botanu sync"),
    (
        ("MEMORY_LIMIT_EXCEEDED", "Code: 241", "TIMEOUT_EXCEEDED", "Code: 159", "TOO_MANY_SIMULTANEOUS_QUERIES", "Code: 202", "Code: 252"),
        StoreUnavailable,
        "could not answer within its limits: {said} Ask for less, or raise them.",
    ),
    (("Connection", "connection", "timed out", "Timeout", "Max retries", "NameResolution", "SSL"), StoreUnavailable, "does not answer. Check that it is running and reachable."),
)  # fmt: skip


def _meaning(name: str, said: str) -> StoreError | None:
    for words, kind, text in _MEANINGS:
        if any(word in said for word in words):
            return kind(f"{name} {text.format(said=_short(said))}")
    if "DB::Exception" not in said and any(words in said for words in _FOREIGN):
        return StoreUnavailable(
            f"{name} answers, but not as ClickHouse does by HTTP: {_short(said)} Correct host and port: 8123 is usual, or 8443 with ?secure=1."
        )
    return None


_FOREIGN = ("HTTP status", "Unexpected response")
"""What clickhouse-connect says when something else answers: the port of clickhouse-client, a proxy without a server behind it, a web page."""


def _short(said: str) -> str:
    first = said.splitlines()[0].removeprefix("HTTPDriver for ")
    return first.rpartition("DB::Exception: ")[2][:200].rstrip(".") + "."
