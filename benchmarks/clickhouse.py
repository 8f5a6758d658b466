"""The same spans in a local store and in a synced ClickHouse, side by side: how fast they get in, what they take, how long reports take.

    python benchmarks/clickhouse.py 12500 125000     # runs; eight spans each

ClickHouse runs in this process (chdb), on the same cores, and so do the reports; a server of its own has the wire between them and its own cores.
Times are those of the processor, all cores together, so that whatever else the machine does leaves them as they are.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import clickhouse_connect
import orjson
from botanu_store import Store, open_store
from botanu_store.clickhouse import server_store
from botanu_store.clickhouse.sync import sync
from botanu_store.engines.clickhouse import SESSION, Server
from botanu_store.filters import Filters, Interval
from botanu_store.prices.overrides import Discount, Overrides
from generate import START, lines

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.store.clickhouse import otel

_LAST_HOUR = Interval(
    datetime.fromtimestamp(START / 1e9, UTC), datetime.fromtimestamp(START / 1e9, UTC) + timedelta(hours=1)
)
_DISCOUNT = Overrides(discounts=(Discount("openai*", Decimal("0.15")),))
REPORTS: dict[str, Callable[[Store], Any]] = {
    "cost": lambda store: store.cost(Filters()),
    "cost of one hour": lambda store: store.cost(Filters(interval=_LAST_HOUR)),
    "cost by vendor and model": lambda store: store.cost(Filters(), ("vendor", "model")),
    "cost by meter": lambda store: store.cost(Filters(), ("meter",)),
    "cost with a discount": lambda store: store.cost(Filters()),
    "outcomes": lambda store: store.outcomes(Filters()),
    "vendors": lambda store: store.vendors(Filters()),
    "runs, a page": lambda store: store.runs(Filters(), limit=50),
    "runs, the dearest": lambda store: store.runs(Filters(), limit=50, sort="cost"),
}


class Kept(Server):
    """A session that outlives the stores that end it: a process can hold no second engine."""

    def close(self) -> None:
        """Keep it."""


def seconds(work: Callable[[], Any]) -> float:
    """Return how much of the processor's time something takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def documents(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Read a file of OTLP JSON lines in parts."""
    with path.open("rb") as file:
        while part := [orjson.loads(line) for line in islice(file, 40)]:
            yield part


def compare(runs: int, folder: Path, server: Kept) -> None:
    """Fill both stores with so many runs, and ask both."""
    spans, file, store = runs * 8, folder / f"{runs}.jsonl", folder / f"{runs}.duckdb"
    with file.open("wb") as writer:
        writer.writelines(lines(runs))

    def taken_in() -> None:
        with open_store(store) as local:
            local.ingest([file])

    server.run("create database bench")
    server.run("use bench")
    otel.create(server)
    for part in documents(file):
        otel.fill(server, part)
    print(f"\n{runs:,} runs, {spans:,} spans{'local':>29}{'ClickHouse':>14}{'ratio':>9}")
    show("getting in, spans/s", spans / seconds(taken_in), spans / seconds(lambda: sync(server)), ",.0f")
    print(f"{'a sync with nothing to do':<42}{'':>14}{seconds(lambda: sync(server)):>12.2f} s")
    show(
        "bytes a span, beside the collector's table",
        store.stat().st_size / spans,
        size(server, "botanu%") / spans,
        ",.0f",
    )
    print(f"{'the table of the collector, bytes a span':<42}{'':>14}{size(server, 'otel%') / spans:>14,.0f}")
    for name, report in REPORTS.items():
        yours = _DISCOUNT if name == "cost with a discount" else None
        times = (asked(url, report, yours) for url in (str(store), "clickhouse://bench"))
        show(f"{name}, s", *times, ",.2f")
    server.run("use default")
    server.run("drop database bench")


def asked(url: str, report: Callable[[Store], Any], overrides: Overrides | None) -> float:
    """The shorter of two times to open a store and ask it one report."""

    def once() -> None:
        with open_store(url, overrides=overrides) as store:
            report(store)

    return min(seconds(once) for _ in range(2))


def size(server: Server, tables: str) -> float:
    """The bytes of some tables on the disk."""
    (row,) = server.rows(
        "select sum(bytes_on_disk) as bytes from system.parts where active and database = 'bench' and table like $tables",
        {"tables": tables},
    )
    return float(row["bytes"])


def show(what: str, local: float, remote: float, form: str) -> None:
    """Print one line of the comparison."""
    print(f"{what:<42}{local:>14{form}}{remote:>14{form}}{remote / local:>9.2f}")


def main() -> None:
    """Compare at every size that is named."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        client = clickhouse_connect.get_client(dsn=f"chdb:///{folder / 'clickhouse'}", settings=SESSION)
        server = Kept(client, "clickhouse://bench")
        server_store.connect = lambda _address: server  # type: ignore[assignment]
        for runs in map(int, sys.argv[1:] or ["12500"]):
            compare(runs, folder, server)
        client.close()


if __name__ == "__main__":
    main()
