"""The ways people take through the dashboard, by keys and by mouse."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from botanu_cli.tui.screens.choose import Choose
from botanu_cli.tui.screens.find import matches
from botanu_cli.tui.screens.outcomes import Outcomes
from botanu_cli.tui.screens.overview import Overview
from botanu_cli.tui.screens.run import Run
from botanu_cli.tui.screens.runs import Runs
from botanu_cli.tui.view import View
from botanu_cli.tui.widgets.grid import Grid
from botanu_cli.tui.widgets.stacked import Stacked
from botanu_cli.tui.widgets.trend import Trend
from botanu_store import Store, open_store

from tests.cli.conftest import Botanu
from tests.cli.tui.conftest import Show, dashboard, press, screen_text, settled
from tests.store.builders import document, run, trace_id


def written(folder: Path, form: str) -> str:
    """Return the one exported file of a form."""
    (path,) = folder.glob(f"botanu-*.{form}")
    return path.read_text("utf-8")


async def test_typing_finds_a_value_and_it_holds_on_every_screen(store: Path, show: Show) -> None:
    """`/`, some letters and Enter filter by the value that matches; the filter stays from screen to screen until `x`."""
    async with show() as pilot:
        await press(pilot, "slash", *"review", "enter")
        assert dashboard(pilot).view == View({"use_case": ("Code Review",)})
        for key in "2456":
            await press(pilot, key)
            assert "use case Code Review" in screen_text(pilot).splitlines()[1]
        await press(pilot, "x")

        assert dashboard(pilot).view == View()


async def test_ticking_filters_and_a_least_cost(store: Path, show: Show) -> None:
    """The panel ticks values of any kind, and Enter looks at what is ticked."""
    async with show() as pilot:
        await press(pilot, "f", "down", "down", "right", "space", "down", "space", "enter")
        view = dashboard(pilot).view

        assert list(view.values) == ["tenant"]
        assert len(view.values["tenant"]) == 2


async def test_drilling_down_and_back(store: Path, show: Show) -> None:
    """From a use case to its runs, to one run, to a span; and Escape all the way back."""
    async with show(size=(140, 45)) as pilot:
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Runs)
        assert dashboard(pilot).view.values["use_case"] == ("Document Processing",)
        await press(pilot, "down", "enter")
        run = pilot.app.screen
        assert isinstance(run, Run)
        assert run.detail is not None
        assert run.detail.run["use_case"] == "Document Processing"
        await press(pilot, "down")
        assert "input tokens" in screen_text(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, Runs)
        assert pilot.app.screen.query_one(Grid).cursor == 1
        await press(pilot, "escape")

        assert isinstance(pilot.app.screen, Overview)


@pytest.mark.parametrize(
    ("screen", "words"), [("1", ["cost"]), ("2", ["runs", "list"]), ("4", ["outcomes"]), ("5", ["vendors"])]
)
async def test_an_export_is_the_report_of_the_copied_command(
    store: Path, show: Show, botanu: Botanu, clean_place: Path, screen: str, words: list[str]
) -> None:
    """`e` writes what `c` copies: the same rows as the command line writes."""
    async with show(view=View({"tenant": ("acme",)}, since="2026-11-16", until="2026-11-20")) as pilot:
        await press(pilot, screen, "c", "e", "enter")
        copied = shlex.split(pilot.app.clipboard)

    assert copied[: 1 + len(words)] == ["botanu", *words]
    assert written(clean_place, "csv") == botanu(*copied[1:], "--format", "csv").out


async def test_exports_as_json_and_as_a_picture(store: Path, show: Show, clean_place: Path) -> None:
    """Json has rows, totals and coverage; svg is the screen without the dialog over it."""
    async with show() as pilot:
        await press(pilot, "5", "e", "down", "enter", "e", "down", "down", "enter")
        await settled(pilot)

    document, picture = written(clean_place, "json"), written(clean_place, "svg")
    assert json.loads(document)["schema"] == "botanu.vendors/1"
    assert "claude-sonnet-4-5" in picture
    assert "a picture of the screen" not in picture.replace("&#160;", " ")


async def test_the_calls_of_a_run_are_exported_and_its_id_is_copied(store: Path, show: Show, clean_place: Path) -> None:
    """On a run `e` writes its calls and `y` copies its id."""
    async with show() as pilot:
        await press(pilot, "3", "y", "e", "enter")
        run_id = pilot.app.clipboard

    rows = list(csv.DictReader(written(clean_place, "csv").splitlines()))
    assert {row["run_id"] for row in rows} == {run_id}


async def test_the_interval_is_chosen_or_typed(store: Path, show: Show) -> None:
    """`t` offers intervals and takes words of one's own; words that name no time are refused, and the old interval stays."""
    async with show() as pilot:
        await press(pilot, "t", "down", "down", "down", "enter")
        assert dashboard(pilot).view.since == "7d"
        await press(pilot, "t", "tab", *"2026-11-18..2026-11-20", "enter")
        assert (dashboard(pilot).view.since, dashboard(pilot).view.until) == ("2026-11-18", "2026-11-20")
        await press(pilot, "t", "tab", *"soon", "enter")

        assert dashboard(pilot).view.since == "2026-11-18"


