"""Takes the pictures of the dashboard in the documentation: a month of runs, in a real browser.

python benchmarks/pictures.py docs/getting-started/pictures
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from botanu_store import open_store
from browser import Browser
from month import write

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
name = "all spend"
per = "total"
max_usd = 60

[[budgets]]
name = "documents a day"
use_case = "Document Processing"
per = "day"
metric = "max"
max_usd = 1.50

[[budgets]]
name = "quality"
min_success_rate = "90%"
"""
PICTURES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "overview": ("dark", "1", ()),
    "runs": ("dark", "2", ()),
    "run": ("dark", "3", ("--use-case", "Document Processing")),
    "outcomes": ("dark", "4", ()),
    "vendors": ("dark", "5", ()),
    "budgets": ("dark", "6", ()),
}
"""The theme, the key of the screen, and what the dashboard is told to show."""
_WIDTH, _HEIGHT = 1280, 790


def take(name: str, folder: Path, program: str, into: Path) -> None:
    """Serve the dashboard in one theme, go to one screen, and keep what a browser shows."""
    theme, key, filters = PICTURES[name]
    words = [sys.executable, "-m", "botanu_cli", "dashboard", "--web", "--tz", "UTC", "--since", "2026-10-20", *filters]
    server = subprocess.Popen(
        words, cwd=folder, stderr=subprocess.PIPE, text=True, env=os.environ | {"TEXTUAL_THEME": f"botanu-{theme}"}
    )
    found = re.search(r"http://\S+", server.stderr.readline() if server.stderr else "")
    with tempfile.TemporaryDirectory() as profile, Browser(program, profile, _WIDTH, _HEIGHT) as browser:
        time.sleep(3)
        browser.open(found[0] + "/" if found else "")
        browser.wait("document.body.classList.contains('-first-byte')")
        time.sleep(8)
        browser.press(key)
        time.sleep(10)
        (into / f"{name}.png").write_bytes(browser.picture())
    server.terminate()
    server.communicate(timeout=20)


def main() -> None:
    """Take all pictures, or those named."""
    into, names = Path(sys.argv[1]), sys.argv[2:] or list(PICTURES)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("Pictures need Chromium. Install it, for example: apt-get install chromium")
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "month.jsonl")
        (folder / "botanu.toml").write_text(CONFIG, "utf-8")
        with open_store(folder / "botanu.duckdb") as store:
            store.ingest([folder / "month.jsonl"])
        for picture in names:
            take(picture, folder, program, into)
            print(into / f"{picture}.png")


if __name__ == "__main__":
    main()
