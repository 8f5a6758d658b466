"""Every report on a ClickHouse that was synced has the rows that a local store of the same spans has, to the last digit."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

import clickhouse_connect
import duckdb
import pyarrow as pa
import pytest
from botanu_store import Store, open_store
from botanu_store.clickhouse import server_store
from botanu_store.clickhouse.prices import USAGE
from botanu_store.clickhouse.schema import columns
from botanu_store.clickhouse.sync import sync
from botanu_store.clickhouse.views import whole
from botanu_store.engines.clickhouse import SESSION, Address, Server, connect, read_address
from botanu_store.engines.duckdb import script
from botanu_store.errors import InputError, StoreUnavailable, StoreUnusable
from botanu_store.filters import Filters, Interval
from botanu_store.prices.overrides import Discount, Overrides, UserPrice
from botanu_store.prices.tables import book_version
from botanu_store.reports.runs import RUN_SORTS
from botanu_store.reports.samples import Samples
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ProgrammingError

from tests.conftest import SAMPLES
from tests.store.clickhouse import local, otel
from tests.store.told_twice import WORLDS

VALUES = {"tickets_resolved": Decimal("0.25"), "documents_processed": Decimal("0.40")}
ADDRESS = "clickhouse://somebody:secret@ch.example/otel"


class Kept(Server):
    """A session that outlives the store that ends it: a process can hold no second engine."""

    def close(self) -> None:
        """Keep it."""


@pytest.fixture(scope="module")
def synced(engine: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """The samples, and calls told of in several traces, in ClickHouse, synced, and in a local store: made once, for tests that only read."""
    given = [
        *local.documents(sorted(SAMPLES.glob("*.jsonl"))),
        *WORLDS["told_three_times"],
        *WORLDS["without_names"][3:],
    ]
    engine.command("create database samples")
    with clickhouse_connect.get_client(dsn="chdb://memory/samples", settings=SESSION) as client:
        server = Server(client, "clickhouse://test/samples")
        otel.create(server)
        otel.fill(server, given)
        sync(server)
        yield server, local.fill(tmp_path_factory.mktemp("local") / "all.duckdb", given)
    engine.command("drop database samples")


@pytest.fixture
def both(synced: tuple[Server, Path]) -> Iterator[tuple[Store, Store]]:
    """The two stores, just opened."""
    server, path = synced
    with remote(server) as there, open_store(path) as here:
        yield there, here


def remote(server: Server, **options: Any) -> Store:
    """Open a server as a store."""
    kept = Kept(server._client, str(server))

    def connected(_address: Address) -> Server:
        return kept

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_store, "connect", connected)
        return open_store(ADDRESS, **options)


def shown(report: Any) -> tuple[Any, ...]:
    """What a report says."""
    return report.rows, report.totals, report.coverage, report.filters


DIMENSIONS = (
    ("use_case",), ("vendor", "model"), ("meter",), ("time:hour",), ("time:day", "service"), ("time:week", "outcome"), ("time:month", "step"),
    ("run",), ("tenant", "category", "operation"), ("meter", "service", "time:day"),
)  # fmt: skip

FILTERS = {
    "everything": Filters(),
    "a use case": Filters(use_case=("Customer Support",)),
    "a vendor": Filters(vendor=("anthropic",)),
    "an interval": Filters(
        interval=Interval(datetime(2026, 11, 22, 9, 20, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
    ),
    "a least cost": Filters(min_cost=Decimal("0.01")),
    "patterns": Filters(use_case=("*_*", "Customer S*"), model=(r"gpt%*", r"g\\*", "gpt-4o*", "claude!*")),
    "a zone": Filters(interval=Interval(tz="Asia/Kathmandu")),
}
CUT = ("everything", "a least cost")
"""Where reports are asked for their first rows too: what is cut off comes after any filter, but for a least cost, which is of what was summed."""

SOME = {
    "a use case": (("vendor", "model"), ("time:day", "service"), ("run",)),
    "a vendor": (("use_case",), ("run",), ("time:week", "outcome"), ("meter", "service", "time:day")),
    "an interval": (("meter",), ("vendor", "model"), ("time:hour",), ("time:month", "step")),
    "patterns": (("use_case",), ("run",), ("tenant", "category", "operation"), ("vendor", "model")),
    "a zone": (("time:hour",), ("time:day", "service"), ("time:week", "outcome"), ("time:month", "step")),
}
"""By what cost is asked for under filters that are conditions on calls and runs, the same by every dimension: each dimension under some of them."""


@pytest.mark.parametrize("name", FILTERS)
def test_every_report_has_the_same_rows(both: tuple[Store, Store], name: str) -> None:
    """Cost by any dimension, runs, calls, outcomes, vendors, prices, samples: equal, rows and totals and what they rest on."""
    filters, limits = FILTERS[name], ((None, 3) if name in CUT else (None,))
    place = list(FILTERS).index(name)
    sorts = RUN_SORTS if name in CUT else (list(RUN_SORTS)[place % len(RUN_SORTS)],)
    reports: list[Callable[[Store], Any]] = [
        *(lambda store, d=d, n=n: shown(store.cost(filters, d, limit=n)) for d in SOME.get(name, DIMENSIONS) for n in limits),
        *(lambda store, s=s, n=n: shown(store.runs(filters, sort=s, limit=n)) for s in sorts for n in limits),
        *(lambda store, s=s: store.run_order(filters, s).ids(0, 99) for s in sorts),
        lambda store: shown(store.calls(filters)),
        lambda store: shown(store.calls(filters, limit=5)),
        lambda store: shown(store.outcomes(filters, VALUES)),
        *(lambda store, unit=unit: store.outcome_trend(filters, VALUES, unit) for unit in ("hour", "day", "week")),
        *(lambda store, name=name: by_name(store.spend_trend(filters, name, "day")) for name in ("tenant", "model", "meter")),
        lambda store: shown(store.vendor_costs(filters)),
        lambda store: shown(store.vendors(filters)),
        lambda store: shown(store.prices(filters)),
        lambda store: shown(store.unpriced(filters)),
        lambda store: store.extent(filters),
        lambda store: store.coverage(filters),
        *(lambda store, per=per: in_rows(store.samples(filters, per)) for per in ("run", "outcome", "root_run", "day", "call")),
    ]  # fmt: skip
    there, here = both
    for number, report in enumerate(reports):
        assert report(there) == report(here), number


def by_name(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a report that has no order in one of their own."""
    return sorted(rows, key=repr)


