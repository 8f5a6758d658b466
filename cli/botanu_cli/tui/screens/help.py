"""`?`: what every key does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

_KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Go",
        (
            ("1 … 6", "the six screens"),
            ("enter", "open what the cursor is on"),
            ("esc", "back"),
            ("↑ ↓ pgup pgdn home end", "move in a table"),
            ("tab", "from panel to panel"),
            ("← →", "read a chart, fold a span"),
        ),
    ),
    (
        "Look at",
        (
            ("/", "filter: type, and pick a value"),
            ("f", "all filters"),
            ("x", "everything again"),
            ("t", "interval"),
            ("g", "group spend by"),
            ("s", "sort by; or click a title"),
            ("[ ]", "attempts and linked runs, on a run"),
        ),
    ),
    (
        "Live",
        (("r", "read again now"), ("space", "pause, go on")),
    ),
    (
        "Take along",
        (
            ("e", "export what is shown: csv, json, svg"),
            ("c", "copy the command line that reports the same"),
            ("y", "copy the run's id"),
            ("o", "open the trace in your viewer"),
        ),
    ),
    (
        "And",
        (("ctrl+p", "command palette; themes are there"), ("?", "this"), ("q", "quit")),
    ),
)


class Help(ModalScreen[None]):
    """A page of keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        """Lay out the keys by what they are for."""
        with VerticalScroll(classes="dialog wide"):
            yield Static(Content("\n").join(_lines()))


def _lines() -> Iterator[Content]:
    for title, keys in _KEYS:
        yield Content.styled(title, "bold $primary")
        for key, said in keys:
            yield Content.assemble((f"  {key:<24}", "bold"), said)
