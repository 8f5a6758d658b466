"""Screens as text with their styles below: small enough to read in a diff, and complete.

Run with UPDATE_SNAPSHOTS=1 to write them anew, and look at what changed before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App

FOLDER = Path(__file__).parent / "snapshots"
Line = list[tuple[str, str]]


def lines(app: App[Any]) -> list[Line]:
    """Return each line of the screen as pieces of text with their style."""
    screen = app.screen
    update = screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    options = app.console.options.update(highlight=False)
    segments = [s for s in app.console.render(update, options) if not s.control]
    return [
        [(segment.text, written(segment.style)) for segment in line]
        for line in Segment.split_lines(Segment.simplify(segments))
    ]


def written(style: Style | None) -> str:
    """Write a style without what is only for the mouse."""
    return str(style.clear_meta_and_links()) if style else "none"


def document(app: App[Any]) -> str:
    """Return the screen as text, then for every line where each style begins, then the styles."""
    found = lines(app)
    names: dict[str, str] = {}
    for line in found:
        for _, style in line:
            names.setdefault(style, f"s{len(names)}")
    text = ["".join(piece for piece, _ in line).rstrip() for line in found]
    runs = [" ".join(f"{len(piece)}:{names[style]}" for piece, style in line) for line in found]
    legend = [f"{name} {style}" for style, name in names.items()]
    return "\n".join([*text, "", *runs, "", *legend]) + "\n"


def same(app: App[Any], name: str) -> bool:
    """Whether the screen is what it was; with UPDATE_SNAPSHOTS it becomes so."""
    path = FOLDER / f"{name}.txt"
    now = document(app)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(now, "utf-8")
        return True
    if not path.exists():
        return False
    then = path.read_text("utf-8")
    if then != now:
        # What came out stands beside what was expected, to be compared.
        Path(f"{name}.now.txt").write_text(now, "utf-8")
    return then == now
