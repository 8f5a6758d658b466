"""How single values are written: money, counts, durations, times; and text from spans made harmless for a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

UNPRICED = "unpriced"
_CENT = Decimal("0.01")
_REPLACED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_JOINERS = frozenset(("\u200d", "\u200c"))
_MARKS = frozenset(("Mn", "Me"))
_MOST_MARKS = 4
"""Marks on one character that any script needs; more are written over the neighbouring lines."""
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def usd(amount: Decimal | None) -> str:
    """Write money: cents from a cent up, two significant digits below, `unpriced` where there is no price."""
    if amount is None:
        return UNPRICED
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if size == 0 or size >= _CENT:
        return f"{sign}${size.quantize(_CENT, ROUND_HALF_EVEN):,}"
    digits = -size.adjusted() + 1
    return f"{sign}${size.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN):f}"


def price(amount: Decimal | None) -> str:
    """Write a price as it is published: all its digits, none of them rounded away."""
    return UNPRICED if amount is None else f"${amount:,f}"


def usd_at_least(amount: Decimal | None, unpriced: int) -> str:
    """Write money that calls without a price would add to, with a sign that says so."""
    return ("≥" if amount is not None and unpriced else "") + usd(amount)


def exact(amount: Decimal | None) -> str | None:
    """Write money exactly, as JSON and CSV carry it; None stays None."""
    return None if amount is None else f"{amount:f}"


def count(number: float | None) -> str:
    """Write a count with separators."""
    return "" if number is None else f"{number:,.0f}"


def counted(number: int, thing: str) -> str:
    """Write how many there are of a thing: `1 call`, `2,000 calls`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Write the first of some names from spans: `a, b, c and 2 more`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(safe(name) for name in names[:most]) + more


def meters(quantities: Mapping[str, int] | None) -> str:
    """Write quantities by what they count: `1,024 bytes read, 3 requests`."""
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in (quantities or {}).items())


def duration(milliseconds: float | None) -> str:
    """Write a duration in the unit that reads best."""
    if milliseconds is None:
        return ""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    return f"{minutes // 60}h {minutes % 60:02d}m"


def when(moment: datetime | None, zone: ZoneInfo) -> str:
    """Write a time in the zone asked for, to the second."""
    return "" if moment is None else moment.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")


def minute(moment: datetime | None, zone: ZoneInfo) -> str:
    """Write a time in the zone asked for, to the minute, and further only where it is not on one."""
    return when(moment, zone).removesuffix(":00")


def rfc3339(moment: datetime) -> str:
    """Write a time for machines: RFC 3339, UTC."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def percent(share: float | None) -> str:
    """Write a share of one."""
    if share is None:
        return ""
    return "<0.1%" if 0 < share < 0.0005 else f"{share:,.1%}"


def change(share: float | None) -> str:
    """Write by what share something changed, with its sign."""
    return "" if share is None else f"{share:+,.1%}"


def safe(text: object) -> str:
    """Make text from a span harmless: control, format and bidi characters become visible, line ends become spaces."""
    if text is None:
        return ""
    shown = str(text)
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(_shown(shown, index) for index in range(len(shown)))


def _shown(text: str, index: int) -> str:
    character = text[index]
    if character in "\n\r\t":
        return " "
    if character in _JOINERS:
        kept = _joins(text, index)
    elif (category := unicodedata.category(character)) in _MARKS:
        kept = not all(unicodedata.category(mark) in _MARKS for mark in text[max(index - _MOST_MARKS, 0) : index])
    else:
        kept = category not in _REPLACED
    if kept:
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


def _joins(text: str, index: int) -> bool:
    """Whether a joiner stands where scripts and emoji use one; elsewhere it is there to make one name look like another."""
    before, after = text[index - 1 : index] if index else "", text[index + 1 : index + 2]
    return all(beside > "\x7f" and unicodedata.category(beside)[0] in "LMS" for beside in (before, after))


def unambiguous(document: str) -> str:
    """Return JSON text with every character that a terminal obeys or hides written as its escape; it says the same."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def ended(name: str) -> str:
    """Return a name for a line of a terminal; one written from right to left ends there, so that numbers after it stay in their columns.

    Terminals that order text by direction, as those of GNOME and KDE do, would else take the numbers into the name's own order.
    """
    return name if name.isascii() or not any(map(_is_rtl, name)) else name + _LEFT_TO_RIGHT


def _is_rtl(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("R", "AL")


_LEFT_TO_RIGHT = "\u200e"


def aligned(cells: Sequence[str]) -> list[str]:
    """Pad amounts at the right so that their decimal points stand under each other when they end in one column."""
    tails = [len(cell) - cell.index(".") if "." in cell else 0 for cell in cells]
    longest = max(tails, default=0)
    return [cell + " " * (longest - tail) if tail else cell for cell, tail in zip(cells, tails, strict=True)]
