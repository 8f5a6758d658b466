"""A panel's name, in the rule above it."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from botanu_cli import text


def name_panel(panel: Widget, said: str) -> None:
    """Name a panel; whatever the name holds is text."""
    panel.border_title = Text(f" {text.safe(said)} ")
