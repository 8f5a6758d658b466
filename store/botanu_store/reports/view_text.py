"""The queries of the views in a script, and which of them a query reads."""

from __future__ import annotations

import re

_VIEW = re.compile(r"^create or replace temp view (\w+) as\s+(.*?);$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"--[^\n]*\n")


def bare(text: str) -> str:
    """Return a script without its comments."""
    return _COMMENT.sub("\n", text)


def definitions(text: str) -> dict[str, str]:
    """Return the query of each view in a script, by name and in the order in which they rest on each other."""
    return dict(_VIEW.findall(bare(text)))


def needed(text: str, definitions: dict[str, str]) -> list[str]:
    """Return the names of the definitions that a query reads, itself or through others: each before those that rest on it."""
    found, read = list[str](), text
    for name, definition in reversed(definitions.items()):
        if re.search(rf"\b{name}\b", read):
            found.append(name)
            read += " " + definition
    return found[::-1]
