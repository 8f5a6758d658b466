"""While spans arrive: what is new appears, what is looked at stays, and a store that others use is waited for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botanu_cli.budgets.read import Budget
from botanu_cli.settings import Settings
from botanu_cli.tui.reader import SERVER_SECONDS, Reader, Scope, Stopped
from botanu_cli.tui.screens.overview import Overview
from botanu_cli.tui.screens.runs import Runs
from botanu_cli.tui.standing import Standing, standings
from botanu_cli.tui.view import View
from botanu_cli.tui.widgets.grid import Grid
from botanu_store import Store
from textual.pilot import Pilot

from tests.cli.tui.conftest import Show, dashboard, press, screen_text, settled
from tests.store.builders import document, run, spool, trace_id

WRITER = """
import sys
from botanu import botanu_use_case, disable, init_botanu

init_botanu(service_name="live", store=sys.argv[1], schedule_delay_millis=100, auto_instrument=False)

@botanu_use_case("Live")
def work():
    pass

for number in range(int(sys.argv[2])):
    work()
disable()
"""


def write_runs(store: Path, count: int) -> None:
    """Let an instrumented program of its own process make runs."""
    subprocess.run([sys.executable, "-c", WRITER, str(store), str(count)], check=True, timeout=60)


def hold(store: Path) -> subprocess.Popen[str]:
    """Let another process have the store for itself until its input ends."""
    code = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    return holder


async def appears(pilot: Pilot[None], said: str) -> bool:
    """Whether the screen says something before long."""
    for _ in range(600):
        if said in screen_text(pilot):
            return True
        await pilot.pause(0.05)
    return False


async def test_runs_of_a_live_program_appear_and_the_cursor_stays(store: Path, show: Show) -> None:
    """New runs come in above; the run under the cursor stays under it, on the same line of the screen."""
    async with show(refresh=0.3) as pilot:
        await press(pilot, "2", *["down"] * 5)
        grid = pilot.app.screen.query_one(Grid)
        run = grid.current
        assert run is not None
        line = grid.cursor - grid.scroll_offset.y
        await asyncio.to_thread(write_runs, store, 3)

        assert await appears(pilot, "460 runs")
        assert grid.current is not None
        assert grid.current["run_id"] == run["run_id"]
        assert grid.cursor == 8
        assert grid.cursor - grid.scroll_offset.y == line


async def test_at_the_top_the_newest_run_is_followed(store: Path, show: Show) -> None:
    """Whoever has not moved sees what is new first."""
    async with show(refresh=0.3) as pilot:
        await press(pilot, "2")
        await asyncio.to_thread(write_runs, store, 1)

        assert await appears(pilot, "458 runs")
        row = pilot.app.screen.query_one(Grid).current
        assert row is not None
        assert row["use_case"] == "Live"


async def test_what_comes_in_while_the_spool_is_drained_is_seen_next(
    store: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment that arrives when the others were listed, and before the store is read, is no more read than one that comes later."""
    opened = Settings.open

    def late(self: Settings, *arguments: Any, **named: Any) -> Store:
        found = opened(self, *arguments, **named)
        if not late_ones:
            late_ones.append(spool(store, document([run(trace_id(), "late")])))
        return found

    late_ones = list[Path]()
    async with show(refresh=0.3) as pilot:
        monkeypatch.setattr(Settings, "open", late)
        await press(pilot, "2")

        assert await appears(pilot, "458 runs")


async def test_a_pause_holds_the_screen_still(store: Path, show: Show) -> None:
    """Space stops looking for new spans, and looks again at once when it goes on."""
    async with show(refresh=0.3) as pilot:
        await press(pilot, "2", "space")
        await asyncio.to_thread(write_runs, store, 1)
        await pilot.pause(1)
        assert "457 runs" in screen_text(pilot)
        assert "paused" in screen_text(pilot)
        await press(pilot, "space")

        assert await appears(pilot, "458 runs")


async def test_a_store_that_comes_to_be_is_shown(clean_place: Path, show: Show) -> None:
    """An empty dashboard fills as soon as the first run is written."""
    async with show(refresh=0.3) as pilot:
        assert "Nothing is in" in screen_text(pilot)
        await asyncio.to_thread(write_runs, clean_place / "botanu.duckdb", 1)

        assert await appears(pilot, "Live")