def in_rows(samples: Samples) -> list[tuple[Any, ...]]:
    """One tuple a sample, in an order of their own: of those that cost the same, any may be the first."""
    columns = (samples.costs_pico, samples.tokens, samples.llm_calls, samples.unpriced_calls, samples.achieved)
    return sorted(zip_longest(*columns), key=repr)


def test_a_run_is_shown_with_its_spans(both: tuple[Store, Store]) -> None:
    """By a beginning of its id, asked before anything else: its tree, calls, charges and the runs it is linked with."""
    there, here = both
    for row in (*here.runs(Filters(), sort="cost", limit=5).rows, *here.runs_named(Filters(), ["run-1"])):
        wanted = here.run(row["run_id"])
        found = there.run(here.short_ids([row["run_id"]])[row["run_id"]])
        assert (shown(found.report), found.calls, found.related) == (shown(wanted.report), wanted.calls, wanted.related)
        assert tree(found.roots) == tree(wanted.roots)
        assert there.run_charges(row["run_id"]) == here.run_charges(row["run_id"])


def tree(nodes: list[Any]) -> list[Any]:
    """Spans with what they cost and those below them."""
    return [(n.span_id, n.name, n.own_usd, n.total_usd, n.attributes, tree(n.children)) for n in nodes]


def test_named_runs_are_read_and_no_others(both: tuple[Store, Store]) -> None:
    """A page of runs brings those runs over; what the store holds besides is asked for when it is needed."""
    there, here = both
    ids = [row["run_id"] for row in here.runs(Filters()).rows][:3]
    assert there.runs_named(Filters(), ids) == here.runs_named(Filters(), ids)
    assert there._db.bare.execute("select count(*) from runs").fetchall() == [(3,)]
    assert there.known_values("use_case") == here.known_values("use_case")
    assert there.known_values("service") == here.known_values("service")
    assert [there.is_known("vendor", value) for value in ("open*", "opn*")] == [True, False]


