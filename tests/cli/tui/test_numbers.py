"""What a screen shows is the same number as the CLI's report with the same filters, field by field."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botanu_cli.budgets.formats import BUDGETS
from botanu_cli.layout import Layout
from botanu_cli.layouts import OUTCOMES, RUNS, VENDORS, cost_layout
from botanu_cli.output import as_json
from botanu_cli.run_page import as_json as run_as_json
from botanu_cli.tui.screens.budgets import Budgets
from botanu_cli.tui.screens.outcomes import Outcomes
from botanu_cli.tui.screens.overview import Overview
from botanu_cli.tui.screens.run import Run
from botanu_cli.tui.screens.runs import Runs
from botanu_cli.tui.screens.vendors import Vendors
from botanu_cli.tui.series import all_buckets, series
from botanu_cli.tui.view import View
from botanu_cli.tui.widgets.grid import Grid
from botanu_store import open_store
from botanu_store.reports.report import Report

from tests.cli.conftest import Botanu
from tests.cli.tui.conftest import Show, dashboard, press, screen_text
from tests.store.builders import chat, document, run, trace_id

VIEWS = {
    "everything": View(),
    "a use case in an interval": View({"use_case": ("Customer Support",)}, since="2026-11-16", until="2026-11-20"),
    "a vendor and a least cost": View(
        {"vendor": ("anthropic",), "tenant": ("acme", "stark")}, since="2026-11-18", min_cost=Decimal("0.02")
    ),
}

viewed = pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))


def said(botanu: Botanu, *words: str) -> dict[str, Any]:
    """Return the CLI's document less when it was made."""
    result = botanu(*words, "--format", "json", "--tz", "UTC")
    assert result.code in (0, 1), result.err
    document = json.loads(result.out)
    assert document.pop("generated_at")
    return dict(document)


def shown(report: Report | None, layout: Layout) -> dict[str, Any]:
    """Return the same document from what a screen holds."""
    assert report is not None
    document = as_json(report, layout)
    del document["generated_at"]
    return dict(json.loads(json.dumps(document)))


@viewed
async def test_each_screen_has_the_numbers_of_its_report(store: Path, show: Show, botanu: Botanu, view: View) -> None:
    """Overview is `cost`, runs are `runs list`, outcomes `outcomes`, vendors `vendors`, budgets `budget check`."""
    flags = view.flags()
    async with show(view=view) as pilot:
        overview, app = pilot.app.screen, dashboard(pilot)
        assert isinstance(overview, Overview)
        compared = ["--compare"] if view.since and view.until else []
        expected = said(botanu, "cost", *flags, *compared)
        layout = cost_layout(["use_case"], compared=bool(view.since))
        if compared or not view.since:
            assert shown(overview.spend, layout) == expected
        assert overview.spend is not None
        economics = replace(overview.spend, totals=dict(overview.economics or {}))
        assert shown(economics, OUTCOMES)["totals"] == said(botanu, "outcomes", *flags)["totals"]
        for panel, field in (("vendors", "vendor"), ("models", "product")):
            tops = overview.query_one(f"#{panel}", Grid).rows.seen()
            by_field: dict[str, Decimal] = {}
            for row in said(botanu, "vendors", *flags)["rows"]:
                by_field[row[field]] = by_field.get(row[field], Decimal(0)) + Decimal(row["cost_usd"] or 0)
            assert {row[field]: row["cost_usd"] or 0 for row in tops} == by_field

        await press(pilot, "2")
        runs = pilot.app.screen
        assert isinstance(runs, Runs)
        listed = said(botanu, "runs", "list", *flags)
        rows = runs.query_one(Grid).rows
        assert runs.totals is not None
        report = replace(runs.totals, rows=[dict(row) for row in rows.seen()])
        assert shown(report, RUNS)["rows"] == listed["rows"][: len(rows.seen())]
        assert shown(runs.totals, RUNS)["totals"] == listed["totals"]
        assert shown(runs.totals, RUNS)["coverage"] == listed["coverage"]
        assert len(rows) == len(listed["rows"])

        await press(pilot, "4")
        assert isinstance(pilot.app.screen, Outcomes)
        assert shown(pilot.app.screen.found, OUTCOMES) == said(botanu, "outcomes", *flags)

        await press(pilot, "5")
        assert isinstance(pilot.app.screen, Vendors)
        assert shown(pilot.app.screen.found, VENDORS) == said(botanu, "vendors", *flags)

        await press(pilot, "6")
        assert isinstance(pilot.app.screen, Budgets)
        assert shown(pilot.app.screen.found, BUDGETS) == said(botanu, "budget", "check", *flags)

        await press(pilot, "3")
        assert isinstance(pilot.app.screen, Run)
        found = pilot.app.screen.detail
        assert found is not None
        run = json.loads(run_as_json(found)) | {"generated_at": ""}
        assert run == said(botanu, "runs", "show", found.run["run_id"]) | {"generated_at": ""}
        assert app.view == view


