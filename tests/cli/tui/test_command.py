"""`botanu dashboard` on the command line: what it takes, what it imports, and what a browser gets."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from botanu_cli.settings import Settings
from botanu_cli.tui.view import View
from botanu_cli.tui.web import command, free_port

from tests.cli.conftest import Botanu
from tests.conftest import REPOSITORY

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.parametrize(
    "words", [["--refresh", "soon"], ["--refresh", "10ms"], ["--since", "whenever"], ["--min-cost", "x"]]
)
def test_wrong_flags_are_refused_before_the_screen_is_taken(botanu: Botanu, words: list[str]) -> None:
    """The message names the flag; the terminal is left as it was."""
    result = botanu("dashboard", *words)

    assert (result.code, result.out) == (2, "")
    assert words[0] in result.err


def test_nothing_of_the_dashboard_is_imported_for_other_commands() -> None:
    """Help and reports know neither textual nor a web server."""
    code = "import sys; from botanu_cli.app import run; run(['--help']); run(['cost']); print([m for m in ('textual', 'aiohttp') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert out.splitlines()[-1] == "[]"


def test_the_first_picture_does_not_wait_for_the_database() -> None:
    """The app is imported without the engine and the price book: those are loaded by the first worker."""
    code = "import sys; import botanu_cli.tui.app; print([m for m in ('duckdb', 'pyarrow', 'genai_prices') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert out.splitlines()[-1] == "[]"


def test_the_browser_does_not_show_a_servers_password() -> None:
    """A command line is read by every user of the machine; what is in the environment is not."""
    settings = Settings(store_given="clickhouse://somebody:hunter2@here/otel")

    assert command(settings, View({}), "2s")[1:] == ["-m", "botanu_cli", "dashboard", "--refresh", "2s"]


def test_the_browser_runs_the_same_command() -> None:
    """Store, settings, zone, filters and refresh are those given."""
    settings = Settings(store_given="my store.duckdb", config=Path("x.toml"), tz="UTC")
    words = command(settings, View({"use_case": ("a b",)}, since="7d"), "2s")

    assert words[1:4] == ["-m", "botanu_cli", "dashboard"]
    assert words[4:] == [
        "--store",
        "my store.duckdb",
        "--config",
        "x.toml",
        "--tz",
        "UTC",
        "--refresh",
        "2s",
        "--use-case",
        "a b",
        "--since",
        "7d",
    ]


@pytest.fixture
def served(store: Path) -> Iterator[int]:
    """The port of a dashboard served to browsers."""
    words = [sys.executable, "-m", "botanu_cli", "dashboard", "--web", "--tz", "UTC", "--refresh", "60m"]
    server = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=store.parent)
    assert server.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+)", server.stderr.readline())
    assert found is not None
    port = int(found[1])
    while free_port(port) == port:
        pass
    yield port
    server.terminate()
    server.communicate(timeout=20)


def asked(port: int, path: str, **headers: str) -> tuple[int, str]:
    """Return status and security policy of a page."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.getheader("Content-Security-Policy") or ""


def test_only_its_own_page_is_answered(served: int) -> None:
    """Foreign pages and foreign names are refused, and the page fetches nothing from elsewhere."""
    status, policy = asked(served, "/")
    assert status == 200
    assert "default-src 'self'" in policy
    assert asked(served, "/ws", Origin="http://evil.example")[0] == 403
    assert asked(served, "/", Host="evil.example")[0] == 403


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_real_browser_shows_the_dashboard(served: int) -> None:
    """Chromium loads the page, the terminal in it gets its first bytes, and a key brings another screen."""
    sys.path.insert(0, str(REPOSITORY / "benchmarks"))
    from browser import Browser

    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory() as profile, Browser(CHROMIUM, profile) as browser:
        browser.open(f"http://127.0.0.1:{served}/")
        assert browser.wait("document.body.classList.contains('-first-byte')")
        assert browser.wait("document.querySelectorAll('.textual-terminal canvas').length > 0")
        browser.press("1")  # and the click that goes with it
        before = still(browser)
        browser.press("2")
        assert still(browser) != before


def still(browser: Any) -> bytes:
    """The page as soon as it has not changed for a second."""
    last, seen = b"", browser.picture()
    while seen != last:
        time.sleep(1)
        last, seen = seen, browser.picture()
    return bytes(seen)
