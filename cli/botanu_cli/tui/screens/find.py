"""`/`: type, and pick from the values that the store knows, of whatever kind they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from botanu_cli import text
from botanu_cli.layouts import TITLES
from botanu_cli.options import KINDS
from botanu_cli.tui.widgets.columns import padded

Pair = tuple[str, str]
"""A kind of filter and its value."""

KINDS_BY_VALUE = tuple(kind for kind in KINDS if kind != "run_id")
_SHOWN = 50


class Find(ModalScreen[Pair | None]):
    """Returns the kind and value picked; None when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close"),
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Previous", show=False),
    ]

    def __init__(self, known: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.known = known
        self._pairs: list[Pair] = []

    def compose(self) -> ComposeResult:
        """Lay out the line and what matches it."""
        with Vertical(classes="dialog"):
            yield Static("Filter", classes="title")
            yield Input(placeholder="use case, tenant, model, outcome …, or a run's id")
            yield OptionList()

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one(OptionList).can_focus = False
        self.show_matches("")

    def know(self, known: Mapping[str, Sequence[str]]) -> None:
        """Take in the values that the store knows."""
        self.known = known
        self.show_matches(self.query_one(Input).value)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Show what matches now."""
        self.show_matches(message.value)

    def show_matches(self, typed: str) -> None:
        """List the values that hold what is typed, and what it would be as a pattern or a run."""
        self._pairs = matches(typed, self.known)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_prompt(*pair)) for pair in self._pairs])
        options.highlighted = 0 if self._pairs else None

    def action_move(self, by: int) -> None:
        """Move in the list while typing."""
        options = self.query_one(OptionList)
        if self._pairs:
            options.highlighted = ((options.highlighted or 0) + by) % len(self._pairs)

    def on_input_submitted(self) -> None:
        """Return what is highlighted."""
        place = self.query_one(OptionList).highlighted
        self.dismiss(None if place is None else self._pairs[place])

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Return what was clicked."""
        self.dismiss(self._pairs[message.option_index])


def matches(typed: str, known: Mapping[str, Sequence[str]]) -> list[Pair]:
    """Return kinds and values that hold what is typed: those that begin with it first, then by kind."""
    sought = typed.strip().casefold()
    kind, _, rest = sought.partition("=")
    only = next(
        (name for name in KINDS if rest and name.replace("_", " ").startswith(kind.strip().replace("_", " "))), None
    )
    sought = rest.strip() if only else sought
    found = [
        (not value.casefold().startswith(sought), order, name, value)
        for order, name in enumerate(known)
        if only in (None, name)
        for value in known[name]
        if sought in value.casefold()
    ]
    pairs = [(name, value) for _, _, name, value in sorted(found, key=lambda item: item[:2])][:_SHOWN]
    plain = typed.partition("=")[2].strip() if only else typed.strip()
    if only and plain and (only, plain) not in pairs:
        pairs.append((only, plain))
    if plain and only is None and set(sought) <= set("0123456789abcdef-*"):
        pairs.append(("run_id", plain))
    return pairs


def _prompt(kind: str, value: str) -> Content:
    name = TITLES.get("run" if kind == "run_id" else kind, kind)
    return Content.assemble((padded(name, 14), "$foreground 60%"), text.safe(value))
