"""What goes in, goes in exactly once, and each trace means the same however it arrived."""

from __future__ import annotations

import weakref
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botanu_store import open_store
from botanu_store.engines.duckdb import connect, connect_writable, store_in_memory
from botanu_store.filters import Filters
from botanu_store.ingest import ingester
from botanu_store.ingest.ingester import Ingester
from botanu_store.otlp import decoding
from botanu_store.otlp.decoding import Slice
from botanu_store.otlp.sources import Piece
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.builders import START, attribute, chat, document, lines, run, span, spool, trace_id, write


def ingest(store: Path, *files: Path) -> Any:
    with open_store(store) as opened:
        return opened.ingest(files)


def calls(store: Path) -> list[dict[str, Any]]:
    with open_store(store) as opened:
        return opened.calls(Filters()).rows


def runs(store: Path) -> list[dict[str, Any]]:
    with open_store(store) as opened:
        return opened.runs(Filters()).rows


@pytest.mark.parametrize(("scope", "usage"), [("langsmith", "free"), ("app", "none")])
def test_a_call_marked_ok_too_early_failed(tmp_path: Path, scope: str, usage: str) -> None:
    """LangSmith says ok when a run begins, which OpenTelemetry does not let it take back; others say it of what recovered from an exception."""
    own: dict[str, Any] = {
        "name": "ChatOpenAI",
        "status": 1,
        "events": [{"name": "exception", "timeUnixNano": str(START)}],
    }
    said = {"langsmith__span__kind": "llm", "gen_ai__operation__name": "chat", "gen_ai__request__model": "gpt-4o-mini"}
    path = tmp_path / "s.duckdb"
    spool(path, document([span(trace_id(), **own, **said)], "shop", scope))

    with open_store(path) as store:
        assert store.query("select usage, error from calls") == [{"usage": usage, "error": usage == "free"}]


def test_a_file_ingested_twice_counts_once(tmp_path: Path) -> None:
    """The second time everything is a duplicate and nothing changes."""
    trace = trace_id()
    file = write(tmp_path / "a.jsonl", document([span(trace, span_id="a" * 16), chat(trace, "a" * 16)]))
    store = tmp_path / "s.duckdb"

    first, before = ingest(store, file), calls(store)
    second = ingest(store, file)

    assert (first.spans, first.new, first.duplicates) == (2, 2, 0)
    assert (second.spans, second.new, second.duplicates) == (2, 0, 2)
    assert calls(store) == before
    assert len(before) == 1


