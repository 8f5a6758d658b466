"""Every report on a ClickHouse that was synced has the rows that a local store of the same spans has, to the last digit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botanu_store import Store, open_store
from botanu_store.clickhouse import server_store
from botanu_store.clickhouse.sync import sync
from botanu_store.engines.clickhouse import Address, Server
from botanu_store.errors import InputError, StoreUnusable
from botanu_store.filters import Filters, Interval
from botanu_store.samples import Samples

from tests.store.clickhouse import local, otel

VALUES = {"tickets_resolved": Decimal("0.25"), "documents_processed": Decimal("0.40")}
ADDRESS = "clickhouse://somebody:secret@ch.example/otel"


class Kept(Server):
    """A session that outlives the store that ends it: a process can hold no second engine."""

    def close(self) -> None:
        """Keep it."""


@pytest.fixture
def remote(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Store]]:
    """Open the server of this test as a store."""
    kept = Kept(server._client, str(server))

    def connected(_address: Address) -> Server:
        return kept

    monkeypatch.setattr(server_store, "connect", connected)
    return lambda **options: open_store(ADDRESS, **options)


@pytest.fixture
def both(server: Server, remote: Callable[..., Store], samples: Path, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """The samples in ClickHouse, synced, and in a local store."""
    given = local.documents(sorted(samples.glob("*.jsonl")))
    otel.create(server)
    otel.fill(server, given)
    sync(server)
    with remote() as there, open_store(local.fill(tmp_path / "all.duckdb", given)) as here:
        yield there, here


def shown(report: Any) -> tuple[Any, ...]:
    """What a report says."""
    return report.rows, report.totals, report.coverage, report.filters


FILTERS = {
    "everything": Filters(),
    "a use case": Filters(use_case=("Customer Support",)),
    "a vendor": Filters(vendor=("anthropic",)),
    "an interval": Filters(
        interval=Interval(datetime(2026, 11, 22, 9, 20, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
    ),
    "a least cost": Filters(min_cost=Decimal("0.01")),
}


@pytest.mark.parametrize("filters", FILTERS.values(), ids=list(FILTERS))
def test_every_report_has_the_same_rows(both: tuple[Store, Store], filters: Filters) -> None:
    """Cost by any dimension, runs, calls, outcomes, vendors, prices, samples: equal, rows and totals and what they rest on."""
    reports: list[Callable[[Store], Any]] = [
        *(lambda store, d=d: shown(store.cost(filters, d)) for d in (("use_case",), ("vendor", "model"), ("meter",), ("time:day", "service"), ("run",))),
        lambda store: shown(store.runs(filters, sort="cost")),
        lambda store: shown(store.calls(filters)),
        lambda store: shown(store.outcomes(filters, VALUES)),
        lambda store: store.outcome_trend(filters, VALUES, "day"),
        lambda store: shown(store.vendors(filters)),
        lambda store: shown(store.unpriced(filters)),
        lambda store: store.extent(filters),
        *(lambda store, per=per: in_rows(store.samples(filters, per)) for per in ("run", "root_run", "day", "call")),
    ]  # fmt: skip
    there, here = both
    for number, report in enumerate(reports):
        assert report(there) == report(here), number


def in_rows(samples: Samples) -> list[tuple[Any, ...]]:
    """One tuple a sample, in an order of their own: of those that cost the same, any may be the first."""
    columns = (samples.costs_usd, samples.tokens, samples.llm_calls, samples.unpriced_calls, samples.achieved)
    return sorted(zip(*columns, strict=True), key=repr)


def test_a_run_is_shown_with_its_spans(both: tuple[Store, Store]) -> None:
    """By a beginning of its id, asked before anything else: its tree, calls, charges and the runs it is linked with."""
    there, here = both
    for row in here.runs(Filters(), sort="cost", limit=5).rows:
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


def test_a_server_that_was_never_synced_says_so(server: Server, remote: Callable[..., Store]) -> None:
    """Without botanu's tables, or with nothing synced, the way out is named."""
    with pytest.raises(StoreUnusable, match="botanu sync"):
        remote()
    otel.create(server)
    sync(server)
    with pytest.raises(StoreUnusable, match="botanu sync"):
        remote()
