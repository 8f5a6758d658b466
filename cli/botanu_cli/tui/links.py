"""The address of a trace in the viewer that the user names in botanu.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from botanu_store.errors import InputError

from botanu_cli.configuration import read

NAMES = ("trace_id", "span_id", "run_id")
HOW = '[dashboard]\ntrace_url = "http://localhost:16686/trace/{trace_id}"'


def trace_template(config: Path | None) -> str | None:
    """Read `trace_url` of `[dashboard]`; None where it is not set.

    Raises:
        InputError: it is no web address, or names what a trace does not have.
    """
    found = read(config)
    template: Any = found.said.get("dashboard", {}).get("trace_url") if found else None
    if template is None or found is None:
        return None
    if not isinstance(template, str) or urlsplit(template).scheme not in ("http", "https"):
        raise InputError(
            f"{found.path}: dashboard.trace_url is {template!r}. Give an http or https address, such as http://localhost:16686/trace/{{trace_id}}."
        )
    return template


def address(template: str, ids: Mapping[str, str]) -> str:
    """Return the address with the ids filled in; whatever they hold, they stay one piece of it each."""
    for name in NAMES:
        template = template.replace("{" + name + "}", quote(ids.get(name, ""), safe=""))
    return template
