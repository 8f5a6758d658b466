"""The price book in the store: filled from genai-prices and rates.toml, found for every combination in calls, and overlaid by the user.

`sync_prices` writes facts into the store. `lay_out` makes the temporary tables that turn quantities into money, on any connection.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# (pyarrow ships no types.)

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import duckdb

from botanu_store.engines.duckdb import script
from botanu_store.filters import like
from botanu_store.prices import book, updates
from botanu_store.prices.money import RANKS, charges_script, grid_script
from botanu_store.prices.overrides import Discount, Overrides, UserPrice
from botanu_store.prices.price import Found, Price
from botanu_store.prices.rates import rates
from botanu_store.prices.rates import text as rates_text
from botanu_store.records import PICO_USD

if TYPE_CHECKING:
    import pyarrow as pa


_KIND = ("category", "vendor", "model", "operation")
"""Columns of a call that its price depends on."""


def book_version() -> str:
    """Return the version of the price book: that of genai-prices and of an update to it, and a hash of what is ours, rates.toml and vendors' names."""
    return f"genai-prices {updates.label()}, rates {_own_hash()}"


def ways(overrides: Overrides | None) -> str:
    """Return what tells one way to price calls from others: the book's version, what the user says as it is laid out, and the scripts."""
    said = overrides or Overrides()
    of_user = f"{_user_prices(said)!r} {_user_discounts(said)!r}"
    return f"{book_version()} {of_user} {grid_script()} {charges_script()}"


@cache
def _own_hash() -> str:
    return blake2b(f"{rates_text()}{book.PROVIDERS}".encode(), digest_size=4).hexdigest()


