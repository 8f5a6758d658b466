"""What numbers and small documents look like in hostile text: counts, amounts of money, JSON, and Python's own notation."""

from __future__ import annotations

import ast
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import orjson

from botanu_store.records import PICO_USD

_MOST = 2**53
"""Above this a JSON number is no longer exact; nothing that is billed is counted so high."""
_SURE_DIGITS = 15
"""A number of so few digits is below that."""
_LONGEST_DOCUMENT = 65_536
_MOST_USD = Decimal(10**12)

Document = dict[str, Any]


def count(value: object) -> int:
    """Return a number of things; 0 for whatever is no such number: negative, broken, absurd or absent."""
    if not value:
        return 0
    if isinstance(value, str):
        plain = value.isdecimal() and value.isascii() and len(value) <= _SURE_DIGITS
        return int(value) if plain else _count_of_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= _MOST else 0
    return _whole(value) if isinstance(value, float) else 0


def _count_of_text(text: str) -> int:
    if text.isascii() and text.isdigit():
        return number if len(text) == _SURE_DIGITS + 1 and (number := int(text)) <= _MOST else 0
    # float() would take "1_000" and digits of any script.
    if len(text) > 24 or not text.isascii() or "_" in text:
        return 0
    try:
        return _whole(float(text))
    except ValueError:
        return 0


def _whole(number: float) -> int:
    """JavaScript writes its whole numbers as floats."""
    return int(number) if 0 <= number <= _MOST and number.is_integer() else 0


def usd(value: object) -> Decimal | None:
    """Return an amount to twelve decimals; None for none, for nonsense, and for what is nothing then, which emitters write when they do not know."""
    if not isinstance(value, (str, int, float)) or len(text := str(value)) > 64:
        return None
    # Decimal() would take "1_000" and digits of any script.
    if not text.isascii() or "_" in text:
        return None
    try:
        amount = Decimal(text)
        return amount.quantize(PICO_USD) or None if 0 < amount < _MOST_USD else None
    except InvalidOperation:
        return None


def document(text: str | None) -> Document:
    """Return the JSON object, or the map of OTLP's, that an attribute holds; an empty one for anything else."""
    if not text or len(text) > _LONGEST_DOCUMENT:
        return {}
    try:
        found = inside(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {}
    return _of_pairs(found) if found.keys() == _MAP else found


_MAP = {"values"}
"""All that a map has which an attribute holds as such, and the store as OTLP writes it: LangSmith's first versions, with newer SDKs."""


def _of_pairs(found: Document) -> Document:
    listed = found.get("values")
    pairs = cast("list[object]", listed) if isinstance(listed, list) else []
    values = {word(inside(pair).get("key")): inside(inside(pair).get("value")) for pair in pairs}
    return {
        key: _of_pairs(inside(value["kvlistValue"])) if "kvlistValue" in value else next(iter(value.values()), None)
        for key, value in values.items()
    }


def python_document(text: str | None) -> Document:
    """Return the dict whose `repr` an attribute holds (LiteLLM, LangSmith)."""
    if not text or len(text) > _LONGEST_DOCUMENT:
        return {}
    found = document(text.replace("'", '"').replace("None", "null").replace("True", "true").replace("False", "false"))
    # Nearly all are read so, in a twentieth of the time; texts with quotes in them are not.
    return found or inside(_literal(text))


def _literal(text: str) -> object:
    if len(text) > _LONGEST_LITERAL or not text.startswith("{"):
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


_LONGEST_LITERAL = 8_192
"""Characters of a `repr` that Python's own parser is given."""


def inside(value: object) -> Document:
    """Return a member of a document as a document, an empty one if it is none."""
    return cast("Document", value) if isinstance(value, dict) else {}


def word(value: object) -> str:
    """Return a member of a document as text, none if it is anything else."""
    return value if isinstance(value, str) else ""


def unquoted(text: str) -> str:
    """Return a word that may have been written as JSON, with quotes around it; none where that is broken."""
    if not text.startswith('"'):
        return text
    try:
        return word(orjson.loads(text))
    except orjson.JSONDecodeError:
        return ""
