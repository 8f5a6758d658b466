"""Budgets as the user writes them, in `[[budgets]]` or as flags; whatever is wrong is named with its line and key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast, get_args
from zoneinfo import ZoneInfo

from botanu_store.errors import InputError, instead
from botanu_store.records import PICO_USD
from botanu_store.reports.samples import Per
from botanu_store.settings_file import SettingsFile

from botanu_cli.budgets.statistics import Metric
from botanu_cli.configuration import read
from botanu_cli.interval import moment
from botanu_cli.options import KINDS
from botanu_cli.text import safe

LIMITS = ("max_usd", "max_tokens", "max_llm_calls", "min_roi", "min_success_rate", "max_unpriced_calls", "max_increase")
"""What a budget can limit."""
_WORDS: dict[str, tuple[str, ...]] = {
    "per": (*get_args(Per), "total"),
    "metric": get_args(Metric),
    "on_missing": ("pass", "fail"),
}
_TEXTS = ("name", "window", "since", "until")
KEYS: tuple[str, ...] = (*_TEXTS, *_WORDS, *LIMITS, "warn_at", "min_samples", *KINDS, "env")
"""Everything that a budget may say."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What some runs may cost, and what they must achieve."""

    name: str
    limits: Mapping[str, Decimal]
    per: Per | Literal["total"] = "run"
    metric: Metric = "mean"
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    since: str | None = None
    until: str | None = None
    warn_at: Decimal = Decimal("0.8")
    """Share of a maximum from which on its use is worth a warning."""
    min_samples: int = 1
    on_missing: Literal["pass", "fail"] = "pass"


def budgets_of(config: Path | None) -> list[Budget]:
    """Return the budgets of the settings; none where there is no file.

    Raises:
        InputError: as `configuration.read` and `read_budgets` do.
    """
    found = read(config)
    return read_budgets(found) if found else []


def read_budgets(found: SettingsFile) -> list[Budget]:
    """Return the budgets of a settings file.

    Raises:
        InputError: a key or a value that a budget cannot have, with its line.
    """
    entries: Any = found.said.get("budgets", [])
    if not isinstance(entries, list):
        raise InputError(f"{found.path}: budgets must be a list of tables. Begin each with a line [[budgets]].")
    budgets = [
        budget_of(entry, _Place(found, number)) for number, entry in enumerate(cast("Iterable[Any]", entries), start=1)
    ]
    _refuse_twins(budgets, found)
    return budgets


class Flags:
    """Says where a wrong value was given: in a flag."""

    def wrong(self, key: str, what: str) -> InputError:
        """Return the error for this flag."""
        return InputError(f"--{key.replace('_', '-')} {what}")


class _Place:
    """Says where a wrong value was given: on which line of the file."""

    def __init__(self, found: SettingsFile, number: int) -> None:
        self._found = found
        self._number = number

    def wrong(self, key: str, what: str) -> InputError:
        """Return the error for this key."""
        line = self._line(key)
        at = f", line {line}" if line else ""
        return InputError(f"{self._found.path}{at}: {safe(key)} {what}")

    def _line(self, key: str) -> int | None:
        seen = 0
        begun: int | None = None
        for number, text in enumerate(self._found.text.splitlines(), start=1):
            if _HEADER.match(text):
                seen += 1
                begun = number if seen == self._number else begun
            elif seen == self._number and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", text):
                return number
        return begun


_HEADER = re.compile(r"\s*\[\[\s*(tool\s*\.\s*botanu\s*\.\s*)?budgets\s*\]\]")


def budget_of(said: Any, place: Flags | _Place) -> Budget:
    """Return the budget that these keys and values make.

    Raises:
        InputError: one of them cannot be used.
    """
    if not isinstance(said, dict):
        raise place.wrong("budgets", "holds something that is no table. Begin each budget with a line [[budgets]].")
    entry = cast("dict[str, Any]", said)
    _refuse_unknown(entry, place)
    words = {name: _word(entry[name], name, place) for name in _WORDS if name in entry}
    limits = dict(_limits(entry, place))
    if words.get("per") == "total" and words.setdefault("metric", "total") != "total":
        raise place.wrong("metric", f"is {words['metric']!r}, but per is 'total', of which there is one. Leave it out.")
    texts = {name: _text(entry[name], name, place) for name in _TEXTS if name in entry}
    _refuse_no_time(texts, place)
    if "env" in entry and "environment" in entry:
        raise place.wrong("env", "stands beside environment, which is the same. Leave one out.")
    if "window" in texts and ("since" in texts or "until" in texts):
        raise place.wrong("window", "stands beside since or until. Say either how long, or from when until when.")
    chosen: dict[str, Any] = {**words, **_numbers(entry, place)}
    return Budget(
        name=texts.get("name") or f"budget {limits and next(iter(limits))}",
        limits=limits,
        filters=dict(_filters(entry, place)),
        since=texts.get("window") or texts.get("since"),
        until=texts.get("until"),
        **chosen,
    )


