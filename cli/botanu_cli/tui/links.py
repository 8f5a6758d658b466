"""The address of a trace in the viewer that the user names in botanu.toml."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

NAMES = ("trace_id", "span_id", "run_id")
HOW = '[dashboard]\ntrace_url = "http://localhost:16686/trace/{trace_id}"'


def address(template: str, ids: Mapping[str, str]) -> str:
    """Return the address with the ids filled in; whatever they hold, they stay one piece of it each."""
    for name in NAMES:
        template = template.replace("{" + name + "}", quote(ids.get(name, ""), safe=""))
    return template
