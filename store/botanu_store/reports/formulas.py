"""Cells that a spreadsheet would run instead of show: https://owasp.org/www-community/attacks/CSV_Injection."""

from __future__ import annotations

STARTS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001 - some spreadsheets take the full-width ones for the others
"""A cell of text that begins with one of these is a formula to a spreadsheet."""

_CONTROLS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{7f}-\x{9f}\x{61c}\x{200b}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}]"
_STARTS_IN_SQL = ", ".join(f"'{start}'" for start in STARTS)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run this text; numbers, signed or not, are only shown."""
    return cell.startswith(tuple(STARTS)) and not _is_number(cell)


def neutralised(column: str) -> str:
    """Return the SQL of a column of text with an apostrophe before what a spreadsheet would run, and controls replaced."""
    shown = f"regexp_replace({column}, '{_CONTROLS}', '\ufffd', 'g')"
    runs = f"left({column}, 1) in ({_STARTS_IN_SQL}) and try_cast({column} as double) is null"
    return f"case when {runs} then '''' || {shown} else {shown} end"


def _is_number(cell: str) -> bool:
    try:
        return cell.strip() == cell and float(cell) - float(cell) == 0
    except ValueError:
        return False