async def test_sorting_by_key_and_by_click(store: Path, show: Show) -> None:
    """`s` chooses a column; a click on a title sorts by it, a second click the other way round."""
    async with show() as pilot:
        await press(pilot, "2", "s", "end", "enter")
        runs = pilot.app.screen.query_one(Grid).rows
        costs = [runs.row(index)["cost_usd"] for index in range(20)]  # type: ignore[index] # they are here
        assert costs == sorted(costs, reverse=True)

        await press(pilot, "4")
        grid = pilot.app.screen.query_one("#outcomes", Grid)
        await pilot.click(grid, offset=(3, 1))
        await settled(pilot)
        names = [row["use_case"] for row in grid.rows.seen()]
        assert names == sorted(names, reverse=True)
        await pilot.click(grid, offset=(3, 1))
        await settled(pilot)

        assert [row["use_case"] for row in grid.rows.seen()] == sorted(names)


async def test_a_click_moves_and_two_open(store: Path, show: Show) -> None:
    """A row is chosen by a click and opened by another at once."""
    async with show() as pilot:
        await press(pilot, "2")
        grid = pilot.app.screen.query_one(Grid)
        await pilot.click(grid, offset=(5, 5))
        await settled(pilot)
        assert grid.cursor == 3
        await pilot.click(grid, offset=(5, 5), times=2)
        await settled(pilot)

        assert isinstance(pilot.app.screen, Run)


async def test_spend_is_grouped_by_anything(store: Path, show: Show) -> None:
    """`g` on any screen leads to spend by the dimension chosen."""
    async with show() as pilot:
        await press(pilot, "5", "g")
        assert isinstance(pilot.app.screen, Choose)
        await press(pilot, "down", "down", "down", "enter")

        assert isinstance(pilot.app.screen, Overview)
        assert "By tenant" in screen_text(pilot)
        assert "globex" in screen_text(pilot)


async def test_a_chart_is_read_with_the_arrow_keys(store: Path, show: Show) -> None:
    """On the chart the arrows read out one bucket of time, with each group's amount."""
    async with show() as pilot:
        pilot.app.screen.query_one(Stacked).focus()
        await press(pilot, "right", "right")

        assert "2026-11-15" in screen_text(pilot)


async def test_spans_fold(store: Path, show: Show) -> None:
    """Left hides what is below a span, right shows it again, Enter does either."""
    async with show() as pilot:
        await press(pilot, "3")
        spans = pilot.app.screen.query_one("#spans", Grid)
        before = len(spans.rows)
        await press(pilot, "left")
        assert len(spans.rows) == 1
        await press(pilot, "right")
        assert len(spans.rows) == before
        await press(pilot, "enter")

        assert len(spans.rows) == 1


async def test_the_use_case_under_the_cursor_shows_its_failures(store: Path, show: Show) -> None:
    """Moving in outcomes changes the course and the reasons beside it."""
    async with show(size=(140, 45)) as pilot:
        await press(pilot, "4", "down")
        screen = pilot.app.screen
        assert isinstance(screen, Outcomes)
        row = screen.query_one("#outcomes", Grid).current
        assert row is not None
        reasons = screen.query_one("#reasons", Grid).rows.seen()

        assert [reason["reason"] for reason in reasons] == [reason["reason"] for reason in row["reasons"]]
        assert f"ROI by day, {row['use_case']}" in screen_text(pilot)


