"""Every screen at three sizes, and every state at two, in both themes, looks as it did when somebody last looked at it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from botanu_cli.tui.view import View
from textual.pilot import Pilot

from tests.cli.tui.conftest import Show, press, settled
from tests.cli.tui.snapshots import FOLDER, document, same

SIZES = {"80x24": (80, 24), "140x45": (140, 45)}
LARGE = {"200x60": (200, 60)}
THEMES = ("dark", "light")
SCREENS = {"overview": "1", "runs": "2", "run": "3", "outcomes": "4", "vendors": "5", "budgets": "6"}
DIALOGS = {
    "filter": "slash",
    "filters": "f",
    "interval": "t",
    "group": "g",
    "sort": "s",
    "export": "e",
    "help": "question_mark",
}


async def differing(pilot: Pilot[None], name: str, sizes: dict[str, tuple[int, int]] = SIZES) -> list[str]:
    """Return the snapshots of this name that the screen, at all sizes and in both themes, is not like."""
    found: list[str] = []
    for size, cells in sizes.items():
        await pilot.resize_terminal(*cells)
        for theme in THEMES:
            pilot.app.theme = f"botanu-{theme}"
            await settled(pilot)
            if not same(pilot.app, f"{name}-{size}-{theme}"):
                found.append(f"{name}-{size}-{theme}")
    return found


@pytest.mark.parametrize("screen", list(SCREENS))
async def test_a_screen_looks_as_it_did(store: Path, show: Show, screen: str) -> None:
    """Figures, tables and charts of each screen."""
    async with show() as pilot:
        await press(pilot, SCREENS[screen])

        assert await differing(pilot, screen, SIZES | LARGE) == []


async def test_dialogs_look_as_they_did(store: Path, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialogs over a screen."""
    monkeypatch.setattr(Path, "cwd", lambda: Path("/home/you"))
    async with show() as pilot:
        await press(pilot, "2")
        for name, key in DIALOGS.items():
            await press(pilot, key)

            assert same(pilot.app, f"dialog-{name}")
            await press(pilot, "escape")


async def test_a_dialog_looks_the_same_however_late_it_is_looked_at(store: Path, show: Show) -> None:
    """On a busy machine a cursor has time to blink between the key and the look."""
    async with show() as pilot:
        await press(pilot, "2", "slash")
        seen = {document(pilot.app)}
        for _ in range(4):
            await pilot.pause(0.3)
            seen.add(document(pilot.app))

        assert len(seen) == 1


async def test_an_empty_store_says_how_to_fill_it(show: Show) -> None:
    """A store that does not exist yet is an empty one."""
    async with show() as pilot:
        assert await differing(pilot, "state-empty") == []


async def test_a_file_that_is_no_store_is_refused_on_screen(clean_place: Path, show: Show) -> None:
    """It is named, left alone, and what to do is said."""
    (clean_place / "botanu.duckdb").write_text("hello")
    async with show() as pilot:
        assert await differing(pilot, "state-corrupt") == []


async def test_a_missing_folder_is_said_on_screen(show: Show) -> None:
    """A store cannot be in a folder that does not exist."""
    async with show("nowhere/botanu.duckdb") as pilot:
        assert await differing(pilot, "state-missing") == []


async def test_nothing_that_matches_is_said_with_the_way_out(store: Path, show: Show) -> None:
    """Filters that leave nothing say how to change them."""
    async with show(view=View({"use_case": ("Nobody",)})) as pilot:
        assert await differing(pilot, "state-nothing") == []


async def test_no_budgets_say_how_to_make_some(store: Path, show: Show, clean_place: Path) -> None:
    """Without budgets the screen says how to propose or write one."""
    (clean_place / "botanu.toml").unlink()
    async with show() as pilot:
        await press(pilot, "6")

        assert await differing(pilot, "state-no-budgets") == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("toml", "[values]\ntickets = -"), ("budget", "[[budgets]]\nmax_usd = 'much'")],
)
async def test_settings_that_cannot_be_used_are_named_on_screen(
    store: Path, show: Show, clean_place: Path, name: str, said: str
) -> None:
    """The line that is wrong is said, and the screen reads again when asked."""
    (clean_place / "botanu.toml").write_text(said)
    async with show() as pilot:
        await press(pilot, "6")

        assert same(pilot.app, f"state-settings-{name}")


async def test_a_newer_store_is_left_alone(store: Path, show: Show) -> None:
    """A store that a newer botanu wrote is not touched."""
    with duckdb.connect(str(store)) as con:
        con.execute("update meta set value = '99' where key = 'schema_version'")
    async with show() as pilot:
        assert same(pilot.app, "state-newer")


def test_there_is_no_snapshot_that_no_test_looks_at() -> None:
    """What is no longer compared is no longer kept."""
    kept = {path.stem for path in FOLDER.glob("*.txt")}
    states = [f"state-{name}" for name in ("empty", "corrupt", "missing", "nothing", "no-budgets")]
    shown = {f"{name}-{size}-{theme}" for name in (*SCREENS, *states) for size in SIZES for theme in THEMES}
    shown |= {f"{name}-{size}-{theme}" for name in SCREENS for size in LARGE for theme in THEMES}
    single = {f"dialog-{name}" for name in DIALOGS} | {"state-settings-toml", "state-settings-budget", "state-newer"}

    assert kept == shown | single
