"""Where the user's own settings come from: `--config`, else ./botanu.toml, else [tool.botanu] of ./pyproject.toml."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from botanu_store.prices.overrides import Overrides
    from botanu_store.settings_file import SettingsFile

SECTIONS = ("prices", "discounts", "tools", "values", "budgets", "dashboard")
"""What a settings file may say."""

OF_DASHBOARD = ("trace_url",)
"""What its section `dashboard` may say; who reads the others knows what those may."""


def settings_file(config: Path | None) -> Path | None:
    """Return the file that holds the settings; None when there is none.

    Raises:
        InputError: the file named does not exist, or is none.
    """
    from botanu_store.errors import InputError

    if config is not None and not config.is_file():
        wrong = "is no file" if config.exists() else "does not exist"
        raise InputError(f"{config} {wrong}. Name a file with --config, or leave it out.")
    candidates = [config] if config is not None else [Path("botanu.toml"), Path("pyproject.toml")]
    return next((path for path in candidates if path.is_file()), None)


def overrides(config: Path | None) -> Overrides | None:
    """Read the user's prices and discounts; None when there is no file.

    Raises:
        InputError: the file named does not exist, or says something that cannot be used.
    """
    from botanu_store.prices.overrides import read_overrides

    found = read(config)
    return None if found is None else read_overrides(found)


def read(config: Path | None) -> SettingsFile | None:
    """Read the settings; None when there is no file.

    Raises:
        InputError: the file named does not exist, cannot be read, is no TOML, or has a section that nothing reads.
    """
    from botanu_store.settings_file import read_settings

    path = settings_file(config)
    if path is None:
        return None
    found = read_settings(path)
    _refuse_unknown(found)
    return found


def _refuse_unknown(found: SettingsFile) -> None:
    """A section that nothing reads would be a price or a budget that its author believes in."""
    from botanu_store.errors import instead
    from botanu_store.settings_file import quoted

    dashboard: Any = found.said.get("dashboard", {})
    if not isinstance(dashboard, dict):
        raise found.wrong("dashboard", "must be a table. Write [dashboard], and its keys under it.")
    for names, allowed, prefix in (
        (found.said, SECTIONS, ""),
        (cast("dict[str, Any]", dashboard), OF_DASHBOARD, "dashboard."),
    ):
        for name in names:
            if name not in allowed:
                raise found.wrong(f"{prefix}{quoted(name)}", f"is nothing that can be set.{instead(name, allowed)}")


def values(config: Path | None) -> dict[str, Decimal]:
    """Read `[values]`: what one unit of a value type is worth in USD.

    Raises:
        InputError: a value that is no amount below a million, or finer than a millionth.
    """
    from botanu_store.settings_file import quoted

    found = read(config)
    section: Any = found.said.get("values", {}) if found else {}
    if found and not isinstance(section, dict):
        raise found.wrong("values", "must be a table. Write [values], and under it tickets_resolved = 4.50.")
    worth: dict[str, Decimal] = {}
    for name, value in cast("dict[str, Any]", section).items():
        usd = _amount(value)
        if found and usd is None:
            shown = str(value) if isinstance(value, Decimal) else repr(value)
            raise found.wrong(
                f"values.{quoted(name)}",
                f"is {shown}. Give USD per unit, below a million and in no more than six decimals, such as 4.50.",
            )
        worth[name] = usd or Decimal(0)
    return worth


def trace_url(config: Path | None) -> str | None:
    """Read `trace_url` of `[dashboard]`, the address of a trace in a viewer; None where it is not set.

    Raises:
        InputError: it is no web address.
    """
    found = read(config)
    template: Any = found.said.get("dashboard", {}).get("trace_url") if found else None
    if found is None or template is None:
        return None
    if isinstance(template, str) and urlsplit(template).scheme in ("http", "https"):
        return template
    raise found.wrong(
        "dashboard.trace_url",
        f"is {template!r}. Give an http or https address, such as http://localhost:16686/trace/{{trace_id}}.",
    )


def place_of_values(config: Path | None) -> str:
    """Return where `[values]` is to be written, in words."""
    found = read(config)
    if found is None or (found.path.name == "pyproject.toml" and not found.said):
        return "[values] in botanu.toml"
    table = "tool.botanu.values" if found.path.name == "pyproject.toml" else "values"
    return f"[{table}] in {found.path}"


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        usd = Decimal(value)
    except ArithmeticError:
        return None
    # Finer than a millionth it would be rounded, and what is worth something be worth nothing.
    return usd if usd.is_finite() and abs(usd) < 1_000_000 and usd % _FINEST == 0 else None


_FINEST = Decimal("0.000001")