async def test_a_locked_store_is_waited_for_and_keys_still_work(store: Path, show: Show) -> None:
    """While another process holds the store the screen says so, answers keys at once, and fills when it is free."""
    holder = await asyncio.to_thread(hold, store)
    async with show(refresh=0.3) as pilot:
        assert await appears(pilot, "The store is in use.")
        await pilot.press("2")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Runs)
        await asyncio.to_thread(holder.communicate, "")

        assert await appears(pilot, "457 runs")


async def test_what_was_read_stays_while_the_store_is_locked(store: Path, show: Show) -> None:
    """Figures that are there are kept, with a word that the store is in use."""
    async with show() as pilot:
        await press(pilot, "5")
        holder = await asyncio.to_thread(hold, store)
        await pilot.press("r")

        assert await appears(pilot, "store in use")
        assert "claude-sonnet-4-5" in screen_text(pilot)
        await asyncio.to_thread(holder.communicate, "")


async def test_a_screen_left_behind_is_asked_again(store: Path, show: Show) -> None:
    """Leaving a screen at once stops its questions; coming back asks them again, to the end."""
    async with show() as pilot:
        for key in ("4", "5", "2", "1", "4", "1"):
            await pilot.press(key)
        await settled(pilot)
        assert isinstance(pilot.app.screen, Overview)
        assert pilot.app.screen.spend is not None
        await press(pilot, "4")

        assert "Unit economics" in screen_text(pilot)
        assert dashboard(pilot).reader.fingerprint()


SLOW = "select count(*) from range(1000000) as a, range(1000000) as b"


def test_a_query_that_nobody_waits_for_is_stopped(store: Path) -> None:
    """`stop` ends the query of whoever asked, not of others, and the store is free at once."""
    reader = Reader(Settings(store_given=str(store), tz="UTC"))
    ended: list[str] = []
    begun = threading.Event()

    def ask() -> None:
        with reader.store("a screen") as opened:
            begun.set()
            try:
                opened.query(SLOW)
            except duckdb.InterruptException:
                ended.append("stopped")

    thread = threading.Thread(target=ask)
    thread.start()
    begun.wait()
    reader.stop("another")
    thread.join(0.3)
    assert thread.is_alive()
    while thread.is_alive():
        reader.stop("a screen")
        time.sleep(0.01)

    assert ended == ["stopped"]
    with reader.store("another") as opened:
        assert not opened.empty


def test_queries_keep_within_their_memory_and_what_does_not_fit_is_still_answered(store: Path) -> None:
    """A limit holds for whoever reads; a question that cannot be answered within it gets twice as much, and then what there is."""
    reader = Reader(Settings(store_given=str(store), tz="UTC"))
    limits: list[str] = []

    def ask(opened: Store) -> int:
        limits.append(str(opened.query("select current_setting('memory_limit') as it")[0]["it"]))
        if len(limits) < 3:
            raise duckdb.OutOfMemoryException("too much")
        return 7

    with reader.store("a screen") as opened:
        assert reader.answer(opened, ask) == 7
    assert limits[:2] == ["143.0 MiB", "286.1 MiB"]
    assert limits[2] not in limits[:2]


def test_whoever_is_not_wanted_any_more_does_not_open_the_store(store: Path) -> None:
    """A question that was cancelled while it waited for its turn is not asked."""
    reader = Reader(Settings(store_given=str(store), tz="UTC"))

    with pytest.raises(Stopped), reader.store("a screen", lambda: True):
        pass


def test_a_server_is_asked_again_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file tells whether a server was synced since: what it answered holds for half a minute, with any other screen that asks the same."""
    reader = Reader(Settings(store_given="clickhouse://somebody@127.0.0.1:1/otel", tz="UTC"))
    found = list[object]()

    for seconds in (3_600.0, 3_600.0 + SERVER_SECONDS - 1, 3_600.0 + SERVER_SECONDS):
        monkeypatch.setattr("botanu_cli.tui.reader.monotonic", lambda now=seconds: now)
        found.append(reader.fingerprint())

    assert found[0] == found[1] != found[2]


async def test_the_clock_does_not_disturb_on_the_way_out(store: Path, show: Show) -> None:
    """A tick that comes when the screens are gone already asks nothing."""
    async with show() as pilot:
        app = dashboard(pilot)

    assert not app.screen_stack
    app._tick()


async def test_an_empty_store_is_filled_by_what_its_screen_says(clean_place: Path, show: Show) -> None:
    """The commands name the store that is looked at, and the one that samples go to."""
    async with show("my runs.duckdb") as pilot:
        said = screen_text(pilot)

    assert 'store="my runs.duckdb"' in said
    assert "botanu ingest FILE --store 'my runs.duckdb'" in said
    assert "botanu dashboard --store botanu-demo.duckdb" in said


async def test_a_limit_on_quality_reads_no_sample_of_every_run(
    store: Path, show: Show, clean_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success rate is a report's figure: what each of a million runs cost is not read for it."""
    (clean_place / "botanu.toml").write_text('[[budgets]]\nname = "quality"\nmin_success_rate = "95%"\n', "utf-8")

    def read(*_: object) -> None:
        pytest.fail("samples were read")

    monkeypatch.setattr(Store, "samples", read)
    async with show() as pilot:
        await press(pilot, "6")

        assert "quality" in screen_text(pilot)
        assert "success rate" in screen_text(pilot)


