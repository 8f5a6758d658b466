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


def test_a_chart_over_time_is_in_order_of_time(botanu: Botanu, tmp_path: Path) -> None:
    """One bar a day, the earliest first, however much each cost."""
    fill(botanu, tmp_path, spent("a", 0), spent("a", 1, 3), spent("a", 2, 2))

    lines = botanu("cost", "--chart", "-g", "time:day", "--tz", "UTC").out.splitlines()

    assert [line[:10] for line in lines[:3]] == ["2026-11-16", "2026-11-17", "2026-11-18"]


def test_many_groups_are_drawn_as_the_largest_and_the_rest(botanu: Botanu, tmp_path: Path) -> None:
    """Thirty bars and one line that says how much the others are together."""
    fill(botanu, tmp_path, *(spent(f"case {n}", 0) for n in range(35)))

    assert "and 5 more, together $0.02" in botanu("cost", "--chart").out