def _refuse_unknown(entry: Mapping[str, Any], place: Flags | _Place) -> None:
    for key in entry:
        if key not in KEYS:
            raise place.wrong(key, f"is nothing that a budget can say.{instead(key, KEYS)}")


def _refuse_twins(budgets: list[Budget], found: SettingsFile) -> None:
    names = [budget.name for budget in budgets]
    for number, name in enumerate(names, start=1):
        if name in names[: number - 1]:
            place = _Place(found, number)
            if "name" not in found.said["budgets"][number - 1]:
                raise place.wrong(
                    "name", f"is missing: without one this is {name!r}, as another is already. Give it one."
                )
            raise place.wrong("name", f"{name!r} is another budget's too. Give each its own.")


def _word(value: Any, key: str, place: Flags | _Place) -> str:
    if value not in _WORDS[key]:
        raise place.wrong(key, f"is {value!r}.{instead(str(value), _WORDS[key])}")
    return str(value)


def _text(value: Any, key: str, place: Flags | _Place) -> str:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, date):
        return value.isoformat()
    raise place.wrong(key, f"is {value!r}. Give text in quotes.")


def _refuse_no_time(texts: Mapping[str, str], place: Flags | _Place) -> None:
    """What names no moment is wrong whenever it is read."""
    for key in ("window", "since", "until"):
        if key in texts:
            try:
                moment(texts[key], _ANY_ZONE, datetime.now(UTC), key)
            except InputError as error:
                raise place.wrong(key, str(error).removeprefix(f"{key} ")) from error


_ANY_ZONE = ZoneInfo("UTC")


def _limits(entry: Mapping[str, Any], place: Flags | _Place) -> Iterator[tuple[str, Decimal]]:
    named = [name for name in LIMITS if name in entry]
    if not named:
        raise place.wrong("name", f"is a budget without a limit. Give at least one of {', '.join(LIMITS)}.")
    for name in named:
        yield name, _number(entry[name], name, place, share=name in ("max_increase", "min_success_rate", "min_roi"))


def _numbers(entry: Mapping[str, Any], place: Flags | _Place) -> dict[str, Any]:
    kinds = {"warn_at": Decimal, "min_samples": int}
    return {
        name: kind(_number(entry[name], name, place, share=name == "warn_at"))
        for name, kind in kinds.items()
        if name in entry
    }


def _number(value: Any, key: str, place: Flags | _Place, *, share: bool) -> Decimal:
    """A number of zero or more, of a return of -1 or more; a share may be written in percent."""
    text = value.strip() if isinstance(value, str) else value
    percent = share and isinstance(text, str) and text.endswith("%")
    try:
        bare = text[:-1] if percent else text.removeprefix("$") if isinstance(text, str) else text
        number = Decimal(bare) / (100 if percent else 1) if not isinstance(value, bool | float) else _NONE
    except (ArithmeticError, TypeError, ValueError):
        number = _NONE
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    example = '"10%" or 0.10' if share else "0.05" if key == "max_usd" else "20"
    if not number.is_finite() or number < (-1 if key == "min_roi" else 0):
        least = "-1" if key == "min_roi" else "zero"
        raise place.wrong(key, f"is {shown}. Give a number of {least} or more, such as {example}.")
    if number and not PICO_USD <= abs(number) < _BEYOND:
        raise place.wrong(key, f"is {shown}, which no figure comes near. Give a number such as {example}.")
    if number > 1 and key in _PARTS:
        raise place.wrong(key, f'is {shown}, which is more than all. Give a share, such as "80%" or 0.80.')
    if key == "min_samples" and number != int(number):
        raise place.wrong(key, f"is {shown}. Give a whole number, such as 20.")
    return number


_NONE = Decimal("nan")
_BEYOND = Decimal("1e15")
"""An amount beyond all that are kept exactly."""
_PARTS = ("warn_at", "min_success_rate")
"""Shares of a whole."""


def share_of(value: str, flag: str) -> Decimal:
    """Return the share that a flag gives, as a number or in percent.

    Raises:
        InputError: it is none.
    """
    return _number(value, flag, Flags(), share=True)


def _filters(entry: Mapping[str, Any], place: Flags | _Place) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, value in entry.items():
        name = "environment" if key == "env" else key
        if name in KINDS:
            values = [*cast("Iterable[Any]", value)] if isinstance(value, list) else [value]
            if not values:
                raise place.wrong(key, "is an empty list, which means nothing. Name a value, or leave it out.")
            yield name, tuple(_text(item, key, place) for item in values)
