"""Long lists of runs piece by piece, unit economics over time, and what a run was charged: all as the reports have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from botanu_store import Store, open_store
from botanu_store.errors import InputError
from botanu_store.filters import Filters, Interval
from botanu_store.reports.outcomes import added_up
from botanu_store.reports.runs import RunSort

FILTERS = {
    "everything": Filters(),
    "a use case": Filters(use_case=("Customer Support",)),
    "a vendor": Filters(vendor=("openai",)),
    "a least cost": Filters(min_cost=Decimal("0.001")),
}
WORTH = {"tickets_resolved": Decimal("0.25")}
TYPES = ("tickets_resolved", "documents_processed", "questions_answered", "orders_shipped")

filtered = pytest.mark.parametrize("filters", FILTERS.values(), ids=list(FILTERS))


@pytest.fixture(scope="module")
def store(ingested: Path) -> Iterator[Store]:
    """A store with the sample traces, only read."""
    with open_store(ingested) as opened:
        yield opened


@filtered
@pytest.mark.parametrize("sort", get_args(RunSort))
def test_pieces_of_an_order_are_the_rows_of_the_report(store: Store, filters: Filters, sort: RunSort) -> None:
    """The order is that of `runs`, and so is every row, whichever piece it is read in."""
    rows = store.runs(filters, sort=sort).rows
    order = store.run_order(filters, sort)

    found = [row for first in range(0, len(order), 5) for row in store.runs_named(filters, order.ids(first, first + 5))]
    assert len(order) == len(rows)
    assert found == rows


def test_an_order_knows_where_a_run_stands(store: Store) -> None:
    """Places are found by id; what is not among the runs has none; pieces end where the order does."""
    order = store.run_order(Filters())
    ids = order.ids(0, 1000)

    assert [order.find(run_id) for run_id in ids] == list(range(len(order)))
    assert order.find("nobody") is None
    assert order.ids(len(order) - 1, len(order) + 5) == ids[-1:]
    assert order.ids(-3, 2) == ids[:2]


def test_a_run_that_is_gone_is_left_out(store: Store) -> None:
    """Ids of runs that were pruned since bring no row."""
    first = store.run_order(Filters()).ids(0, 1)

    assert [row["run_id"] for row in store.runs_named(Filters(), ["gone", *first])] == first
    assert store.runs_named(Filters(), []) == []


@filtered
@pytest.mark.parametrize("unit", ["hour", "day", "week", "month"])
def test_the_course_of_outcomes_adds_up_to_the_report(store: Store, filters: Filters, unit: str) -> None:
    """Summed over time, each use case has the units, successes, cost and value that `outcomes` says."""
    course = store.outcome_trend(filters, WORTH, unit)

    def sums(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for row in rows:
            if row[name] is not None:
                found[row["use_case"]] = found.get(row["use_case"], 0) + row[name]
        return found

    rows = store.outcomes(filters, WORTH).rows
    for name in ("root_runs", "success", "unknown", "unpriced_calls", "cost_usd", "value_usd"):
        assert sums(course, name) == sums(rows, name)


@filtered
@pytest.mark.parametrize("worth", [{}, WORTH, dict.fromkeys(TYPES, Decimal(1))], ids=["none", "some", "all"])
def test_the_course_of_all_use_cases_together_is_the_total(
    store: Store, filters: Filters, worth: dict[str, Decimal]
) -> None:
    """What is worth nobody knows how much is no value of nothing, and brings no return, over time as altogether."""
    whole = added_up(store.outcome_trend(filters, worth, "day"))

    totals = store.outcomes(filters, worth).totals
    for name in ("root_runs", "success", "success_rate", "cost_usd", "value_usd", "roi", "cost_per_outcome_usd"):
        assert whole[name] == totals[name], name


@filtered
@pytest.mark.parametrize("name", ["use_case", "tenant", "service", "vendor", "model", "step", "meter"])
def test_the_course_of_spend_is_that_of_the_cost_report(store: Store, filters: Filters, name: str) -> None:
    """By any dimension and unit of time it says what `cost` by both says."""
    course = store.spend_trend(filters, name, "day")

    rows = store.cost(filters, ("time:day", name)).rows
    assert {(row["time"], row["name"]): (row["unpriced_calls"], row["cost_usd"]) for row in course} == {
        (row["time"], row[name]): (row["unpriced_calls"], row["cost_usd"]) for row in rows
    }


@filtered
def test_what_vendors_cost_is_what_their_report_says(store: Store, filters: Filters) -> None:
    """The same rows in the same order and the same totals, less other use, how fast it was and what caches saved."""
    unsaid = {"meters": {}, "other_use": {}, "saved_usd": None, "p50_ms": None, "p95_ms": None}
    whole, costs = store.vendors(filters), store.vendor_costs(filters)

    assert costs.rows == [row | unsaid for row in whole.rows]
    assert costs.totals == whole.totals | {"saved_usd": None}
    assert costs.coverage == whole.coverage


def test_a_unit_of_time_that_is_none_is_refused(store: Store) -> None:
    """There are hours, days, weeks and months."""
    with pytest.raises(InputError, match="fortnight"):
        store.outcome_trend(Filters(), {}, "fortnight")


def test_the_extent_is_from_the_first_run_to_the_last(store: Store) -> None:
    """It is that of the runs under the filters, and None where there are none."""
    started = [row["started_at"] for row in store.runs(Filters()).rows]
    never = replace(Filters(), interval=Interval(until=datetime(2000, 1, 1, tzinfo=UTC)))

    assert store.extent(Filters()) == (min(started), max(started))
    assert store.extent(never) is None


def test_the_charges_of_a_run_add_up_to_its_cost_and_name_their_prices(store: Store) -> None:
    """Meter by meter, in sum what the run cost; each priced by the book says what is published and where."""
    for run in store.runs(Filters()).rows:
        charged = store.run_charges(run["run_id"])
        known = [charge["amount_usd"] for charge in charged if charge["amount_usd"] is not None]
        published = [charge for charge in charged if charge["priced"] == "yes"]

        assert sum(known, Decimal(0)) == (run["cost_usd"] or 0)
        assert all(charge["price_source"] and charge["published_usd"] is not None for charge in published)