async def test_budgets_are_named_at_once_and_shown_as_they_are_judged(
    store: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stands by its name and limit from the first moment; how one stands does not wait for the others, and is not taken back when all are judged anew."""
    judged = threading.Event()

    def slowly(store: Store, scope: Scope, budgets: Sequence[Budget]) -> list[Standing]:
        if budgets[0].name == "month":
            judged.wait(30)
        return standings(store, scope, budgets)

    async with show(size=(140, 45)) as pilot:
        dashboard(pilot).reader.answers.forget()
        monkeypatch.setattr("botanu_cli.tui.board.standings", slowly)
        try:
            await pilot.press("6")
            await until(pilot, "1 of 4 judged …")
            lines = screen_text(pilot).splitlines()
            assert {name: "…" in line for line in lines for name in NAMES if name in line} == NAMES
            assert "$40.00" in next(line for line in lines if "month" in line)
        finally:
            judged.set()
        await settled(pilot)
        assert "of 4 kept" in screen_text(pilot), screen_text(pilot)

        judged.clear()
        try:
            await pilot.press("r")
            await pilot.pause()
            assert "of 4 kept" in screen_text(pilot), screen_text(pilot)
        finally:
            judged.set()
        await settled(pilot)


async def test_budgets_are_named_while_another_screen_has_the_store(
    store: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it asked last may take seconds to end."""
    judged = threading.Event()

    def slowly(*asked: Any, **more: Any) -> list[Standing]:
        judged.wait(30)
        return standings(*asked, **more)

    async with show(size=(140, 45)) as pilot:
        dashboard(pilot).reader.answers.forget()
        monkeypatch.setattr("botanu_cli.tui.board.standings", slowly)
        try:
            await pilot.press("r", "6")
            await until(pilot, "0 of 4 judged …")
            assert all(name in screen_text(pilot) for name in NAMES)
        finally:
            judged.set()
        await settled(pilot)
        assert "of 4 kept" in screen_text(pilot)


NAMES = {"support run": False, "month": True, "documents a day": True, "quality": True}
"""Budgets, and whether they are not judged yet."""


async def until(pilot: Pilot[None], words: str) -> None:
    """Wait until the screen says this."""
    for _ in range(300):
        if words in screen_text(pilot):
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{words!r} was never said")


async def test_what_was_read_before_is_not_said_of_what_is_not_there(store: Path, show: Show) -> None:
    """Under filters that leave nothing, and of a store that has been damaged, no calls are counted and no time of reading is named."""
    async with show() as pilot:
        await press(pilot, "5")
        assert "calls counted" in screen_text(pilot)
        dashboard(pilot).view = View({"vendor": ("nobody",)})
        await settled(pilot)
        assert "No calls match." in screen_text(pilot)
        assert "calls counted" not in screen_text(pilot)
        await press(pilot, "x")
        await asyncio.to_thread(store.write_text, "hello")
        await press(pilot, "r")

        assert "cannot be opened" in screen_text(pilot)
        assert "calls counted" not in screen_text(pilot)
        assert "read 15:30" not in screen_text(pilot)


async def test_what_vendors_cost_is_there_before_what_takes_longer(
    store: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While latency and savings are still reckoned, costs, shares and their course are shown, and nothing is said of the rest."""
    reckoned, whole = threading.Event(), Store.vendors

    def slow(self: Store, filters: Any) -> Any:
        reckoned.wait(20)
        return whole(self, filters)

    monkeypatch.setattr(Store, "vendors", slow)
    async with show(store, size=(140, 45)) as pilot:
        await pilot.press("5")
        assert await appears(pilot, "Spend by day and vendor")
        early = screen_text(pilot)
        reckoned.set()
        await settled(pilot)
        late = screen_text(pilot)

    assert "By vendor and model" in early
    assert "claude-sonnet-4-5" in early
    assert "saved $" not in early
    assert "saved $" in late
