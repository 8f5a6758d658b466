"""Whatever spans hold is shown as text: never markup, never a control sequence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botanu_cli.tui.links import address
from botanu_store import open_store
from botanu_store.errors import InputError

from tests.cli.tui.conftest import Show, press, screen_text
from tests.store.builders import attribute, chat, document, span, trace_id

HOSTILE = "[bold red]x[/] [@click=app.quit]y[/] \x1b[31mred \u202eevil\x07 [/nothing] $primary"


@pytest.fixture
def hostile(clean_place: Path) -> Path:
    """A store in which every text is hostile."""
    trace = trace_id()
    words = {
        "use_case": HOSTILE, "workflow": HOSTILE, "tenant_id": HOSTILE, "outcome": "failed",
        "outcome.reason": HOSTILE, "run_id": "r[b]un\x1b[2J",
    }  # fmt: skip
    root = span(trace, name=f"botanu.run/{HOSTILE}", status=2)
    root["attributes"] = [attribute(f"botanu.{key}", value) for key, value in words.items()]
    root["status"]["message"] = HOSTILE
    call = chat(trace, root["spanId"])
    call["name"] = HOSTILE
    call["attributes"] += [attribute(HOSTILE, HOSTILE), attribute("gen_ai.request.model", HOSTILE)]
    said: dict[str, Any] = document([root, call])
    (clean_place / "spans.jsonl").write_text(json.dumps(said) + "\n", "utf-8")
    with open_store(clean_place / "botanu.duckdb") as store:
        store.ingest([clean_place / "spans.jsonl"])
    budget = f"[[budgets]]\nname = {json.dumps(HOSTILE)}\nmax_usd = 0\n[values]\nx = 1\n"
    (clean_place / "botanu.toml").write_text(budget, "utf-8")
    return clean_place / "botanu.duckdb"


async def test_hostile_text_is_shown_and_does_nothing(hostile: Path, show: Show) -> None:
    """On every screen and in every dialog: markup stays visible, control characters become visible, the app goes on."""
    async with show(size=(200, 50)) as pilot:
        for key in ("1", "2", "3", "down", "4", "5", "6", "slash", "escape", "f", "right", "escape", "2", "y", "c"):
            await press(pilot, key)
            text = screen_text(pilot)
            assert [line for line in text.split("\n") if not line.replace("\u200d", "").isprintable()] == []
        await press(pilot, "2")

        assert "[bold red]x[/]" in screen_text(pilot)


def test_an_id_stays_one_piece_of_an_address() -> None:
    """Whatever an id holds, it leads nowhere else."""
    ids = {"trace_id": "../../etc?x=1#y", "span_id": "a b", "run_id": "{trace_id}"}

    assert address("http://jaeger/trace/{trace_id}", ids) == "http://jaeger/trace/..%2F..%2Fetc%3Fx%3D1%23y"
    assert address("http://x/{run_id}", ids) == "http://x/%7Btrace_id%7D"


@pytest.mark.parametrize("template", ["file:///etc/passwd", "javascript:alert(1)", 7])
def test_only_web_addresses_are_opened(clean_place: Path, template: object) -> None:
    """A trace viewer is reached by http or https."""
    from botanu_cli.configuration import trace_url

    (clean_place / "botanu.toml").write_text(f"[dashboard]\ntrace_url = {json.dumps(template)}\n")
    with pytest.raises(InputError, match="trace_url"):
        trace_url(None)
