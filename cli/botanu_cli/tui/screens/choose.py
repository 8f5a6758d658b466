"""A dialog to choose one of a list, or to type something that is not on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose, what it is called, and what there is to know of it."""

    value: str
    name: str
    note: str = ""


class Choose(ModalScreen[str | None]):
    """Returns the value chosen or typed; None when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

    def __init__(self, title: str, choices: Sequence[Choice], now: str, *, typed: str = "") -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._now = now
        self._typed = typed
        """What may be typed, as an example; empty where only the list counts."""

    def compose(self) -> ComposeResult:
        """Lay out title, list and, where something else may be typed, a line for it."""
        width = max((len(choice.name) for choice in self._choices), default=0)
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="title", markup=False)
            yield OptionList(*(Option(_prompt(choice, width)) for choice in self._choices))
            if self._typed:
                yield Input(placeholder=self._typed)

    def on_mount(self) -> None:
        """Begin where things stand now."""
        values = [choice.value for choice in self._choices]
        options = self.query_one(OptionList)
        options.highlighted = values.index(self._now) if self._now in values else 0
        options.focus()

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Return the choice."""
        self.dismiss(self._choices[message.option_index].value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Return what was typed."""
        if message.value.strip():
            self.dismiss(message.value.strip())


def _prompt(choice: Choice, width: int) -> Content:
    return Content.assemble(choice.name.ljust(width), (f"  {choice.note}", "$foreground 60%"))
