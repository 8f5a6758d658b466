"""`f`: every kind of filter with the values there are, to be ticked."""

from __future__ import annotations

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Textual leaves the type of its app and of workers open.
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from botanu_store.errors import InputError
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input, OptionList, SelectionList, Static
from textual.widgets.option_list import Option
from textual.widgets.selection_list import Selection

from botanu_cli import text
from botanu_cli.layouts import TITLES
from botanu_cli.options import amount
from botanu_cli.tui.screens.find import KINDS_BY_VALUE
from botanu_cli.tui.view import View

_SHOWN = 200
_BOX = 4
"""Segments that a line of Textual's list begins with: the box and the space behind it."""


class Ticks(SelectionList[str]):
    """A list of values, of which those that are chosen have a tick: its colour alone would not say so."""

    def render_line(self, y: int) -> Strip:
        """Return a line with a tick or a dot where there was a box."""
        line = list(super().render_line(y))
        place = self.scroll_offset.y + y
        if place >= self.option_count:
            return Strip(line)
        ticked = self.get_option_at_index(place).value in self.selected
        style = (line[_BOX - 1].style or Style()) + Style(meta={"option": place}, bold=ticked)
        return Strip([Segment(" ✓  " if ticked else " ·  ", style), *line[_BOX:]])


class FilterPanel(ModalScreen[View | None]):
    """Returns the view with other filters; None when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close"),
        Binding("ctrl+s", "apply", "Apply"),
        Binding("left", "focus_kinds", "Kinds", show=False),
        Binding("right", "focus_values", "Values", show=False),
    ]

    def __init__(self, view: View, known: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self._view = view
        self._known = known
        self._kind = ""

    def compose(self) -> ComposeResult:
        """Lay out kinds at the left, values at the right, the least cost below."""
        with Vertical(classes="dialog wide"):
            yield Static("Filters", classes="title")
            with Horizontal():
                yield OptionList(id="kinds")
                yield Ticks(id="values")
            with Horizontal(id="least"):
                yield Static("Cost at least $ ")
                least = self._view.min_cost
                yield Input("" if least is None else str(least), placeholder="0.05", compact=True)
            yield Static("→ values   space tick   enter apply   esc leave", classes="hint")

    def on_mount(self) -> None:
        """Show the first kind."""
        self.know(self._known)
        self.query_one("#kinds").focus()

    def know(self, known: Mapping[str, Sequence[str]]) -> None:
        """Take in the values that the store knows."""
        self._known = known
        kinds = self.query_one("#kinds", OptionList)
        place = kinds.highlighted or 0
        kinds.clear_options()
        kinds.add_options([Option(prompt, id=kind) for kind, prompt in self._kinds()])
        if kinds.option_count:
            kinds.highlighted = min(place, kinds.option_count - 1)

    def _kinds(self) -> Iterator[tuple[str, Content]]:
        for kind in KINDS_BY_VALUE:
            chosen = len(self._view.values.get(kind, ()))
            if self._known.get(kind) or chosen:
                mark = (f" {chosen}", "bold $primary") if chosen else ""
                yield kind, Content.assemble(TITLES[kind], mark)

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show the values of a kind."""
        if message.option_list.id != "kinds" or message.option_id is None:
            return
        self._kind = message.option_id
        chosen = self._view.values.get(self._kind, ())
        values = list(dict.fromkeys([*chosen, *self._known.get(self._kind, ())]))[:_SHOWN]
        listed = self.query_one("#values", Ticks)
        listed.clear_options()
        listed.add_options([Selection(Content(text.safe(value)), value, value in chosen) for value in values])
        listed.highlighted = 0 if values else None

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Go on to the values of the kind."""
        if message.option_list.id == "kinds":
            self.action_focus_values()

    def on_selection_list_selected_changed(self, message: SelectionList.SelectedChanged[str]) -> None:
        """Take a value in or out."""
        self._view = self._view.with_values(self._kind, tuple(message.selection_list.selected))

    def on_input_submitted(self) -> None:
        """Apply what is ticked."""
        self.action_apply()

    def on_key(self, event: events.Key) -> None:
        """Let Enter apply from the values too, where it would tick."""
        if event.key == "enter" and self.focused is self.query_one("#values"):
            event.prevent_default()
            event.stop()
            self.action_apply()

    def action_focus_kinds(self) -> None:
        """Go to the kinds."""
        self.query_one("#kinds").focus()

    def action_focus_values(self) -> None:
        """Go to the values."""
        self.query_one("#values").focus()

    def action_apply(self) -> None:
        """Return the view that is ticked."""
        said = self.query_one(Input).value.strip().removeprefix("$")
        try:
            least = amount(said or None)
        except InputError:
            self.notify(f"{said} is no amount. Give USD, such as 0.05.", severity="warning", markup=False)
            return
        self.dismiss(replace(self._view, min_cost=least))