def test_reports_on_many_runs_bring_none_over(both: tuple[Store, Store]) -> None:
    """Cost, outcomes, vendors and a sorted page are made on the server; only the runs on the page come."""
    there, _ = both
    there.cost(Filters(), ("vendor",))
    there.outcomes(Filters(), VALUES)
    there.vendors(Filters())
    there.samples(Filters(), "root_run")
    there.runs(Filters(), sort="cost", limit=3)
    assert there._db.bare.execute("select count(*) from runs").fetchall() == [(0,)]
    there.runs(Filters(), limit=3)
    assert there._db.bare.execute("select count(*) from runs").fetchall() == [(3,)]


YOURS = Overrides(
    prices=(
        UserPrice("in-house-*", "input_tokens", Decimal("0.07"), 1_000_000),
        UserPrice("in-house-*", "output_tokens", Decimal("0.21"), 1_000_000),
    ),
    discounts=(Discount("openai*", Decimal("0.15")),),
)
PRICINGS: dict[str, dict[str, Any]] = {
    "your prices and discounts": {"overrides": YOURS},
    "what was believed once": {"believed_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "yours over what was believed": {"overrides": YOURS, "believed_at": datetime(2026, 1, 1, tzinfo=UTC)},
}


@pytest.mark.parametrize("name", PRICINGS)
def test_prices_of_yours_and_of_another_day_agree(synced: tuple[Server, Path], name: str) -> None:
    """Where sums at the published prices do not hold, the server prices the calls themselves, with the same rows."""
    # By every dimension where the prices are of both kinds at once; with either alone, by those that tell apart all that has a price.
    pricing = PRICINGS[name]
    dimensions = DIMENSIONS if len(pricing) > 1 else (("vendor", "model"), ("run",), ("meter", "service", "time:day"))
    reports: list[Callable[[Store], Any]] = [
        *(lambda store, d=d: shown(store.cost(Filters(), d)) for d in dimensions),
        lambda store: shown(store.runs(Filters(), sort="cost", limit=5)),
        lambda store: shown(store.outcomes(Filters(), VALUES)),
        lambda store: shown(store.vendors(Filters())),
        lambda store: shown(store.unpriced(Filters())),
    ]
    with remote(synced[0], **pricing) as there, open_store(synced[1], **pricing) as here:
        for number, report in enumerate(reports):
            assert report(there) == report(here), number


@pytest.mark.parametrize("made_with", ["another", book_version()], ids=["another book", "an older botanu"])
def test_another_price_book_prices_all_runs_again(
    server: Server, samples: Path, tmp_path: Path, made_with: str
) -> None:
    """Until a sync did so, reports price the calls; after it, the sums are what they would be at once. Both are right."""
    given = local.documents(sorted(samples.glob("*.jsonl")))
    otel.create(server)
    otel.fill(server, given)
    sync(server)
    with open_store(local.fill(tmp_path / "all.duckdb", given)) as here:
        wanted = shown(here.cost(Filters(), ("use_case", "model")))
    sums = f"select {', '.join(columns('run_usage'))} from botanu_run_usage final order by all"
    before = server.rows(sums)
    server.run("truncate table botanu_run_usage")
    server.run("insert into botanu_sync (name, value) values ($name, $value)", {"name": USAGE, "value": made_with})
    with remote(server) as there:
        assert shown(there.cost(Filters(), ("use_case", "model"))) == wanted
    sync(server)
    assert server.rows(sums) == before
    with remote(server) as there:
        assert shown(there.cost(Filters(), ("use_case", "model"))) == wanted


def test_a_view_keeps_unpriced_and_free_apart_for_whoever_reads_it(both: tuple[Store, Store]) -> None:
    """With none of our settings in the session, a run without a price has a cost of NULL, and one without calls costs 0."""
    wanted = {
        row["run_id"]: (row["calls"], row["unpriced_calls"], row["cost_usd"]) for row in both[1].runs(Filters()).rows
    }
    with clickhouse_connect.get_client(dsn="chdb://memory/samples") as whoever:
        found = whoever.query("select run_id, calls, unpriced_calls, cost_usd from botanu_run_costs").result_rows
    assert {run_id: tuple(rest) for run_id, *rest in found} == wanted
    assert None in [cost for *_, cost in found]


def test_functions_answer_alike_on_both_engines(server: Server) -> None:
    """Quantiles of money and of times, divided amounts, money as integers, bounded values and days in a zone: the same to the last digit."""
    chance = random.Random(1)
    rows = [
        {
            "kind": chance.randrange(40),
            "usd": None
            if chance.random() < 0.1
            else Decimal(chance.randrange(10 ** chance.randrange(1, 16))).scaleb(-12),
            "product": Decimal(chance.randrange(10 ** chance.randrange(1, 24))).scaleb(-12),
            "per": chance.choice([3600.0, 1e6, 1e9, 1099511627776.0]),
            "ns": chance.randrange(10 ** chance.randrange(1, 14)),
            "amount": chance.choice(
                [None, math.nan, math.inf, 1e12, -1e12, chance.uniform(-1e6, 1e6), chance.random()]
            ),
        }
        for _ in range(4000)
    ]
    kinds = {"kind": pa.int64(), "usd": pa.decimal128(38, 12), "product": pa.decimal128(38, 12), "per": pa.float64(), "ns": pa.int64(), "amount": pa.float64()}  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items())))
    server.run(
        "create table tried (kind Int64, usd Nullable(Decimal(38, 12)), product Nullable(Decimal(38, 12)), per Float64, ns Int64, "
        "amount Nullable(Float64)) engine = Memory"
    )
    server.insert("tried", table)
    con = duckdb.connect()
    con.execute(script("reports/sql/functions.sql"))
    con.register("tried", table)
    for asked in (
        "kind, botanu_p50(usd) as p50, botanu_p95(usd) as p95, botanu_p50_ms(ns) as p50_ms, botanu_p95_ms(ns) as p95_ms from tried group by kind",
        "product, per, botanu_divided(product, per) as divided from tried where product / per < 9000",
        "usd, product, botanu_pico_usd(product) as pico_product, botanu_pico_usd(usd) as pico_usd from tried",
        "amount, ns, botanu_amount(amount) as bounded from tried where coalesce(amount, 0) < 1e300",
        *(f"ns, botanu_bucket(ns * 1000000, '{unit}', 'Europe/Berlin') as bucket from tried where ns < 9000000000000" for unit in ("hour", "day", "week", "month")),
        *(f"kind, botanu_bucket(1792884600000000000 + kind * 900000000000, 'hour', '{zone}') as bucket from tried" for zone in ("Europe/Berlin", "America/New_York", "Asia/Kolkata")),
        "kind, botanu_bucket(1793505600000000000 + kind * 900000000000, 'hour', 'America/New_York') as bucket from tried",
    ):  # fmt: skip
        wanted = con.sql(f"select {asked} order by all").to_arrow_table().to_pylist()
        assert server.rows(whole(f"select {asked} order by all", {})) == wanted, asked