def test_what_does_not_fit_into_the_memory_allowed_gets_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four megabytes are too little for any batch; it goes in all the same."""
    monkeypatch.setattr(ingester, "MEMORY", "4MB")
    file = write(tmp_path / "a.jsonl", document([chat(trace_id()) for _ in range(500)]))

    assert ingest(tmp_path / "s.duckdb", file).new == 500
    assert len(calls(tmp_path / "s.duckdb")) == 500


class Watched(Piece):
    """A piece of which one can see whether it is still there."""


def test_what_was_taken_in_is_not_kept_in_memory() -> None:
    """However often the file is let go of meanwhile, what was read ahead and given back is gone once it is in; it stays in its order."""
    parts = [Slice([Watched("json", b"{}", "made", f"line {number}")]) for number in range(6)]
    dead = [weakref.ref(part.pieces[0]) for part in parts]
    rest = ingester.Rest(iter(parts))
    del parts

    read_ahead = [next(rest), next(rest)]
    rest.give_back(read_ahead)
    again = [next(rest)]
    rest.give_back(again)
    order = [part.pieces[0].where for part in rest]
    del read_ahead, again

    assert order == [f"line {number}" for number in range(6)]
    assert [ref() for ref in dead] == [None] * 6


def test_the_same_span_in_two_files_and_twice_in_one_counts_once(tmp_path: Path) -> None:
    """Identity is trace id and span id, wherever a span comes from."""
    one = chat(trace_id())
    a = write(tmp_path / "a.jsonl", document([one, one]), document([one]))
    b = write(tmp_path / "b.jsonl", document([one]))

    result = ingest(tmp_path / "s.duckdb", a, b)

    assert (result.spans, result.new, result.duplicates) == (4, 1, 3)


def test_a_span_that_comes_again_in_coarser_time_counts_once(tmp_path: Path) -> None:
    """By another exporter the same span may come with its time in whole milliseconds."""
    fine = chat(trace_id(), start=START + 123_456_789)
    coarse = {**fine, "startTimeUnixNano": str(START + 123_000_000)}
    store = tmp_path / "s.duckdb"
    ingest(store, write(tmp_path / "a.jsonl", document([fine])))

    result = ingest(store, write(tmp_path / "b.jsonl", document([coarse])))

    assert (result.new, result.duplicates) == (0, 1)


def test_bad_spans_are_named_and_the_good_ones_kept(tmp_path: Path) -> None:
    """Wrong ids, missing times, torn lines: each is rejected with its place, the rest goes in."""
    good = chat(trace_id())
    bad = [chat("abc"), {**chat(trace_id()), "spanId": "zz" * 8}, {**chat(trace_id()), "startTimeUnixNano": "never"}]
    file = write(tmp_path / "a.jsonl", document([good, *bad]))
    file.write_bytes(file.read_bytes() + b'{"resourceSpans":[{"torn\n{"other": 1}\n')

    result = ingest(tmp_path / "s.duckdb", file)

    assert result.new == 1
    reasons = {(r.where, r.reason.split(" has ")[-1].split(" (")[0]) for r in result.rejected}
    assert reasons == {
        ("line 1", "no valid trace id"),
        ("line 1", "ids that are not hexadecimal"),
        ("line 1", "no start time between 1970 and 2262"),
        ("line 2", "is neither an OTLP JSON document nor an OTLP protobuf message"),
        ("line 3", "holds no OTLP spans"),
    }


def test_logs_and_metrics_are_left_aside_and_said(tmp_path: Path) -> None:
    """Other signals of a collector's file are no error."""
    file = write(tmp_path / "a.jsonl", {"resourceLogs": []}, {"resourceMetrics": []}, document([chat(trace_id())]))

    result = ingest(tmp_path / "s.duckdb", file)

    assert (result.other_signals, result.rejected, result.new) == (2, [], 1)


def test_a_call_belongs_to_the_nearest_ancestor_that_names_a_run(tmp_path: Path) -> None:
    """The span's own run comes first, then the nearest ancestor's, then the trace itself."""
    trace, lone = trace_id(), trace_id()
    spans = [
        run(trace, "run-1", span_id="1" * 16),
        span(trace, "1" * 16, span_id="2" * 16),
        chat(trace, "2" * 16, span_id="3" * 16),
        chat(trace, "2" * 16, span_id="4" * 16, botanu__run_id="run-2"),
        chat(lone, span_id="5" * 16),
    ]
    store = tmp_path / "s.duckdb"
    ingest(store, write(tmp_path / "a.jsonl", document(spans)))

    assert {row["span_id"][0]: row["run_id"] for row in calls(store)} == {"3": "run-1", "4": "run-2", "5": lone}


def test_a_trace_without_botanu_is_a_run_named_after_its_root(tmp_path: Path) -> None:
    """Foreign spans are useful as they are: the trace is the run, its root span and service the use case."""
    trace = trace_id()
    store = tmp_path / "s.duckdb"
    ingest(
        store,
        write(
            tmp_path / "a.jsonl",
            document([span(trace, span_id="1" * 16, name="POST /chat", status=2), chat(trace, "1" * 16)]),
        ),
    )

    (found,) = runs(store)

    assert (found["run_id"], found["use_case"], found["source"]) == (trace, "shop: POST /chat", "trace")
    assert (found["status"], found["outcome"]) == ("failure", "none")


def test_a_trace_that_calls_nothing_is_no_run(tmp_path: Path) -> None:
    """Plain web traffic does not fill the list of runs."""
    store = tmp_path / "s.duckdb"
    ingest(store, write(tmp_path / "a.jsonl", document([span(trace_id(), name="GET /health")])))

    assert runs(store) == []


def test_a_run_is_seen_while_it_still_runs(tmp_path: Path) -> None:
    """Children arrive before the run's own span: the run is there, running, with what they say of it."""
    store = tmp_path / "s.duckdb"
    spool(store, document([chat(trace_id(), "1" * 16, botanu__run_id="run-1", botanu__use_case="Support")]))

    (found,) = runs(store)

    assert (found["run_id"], found["use_case"], found["status"], found["outcome"]) == (
        "run-1",
        "Support",
        "running",
        "none",
    )