async def test_the_trace_opens_in_the_viewer_that_is_named(
    store: Path, show: Show, clean_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`o` fills the template of botanu.toml; without one it says how to name it."""
    opened: list[str] = []
    async with show() as pilot:
        monkeypatch.setattr(pilot.app, "open_url", opened.append)
        await press(pilot, "3", "o")
        assert opened == []
        assert "trace_url" in screen_text(pilot)
        config = clean_place / "botanu.toml"
        config.write_text(
            config.read_text() + '\n[dashboard]\ntrace_url = "http://jaeger/trace/{trace_id}?s={span_id}"\n'
        )
        await press(pilot, "o")

        node = pilot.app.screen.query_one("#spans", Grid).rows.seen()[0]["node"]
        assert opened == [f"http://jaeger/trace/{node.trace_id}?s={node.span_id}"]


def test_what_is_typed_finds_values_of_any_kind() -> None:
    """Beginnings come first; `kind=` narrows to one kind and takes any pattern; what may be a run's id is offered as one."""
    known = {"use_case": ["Sales Support", "Support"], "model": ["gpt-4o", "gpt-4o-mini"], "tenant": ["deadbeef"]}

    assert matches("support", known) == [("use_case", "Support"), ("use_case", "Sales Support")]
    assert matches("model=gpt-4*", known) == [("model", "gpt-4*")]
    assert matches("dead", known) == [("tenant", "deadbeef"), ("run_id", "dead")]
    assert matches("", known)[0] == ("use_case", "Sales Support")


async def test_help_and_palette_offer_every_key(store: Path, show: Show) -> None:
    """`?` lists the keys; the palette has the same actions by name."""
    async with show(size=(100, 50)) as pilot:
        await press(pilot, "question_mark")
        text = screen_text(pilot)
        assert all(word in text for word in ("filter", "interval", "export", "copy the command", "palette"))
        await press(pilot, "escape")
        names = [command.title for command in dashboard(pilot).get_system_commands(pilot.app.screen)]

        assert {"Filter", "Interval", "Sort", "Export", "Pause", "Budgets", "Theme"} <= set(names)


async def test_a_tick_is_a_sign_and_not_only_a_colour(store: Path, show: Show) -> None:
    """In the filter panel a value that is chosen has a tick, and one that is not has none."""
    async with show() as pilot:
        await press(pilot, "f", "right", "space")
        lines = screen_text(pilot).splitlines()

        assert [line.count("✓ ") for line in lines if "Customer Support" in line or "Code Review" in line] == [1, 0]


async def test_what_one_screen_asked_another_shows_at_once(
    store: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unit economics, read for the overview, are not read again for their screen, until `r` asks for it."""
    asked: list[object] = []
    ask = Store.outcomes

    def counted(*words: Any) -> object:
        asked.append(words)
        return ask(*words)

    monkeypatch.setattr(Store, "outcomes", counted)
    async with show() as pilot:
        before = len(asked)
        assert before
        await press(pilot, "4", "5", "1")
        assert len(asked) == before
        await press(pilot, "4", "r")

        assert len(asked) == before + 1


async def test_a_broken_limit_on_quality_says_why_runs_were_no_success(show: Show, store: Path) -> None:
    """The budget under the cursor names failed and partial runs by reason, and enter leads to the outcomes."""
    async with show(size=(140, 45)) as pilot:
        await press(pilot, "6", "down")
        assert "Failed and partial runs by reason" in screen_text(pilot)
        assert "Costliest runs" not in screen_text(pilot)
        drawn = pilot.app.screen.query_one("#course", Trend).course
        assert drawn is not None
        assert drawn.breaks(0.9)
        assert not drawn.breaks(1.0)

        await press(pilot, "enter")
        assert "Why runs failed" in screen_text(pilot)


async def test_where_nothing_failed_and_nothing_was_called_that_is_said(clean_place: Path, show: Show) -> None:
    """A table without rows is no line of titles, and without filters there are none to change."""
    (clean_place / "spans.jsonl").write_text(json.dumps(document([run(trace_id(), "r1")])) + "\n", "utf-8")
    with open_store(clean_place / "botanu.duckdb") as made:
        made.ingest([clean_place / "spans.jsonl"])
    async with show() as pilot:
        await press(pilot, "4")
        assert "None of them failed." in screen_text(pilot)
        assert "Reason" not in screen_text(pilot)
        await press(pilot, "5")

        assert "There are no calls yet." in screen_text(pilot)
        assert "Press /" not in screen_text(pilot)