def needs_sync(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the store's price book is empty, of another version, or lacks a combination found in calls."""
    row = con.execute("select version, calls_seen from price_book").fetchall()
    return not row or row[0][0] != book_version() or row[0][1] != _calls_seen(con)


def sync_prices(con: duckdb.DuckDBPyConnection) -> None:
    """Bring the price book in a writable store up to date, and find the price of every new combination in calls."""
    is_new = con.execute("select version from price_book").fetchall() != [(book_version(),)]
    if is_new:
        _store_book(con)
        con.execute("create or replace temp table found_before as from price_keys where price_model <> ''")
        con.execute("delete from price_keys")
    find_new(con, "calls")
    if is_new:
        # What a newer book no longer has keeps its place: --as-priced finds there what was believed before.
        con.execute(
            "update price_keys set price_vendor = b.price_vendor, price_model = b.price_model from found_before as b "
            "where price_keys.rule = 'unknown' and " + " and ".join(f"price_keys.{name} = b.{name}" for name in _KIND)
        )
        con.execute("drop table found_before")
    con.execute("delete from price_book")
    con.execute("insert into price_book values (?, ?)", [book_version(), _calls_seen(con)])
    lay_out_again(con)


def find_new(con: duckdb.DuckDBPyConnection, calls: str) -> None:
    """Find the price of every kind of call in this relation that is in no call before; who adds calls does so in their transaction."""
    kind = ", ".join(_KIND)
    new = con.execute(f"select distinct {kind} from {calls} anti join price_keys using ({kind})").fetchall()
    if new:
        con.register("read_keys", _rows([key_row(*key) for key in new]))
        con.execute("insert into price_keys by name from read_keys")
        con.unregister("read_keys")


def lay_out_again(con: duckdb.DuckDBPyConnection) -> None:
    """Lay out again, where it was laid out, what every kind of call costs: new kinds turned up."""
    if con.execute("select 1 from duckdb_tables() where table_name = 'user_prices'").fetchall():
        _spread(con, None)


def lay_out(
    con: duckdb.DuckDBPyConnection, overrides: Overrides | None, *, believed_at: datetime | None = None
) -> None:
    """Lay out on this connection what every kind of call costs, the user's prices over the book's.

    Args:
        con: any connection to a store, read-only too.
        overrides: the user's prices and discounts.
        believed_at: price by what the book said then instead of what it says now.
    """
    overrides = overrides or Overrides()
    con.execute(script("prices/sql/user_prices.sql"))
    _insert(con, "user_prices", _user_prices(overrides))
    _insert(con, "user_discounts", _user_discounts(overrides))
    _spread(con, believed_at)


def _calls_seen(con: duckdb.DuckDBPyConnection) -> str:
    """What tells this state of calls from another, at no cost: every call written gets a row id of its own."""
    return str(con.execute("select count(*), max(rowid) from calls").fetchall()[0])


def _store_book(con: duckdb.DuckDBPyConnection) -> None:
    con.register("read_prices", _book_rows(book_version()))
    now = datetime.now(UTC).replace(tzinfo=None)
    con.execute(
        "update prices set superseded = ? where superseded is null and price_id not in (select price_id from read_prices)",
        [now],
    )
    con.execute(
        "insert into prices by name select *, ? as first_read, ? as book from read_prices "
        "where price_id not in (select price_id from prices where superseded is null)",
        [now, book_version()],
    )
    con.unregister("read_prices")


@lru_cache(1)
def _book_rows(_version: str) -> pa.Table:
    """The whole book, once for all stores that a process opens."""
    return _rows([price.row() for price in (*book.prices(), *_rate_prices())])


def _rows(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - 60 ms that who only reads does not need

    return pa.table({name: [row[name] for row in rows] for name in rows[0]})


def _rate_prices() -> Iterable[Price]:
    return (price for product in rates().products for price in product.prices)


def key_row(category: str, vendor: str, model: str, operation: str) -> Mapping[str, object]:
    """Return the row of `price_keys` of a kind of call."""
    key = {"category": category, "vendor": vendor, "model": model, "operation": operation}
    return key | asdict(find(**key))


def find(category: str, vendor: str, model: str, operation: str) -> Found:
    """Return where the price of a kind of call is."""
    listed = rates().find(category, vendor, model, operation)
    if listed is not None:
        return listed
    if category in ("llm", "embedding"):
        return book.find(vendor, model)
    return Found("", "", "unknown", f"rates.toml does not list {vendor or category}")


def _spread(con: duckdb.DuckDBPyConnection, believed_at: datetime | None) -> None:
    believed = (
        "null::timestamp" if believed_at is None else f"timestamp '{believed_at.astimezone(UTC).replace(tzinfo=None)}'"
    )
    con.execute(grid_script().replace("$believed_at", believed))


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        con.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)


def _user_prices(overrides: Overrides) -> list[tuple[Any, ...]]:
    """Rows of user_prices, the one that goes before all others last."""
    ranked = sorted(overrides.prices, key=lambda price: (_specificity(price.pattern), _specificity(price.operation)))
    return [
        (_rank(number, price.pattern), *_user_price(price, pattern))
        for number, price in enumerate(ranked)
        for pattern in _patterns(price)
    ]


def _user_price(price: UserPrice, pattern: str) -> tuple[Any, ...]:
    match = (pattern, price.category, like(price.operation).lower())
    unit_usd = (price.usd / price.per).quantize(PICO_USD)
    amount = (price.meter, price.usd, price.per, unit_usd, f"user:{price.pattern}", price.per_call)
    return (*match, *amount, price.valid_from_ns, price.valid_to_ns)


def _user_discounts(overrides: Overrides) -> list[tuple[Any, ...]]:
    """Rows of user_discounts, in the same order."""
    ranked = sorted(overrides.discounts, key=lambda discount: _specificity(discount.pattern))
    return [
        (_rank(number, discount.pattern), pattern, 1 - discount.share, discount.valid_from_ns, discount.valid_to_ns)
        for number, discount in enumerate(ranked)
        for pattern in _patterns(discount)
    ]


def _patterns(said: UserPrice | Discount) -> list[str]:
    """What is said of a vendor by the price book's name for it (`azure/gpt-4o`), which `prices show` has, holds for calls of that vendor as they name it."""
    vendor, slash, model = said.pattern.lower().partition("/")
    names = [name for name, in_book in book.PROVIDERS.items() if in_book == vendor]
    return [like(pattern).lower() for pattern in (said.pattern, *(f"{name}{slash}{model}" for name in names))]


def _rank(number: int, pattern: str) -> int:
    """Leave room between names without `*` and those with one: what names a model goes there before what names its vendor (price_grid.sql)."""
    return number + (0 if "*" in pattern else 2 * RANKS)


def _specificity(pattern: str) -> tuple[bool, int]:
    return "*" not in pattern, len(pattern.replace("*", ""))