async def test_what_is_drawn_is_what_is_held(store: Path, show: Show, botanu: Botanu) -> None:
    """Every cell of the vendors' table stands in the CLI's table as well."""
    table = botanu("vendors", "--tz", "UTC").out
    async with show(size=(200, 40)) as pilot:
        await press(pilot, "5")
        text = screen_text(pilot)

    for line in table.splitlines()[2:9]:
        cells = [cell for cell in line.split("  ") if cell.strip()]
        row = next(drawn for drawn in text.splitlines() if f" {cells[1].strip()} " in drawn)
        assert [cell.strip() for cell in cells if cell.strip() not in row] == []


async def test_parts_of_the_chart_add_up_to_the_total(store: Path, show: Show) -> None:
    """All buckets of all groups are the spend of the interval, to the last digit."""
    async with show() as pilot:
        overview = pilot.app.screen
        assert isinstance(overview, Overview)
        assert overview.course is not None
        assert overview.spend is not None

        assert sum(sum(amounts) for amounts in overview.course.groups.values()) == overview.spend.totals["cost_usd"]


async def test_spend_by_anything_is_the_report_by_it(store: Path, show: Show, botanu: Botanu) -> None:
    """After `g` the overview is `cost --group-by` that dimension."""
    async with show() as pilot:
        dashboard(pilot).group = "tenant"
        await press(pilot, "r")
        assert isinstance(pilot.app.screen, Overview)

        assert shown(pilot.app.screen.spend, cost_layout(["tenant"])) == said(botanu, "cost", "--group-by", "tenant")


def test_a_chart_says_what_it_leaves_out() -> None:
    """An amount beside calls without a price is a lower bound, and nothing but such calls is no amount at all."""
    rows = [
        {"time": "2026-11-01", "name": "a", "cost_usd": Decimal(3), "unpriced_calls": 0},
        {"time": "2026-11-03", "name": "a", "cost_usd": Decimal(2), "unpriced_calls": 1},
        {"time": "2026-11-03", "name": "b", "cost_usd": None, "unpriced_calls": 4},
    ]
    made = series(rows, "day", most=5)
    assert [made.said("a", day) for day in (0, 1, 2, None)] == ["$3.00", "$0.00", "≥$2.00", "≥$5.00"]
    assert [made.said("b", day) for day in (0, 2, None)] == ["$0.00", "unpriced", "unpriced"]
    assert made.said_of_all(2) == "≥$2.00"
    assert series(rows, "day", most=0).said("other", None) == "≥$5.00"


def test_an_hour_that_a_clock_shows_twice_has_two_places() -> None:
    """The one of summer time first; hours without an amount are there as ever."""
    seen = {"2026-10-25 04:00", "2026-10-25 02:00 +0100", "2026-10-25 02:00 +0200"}

    assert all_buckets(seen, "hour") == [
        "2026-10-25 02:00 +0200", "2026-10-25 02:00 +0100", "2026-10-25 03:00", "2026-10-25 04:00",
    ]  # fmt: skip


def filled(store: Path, *spans: dict[str, Any]) -> None:
    """Make a store of these spans."""
    lines = store.with_name("spans.jsonl")
    lines.write_text(json.dumps(document(spans)) + "\n", "utf-8")
    with open_store(store) as opened:
        opened.ingest([lines])


async def test_calls_without_a_price_are_said_where_there_is_nothing_to_draw(clean_place: Path, show: Show) -> None:
    """A chart of spend that nobody knows has no axis in dollars, and a course says that cost is what is missing."""
    trace = trace_id()
    root = run(trace, "r1", botanu__outcome__value_type="usd", botanu__outcome__value_amount=1.0)
    filled(clean_place / "botanu.duckdb", root, chat(trace, root["spanId"], model="nobody-7b"))
    async with show(size=(120, 40)) as pilot:
        assert "No call in this interval has a price" in screen_text(pilot)
        assert "$0.50" not in screen_text(pilot)
        await press(pilot, "4")

        assert screen_text(pilot).count("No cost is known") == 2


async def test_one_of_a_thing_is_written_as_one(clean_place: Path, show: Show) -> None:
    """A store with one run of one call has 1 run, 1 call and 1 outcome on every screen, not 1 of several."""
    trace = trace_id()
    root = run(trace, "r1", botanu__outcome="success")
    call = chat(trace, root["spanId"], tokens=(1, 0), error__type="timeout")
    filled(clean_place / "botanu.duckdb", root, call)
    async with show() as pilot:
        for key in "12345":
            await press(pilot, key)
            assert re.findall(r"\b1 [a-zA-Z ]*(?:runs|calls|outcomes|tokens)\b", screen_text(pilot)) == []
