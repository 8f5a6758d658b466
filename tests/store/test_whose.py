"""Whose run it was, and in which conversation: as any instrumentation says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botanu_store import open_store
from botanu_store.dialects import OF_RUN
from botanu_store.filters import Filters

from tests.store.builders import START, chat, document, run, span, trace_id, write

pytestmark = pytest.mark.usefixtures("ready_made")

PAGE = Path(__file__).parents[2] / "docs/integration/dialects.md"


def found(store: Path, *spans: list[dict[str, Any]]) -> dict[str, Any]:
    """Take in the spans of one run, delivery by delivery, and return its row."""
    with open_store(store) as opened:
        for number, delivered in enumerate(spans):
            opened.ingest([write(store.with_suffix(f".{number}.jsonl"), document(delivered))])
        (row,) = opened.runs(Filters()).rows
        return row


def test_each_dialect_says_whose_run_it_was(tmp_path: Path) -> None:
    """What a span of a trace says in any of these attributes holds for its run, with or without the quotes of JSON."""
    told = {trace_id(): (column.removesuffix("_id"), key) for column, keys in OF_RUN.items() for key in keys}
    spans = [chat(trace, **{key.replace(".", "__"): f'"{key}"'}) for trace, (_, key) in told.items()]

    with open_store(tmp_path / "s.duckdb") as opened:
        opened.ingest([write(tmp_path / "a.jsonl", document([*spans, *(span(trace) for trace in told)]))])
        rows = {row["run_id"]: row for row in opened.runs(Filters()).rows}

    assert {trace: rows[trace][column] for trace, (column, _) in told.items()} == {
        trace: key for trace, (_, key) in told.items()
    }


def test_botanus_own_word_comes_first(tmp_path: Path) -> None:
    """A tenant and a team that the program named are not those of the key that it used at a gateway."""
    gateway = {"metadata__user_api_key_org_id": "key's", "metadata__user_api_key_team_id": "key's"}
    trace = trace_id()
    own = run(trace, "r", span_id="1" * 16, start=START + 9, botanu__tenant_id="acme")

    row = found(tmp_path / "s.duckdb", [own, chat(trace, "1" * 16, botanu__run_id="r", **gateway)])

    assert (row["tenant"], row["team"]) == ("acme", "key's")


def test_what_names_no_conversation_is_none(tmp_path: Path) -> None:
    """Agent Framework names its last answer, Logfire hides the name, some leave it empty."""
    values = ("resp_0f", "[Scrubbed due to 'session']", "")
    spans = [chat(trace_id(), gen_ai__conversation__id=value) for value in values]

    with open_store(tmp_path / "s.duckdb") as opened:
        opened.ingest([write(tmp_path / "a.jsonl", document(spans))])
        rows = opened.runs(Filters()).rows

    assert [row["session"] for row in rows] == [None] * len(values)


def test_any_order_of_delivery_tells_the_same(tmp_path: Path) -> None:
    """The earliest span that says it is believed, whichever came first."""
    trace = trace_id()
    spans = [
        span(trace, span_id="1" * 16),
        chat(trace, "1" * 16, start=START + 2, user__id="late", session__id="s"),
        chat(trace, "1" * 16, start=START + 1, user__id="early"),
    ]

    first = found(tmp_path / "first.duckdb", *([each] for each in spans))
    last = found(tmp_path / "last.duckdb", *([each] for each in reversed(spans)))

    assert (first["user"], first["session"]) == (last["user"], last["session"]) == ("early", "s")


def test_cost_by_user_and_of_one_session(tmp_path: Path) -> None:
    """Several traces of one conversation are one group, and a filter finds them."""
    spans = [
        chat(trace_id(), user__id=user, session__id=session)
        for user, session in [("ada", "a"), ("ada", "a"), ("bob", "b"), ("ada", "c")]
    ]

    with open_store(tmp_path / "s.duckdb") as opened:
        opened.ingest([write(tmp_path / "a.jsonl", document(spans))])
        by_user = opened.cost(Filters(), ["user"]).rows
        of_one = opened.cost(Filters(session=("a",)), ["user", "session"]).rows
        offered = opened.known_values("user")

    assert {row["user"]: row["runs"] for row in by_user} == {"ada": 3, "bob": 1}
    assert [(row["user"], row["session"], row["runs"], row["calls"]) for row in of_one] == [("ada", "a", 2, 2)]
    assert offered == ["ada", "bob"]


def test_the_documentation_names_every_attribute() -> None:
    """The table of docs/integration/dialects.md is the code's own."""
    page = PAGE.read_text()
    rows = [
        f"| `{column.removesuffix('_id')}` | {', '.join(f'`{key}`' for key in keys)} |"
        for column, keys in OF_RUN.items()
    ]

    assert [row for row in rows if row not in page] == []
