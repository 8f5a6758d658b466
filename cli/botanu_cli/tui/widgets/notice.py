"""What stands where a screen has nothing to show: what is the matter, and what to do."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Notice(Static):
    """One sentence of what there is, and lines of what to do."""

    def say(self, title: str, *lines: str, style: str = "bold") -> None:
        """Show this; commands stand on lines of their own, indented."""
        said = (Content.styled(line, "$text-accent") if line.startswith("  ") else Content(line) for line in lines)
        self.update(Content("\n").join([Content.styled(title, style), Content(""), *said]))