def test_a_run_that_no_sdk_opened_ends_with_its_root(tmp_path: Path) -> None:
    """A program in another language names the run on its own spans: what its root says, or an outcome, is how it ended."""
    store = tmp_path / "s.duckdb"
    said = {"ok": {"status": 1}, "error": {"status": 2}, "told": {"botanu__outcome": "partial"}}
    roots = [
        span(trace_id(), name="handle", botanu__run_id=name, botanu__use_case="Node", **more)
        for name, more in said.items()
    ]
    spool(store, document(roots))

    ended = {row["run_id"]: (row["status"], row["outcome"]) for row in runs(store)}
    assert ended == {"ok": ("success", "none"), "error": ("failure", "none"), "told": ("partial", "partial")}


def test_the_outcome_may_come_from_another_service_and_the_last_explicit_one_wins(tmp_path: Path) -> None:
    """An explicit outcome beats the automatic one of the run's span, in whichever order they arrive."""
    store = tmp_path / "s.duckdb"
    trace = trace_id()
    explicit = {
        "botanu__run_id": "run-1",
        "botanu__outcome__value_amount": 2.0,
        "botanu__outcome__value_type": "orders",
    }

    def said(outcome: str, at: int) -> Any:
        event = {"name": "botanu.outcome_emitted", "timeUnixNano": str(START + at)}
        return span(trace, "1" * 16, events=[event], botanu__outcome=outcome, **explicit)

    spool(store, document([said("failed", 5)], service="worker"))
    spool(store, document([run(trace, "run-1", span_id="1" * 16)]))
    assert runs(store)[0]["outcome"] == "failed"

    spool(store, document([said("partial", 9)], service="worker"))
    spool(store, document([said("success", 7)], service="worker"))
    (found,) = runs(store)

    assert (found["outcome"], found["value_type"], found["value_amount"]) == ("partial", "orders", 2.0)


def test_hostile_facts_of_a_run_do_no_harm(tmp_path: Path) -> None:
    """Amounts that are no numbers and confidences beyond one are not taken; the run stays."""
    store = tmp_path / "s.duckdb"
    hostile = {
        "botanu__outcome__value_amount": "NaN",
        "botanu__outcome__confidence": 7.5,
        "botanu__attempt": "many",
        "botanu__tenant_id": "x" * 9999,
    }
    spool(store, document([run(trace_id(), "run-1", **hostile)]))

    (found,) = runs(store)

    assert (found["value_amount"], found["confidence"], found["attempt"], len(found["tenant"])) == (None, None, 1, 256)


def test_parents_in_a_circle_do_no_harm(tmp_path: Path) -> None:
    """Spans that are each other's ancestors are kept, counted and shown."""
    trace, store = trace_id(), tmp_path / "s.duckdb"
    circle = [
        chat(trace, "2" * 16, span_id="1" * 16),
        chat(trace, "1" * 16, span_id="2" * 16),
        chat(trace, "3" * 16, span_id="3" * 16),
    ]
    ingest(store, write(tmp_path / "a.jsonl", document(circle)))

    with open_store(store) as opened:
        detail = opened.run(trace)

    assert len(calls(store)) == 3
    assert sorted(_ids(detail.roots)) == ["1" * 16, "2" * 16, "3" * 16]


def _ids(nodes: list[Any]) -> list[str]:
    return [i for node in nodes for i in (node.span_id, *_ids(node.children))]


def _story() -> list[Any]:
    """A trace with everything that is decided across spans: a run, a foreign part, an aggregate over its children."""
    trace = "f" * 32
    return [
        span(trace, span_id="0" * 15 + "1", name="POST /tickets", kind=2),
        run(trace, "run-1", parentless="no", span_id="0" * 15 + "2"),
        span(trace, "0" * 15 + "2", span_id="0" * 15 + "3", name="agent", gen_ai__operation__name="invoke_agent", gen_ai__usage__input_tokens=3000, gen_ai__usage__output_tokens=300),
        chat(trace, "0" * 15 + "3", span_id="0" * 15 + "4", tokens=(1000, 100)),
        chat(trace, "0" * 15 + "3", span_id="0" * 15 + "5", tokens=(2000, 200)),
        chat(trace, "0" * 15 + "1", span_id="0" * 15 + "6", tokens=(10, 1)),
        span(trace, "0" * 15 + "2", span_id="0" * 15 + "7", botanu__outcome="failed", botanu__run_id="run-1", events=[{"name": "botanu.outcome_emitted", "timeUnixNano": str(START), "attributes": [attribute("status", "failed")]}]),
    ]  # fmt: skip