def test_an_unpriced_call_stays_unpriced(both: tuple[Store, Store]) -> None:
    """No join makes a model without a price free."""
    (row,) = [row for row in both[0].cost(Filters(), ("model",)).rows if row["model"] == "in-house-7b"]
    assert (row["cost_usd"], row["unpriced_calls"]) == (None, 1)


def test_what_only_a_file_can_do_is_refused(both: tuple[Store, Store]) -> None:
    """Spans come from the collector, calls from a sync; SQL is the server's own."""
    there, _ = both
    for asked in (
        there.compact,
        there.rebuild,
        lambda: there.ingest([]),
        lambda: there.prune(datetime.now(UTC)),
        lambda: there.ask("select 1"),
    ):
        with pytest.raises(InputError, match=r"local store only|clickhouse-client"):
            asked()
    assert there.info()["calls"] == both[1].info()["calls"]


def test_a_server_that_was_never_synced_says_so(server: Server) -> None:
    """Without botanu's tables, or with nothing synced, the way out is named."""
    with pytest.raises(StoreUnusable, match="botanu sync"):
        remote(server)
    otel.create(server)
    sync(server)
    with pytest.raises(StoreUnusable, match="botanu sync"):
        remote(server)


def test_a_user_who_may_set_nothing_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without our settings a missing price would be a cost of 0, so a user of `readonly = 1` gets no report, and hears of the rights."""

    def refuse(**_: Any) -> Client:
        raise ProgrammingError("Setting join_use_nulls is readonly")

    monkeypatch.setattr("clickhouse_connect.get_client", refuse)
    with pytest.raises(StoreUnavailable, match=r"join_use_nulls is readonly\. See docs/integration/clickhouse\.md"):
        connect(read_address(ADDRESS))
