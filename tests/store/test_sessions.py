"""Spans of a coding agent, the records of its session, and the totals of whoever asked it, in whatever traces they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.builders import START, Document, attribute, document, log_document, record, span, write
from tests.store.test_ingest import calls, ingest
from tests.store.test_logs import TRACING, api_request, completed, llm_request

_AGENT_SDK = "@arizeai/openinference-instrumentation-claude-agent-sdk"
TRACE = "c" * 32


def _asked() -> list[Document]:
    """The program's span, and inside it the total of a question, whose input leaves the cached tokens out."""
    return [
        document([span(TRACE, name="work", span_id="f" * 16, botanu__run_id="run-1", start=START, millis=6000)]),
        document(
            [
                span(TRACE, "f" * 16, name="ClaudeAgent.query", span_id="a" * 16, start=START, millis=5000,
                     openinference__span__kind="AGENT", session__id="s-1", llm__model_name="claude-sonnet-4-5",
                     llm__token_count__prompt=2022, llm__token_count__completion=206, llm__token_count__total=2228),
            ],
            scope=_AGENT_SDK,
        ),
    ]  # fmt: skip


def _told_by_spans(session: str = "s-1") -> list[Document]:
    """Claude Code's own spans, which begin beside the total."""
    return [
        document(
            [
                span(TRACE, "f" * 16, name="claude_code.interaction", span_id="b" * 16, start=START, millis=4000,
                     span__type="interaction", session__id=session),
                llm_request(TRACE, "b" * 16, "d" * 16, at=1, session__id=session),
                llm_request(TRACE, "b" * 16, "e" * 16, at=1_400_000_000, request="req_2", session__id=session),
            ],
            service="claude-code",
            scope=TRACING,
        )
    ]  # fmt: skip


def _told_by_records() -> list[Document]:
    ended = (START + 1_300_000_001, START + 2_700_000_000)
    return [
        log_document([api_request(TRACE, "b" * 16, start=at, request_id=f"req_{number}")])
        for number, at in enumerate(ended, 1)
    ]


@pytest.mark.parametrize(
    "told",
    [_told_by_spans(), _told_by_records(), [*_told_by_spans(), *_told_by_records()]],
    ids=["spans", "records", "both"],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_total_in_javascript_does_not_count_beside_the_calls_of_its_session(
    tmp_path: Path, told: list[Document], backwards: bool
) -> None:
    """They lie in one trace side by side; the calls count, in the run of the program, in whatever order all of it comes."""
    store = tmp_path / "s.duckdb"
    pieces = [*_asked(), *told]

    for number, piece in enumerate(reversed(pieces) if backwards else pieces):
        ingest(store, write(tmp_path / f"{number}.jsonl", piece))

    counted = [
        (row["run_id"], row["input_tokens"], row["cache_read_tokens"], row["output_tokens"])
        for row in calls(store)
        if row["counted"]
    ]
    assert counted == [("run-1", 1011, 807, 103)] * 2


def test_spans_of_another_session_are_none_of_its_calls(tmp_path: Path) -> None:
    """Two questions at one time are told apart by their sessions."""
    store = tmp_path / "s.duckdb"

    ingest(store, write(tmp_path / "a.jsonl", *_asked(), *_told_by_spans("s-2")))

    assert sorted(row["input_tokens"] for row in calls(store) if row["counted"]) == [1011, 1011, 2022]


def _answered_to_codex() -> Document:
    """What Codex 0.150 tells of an answer in its traces: nothing there names the conversation."""
    said = {"input_tokens": 3011, "cache_read__input_tokens": 1207, "output_tokens": 303}
    return span(TRACE, "a" * 16, name="handle_responses", span_id="b" * 16, start=START, millis=3,
                codex__usage__total_tokens=3314, **{f"gen_ai__usage__{key}": value for key, value in said.items()})  # fmt: skip


def _turn_of_codex() -> Document:
    turn = span(TRACE, name="session_task.turn", span_id="a" * 16, start=START, millis=9, model="gpt-5",
                codex__turn__token_usage__total_tokens=3314)  # fmt: skip
    turn["attributes"] = [attribute("thread.id", 4), attribute("thread.id", "c-1"), *turn["attributes"]]
    return turn


@pytest.mark.parametrize(
    "pieces",
    [
        [document([_answered_to_codex(), _turn_of_codex()], scope="codex_exec")],
        [
            document([_answered_to_codex()], scope="codex_exec"),
            log_document([record("codex.tool_result", TRACE, "a" * 16, conversation__id="c-1", call_id="call_1")],
                         scope="codex_otel.log_only"),
        ],
    ],
    ids=["turn", "tool"],
)  # fmt: skip
def test_a_turn_or_a_tool_of_codex_names_the_conversation_of_its_calls(tmp_path: Path, pieces: list[Document]) -> None:
    """The records of the calls themselves name no trace; the turn is lost where Codex ends before it is sent."""
    store = tmp_path / "s.duckdb"

    ingest(store, write(tmp_path / "a.jsonl", *pieces, log_document([completed()], scope="codex_otel.log_only")))

    models = [row for row in calls(store) if row["category"] == "llm"]
    assert sorted((row["trace_id"] == TRACE, row["counted"]) for row in models) == [(False, True), (True, False)]
    assert {row["run_id"] for row in models} == {TRACE}