@pytest.mark.parametrize("wanted", [False, True])
def test_what_changed_is_added_up_now_and_then_unless_somebody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    """A long ingest notes no more runs than a turn changes: the notes take room in the file that is not given back."""
    monkeypatch.setattr(decoding, "BATCH_BYTES", 1)
    monkeypatch.setattr(ingester, "BATCHES_A_TURN", 2)
    monkeypatch.setattr(ingester, "_LONGEST_PAUSE_SECONDS", 0)
    path, noted = tmp_path / "s.duckdb", list[int]()

    def settle(con: duckdb.DuckDBPyConnection) -> None:
        noted.append(con.execute("select count(distinct run_id) from stale_runs").fetchall()[0][0])
        con.execute("delete from stale_runs")

    taker = Ingester(connect_writable(path), reopen=lambda: connect(path), wanted=lambda: wanted, settle=settle)
    taker.ingest(Piece("json", lines(document([chat(trace_id())])).strip(), "test", "") for _ in range(5))
    taker.con.close()

    assert taker.result.new == 5
    assert noted == ([] if wanted else [2, 2])


def concluded(deliveries: list[list[Any]]) -> tuple[list[Any], list[Any]]:
    """The calls and runs that a database in memory holds after these deliveries of spans."""
    con = store_in_memory()
    ingester = Ingester(con)
    for spans in deliveries:
        ingester.ingest([Piece("json", lines(document(spans)).strip(), "test", "line 1")])
    calls_, runs_ = (con.execute(f"from {table} order by all").fetchall() for table in ("calls", "runs"))
    con.close()
    return calls_, runs_


@cache
def at_once() -> tuple[list[Any], list[Any]]:
    """The calls and runs of the whole story in one piece."""
    return concluded([_story()])


@settings(max_examples=15, deadline=None)
@given(deliveries=st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=7), min_size=1, max_size=4))
def test_any_split_order_and_repetition_of_a_trace_means_the_same(deliveries: list[list[int]]) -> None:
    """Pieces of a trace in any order, repeated at will, give the calls and runs that the whole trace gives at once."""
    story = _story()
    rest = [i for i in range(len(story)) if not any(i in part for part in deliveries)]

    assert concluded([[story[i] for i in part] for part in [*deliveries, rest]]) == at_once()


def test_totals_are_the_same_on_every_report(tmp_path: Path) -> None:
    """Cost by any dimension, the runs and the calls all add up to the same exact total."""
    store = tmp_path / "s.duckdb"
    spans = [
        chat(trace_id(), model=model, tokens=(n * 1001, n * 7))
        for n in range(1, 9)
        for model in ("gpt-4o", "gpt-4o-mini")
    ]
    ingest(store, write(tmp_path / "a.jsonl", document(spans)))

    with open_store(store) as opened:
        totals = {
            opened.cost(Filters(), [d]).totals["cost_usd"]
            for d in ("use_case", "vendor", "model", "meter", "run", "time:day", "service")
        }
        sums = {
            sum(row["cost_usd"] for row in opened.cost(Filters(), [d]).rows)
            for d in ("use_case", "model", "meter", "run")
        }
        listed = opened.runs(Filters())
        called = opened.calls(Filters())

    assert (
        totals
        == sums
        == {listed.totals["cost_usd"]}
        == {called.totals["cost_usd"]}
        == {sum(row["cost_usd"] for row in listed.rows)}
    )
    assert isinstance(next(iter(totals)), Decimal)
    assert next(iter(totals)) > 0


def test_ingest_names_a_missing_file(tmp_path: Path) -> None:
    """A path that does not exist is an input error and leaves the store alone."""
    with pytest.raises(Exception, match="does not exist"):
        ingest(tmp_path / "s.duckdb", tmp_path / "nowhere.jsonl")
    assert not (tmp_path / "s.duckdb").exists()
