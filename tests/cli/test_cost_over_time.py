"""`botanu cost --compare` and `--chart`."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from tests.cli.conftest import Botanu
from tests.store.builders import START, Document, chat, document, run, trace_id, write

pytestmark = pytest.mark.usefixtures("begun")

DAY = 86_400 * 10**9
SINCE = ("--since", "2026-11-17", "--until", "2026-11-19", "--tz", "UTC")
"""Two days; START is in the second of them."""


def spent(use_case: str, days_ago: int, calls: int = 1) -> list[Document]:
    """A run of so many calls, each $0.0035."""
    trace = trace_id()
    start = START - days_ago * DAY
    inner = [chat(trace, trace[-16:], start=start) for _ in range(calls)]
    return [run(trace, f"run-{trace}", use_case, span_id=trace[-16:], start=start), *inner]


def fill(botanu: Botanu, folder: Path, *runs: list[Document]) -> None:
    botanu("ingest", str(write(folder / "a.jsonl", document(span for spans in runs for span in spans))))


def cost(botanu: Botanu, *arguments: str) -> Any:
    result = botanu("cost", *arguments, "-f", "json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_compare_shows_each_group_beside_the_interval_before(botanu: Botanu, tmp_path: Path) -> None:
    """Grown, new and gone use cases: what they cost before, the change, and totals that are the sums of both."""
    fill(
        botanu,
        tmp_path,
        spent("Grown", 0, 3),
        spent("Grown", 2, 2),
        spent("New", 1),
        spent("Gone", 3, 4),
        spent("Long ago", 9),
    )

    whole = cost(botanu, *SINCE, "--compare")

    rows = {row["use_case"]: row for row in whole["rows"]}
    assert set(rows) == {"Grown", "New", "Gone"}
    assert rows["Grown"]["change"] == pytest.approx(0.5)
    assert (Decimal(rows["New"]["before_usd"]), rows["New"]["change"]) == (0, None)
    assert (Decimal(rows["Gone"]["cost_usd"]), rows["Gone"]["change"]) == (0, -1)
    for name in ("cost_usd", "before_usd"):
        assert sum(Decimal(row[name]) for row in whole["rows"]) == Decimal(whole["totals"][name])
    assert whole["totals"]["cost_usd"] == cost(botanu, *SINCE)["totals"]["cost_usd"]
    assert "+50.0%" in botanu("cost", *SINCE, "--compare").out


def test_days_are_listed_newest_first(botanu: Botanu, tmp_path: Path) -> None:
    """Whatever each cost, and within a day the dearest first; where not all are shown, it is the newest that are."""
    fill(botanu, tmp_path, spent("A", 0), spent("B", 0, 2), spent("A", 1, 3), spent("A", 2, 2))

    rows = cost(botanu, "-g", "time:day,use_case")["rows"]

    days = ["2026-11-18", "2026-11-18", "2026-11-17", "2026-11-16"]
    assert [row["time"] for row in rows] == days
    assert [row["use_case"] for row in rows] == ["B", "A", "A", "A"]
    assert [row["time"] for row in cost(botanu, "-g", "time:day", "--limit", "2")["rows"]] == days[1:3]


def test_an_hour_that_a_clock_shows_twice_is_two(botanu: Botanu, tmp_path: Path) -> None:
    """When summer time ends each has its offset behind it; every other hour has none, and a chart can still be drawn."""
    first = 1_792_888_200 * 10**9  # 02:30 in Berlin, for the first time
    spans = [chat(trace_id(), start=first + hours * 3600 * 10**9) for hours in (-1, 0, 1, 2)]
    botanu("ingest", str(write(tmp_path / "a.jsonl", document(spans))))
    by_hour = ["cost", "-g", "time:hour", "--tz", "Europe/Berlin"]

    times = {row["time"] for row in json.loads(botanu(*by_hour, "-f", "json").out)["rows"]}

    assert times == {"2026-10-25 01:00", "2026-10-25 02:00 +0200", "2026-10-25 02:00 +0100", "2026-10-25 03:00"}
    assert botanu(*by_hour, "--chart").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--compare"], "give --since"),
        ([*SINCE, "--compare", "-g", "time:day"], "no counterpart"),
        (["--chart", "-f", "json"], "leave --format out"),
    ],
)
def test_what_cannot_be_compared_or_drawn_says_why(botanu: Botanu, arguments: list[str], said: str) -> None:
    """Exit code 2 and what to do instead."""
    result = botanu("cost", *arguments)

    assert result.code == 2
    assert said in result.err


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_chart_has_bars_in_proportion_and_fits(
    botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """The costliest first and full, half of it half as long, names of any script aligned, nothing wider than the terminal."""
    monkeypatch.setenv("COLUMNS", str(width))
    fill(botanu, tmp_path, spent("客户支持工单处理", 0, 8), spent("دعم 🎫", 0, 4), spent("\x1b[31mred", 0, 1))

    lines = botanu("cost", "--chart").out.splitlines()[:3]

    bars = [line.count("█") for line in lines]
    assert bars[0] == bars[1] * 2 or bars[0] == bars[1] * 2 + 1
    assert bars[1] > bars[2]
    assert {cell_len(line) for line in lines} == {width}
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_chart_over_time_has_a_column_a_day_and_leaves_no_day_out(
    botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Columns as high as their cost, the earliest first, a day without runs empty, each group with its exact amount."""
    monkeypatch.setenv("COLUMNS", str(width))
    fill(botanu, tmp_path, spent("客户", 0, 40), spent("客户", 1, 10), spent("other", 1, 10), spent("other", 3, 20))

    page = botanu("cost", "--chart", "-g", "time:day,use_case", "--tz", "UTC").out

    lines = page.splitlines()
    drawn = [line.partition("│")[2] or line.partition("┤")[2] for line in lines if "│" in line or "┤" in line]
    broad = len(drawn[0]) // 4
    heights = [sum(line[day * broad] != " " for line in drawn) for day in range(4)]
    assert heights[3] == len(drawn)
    assert heights[0] == heights[2] == pytest.approx(len(drawn) / 2, abs=1)
    assert heights[1] == 0
    assert {line[2 * broad] for line in drawn} == {" ", "█", "▓"}
    assert max(map(cell_len, lines)) <= width
    assert lines[-4:-1] == ["█ 客户   $0.18", "▓ other  $0.10", "  Total  $0.28"]


def test_more_days_than_columns_are_drawn_together(
    botanu: Botanu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year on a narrow terminal: each column is several days, and that is said."""
    monkeypatch.setenv("COLUMNS", "40")
    fill(botanu, tmp_path, spent("a", 0), spent("a", 365))

    page = botanu("cost", "--chart", "-g", "time:day").out

    assert "One column is 12 days." in page
    assert max(map(cell_len, page.splitlines())) <= 40


def test_many_groups_are_drawn_as_the_largest_and_the_rest(botanu: Botanu, tmp_path: Path) -> None:
    """Thirty bars and one line that says how much the others are together."""
    fill(botanu, tmp_path, *(spent(f"case {n}", 0) for n in range(35)))

    assert "and 5 more, together $0.02" in botanu("cost", "--chart").out
