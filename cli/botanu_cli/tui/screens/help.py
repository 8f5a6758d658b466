"""`?`: what every key does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

_Section = tuple[str, tuple[tuple[str, str], ...]]

_LEFT: tuple[_Section, ...] = (
    (
        "Go",
        (
            ("1 … 6", "the six screens"),
            ("enter", "open the row"),
            ("esc", "back"),
            ("↑ ↓", "move; pgup pgdn home end"),
            ("tab", "from panel to panel"),
            ("← →", "read a chart, fold a span"),
        ),
    ),
    (
        "Live",
        (("r", "read again now"), ("space", "pause, go on")),
    ),
    (
        "And",
        (("ctrl+p", "command palette, themes"), ("?", "this"), ("q", "quit")),
    ),
)
_RIGHT: tuple[_Section, ...] = (
    (
        "Look at",
        (
            ("/", "filter: type, and pick"),
            ("f", "all filters"),
            ("x", "everything again"),
            ("t", "interval"),
            ("g", "group spend by"),
            ("s", "sort; or click a title"),
            ("[ ]", "attempts, linked runs"),
        ),
    ),
    (
        "Take along",
        (
            ("e", "export: csv, json, svg"),
            ("c", "copy the command line"),
            ("y", "copy the run's id"),
            ("o", "open the trace"),
        ),
    ),
)


class Help(ModalScreen[None]):
    """A page of keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        """Lay out the keys by what they are for."""
        with VerticalScroll(classes="dialog wide"), Horizontal(id="keys"):
            yield Static(_page(_LEFT))
            yield Static(_page(_RIGHT))


def _page(sections: Sequence[_Section]) -> Content:
    return Content("\n\n").join(Content("\n").join(_lines(*section)) for section in sections)


def _lines(title: str, keys: Sequence[tuple[str, str]]) -> Iterator[Content]:
    yield Content.styled(title, "bold $primary")
    for key, said in keys:
        yield Content.assemble((f"{key:<8}", "bold"), said)
