"""The dashboard as its users see it: a real app on a real store, driven by keys, read as a screen."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from botanu_cli.settings import Settings
from botanu_cli.tui import reader
from botanu_cli.tui.app import Dashboard
from botanu_cli.tui.view import View
from botanu_store import open_store
from textual.pilot import Pilot
from textual.widgets import Input
from textual.worker import WorkerCancelled

from tests.conftest import REPOSITORY

CONFIG = """
[values]
tickets_resolved = 0.25
documents_processed = 0.40
reviews_completed = 1.50

[[budgets]]
name = "support run"
use_case = "Customer Support"
per = "run"
metric = "p95"
max_usd = 0.05

[[budgets]]
name = "month"
per = "total"
since = "2026-11-01"
max_usd = 40

[[budgets]]
name = "documents a day"
use_case = "Document Processing"
per = "day"
metric = "max"
max_usd = 1.00

[[budgets]]
name = "quality"
min_success_rate = "95%"
"""

Show = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with ten days of the runs that benchmarks/month.py makes."""
    import sys

    sys.path.insert(0, str(REPOSITORY / "benchmarks"))
    import month as made

    folder = tmp_path_factory.mktemp("month")
    made.write(folder / "month.jsonl", days=10)
    with open_store(folder / "month.duckdb") as store:
        store.ingest([folder / "month.jsonl"])
    return folder / "month.duckdb"


@pytest.fixture
def store(month: Path, clean_place: Path) -> Path:
    """That store as ./botanu.duckdb, with values and budgets in ./botanu.toml."""
    (clean_place / "botanu.toml").write_text(CONFIG, "utf-8")
    return Path(shutil.copy(month, clean_place / "botanu.duckdb"))


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Show:
    """Open the dashboard and wait for its first screen to be complete. It is half past three on 23 November 2026."""
    from datetime import UTC, datetime

    monkeypatch.setattr(reader, "now", lambda: datetime(2026, 11, 23, 15, 30, tzinfo=UTC))

    @asynccontextmanager
    async def shown(
        path: Path | str = "./botanu.duckdb",
        view: View | None = None,
        size: tuple[int, int] = (80, 24),
        theme: str = "botanu-dark",
        refresh: float = 3600.0,
    ) -> AsyncIterator[Pilot[None]]:
        app = Dashboard(Settings(store_given=str(path), tz="UTC"), view or View(), refresh)
        app.theme = theme
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            yield pilot

    return shown


async def settled(pilot: Pilot[None]) -> None:
    """Wait until nothing is asked of the store and everything is drawn, the cursor too: it blinks no more."""
    for _ in range(2):
        await pilot.pause()
        await _answered(pilot)
        for line in pilot.app.screen.query(Input):
            line.cursor_blink = False
        await pilot.pause()


async def _answered(pilot: Pilot[None]) -> None:
    """Wait for every question; one that a refresh asks anew is cancelled, and then its successor is waited for."""
    while True:
        try:
            return await pilot.app.workers.wait_for_complete()
        except WorkerCancelled:
            await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and wait for what they ask for."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def screen_text(pilot: Pilot[None]) -> str:
    """Return what the screen says, line by line."""
    from tests.cli.tui.snapshots import lines

    return "\n".join("".join(text for text, _ in line) for line in lines(pilot.app))


def dashboard(pilot: Pilot[None]) -> Dashboard:
    """Return the app by its own type."""
    assert isinstance(pilot.app, Dashboard)
    return pilot.app


UTC_ZONE = ZoneInfo("UTC")
