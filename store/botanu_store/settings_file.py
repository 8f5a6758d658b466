"""A settings file as read, and where in it something stands, for messages that point at it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from botanu_store.errors import InputError

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file: where it is, its text, and what it says to botanu, which in a pyproject.toml is [tool.botanu]."""

    path: Path
    text: str
    said: Mapping[str, Any]

    def wrong(self, where: str, what: str, *, at: str = "") -> InputError:
        """Return the error about a key, which is written as TOML writes it: `prices."gpt-4o".input`; it points at `at`, if given."""
        line = line_of(self.text, at or where)
        at = f", line {line}" if line else ""
        return InputError(f"{self.path}{at}: {where} {what}")


def read_settings(path: Path) -> SettingsFile:
    """Read a settings file.

    Raises:
        InputError: it cannot be read, or is no TOML.
    """
    try:
        return parse_settings(path, path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Name a file that can.") from error
    except UnicodeDecodeError as error:
        raise _no_toml(path, error) from error


def parse_settings(path: Path, text: str) -> SettingsFile:
    """Return what the text of a settings file says.

    Raises:
        InputError: it is no TOML.
    """
    try:
        said = tomllib.loads(text, parse_float=_number)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(path, error) from error
    for depth, name in enumerate(_IN_PYPROJECT if path.name == "pyproject.toml" else (), start=1):
        inside: Any = said.get(name, {})
        if not isinstance(inside, dict):
            where = ".".join(_IN_PYPROJECT[:depth])
            raise SettingsFile(path, text, said).wrong(where, f"must be a table, not {inside!r}.")
        said = cast("dict[str, Any]", inside)
    return SettingsFile(path, text, said)


def _no_toml(path: Path, error: ValueError) -> InputError:
    return InputError(f"{path} is not TOML: {error}. Correct that line.")


def _number(text: str) -> Decimal | str:
    """Return a number exactly as it is written; as text where even a decimal holds none so large or so small, for whoever reads its key to refuse."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def line_of(text: str, where: str) -> int | None:
    """Return the first line that says most of a dotted key; None where no line says any of it."""
    wanted = _keys(f"{where} = 0")
    best: tuple[int, int | None] = (0, None)
    for number, keys in _said(text):
        own = keys[2:] if keys[:2] == _IN_PYPROJECT else keys
        shared = next(
            (i for i, (a, b) in enumerate(zip(own, wanted, strict=False)) if a != b), min(len(own), len(wanted))
        )
        if shared > best[0]:
            best = (shared, number)
    return best[1]


def quoted(name: str) -> str:
    """Return a name as TOML writes it in a key."""
    return name if name.replace("_", "").replace("-", "").isalnum() else f'"{name}"'


_IN_PYPROJECT = ("tool", "botanu")


def _said(text: str) -> Iterator[tuple[int, Keys]]:
    """Each line that begins a table or says a key, and the whole key."""
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("["):
            table = _keys(line) or table
            yield number, table
        elif "=" in line and (own := _keys(f"{line[: _equals(line)]}= 0")):
            yield number, (*table, *own)


def _equals(line: str) -> int:
    """Where the key ends: at the first equals sign outside quotes."""
    quote = ""
    for index, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "=":
            return index
    return len(line)


def _keys(line: str) -> Keys:
    """The names along the one path of a document of one line; empty where that is no TOML."""
    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str] = []
    while True:
        if isinstance(found, list) and found:
            found = next(iter(cast("Sequence[Any]", found)))
        if not isinstance(found, dict) or not found:
            return tuple(keys)
        name, found = next(iter(cast("dict[str, Any]", found).items()))
        keys.append(name)
